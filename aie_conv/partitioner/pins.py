"""Pinned choices: a file that says which route, and which plan of it, a dispatch gets.

The file has the form of a compilation's report, so that a report serves as it is::

    {"dispatches": [
      {"name": "main$dispatch_3", "route": "im2col", "parameters": {…}},
      {"problem": "conv oh56 ow56 oc64 kh3 kw3 ic64 bf16xbf16->f32->bf16", "route": "cpu"}]}

An entry names a dispatch, or a problem by its text, which then holds for all dispatches of that text.
With both, the dispatch of that name must have that problem. ``style``, ``arithmetic`` and ``parameters``
may be left out; what they do not fix is chosen. Old names of parameters and styles are understood
(:mod:`aie_conv.partitioner.words`). A report's entries for what is no convolution are
passed over.

``regions`` of the file, as a report has them, say which dispatches a call of the NPU does; only their
``dispatches`` are read. What none of them names is cut as usual, and so is all of a file without them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.files import read_json
from aie_conv.partitioner.words import STYLES, current_parameters
from aie_conv.plan import Dispatch

Frozen = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Pin:
    """One entry.

    Attributes:
        name: the dispatch, or None.
        problem: the problem's text, or None.
        route: "cpu" or a route's name.
        style: the kind of core code, or None.
        arithmetic: how f32 is computed, or None.
        parameters: what fixes the plan; None to let the route search.
        where: the file and the entry, for messages.
        split: why the dispatch was split, of whose first part it is; empty where it is of a whole one.
    """

    name: str | None
    problem: str | None
    route: str
    style: str | None = None
    arithmetic: str | None = None
    parameters: Frozen | None = None
    where: str = ""
    split: str = ""


@dataclass(frozen=True)
class RegionPin:
    """Dispatches that one call is to do.

    Attributes:
        dispatches: their names, in program order.
        where: the file and the entry, for messages.
    """

    dispatches: tuple[str, ...]
    where: str


class Pins:
    """The entries of a file.

    Attributes:
        path: the file.
        device: the device that it was written for, None if it does not say.
        regions: the calls of the NPU that it names.
    """

    def __init__(
        self,
        path: Path,
        entries: Iterable[Pin],
        device: str | None = None,
        regions: Sequence[RegionPin] = (),
    ) -> None:
        self.path = path
        self.device = device
        self.regions = tuple(regions)
        self._entries = list(entries)
        self._named: dict[str, Pin] = {}
        self._texts: dict[str, Pin] = {}
        for pin in self._entries:
            table, key = (
                (self._named, pin.name) if pin.name is not None else (self._texts, pin.problem)
            )
            if key is None:
                raise UsageError(f"{path}: an entry has neither name nor problem: add one")
            if key in table:
                raise UsageError(f"{path}: {key}: named twice: remove one entry")
            table[key] = pin

    def stays_on_cpu(self, name: str) -> bool:
        """Whether a dispatch's own entry leaves it on the CPU."""
        pin = self._named.get(name)
        return pin is not None and pin.route == "cpu"

    def split_reason(self, name: str) -> str:
        """Why a dispatch was split, by its own entry; empty where that says nothing of it."""
        pin = self._named.get(name)
        return pin.split if pin is not None else ""

    def find(self, name: str, problem: str, *, split: bool = False) -> Pin | None:
        """The entry for a dispatch, None where it has none.

        Args:
            name: the dispatch's.
            problem: its problem's text.
            split: whether that is the problem of the dispatch's first part alone.

        Raises:
            UsageError: the entry of that name is about another problem, or about a part of it.
        """
        pin = self._named.get(name)
        if pin is None:
            return self._texts.get(problem)
        if pin.split and not split:
            raise UsageError(
                f"{self.path}: {name}: pinned as split, but it goes unsplit:"
                " correct or remove the entry"
            )
        if pin.problem not in (None, problem):
            raise UsageError(
                f"{self.path}: {name}: pinned for '{pin.problem}', now it is '{problem}':"
                " correct or remove the entry"
            )
        return pin

    def check(self, dispatches: Iterable[Dispatch]) -> None:
        """Check that every entry was met by the dispatch that it is about.

        Raises:
            UsageError: an entry is about no dispatch, or its dispatch went elsewhere.
        """
        unmet = {id(pin): pin for pin in self._entries}
        for dispatch in dispatches:
            text = dispatch.problem.describe() if dispatch.problem is not None else None
            pin = self._named.get(dispatch.name)
            if pin is None and text is not None:
                pin = self._texts.get(text)
            if pin is None:
                continue
            unmet.pop(id(pin), None)
            route, reason = dispatch.decision.route, dispatch.decision.reason
            if pin.route != route:
                raise UsageError(
                    f"{self.path}: {dispatch.name}: pinned to {pin.route}, but it goes to {route}"
                    f" ({reason}): correct or remove the entry"
                )
        for pin in unmet.values():
            who = pin.name if pin.name is not None else f"problem '{pin.problem}'"
            raise UsageError(f"{self.path}: {who}: no such dispatch: correct or remove the entry")


def _text(entry: dict[str, Any], key: str, where: str) -> str | None:
    """A string of an entry, None where it is missing or empty."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}: {key}: a string is needed")
    return value or None


def _pin(entry: Any, where: str, routes: tuple[str, ...]) -> Pin | None:
    """The pin of one entry of the file, None for what no route could take."""
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: an object is needed")
    if "problem" in entry and entry["problem"] is None:
        return None
    stated = entry.get("problem")
    if isinstance(stated, dict):
        entry = {**entry, "problem": stated.get("text")}
    route = _text(entry, "route", where)
    if route not in routes:
        raise UsageError(f"{where}: route '{route}': unknown: use one of {', '.join(routes)}")
    parameters = entry.get("parameters") or {}
    if not isinstance(parameters, dict) or not all(
        isinstance(value, int) for value in parameters.values()
    ):
        raise UsageError(f"{where}: parameters: an object of whole numbers and truths is needed")
    name, problem = (_text(entry, key, where) for key in ("name", "problem"))
    style = _text(entry, "style", where)
    return Pin(
        name,
        problem,
        route,
        STYLES.get(style, style) if style is not None else None,
        _text(entry, "arithmetic", where),
        tuple(sorted(current_parameters(parameters).items())) or None,
        f"{where} ({name or problem})",
        _text(entry, "split", where) or "",
    )


def _regions(entries: Any, path: Path) -> list[RegionPin]:
    """The calls that a file names, each of its dispatches once."""
    if not isinstance(entries, list):
        raise UsageError(f"{path}: regions: a list is needed")
    seen: set[str] = set()
    pins: list[RegionPin] = []
    for number, entry in enumerate(entries):
        where = f"{path}: regions[{number}]"
        names = entry.get("dispatches") if isinstance(entry, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise UsageError(f"{where}: dispatches: a list of names is needed")
        twice = next((name for name in names if name in seen or names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"{where}: {twice}: named twice: remove one entry")
        seen.update(names)
        pins.append(RegionPin(tuple(names), where))
    return pins


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty for JSON that is no object.

    Raises:
        UsageError: it cannot be read, or is no JSON.
    """
    data = read_json(path)
    return data if isinstance(data, dict) else {}


def read_pins(path: Path, routes: tuple[str, ...], version: int) -> Pins:
    """Read a file of pins.

    Args:
        path: the file.
        routes: what an entry's route may be.
        version: the newest form of the report that is understood.

    Raises:
        UsageError: it cannot be read, or is not of this form.
    """
    data = read_object(path)
    if not isinstance(data.get("dispatches"), list):
        raise UsageError(f"{path}: no list 'dispatches': give a report, or write one by hand")
    if data.get("version", version) not in range(version + 1):
        raise UsageError(f"{path}: of report version {data['version']}, at most {version} is read")
    device = data.get("device")
    pins = [
        _pin(entry, f"{path}: dispatches[{number}]", routes)
        for number, entry in enumerate(data["dispatches"])
    ]
    regions = _regions(data.get("regions", []), path)
    written_for = device if isinstance(device, str) else None
    return Pins(path, (pin for pin in pins if pin), written_for, regions)
