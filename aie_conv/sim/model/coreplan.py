"""A core's program as steps: FIFO operations, loops around them, and compiled straight code.

The outer structure is walked in Python because it may have to wait; everything between two FIFO
operations is one native call. Integer arithmetic outside of it is done here, with the set of values
each integer may take, so that the native code knows which accesses are safe.
"""

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aie_conv.errors import DeviceError, VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Value
from aie_conv.sim.model.module import CoreModel, walk
from aie_conv.sim.model.ranges import Range, range_of

FIFO_OPS = frozenset(
    {
        "aie.objectfifo.acquire",
        "aie.objectfifo.release",
        "aie.objectfifo.subview.access",
        "aie.use_lock",
    }
)
"""What a core does with others: acquires and releases of objects, or of locks."""


ENDLESS = 1 << 31
"""Trips of a loop that never ends: at one a microsecond they take more than half an hour."""


def _same(value: int) -> int:
    return value


def _choose(condition: int, yes: int, no: int) -> int:
    return yes if condition else no


_SCALAR: dict[str, Callable[..., int] | None] = {
    "arith.addi": operator.add,
    "arith.subi": operator.sub,
    "arith.muli": operator.mul,
    "arith.divui": operator.floordiv,
    "arith.remui": operator.mod,
    "arith.index_cast": _same,
    "arith.minsi": min,
    "arith.maxsi": max,
    "arith.andi": operator.and_,
    "arith.ori": operator.or_,
    "arith.xori": operator.xor,
    "arith.cmpi": None,
    "arith.select": _choose,
}
_VIEWS = frozenset({"memref.collapse_shape", "memref.expand_shape", "memref.cast"})
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    **dict.fromkeys(("slt", "ult"), operator.lt),
    **dict.fromkeys(("sle", "ule"), operator.le),
    **dict.fromkeys(("sgt", "ugt"), operator.gt),
    **dict.fromkeys(("sge", "uge"), operator.ge),
}


@dataclass(eq=False)
class LeafStep:
    """Straight code: its operations and what goes in and out."""

    ops: list[Op]
    inputs: list[tuple[Value, Range | None]]
    spill_in: list[Value]
    spill_out: list[Value]

    @cached_property
    def called(self) -> str:
        """The functions that it calls, for the timeline; "code" if it calls none."""
        names = [op.attrs["callee"] for op in _all(self.ops) if op.name == "func.call"]
        return ", ".join(dict.fromkeys(map(str, names))) or "code"

    def signature(self) -> Hashable:
        """Equal for steps of equal code, whatever the values are called."""
        numbers: dict[Value, int] = {}
        for value in (*(value for value, _ in self.inputs), *self.spill_in):
            numbers[value] = len(numbers)
        heads = tuple((str(value.type), known) for value, known in self.inputs)
        spilled = tuple(str(value.type) for value in self.spill_in)
        rows = _rows(self.ops, numbers)
        return heads, spilled, rows, tuple(numbers[value] for value in self.spill_out)


def _rows(ops: Sequence[Op], numbers: dict[Value, int]) -> tuple[Hashable, ...]:
    """Operations with all inside them, their values by number; new values get the next ones."""
    rows: list[Hashable] = []
    for op in ops:
        operands = tuple(numbers[value] for value in op.operands)
        inside: list[Hashable] = []
        for block in op.blocks:
            for value in block.args:
                numbers[value] = len(numbers)
            kinds = tuple(str(value.type) for value in block.args)
            inside.append((kinds, _rows(block.ops, numbers)))
        for value in op.results:
            numbers[value] = len(numbers)
        kinds = tuple(str(value.type) for value in op.results)
        rows.append((op.name, repr(op.attrs), operands, kinds, tuple(inside)))
    return tuple(rows)


@dataclass(eq=False)
class FifoStep:
    """An acquire, release or subview access, or a lock that is used."""

    op: Op


@dataclass(eq=False)
class ScalarStep:
    """Integer arithmetic in Python."""

    op: Op


@dataclass(eq=False)
class LoopStep:
    """A loop that holds FIFO operations.

    Attributes:
        endless: it runs for ever, for all that calls it serves, and nothing reads its counter.
    """

    op: Op
    body: list["CoreStep"]
    endless: bool = False


@dataclass(eq=False)
class BranchStep:
    """A branch that holds FIFO operations."""

    op: Op
    arms: list[list["CoreStep"]]


CoreStep = LeafStep | FifoStep | ScalarStep | LoopStep | BranchStep


@dataclass(eq=False)
class CorePlan:
    """A core's steps and the values that live in memory between native calls.

    ``srs`` are the element types that aievec.srs operations of the body itself (not of functions)
    shift.
    """

    steps: list[CoreStep]
    spilled: set[Value] = field(default_factory=set)
    srs: frozenset[str] = frozenset()


def holds_fifo(op: Op) -> bool:
    """The operation is or contains a FIFO operation."""
    if op.name in FIFO_OPS:
        return True
    return any(inner.name in FIFO_OPS for block in op.blocks for inner in walk(block))


class CorePlanner:
    """Cuts one core's body into steps."""

    def __init__(self, core: CoreModel) -> None:
        self.core = core
        self.constants: dict[Value, Op] = {}
        self.ranges: dict[Value, Range] = {}
        self.integers: set[Value] = set()
        self.spilled: set[Value] = set()
        self.defined: set[Value] = set()
        self.used_by: dict[Value, list[Op]] = {}
        for op in walk(core.op.blocks[0]):
            self.defined.update(op.results)
            for value in op.operands:
                self.used_by.setdefault(value, []).append(op)

    def plan(self) -> CorePlan:
        """The whole body."""
        block = self.core.op.blocks[0]
        steps = self.block(block)
        srs = {op.operands[0].type.elem for op in walk(block) if op.name == "aievec.srs"}
        return CorePlan(steps, self.spilled, frozenset(srs))

    def block(self, block: Block) -> list[CoreStep]:
        """The steps of one block."""
        steps: list[CoreStep] = []
        straight: list[Op] = []
        for op in block.ops:
            if op.name == "arith.constant":
                self._constant(op)
            elif holds_fifo(op):
                self._close(steps, straight)
                straight = []
                steps.append(self._fifo(op))
            elif self._is_scalar(op):
                if op.name == "memref.load":
                    # What comes before may write there.
                    self._close(steps, straight)
                    straight = []
                steps.append(ScalarStep(op))
            elif op.name not in ("aie.end", "scf.yield"):
                straight.append(op)
        self._close(steps, straight)
        return steps

    def _constant(self, op: Op) -> None:
        result = op.results[0]
        self.constants[result] = op
        if result.type.kind == "scalar" and isinstance(op.attrs["value"], int):
            self.integers.add(result)
            self.ranges[result] = Range(op.attrs["value"], op.attrs["value"])

    def _is_scalar(self, op: Op) -> bool:
        """Integer arithmetic on values known to Python, or another view of a memref."""
        if op.name in _VIEWS:
            return True
        if op.name == "memref.load":
            return self._is_parameter(op)
        if op.name not in _SCALAR or any(value not in self.integers for value in op.operands):
            return False
        self.integers.update(op.results)
        known = range_of(op.name, [self.ranges.get(value) for value in op.operands])
        if known is not None and known.fits(op.results[0].type):
            self.ranges[op.results[0]] = known
        return True

    def _is_parameter(self, op: Op) -> bool:
        """A whole number from a core's own memory that bounds a loop or a branch around FIFO operations."""
        memref, *indices = op.operands
        users = self.used_by.get(op.results[0], ())
        steers = any(user.name == "arith.cmpi" for user in users) or self._is_index(op.results[0])
        known = all(value in self.integers for value in indices)
        if memref in self.defined or not (steers and known) or len(indices) != 1:
            return False
        self.integers.update(op.results)
        return True

    def _is_index(self, value: Value) -> bool:
        """An index is made of it, at once or by integer arithmetic."""
        users = self.used_by.get(value, ())
        if any(user.name == "arith.index_cast" for user in users):
            return True
        results = [user.results[0] for user in users if user.name in _SCALAR and user.results]
        return any(self._is_index(result) for result in results)

    def _fifo(self, op: Op) -> CoreStep:
        if op.name in FIFO_OPS:
            return FifoStep(op)
        if op.name == "scf.if":
            if op.results:
                self._refuse(op, "a branch with FIFO operations gives no values")
            return BranchStep(op, [self.block(block) for block in op.blocks])
        if op.name != "scf.for":
            self._refuse(op, "FIFO operations stand in scf.for and scf.if only")
        if op.results:
            self._refuse(op, "a loop with FIFO operations carries no values: keep them in a buffer")
        return self._loop(op)

    def _loop(self, op: Op) -> LoopStep:
        bounds = [self.ranges.get(value) for value in op.operands[:3]]
        if any(value not in self.integers for value in op.operands[:3]):
            self._refuse(
                op,
                "bounds of a loop with FIFO operations must be integers known outside "
                "of compiled code",
            )
        index = op.blocks[0].args[0]
        self.integers.add(index)
        first, last, step = (known.constant if known else None for known in bounds)
        endless = (
            first is not None
            and last is not None
            and step is not None
            and last - first >= ENDLESS * step > 0
            and index not in self.used_by
        )
        if first is not None and last is not None and step:
            trips = max(1, -((first - last) // step))
            self.ranges[index] = Range(first, first + (trips - 1) * step, step if trips > 1 else 0)
        return LoopStep(op, self.block(op.blocks[0]), endless)

    def _close(self, steps: list[CoreStep], ops: list[Op]) -> None:
        """Make the collected straight operations one step."""
        if not ops:
            return
        inside = _defined(ops)
        constants: dict[Value, Op] = {}
        inputs: list[tuple[Value, Range | None]] = []
        spill_in: list[Value] = []
        for value in _used(ops):
            if value in inside:
                continue
            if value in self.constants:
                constants[value] = self.constants[value]
            elif value in self.integers or value.type.kind == "memref":
                inputs.append((value, self.ranges.get(value)))
            else:
                spill_in.append(value)
        step_ops = set(map(id, _all(ops)))
        out = [
            value
            for op in ops
            for value in op.results
            if value.type.kind != "memref"
            and any(id(user) not in step_ops for user in self.used_by.get(value, ()))
        ]
        self.spilled.update(out)
        steps.append(LeafStep([*constants.values(), *ops], inputs, spill_in, out))

    def _refuse(self, op: Op, why: str) -> None:
        raise VerifyError(f"{self.core.name}: line {op.line}: {op.name}: {why}")


def _all(ops: Sequence[Op]) -> list[Op]:
    return [inner for op in ops for inner in (op, *(i for b in op.blocks for i in walk(b)))]


def _defined(ops: Sequence[Op]) -> set[Value]:
    values: set[Value] = set()
    for op in _all(ops):
        values.update(op.results)
        for block in op.blocks:
            values.update(block.args)
    return values


def _used(ops: Sequence[Op]) -> list[Value]:
    return list(dict.fromkeys(value for op in _all(ops) for value in op.operands))


def evaluate(op: Op, values: Sequence[int]) -> int:
    """The integer (or address) that a :class:`ScalarStep`'s operation gives, wrapped to its type."""
    if op.name in _VIEWS:
        return values[0]
    operand = 1 << ELEMENT_BITS[op.operands[-1].type.elem]
    unsigned = [value % operand for value in values]
    if op.operands[-1].type.elem == "i1":
        # As a signed number true is -1, less than false.
        values = [-value for value in unsigned]
    if op.name == "arith.cmpi":
        predicate = op.attrs["predicate"]
        return int(_COMPARE[predicate](*(unsigned if predicate[0] == "u" else values)))
    function = _SCALAR[op.name]
    if function is None:
        raise VerifyError(f"line {op.line}: {op.name} is not simulated outside of functions")
    if op.name in ("arith.divui", "arith.remui") and not unsigned[1]:
        raise DeviceError(f"line {op.line}: {op.name}: division by zero")
    result = int(function(*(unsigned if op.name in ("arith.divui", "arith.remui") else values)))
    if op.results[0].type.elem == "i1":
        return result & 1
    size = 1 << ELEMENT_BITS[op.results[0].type.elem]
    return (result + size // 2) % size - size // 2
