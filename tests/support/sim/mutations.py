"""Single changes of a module's text, and what the simulator makes of a changed module."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aie_conv.errors import AieConvError
from aie_conv.sim import Simulator

Data = Sequence[Sequence[np.ndarray]]

_NUMBER = re.compile(r"(?<![\w%@.#])-?\d+(?![\w.])")
"""A number that stands alone: no part of a name or a type."""

_VALUE = re.compile(r"%[\w#]+")
_SYMBOL = re.compile(r"@[\w.]+")
_SIBLINGS = (
    ("arith.addi", "arith.subi", "arith.muli"),
    ("arith.addf", "arith.subf", "arith.mulf"),
    ("arith.maxsi", "arith.minsi"),
    ("arith.maximumf", "arith.minimumf"),
    ("arith.divui", "arith.remui"),
    ("arith.extsi", "arith.extui"),
    ("arith.shli", "arith.shrui"),
    ("vector.load", "vector.store"),
    ("objectfifo.acquire", "objectfifo.release"),
    ("Produce", "Consume"),
    (" slt,", " sge,"),
    (" eq,", " ne,"),
    ("MM2S", "S2MM"),
    ("xi8", "xi16"),
    ("xi32", "xf32"),
    ("true", "false"),
)


@dataclass(frozen=True)
class Change:
    """One change of a module.

    Attributes:
        kind: "number", "drop", "double", "swap", "value", "symbol" or "word".
        line: from 0, the first that changed.
        before, after: that line; ``after`` is empty where it was dropped.
        text: the changed module.
    """

    kind: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} in line {self.line + 1}: {self.before} -> {self.after}"


def changes(text: str, count: int, seed: int) -> Iterator[Change]:
    """Random changes, each of one place; the kinds take turns."""
    lines = text.splitlines()
    rng = random.Random(seed)
    kinds = list(_KINDS)
    found = 0
    while found < count:
        kind = kinds[found % len(kinds)]
        number = rng.randrange(len(lines))
        new = _KINDS[kind](lines, number, rng)
        if new is None or new == lines[number : number + max(1, len(new))]:
            continue
        size = 2 if kind == "swap" else 1
        changed = [*lines[:number], *new, *lines[number + size :]]
        after = new[0].strip() if new else ""
        found += 1
        yield Change(kind, number, lines[number].strip(), after, "\n".join(changed) + "\n")


def _simple(line: str) -> bool:
    """An operation without a region, which may stand elsewhere."""
    text = line.strip()
    return bool(text) and not text.endswith(("{", "}")) and text[0] not in "}/^"


def _replaced(line: str, pattern: re.Pattern[str], rng: random.Random, new: Callable[[str], str]) -> list[str] | None:  # fmt: skip
    places = list(pattern.finditer(line))
    if not places:
        return None
    place = rng.choice(places)
    return [line[: place.start()] + new(place[0]) + line[place.end() :]]


def _number(lines: list[str], at: int, rng: random.Random) -> list[str] | None:
    def new(old: str) -> str:
        value = int(old)
        return str(rng.choice([value + 1, value - 1, 2 * value, value // 2, 0, -value, value + 8]))

    return _replaced(lines[at], _NUMBER, rng, new)


def _drop(lines: list[str], at: int, _: random.Random) -> list[str] | None:
    return [] if _simple(lines[at]) else None


def _double(lines: list[str], at: int, _: random.Random) -> list[str] | None:
    return [lines[at], lines[at]] if _simple(lines[at]) else None


def _swap(lines: list[str], at: int, _: random.Random) -> list[str] | None:
    if at + 1 >= len(lines) or not (_simple(lines[at]) and _simple(lines[at + 1])):
        return None
    return [lines[at + 1], lines[at]]


def _value(lines: list[str], at: int, rng: random.Random) -> list[str] | None:
    near = _VALUE.findall("\n".join(lines[max(0, at - 40) : at + 40]))
    return _replaced(lines[at], _VALUE, rng, lambda _: rng.choice(near))


def _symbol(lines: list[str], at: int, rng: random.Random) -> list[str] | None:
    names = sorted(set(_SYMBOL.findall("\n".join(lines))))
    return _replaced(lines[at], _SYMBOL, rng, lambda _: rng.choice(names))


def _word(lines: list[str], at: int, rng: random.Random) -> list[str] | None:
    found = [(word, group) for group in _SIBLINGS for word in group if word in lines[at]]
    if not found:
        return None
    word, group = rng.choice(found)
    other = rng.choice([each for each in group if each != word])
    return [lines[at].replace(word, other, 1)]


_KINDS: dict[str, Callable[[list[str], int, random.Random], list[str] | None]] = {
    "number": _number,
    "drop": _drop,
    "double": _double,
    "swap": _swap,
    "value": _value,
    "symbol": _symbol,
    "word": _word,
}


@dataclass(frozen=True)
class Outcome:
    """What became of a module: "refused", "reported", "differs" or "passes", and the message."""

    what: str
    message: str = ""


def results(simulator: Simulator, data: Data) -> list[np.ndarray]:
    """All buffers after one call for each set of data."""
    found: list[np.ndarray] = []
    for buffers in data:
        copies = [buffer.copy() for buffer in buffers]
        simulator.run(copies)
        found += [copy.view(np.uint8) for copy in copies]
    return found


def outcome(text: str, data: Data, wanted: Sequence[np.ndarray]) -> Outcome:
    """What the simulator makes of a changed module.

    Args:
        text: the module.
        data: buffers of each call.
        wanted: what the unchanged module leaves in them.
    """
    try:
        simulator = Simulator(text)
    except AieConvError as error:
        return Outcome("refused", str(error))
    try:
        got = results(simulator, data)
    except AieConvError as error:
        return Outcome("reported", str(error))
    same = all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))
    return Outcome("passes" if same else "differs")
