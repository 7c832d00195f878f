"""The planner that a compilation's options ask for: with the simulator as judge, a cache and a database."""

import hashlib
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv.arch.machine import current
from aie_conv.errors import DeviceError, VerifyError
from aie_conv.files import code_digest, user_cache
from aie_conv.partitioner.database import PARTS, Database, PlanCache, read_database
from aie_conv.partitioner.planner import Planner
from aie_conv.plan import Plan, blank_operands

if TYPE_CHECKING:
    from aie_conv.options import Options

_JUDGE = ("ir", "sim")
"""The parts of this package that a judgement depends on besides those that a plan does."""

_MOST_MACS = 1e9
"""A close call may take about a second."""

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Says nothing."""


def plans_version() -> str:
    """Of the code that makes and judges plans, and the timing constants: a database serves no other."""
    return _version(*PARTS, *_JUDGE)


def _version(*parts: str) -> str:
    # Both the planner and the simulator count with the timing constants.
    text = f"{code_digest(*parts)} {current()!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class SimulatorJudge:
    """Judges a plan by the simulator's clock. Time does not depend on data, so zeros do.

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
        return _version(*_JUDGE)

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
    found = read_database(path, plans_version())
    stale = sum(not found.usable(entry) for entry in found.entries)
    if stale:
        warn(
            f"{path}: {stale} of {len(found.entries)} plans were made by another version or other timing"
            " constants: what they are for is planned anew; run `aie-conv tune` again"
        )
    return found


class Planning:
    """A planner, and what there is to say of its database afterwards.

    Args:
        options: search, database and cache.
        progress: told what is being judged.
        warn: told of what a user should know.

    Raises:
        UsageError: the database cannot be read.
    """

    def __init__(self, options: "Options", progress: Say = silent, warn: Say = silent) -> None:
        self._path: Path | None = options.plan_db
        self._warn = warn
        self._database: Database | None = None
        if options.plan_db is not None:
            self._database = open_database(options.plan_db, warn)
        self.planner = Planner(
            judge=SimulatorJudge(warn) if options.search != "fast" else None,
            search=options.search,
            known=(self._database,) if self._database is not None else (),
            store=plan_cache() if options.plan_cache == "on" else None,
            progress=progress,
            arbiter=SimulatorJudge(warn, _MOST_MACS),
        )

    def tell(self) -> None:
        """Warn of plans in the database that the routes refused."""
        for why in self._database.misfits if self._database is not None else ():
            self._warn(f"{self._path}: {why}: planned anew")
