"""The planner that a compilation's options ask for: with the simulator as measurer, a cache and a
database."""

import hashlib
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv.arch.machine import current
from aie_conv.errors import DeviceError, UsageError, VerifyError
from aie_conv.files import code_digest, user_cache
from aie_conv.partitioner import route_names
from aie_conv.partitioner.cache import PlanCache
from aie_conv.partitioner.cost import FIXED, HostCost, load_measured
from aie_conv.partitioner.database import PARTS, Database, read_database
from aie_conv.partitioner.pins import Pins, read_pins
from aie_conv.partitioner.planner import Planner
from aie_conv.plan import Plan, blank_operands
from aie_conv.report.json import VERSION

if TYPE_CHECKING:
    from aie_conv.options import Options

_MEASURER = ("ir", "sim")
"""The parts of this package that a measurement depends on besides those that a plan does."""

_MOST_MACS = 1e9
"""A close call may take about a second."""

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Says nothing."""


def plans_version() -> str:
    """Of the code that makes and measures plans, and the timing constants: a database serves no other."""
    return _version(*PARTS, *_MEASURER)


def _version(*parts: str) -> str:
    # Both the planner and the simulator count with the timing constants.
    text = f"{code_digest(*parts)} {current()!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class SimulatorMeasurer:
    """Measures a plan by the simulator's clock. Time does not depend on data, so zeros do.

    Args:
        warn: told of plans that the simulator refuses, which no planner should make.
        most_macs: multiply-accumulates of the largest problem that is worth the time.
    """

    def __init__(self, warn: Say = silent, most_macs: float = inf) -> None:
        self._warn = warn
        self._most_macs = most_macs

    @property
    def version(self) -> str:
        """Of the simulator and its timing constants."""
        return _version(*_MEASURER)

    def __call__(self, plan: Plan) -> int | None:
        """Simulated cycles of one call; None where the simulator refuses the program."""
        from aie_conv.sim import Simulator

        if plan.problem.macs > self._most_macs:
            return None
        buffers = blank_operands(plan)
        try:
            return Simulator(plan.emit()).run(buffers).cycles
        except (DeviceError, VerifyError) as error:
            what = f"{plan.problem.describe()}: {plan.route} {dict(plan.parameters)}"
            self._warn(f"{what}: not judged: {error}")
            return None


def plan_cache() -> PlanCache:
    """The user's."""
    return PlanCache(user_cache() / "plans", _version(*PARTS))


def open_database(path: Path, warn: Say) -> Database:
    """Read a database; warn where all or some of it is another version's.

    Raises:
        UsageError: it cannot be read.
    """
    database = read_database(path, plans_version())
    stale = sum(not database.usable(entry) for entry in database.entries)
    if stale:
        warn(
            f"{path}: {stale} of {len(database.entries)} plans were made by another version or other timing"
            " constants: what they are for is planned anew; run `aie-conv tune` again"
        )
    return database


def host_cost(cpu_cost: str) -> HostCost:
    """What the CPU costs: "fixed", or as "measured" on this machine.

    Raises:
        UsageError: nothing was measured here.
    """
    return load_measured() if cpu_cost == "measured" else FIXED


class Planning:
    """What a compilation's options give the partitioner.

    Args:
        options: route, search, database, cache, pins and so on.
        progress: told what takes long.
        warn: told of what a user should know.

    Attributes:
        options: the same.
        planner: finds plans.
        host: what the CPU costs.
        pins: the choices that are pinned; None where no file of them was given.
        store: the plan cache, None for none.
        progress: the same.

    Raises:
        UsageError: the pins, the database or the measured costs cannot be used.
    """

    def __init__(self, options: "Options", progress: Say = silent, warn: Say = silent) -> None:
        self.options = options
        self.progress = progress
        self._path: Path | None = options.plan_db
        self._warn = warn
        self._database: Database | None = None
        if options.plan_db is not None:
            self._database = open_database(options.plan_db, warn)
        self.store = plan_cache() if options.plan_cache == "on" else None
        self.planner = Planner(
            measurer=SimulatorMeasurer(warn) if options.search != "fast" else None,
            search=options.search,
            known=(self._database,) if self._database is not None else (),
            store=self.store,
            progress=progress,
            arbiter=SimulatorMeasurer(warn, _MOST_MACS),
        )
        self.host = host_cost(options.cpu_cost)
        self.pins = _read_pins(options)

    def warn_of_misfits(self) -> None:
        """Warn of plans in the database that the routes refused."""
        for why in self._database.misfits if self._database is not None else ():
            self._warn(f"{self._path}: {why}: planned anew")


def _read_pins(options: "Options") -> Pins | None:
    """The pinned choices that a compilation was given."""
    if options.route_file is None:
        return None
    names = tuple(name for name in route_names() if name != "auto")
    pins = read_pins(options.route_file, names, VERSION)
    if pins.device not in (None, options.device):
        raise UsageError(
            f"{options.route_file}: plans for {pins.device}, the device is {options.device}:"
            f" use --amd-aie-device={pins.device}, or remove 'device' and the parameters"
        )
    return pins
