"""A dispatch that reduces what it computes, and computes with what it reduced: softmax, norms, variances.

Whatever a front end makes of these, IREE leaves dispatches in which some loops are a row: values of a row's
elements are combined to one value of the row, and what is stored is computed from both. The reader follows
the stored value back through as many reductions as there are. All of them must go along the same loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.recognition.canonical import RawStep, Ref
from aie_conv.bridge.recognition.contraction import loop_sizes
from aie_conv.bridge.recognition.epilogue import Reader
from aie_conv.bridge.tensors import Linear, dims_count, indexing, owner, splat_value, tensor_type
from aie_conv.errors import Unsupported
from aie_conv.problem import REDUCE

COMBINE = frozenset(
    f"arith.{name}"
    for name in ("addf", "addi", "maximumf", "minimumf", "maxsi", "minsi", "maxui", "minui")
)
"""Operations that reductions combine by."""

_SOFTMAX = "linalg.softmax"
_LOWEST = {"i8": -(1 << 7), "i16": -(1 << 15), "i32": -(1 << 31)}
_HIGHEST = {"i8": (1 << 7) - 1, "i16": (1 << 15) - 1, "i32": (1 << 31) - 1}
_FIRST = 1 << 16
"""Number of a row's first loop where the stored value does not walk it: above all of its dims."""


@dataclass
class OperationReader(Reader):
    """Reads what stands behind no contraction."""

    def _step(self, op: str, args: tuple[Ref, ...], dtype: str, attr: float | str | None) -> Ref:
        return super()._step(*_as_product(op, args, self.steps), dtype, attr)


def _as_product(
    op: str, args: tuple[Ref, ...], steps: Sequence[RawStep]
) -> tuple[str, tuple[Ref, ...]]:
    """Squares are products: torch's norms have them as powers."""
    if op in ("math.fpowi", "math.powf") and args[1][0] == "step":
        _, _, _, exponent = steps[args[1][1]]
        if exponent == 2:
            return "arith.mulf", (args[0], args[0])
    return op, args


@dataclass
class RowReader(Reader):
    """Reads a stored value with reductions in it.

    Attributes:
        stored: size of each dim of the stored value that is walked.
        row: variables of a row's loops and their sizes, in order; None until a reduction was met.
    """

    stored: dict[int, int] = field(default_factory=dict[int, int])
    row: dict[int, int] | None = None

    def _tensor(self, value: ir.Value, at: tuple[Linear, ...]) -> Ref:
        op = owner(value)
        if op is not None and op.name == _SOFTMAX:
            return self._softmax(op, at)
        if op is not None and reduces(op):
            return self._reduction(op, value, at)
        return super()._tensor(value, at)

    def _step(self, op: str, args: tuple[Ref, ...], dtype: str, attr: float | str | None) -> Ref:
        return super()._step(*_as_product(op, args, self.steps), dtype, attr)

    # -- reductions -------------------------------------------------------------------------------
    def _reduction(self, op: ir.Operation, value: ir.Value, at: tuple[Linear, ...]) -> Ref:
        """The reduced value of the row that a place is in."""
        forms = indexing(op)
        inputs = len(op.operands) - len(op.results)
        number = inputs + ir.OpResult(value).result_number
        dims: dict[int, Linear] = {}
        for form, place in zip(forms[number], at, strict=True):
            if form.variable is None or form.variable in dims:
                raise Unsupported(f"{op.name} writes its result in no simple order")
            dims[form.variable] = place
        sizes = loop_sizes(op, forms)
        inner = [d for d in sorted(sizes) if d not in dims and sizes[d] > 1]
        row = self._along([sizes[d] for d in inner], at)
        dims |= {d: Linear() for d in sizes if d not in dims}
        dims |= {d: Linear(0, ((v, 1),)) for d, v in zip(inner, row, strict=True)}
        name, element = combination(op, number)
        _, dtype = tensor_type(value)
        total = self._combine(self.inside(op, element, dims), name, dtype)
        start = start_of(op.operands[number], name, dtype)
        if start is not None:
            total = self._step(name, (total, self.tensor(start, at)), dtype, None)
        return total

    def _combine(self, value: Ref, name: str, dtype: str) -> Ref:
        """Sums of bf16 are of f32 inside."""
        if not (name == "arith.addf" and dtype == "bf16"):
            return self._step(REDUCE, (value,), dtype, name)
        total = self._step("arith.extf", (value,), "f32", None)
        total = self._step(REDUCE, (total,), "f32", name)
        return self._step("arith.truncf", (total,), dtype, None)

    def _along(self, sizes: Sequence[int], place: tuple[Linear, ...]) -> list[int]:
        """The variables of a row's loops: the stored value's where it walks them, else others.

        Which loop is taken for which of the same size makes no difference to what is combined.
        """
        used = {variable for form in place for variable, _ in form.terms}
        if self.row is None:
            free, taken = [v for v in self.stored if v not in used], list[int]()
            for size in sizes:
                fits = [v for v in free if v not in taken and self.stored[v] == size]
                taken += fits[:1]
            if len(taken) < len(sizes):
                taken = [_FIRST + number for number in range(len(sizes))]
            self.row = dict(zip(taken, sizes, strict=True))
        if list(self.row.values()) != list(sizes) or used & set(self.row):
            raise Unsupported("reductions along different loops in one dispatch")
        return list(self.row)

    def _softmax(self, op: ir.Operation, at: tuple[Linear, ...]) -> Ref:
        """linalg.softmax in operations: the largest of a row, the sum of exponentials, the quotient."""
        shape, dtype = tensor_type(op.results[0])
        dim = ir.IntegerAttr(op.attributes["dimension"]).value
        others = (*at[:dim], *at[dim + 1 :])
        (variable,) = self._along([shape[dim]], others)
        if at[dim].variable != variable:
            raise Unsupported("a softmax along what is not stored")
        x = self.tensor(op.operands[0], at)
        wide = "f32" if dtype == "bf16" else dtype
        x = self._step("arith.extf", (x,), wide, None) if wide != dtype else x
        most = self._step(REDUCE, (x,), wide, "arith.maximumf")
        power = self._step("arith.subf", (x, most), wide, None)
        power = self._step("math.exp", (power,), wide, None)
        total = self._step(REDUCE, (power,), wide, "arith.addf")
        result = self._step("arith.divf", (power, total), wide, None)
        return self._step("arith.truncf", (result,), dtype, None) if wide != dtype else result


def reduces(op: ir.Operation) -> bool:
    """Whether an operation is a linalg op some of whose loops do not walk its result."""
    if op.name == _SOFTMAX:
        return True
    if not op.name.startswith("linalg.") or not len(op.regions) or op.name == "linalg.fill":
        return False
    walked = {v for form in indexing(op)[-1] for v, _ in form.terms}
    return len(walked) < dims_count(op)


def combination(op: ir.Operation, number: int) -> tuple[str, ir.Value]:
    """The operation that a reduction combines by, and what it combines for each element.

    Args:
        op: the reduction.
        number: of the block argument that holds what was combined so far.

    Raises:
        Unsupported: it does not combine a value with that.
    """
    if not len(op.regions):
        raise Unsupported(f"{op.name} is several reductions")
    block: Any = op.regions[0].blocks[0]
    last = block.operations[len(block.operations) - 1].operation
    total = owner(last.operands[number - (len(op.operands) - len(op.results))])
    if total is None or total.name not in COMBINE or len(total.operands) != 2:
        name = total.name if total is not None else "nothing"
        raise Unsupported(f"a reduction by {name}")
    here = block.arguments[number]
    left, right = total.operands
    if (left == here) == (right == here):
        raise Unsupported(f"a reduction whose {total.name} is not with its result")
    return total.name, right if left == here else left


def start_of(value: ir.Value, combine: str, dtype: str) -> ir.Value | None:
    """The tensor that a reduction starts from, unless that is the neutral one."""
    op = owner(value)
    if op is not None and op.name == "linalg.fill":
        op = owner(op.operands[0])
    if op is None or op.name != "arith.constant":
        return value
    number, infinity = splat_value(op), float("inf")
    neutral: dict[str, float | None] = {
        "arith.addf": 0, "arith.addi": 0, "arith.maximumf": -infinity, "arith.minimumf": infinity,
        "arith.maxsi": _LOWEST.get(dtype), "arith.minsi": _HIGHEST.get(dtype),
        "arith.maxui": 0, "arith.minui": -1,
    }  # fmt: skip
    return None if number is not None and number == neutral[combine] else value
