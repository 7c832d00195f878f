"""Single changes of a module's text, and what the simulator makes of a changed module."""

import random
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aie_conv.errors import AieConvError
from aie_conv.ir.core import Op, Value, walk
from aie_conv.ir.text import read_module
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


# -- what may pass ----------------------------------------------------------------------------------
_PURE = ("arith.", "vector.", "aievec.", "memref.load", "memref.cast", "memref.collapse_shape",
         "memref.expand_shape", "aie.objectfifo.subview.access", "aie.tile")  # fmt: skip
_UNREAD = frozenset({"id", "bd_id", "stack_size", "elemNumber", "alignment"})
"""Attributes that name a place or promise something: a program that fits its limits computes the same."""


def normal(text: str) -> Hashable:
    """What a module computes and moves, up to what makes no difference to it.

    Left out are names of values and buffers, constants' own operations, operations whose result nothing
    reads, and attributes that only name a place. Loops that run for ever have one bound.
    """
    module = read_module(text)
    _drop_unread(module)
    names: dict[Value, Hashable] = {}
    return _rows(module, names)


def _drop_unread(module: Op) -> None:
    while True:
        read = {value for op in walk(module) for value in op.operands}
        blocks = [block for op in (module, *walk(module)) for block in op.blocks]
        before = sum(len(block.ops) for block in blocks)
        for block in blocks:
            block.ops = [
                op
                for op in block.ops
                if not op.name.startswith(_PURE)
                or op.name == "vector.store"
                or read.intersection(op.results)
            ]
        if before == sum(len(block.ops) for block in blocks):
            return


def _rows(op: Op, names: dict[Value, Hashable]) -> Hashable:
    if op.name == "arith.constant":
        value = op.attrs["value"]
        ever = isinstance(value, int) and value >= 1 << 31
        names[op.results[0]] = (str(op.results[0].type), "ever" if ever else repr(value))
        return None
    operands = tuple(names.get(value) for value in op.operands)
    attributes = tuple(
        (key, repr(value))
        for key, value in sorted(op.attrs.items())
        if key not in _UNREAD and not (key == "sym_name" and op.name in _UNNAMED)
    )
    for number, value in enumerate((*op.results, *(a for b in op.blocks for a in b.args))):
        names[value] = (len(names), number)
    inside = tuple(_rows(inner, names) for block in op.blocks for inner in block.ops)
    kinds = tuple(str(value.type) for value in op.results)
    return op.name, operands, attributes, kinds, tuple(row for row in inside if row is not None)


_UNNAMED = frozenset({"aie.buffer", "aie.runtime_sequence"})
"""Operations whose names nothing in the module refers to."""


def reached(simulator: Simulator) -> set[int]:
    """Lines of functions and cores whose code has run since the simulator was made."""
    array = simulator._array  # pyright: ignore[reportPrivateUsage]
    lines: set[int] = set()
    for core in array.cores if array else ():
        calls = [op for step, *_ in core.code.compiled for op in step.ops]
        lines.update(_lines(calls, simulator.model.functions))
        known = {*core.env, *core.views}
        blocks = list(core.core.op.blocks)
        while blocks:
            block = blocks.pop()
            ran = [op for op in block.ops if op.name != "arith.constant"
                   and (op.line in lines or known.intersection(op.results))]  # fmt: skip
            if ran:
                lines.update(op.line for op in block.ops)
            blocks += [inner for op in block.ops for inner in op.blocks]
    return lines


def _lines(ops: Sequence[Op], functions: Mapping[str, Op]) -> set[int]:
    """Lines of operations, of what they hold, and of the functions that they call."""
    found: set[int] = set()
    todo, called = list(ops), set[str]()
    while todo:
        op = todo.pop()
        found.add(op.line)
        todo += [inner for block in op.blocks for inner in block.ops]
        name = op.attrs.get("callee")
        if op.name == "func.call" and name in functions and name not in called:
            called.add(name)
            todo.append(functions[name])
    return found


def code(simulator: Simulator) -> set[int]:
    """All lines of functions and cores."""
    model = simulator.model
    return _lines([*model.functions.values(), *(core.op for core in model.cores)], {})


EXCUSES = {
    "same": "only names, unread values, places or promises changed, or a constant's bound of a loop that runs for ever",
    "not run": "code that neither call comes to: loops without trips in this problem, epilogues of other layers",
    "order": "operations that do not need each other changed places",
    "again": "a store, or a call that writes the same once more",
    "value": "arithmetic that comes out the same: a counter that stays 0, a lane that nothing reads, a bound not reached",
    "lowering": "how the tools lower FIFOs: with counters or with loops written out, which the simulator does alike",
    "token": "a transfer to the host issues a token, whatever it says of that [mlir-aie]",
    "bytes": "the element type of a FIFO's objects, of the same width, where no core takes them: DMAs move bytes",
    "place": "a core on another free tile",
    "stride": "the stride of a dimension of one element, or the offset along one without a stride",
    "reach": "a buffer of a core in the memory of one beside it",
    "lock": "the number of a lock, or more of it than is ever taken",
    "bank": "a buffer that nothing uses, which keeps others from a bank: that costs cycles alone",
    "flag": "an argument of a function that asks only whether it is zero: by another number, or by zero where it is",
}
"""Why a change may pass, by class."""

_COMPUTES = re.compile(
    r"(%[\w#:]+ = )?(arith\.|vector\.shuffle|vector\.bitcast|aievec\.|func\.call @\S*llvm)"
)
_WRITES = ("vector.store", "memref.store", "func.call")
_UNIT = re.compile(r"<size = 1, stride = \d+>")


def excuse(change: Change, original: str, run: set[int], core_lines: set[int]) -> str | None:
    """The class of a change that passed; None if there is no reason why it should.

    Args:
        change: it.
        original: the module before.
        run: lines of code that ran, from 1.
        core_lines: all lines of code.
    """
    line = change.line + 1
    if normal(change.text) == normal(original):
        return "same"
    if line in core_lines and line not in run:
        return "not run"
    if change.kind == "number" and _strides(change.before) == _strides(change.after):
        return "stride"
    if change.kind == "value" and _is_flag(change):
        return "flag"
    return next(
        (name for name, kinds, test in _CLASSES if change.kind in kinds and test(change.before)),
        None,
    )


_CLASSES: tuple[tuple[str, tuple[str, ...], Callable[[str], bool]], ...] = (
    ("order", ("swap",), lambda _: True),
    ("again", ("double",), lambda line: line.startswith(_WRITES)),
    ("value", ("number", "value", "word"), lambda line: _COMPUTES.match(line) is not None),
    ("lowering", ("word",), lambda line: "dynamic_objfifo_lowering" in line),
    ("token", ("word",), lambda line: "issue_token = true" in line),
    ("bytes", ("word",), lambda line: line.startswith("aie.objectfifo @")),
    ("place", ("number",), lambda line: "= aie.tile(" in line),
    ("reach", ("value",), lambda line: "= aie.buffer(" in line),
    ("lock", ("number",), lambda line: "= aie.lock(" in line),
    ("bank", ("drop", "number", "word"), lambda line: 'sym_name = "spacer_' in line),
)
"""A class, the kinds of change and the lines that may be of it."""


_CALL = re.compile(r"func\.call @(\w+)\((.*)\) : ")


def _is_flag(change: Change) -> bool:
    """Whether the last argument of a call alone changed, and the function asks whether it is zero."""
    before, after = _CALL.match(change.before), _CALL.match(change.after)
    if before is None or after is None:
        return False
    same = before[2].split(", ")[:-1] == after[2].split(", ")[:-1]
    return same and re.search(rf"@{before[1]}\([^)]*%fresh: index\)", change.text) is not None


_HOST_WALK = re.compile(r"(dma_memcpy_nd\(%\w+)\[(.*?)\]\[(.*?)\]\[(.*?)\]")


def _strides(line: str) -> str:
    """A line without the strides that are never taken, of walks and of host transfers, and their offsets."""

    def taken(walk: re.Match[str]) -> str:
        offsets, sizes, strides = (walk[n].split(", ") for n in (2, 3, 4))
        first = [o for o, stride in zip(offsets, strides, strict=False) if stride != "0"]
        steps = [stride for size, stride in zip(sizes, strides, strict=False) if size != "1"]
        return f"{walk[1]}[{first}][{sizes}][{steps}]"

    return _UNIT.sub("<unit>", _HOST_WALK.sub(taken, line))
