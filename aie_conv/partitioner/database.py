"""Plans that were found before: a folder of the user's cache, and a database in one file.

Both hold what a route's search found for one problem on one device, and neither is trusted further than a
search: the parameters go back through the route, which checks them as it checks its own.

The **cache** is nobody's concern: it is written behind every search, speaks of this very problem, and loses
what another version of the planner made.

The **database** is a user's file, made by `aie-conv tune`. It says which version made it, holds for every
problem of the same form (the constants of an epilogue do not count: a network trained again has other
shifts), and is merged from several. It is no file of pins: a report or route file is an order, which names
dispatches and ends the compilation where it cannot be met; a database is what is known, for many
networks and devices at once, and what does not fit is planned anew.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, get_args

from aie_conv.errors import UsageError
from aie_conv.partitioner.cache import Known, Question, frozen_parameters, is_cycles, is_parameters
from aie_conv.partitioner.pins import Frozen, read_object
from aie_conv.problem import Arithmetic, ConvProblem, Step

PARTS = (
    "arch", "codegen", "direct", "img2col", "layout", "mapping", "partitioner", "rewrites", "sim/model",
    "sim/timing/costs.py", "plan.py", "problem.py",
)  # fmt: skip
"""The parts of this package that a plan, or the choice of plans for one program, depends on."""

FORMAT = "aie-conv plans"
SCHEMA = 1


# -- the database -----------------------------------------------------------------------------------
def form_of(problem: ConvProblem) -> ConvProblem:
    """The problem with every finite constant of its epilogue zero."""

    def plain(step: Step) -> Step:
        value = step.attr
        number = step.op == "arith.constant" and isinstance(value, int | float) and isfinite(value)
        return replace(step, attr=0) if number else step

    steps = tuple(plain(step) for step in problem.epilogue.steps)
    return replace(problem, epilogue=replace(problem.epilogue, steps=steps))


def key_of(problem: ConvProblem) -> str:
    """A digest of a problem's form: loops, buffers, types and the operations behind it."""
    return hashlib.sha256(repr(form_of(problem)).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Entry:
    """A route's plan of a problem on a device.

    Attributes:
        problem: its text, for people.
        key: :func:`key_of` the problem.
        device: the user's name of it.
        route, style: which.
        parameters: what the route makes the plan from again.
        predicted_cycles: by the route's cost model.
        judged_cycles: by the simulator.
        fast_cycles: by the simulator, of the plan that the cost model likes best.
        search: how it was searched for.
        version: of the code that made and measured it.
    """

    problem: str
    key: str
    device: str
    route: str
    style: str
    parameters: Frozen
    predicted_cycles: int
    judged_cycles: int
    fast_cycles: int
    search: str
    version: str

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What there is one entry of."""
        return self.device, self.key, self.route, self.style

    def as_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {**vars(self), "parameters": dict(self.parameters)}

    def order(self, version: str) -> tuple[Any, ...]:
        """Of two entries of a place the one with the lesser order is kept, in whatever order they come.

        That of this version, which can be used; the faster one; the one searched for longer.
        """
        cycles = (self.judged_cycles, self.predicted_cycles, self.search != "best")
        return (self.version != version, *cycles, json.dumps(self.as_json(), sort_keys=True))


_NUMBERS = ("predicted_cycles", "judged_cycles", "fast_cycles")
_TEXTS = ("problem", "key", "device", "route", "style", "search", "version")


def _entry(data: Any, where: str) -> Entry:
    if not isinstance(data, dict):
        raise UsageError(f"{where}: an object is needed")
    for name in _TEXTS:
        if not isinstance(data.get(name), str):
            raise UsageError(f"{where}: {name}: a string is needed")
    for name in _NUMBERS:
        if data.get(name) is None or not is_cycles(data[name]):
            raise UsageError(f"{where}: {name}: a whole number above 0 is needed")
    parameters = data.get("parameters", {})
    if not is_parameters(parameters) or not parameters:
        raise UsageError(f"{where}: parameters: an object of whole numbers and truths is needed")
    facts = {name: data[name] for name in (*_TEXTS, *_NUMBERS)}
    return Entry(**facts, parameters=frozen_parameters(parameters))


@dataclass(frozen=True)
class Conflict:
    """Two entries of one place with different plans: which was kept, and which was not."""

    kept: Entry
    dropped: Entry

    def line(self) -> str:
        """For people."""
        a, b = self.kept, self.dropped
        style = f" {a.style}" if a.style else ""
        why = " (of this version)" if a.version != b.version else ""
        return (
            f"{a.problem} on {a.device}: {a.route}{style}: {a.judged_cycles} cycles{why} are kept,"
            f" not {b.judged_cycles}"
        )


class Database:
    """Plans by problem, device, route and style.

    Args:
        entries: the plans; of several of one place the better is kept.
        version: of the code that is running; plans of another are not recalled.

    Attributes:
        misfits: why plans did not fit, a line each.
    """

    def __init__(self, entries: Iterable[Entry], version: str) -> None:
        self._version = version
        self._entries: dict[tuple[str, str, str, str], Entry] = {}
        self.misfits: list[str] = []
        for entry in entries:
            self.add(entry)

    @property
    def entries(self) -> list[Entry]:
        """All of them, in an order that depends on nothing else."""
        return sorted(
            self._entries.values(), key=lambda e: (e.device, e.problem, e.route, e.style, e.key)
        )

    def add(self, entry: Entry) -> Conflict | None:
        """Put in an entry, unless a better one is there; what was decided where two plans met."""
        old = self._entries.get(entry.place)
        if old is None:
            self._entries[entry.place] = entry
            return None
        kept, dropped = sorted((old, entry), key=lambda e: e.order(self._version))
        self._entries[entry.place] = kept
        return Conflict(kept, dropped) if old.parameters != entry.parameters else None

    def usable(self, entry: Entry) -> bool:
        """Whether this version made it."""
        return entry.version == self._version

    def of(self, problem: ConvProblem, device: str) -> list[Entry]:
        """Every entry of a problem on a device, in whatever arithmetic."""
        keys = {key_of(replace(problem, arithmetic=how)) for how in get_args(Arithmetic)}
        return [e for e in self.entries if e.device == device and e.key in keys]

    def text(self) -> bytes:
        """The file."""
        entries = [entry.as_json() for entry in self.entries]
        data = {"format": FORMAT, "schema": SCHEMA, "plans": entries}
        return json.dumps(data, indent=1).encode() + b"\n"

    # -- as the planner asks it -------------------------------------------------------------------
    def recall(self, question: Question) -> Known | None:
        """The plan of this problem's form, however it was searched for."""
        q = question
        entry = self._entries.get((q.device, key_of(q.problem), q.route, q.style))
        if entry is None or not self.usable(entry):
            return None
        return Known(entry.parameters, entry.judged_cycles, entry.fast_cycles)

    def misfit(self, question: Question, why: str) -> None:
        """Note why a plan does not fit."""
        self.misfits.append(f"{question.problem.describe()}: {question.route}: {why}")


def read_database(path: Path, version: str) -> Database:
    """Read a file.

    Raises:
        UsageError: it cannot be read, or is not of this form.
    """
    data: Mapping[str, Any] = read_object(path)
    if data.get("format") != FORMAT or not isinstance(data.get("plans"), list):
        raise UsageError(f"{path}: no database of plans: make one with `aie-conv tune`")
    if data.get("schema") != SCHEMA:
        raise UsageError(
            f"{path}: of schema {data.get('schema')}: only {SCHEMA} is read: tune again"
        )
    database, places = Database((), version), set[tuple[str, ...]]()
    for number, item in enumerate(data["plans"]):
        entry = _entry(item, f"{path}: plans[{number}]")
        if entry.place in places:
            raise UsageError(f"{path}: plans[{number}]: {entry.problem}: named twice: remove one")
        places.add(entry.place)
        database.add(entry)
    return database
