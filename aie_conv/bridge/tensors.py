"""What a value inside a dispatch is: a region of an argument, a constant; and affine arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.errors import Unsupported
from aie_conv.problem import DTYPE_BYTES

DYNAMIC = -(2**63)
"""What MLIR writes for a size or an offset that is not known."""
_DISPATCH_TENSOR = re.compile(
    r"!iree_tensor_ext\.dispatch\.tensor<(?P<access>\w+):tensor<(?P<dims>(?:[\d?]+x)*)(?P<type>[^<>]+)>>"
)


@dataclass(frozen=True)
class Linear:
    """An affine form: a constant and a coefficient for each variable that occurs."""

    constant: int = 0
    terms: tuple[tuple[int, int], ...] = ()

    @staticmethod
    def of(constant: int, terms: Mapping[int, int]) -> Linear:
        """A form without its zero terms."""
        return Linear(constant, tuple(sorted((k, v) for k, v in terms.items() if v)))

    def scaled(self, factor: int) -> Linear:
        """The form times a number."""
        return Linear.of(self.constant * factor, {k: v * factor for k, v in self.terms})

    def plus(self, other: Linear) -> Linear:
        """The sum of two forms."""
        terms = dict(self.terms)
        for key, value in other.terms:
            terms[key] = terms.get(key, 0) + value
        return Linear.of(self.constant + other.constant, terms)

    @property
    def variable(self) -> int | None:
        """The variable that the form is, if it is nothing else."""
        if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None


def linear(expression: Any, variables: Sequence[Linear]) -> Linear:
    """An affine expression over dims that are forms themselves.

    Raises:
        Unsupported: it has a division, a remainder or a product of dims.
    """
    if isinstance(expression, ir.AffineDimExpr):
        return variables[expression.position]
    if isinstance(expression, ir.AffineConstantExpr):
        return Linear(expression.value)
    if isinstance(expression, ir.AffineAddExpr):
        return linear(expression.lhs, variables).plus(linear(expression.rhs, variables))
    if isinstance(expression, ir.AffineMulExpr):
        left, right = linear(expression.lhs, variables), linear(expression.rhs, variables)
        if not right.terms:
            return left.scaled(right.constant)
        if not left.terms:
            return right.scaled(left.constant)
    raise Unsupported(f"the indexing {expression} is not linear")


def indexing(op: ir.Operation) -> list[list[Linear]]:
    """For each operand of a linalg op, a form over the op's dims for each dim of the operand."""
    maps = linalg.get_indexing_maps(op)
    if maps is None:
        raise Unsupported(f"{op.name} has no indexing maps")
    forms: list[list[Linear]] = []
    for attribute in maps:
        affine = ir.AffineMapAttr(attribute).value
        dims = [Linear(0, ((dim, 1),)) for dim in range(affine.n_dims)]
        forms.append([linear(expression, dims) for expression in affine.results])
    return forms


def dims_count(op: ir.Operation) -> int:
    """The number of dims of a linalg op's iteration space."""
    maps = linalg.get_indexing_maps(op)
    return 0 if maps is None else ir.AffineMapAttr(maps[0]).value.n_dims


def every_element(sizes: Sequence[int]) -> tuple[Linear, ...]:
    """Each dim's place as a variable with the dim's number; 0 along dims of one element."""
    return tuple(Linear(0, ((d, 1),)) if size > 1 else Linear() for d, size in enumerate(sizes))


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Element strides of a dense row-major buffer."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


@dataclass(frozen=True)
class View:
    """A region of a buffer: where each dim of a tensor value walks it.

    Attributes:
        argument: number of the dispatch function's argument, or None for a constant.
        constant: the attribute of a constant tensor.
        access: "readonly", "readwrite", "writeonly" or "constant".
        dtype, shape: of the whole buffer.
        offset: element where the region starts.
        strides: element stride of each dim of the value.
        sizes: size of each dim of the value.
    """

    argument: int | None
    constant: Any
    access: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for views of the same elements."""
        return (self.argument, str(self.constant), self.offset, self.strides)

    @property
    def binding(self) -> Any:
        """Number of the argument, or the attribute of the constant."""
        return self.argument if self.argument is not None else self.constant

    @property
    def keeps_others(self) -> bool:
        """Whether a store to it leaves elements of the buffer as they were."""
        return self.access == "readwrite" and prod(self.sizes) < prod(self.shape)


def owner(value: ir.Value) -> ir.Operation | None:
    """The op that makes a value; None for an argument of a block."""
    return None if isinstance(value, ir.BlockArgument) else value.owner.operation


def tensor_type(value: ir.Value) -> tuple[tuple[int, ...], str]:
    """Shape and element type.

    Raises:
        Unsupported: the value is no tensor, or its shape is dynamic.
    """
    if not isinstance(value.type, ir.RankedTensorType):
        raise Unsupported(f"a value of type {value.type} is no tensor")
    if not value.type.has_static_shape:
        raise Unsupported(f"dynamic shape {value.type}")
    return tuple(value.type.shape), str(value.type.element_type)


def _dispatch_tensor(value: ir.Value) -> tuple[int, str, tuple[int, ...], str]:
    match = _DISPATCH_TENSOR.fullmatch(str(value.type))
    if match is None or not isinstance(value, ir.BlockArgument):
        raise Unsupported(f"a buffer of type {value.type}")
    if "?" in match["dims"]:
        raise Unsupported(f"dynamic shape {match['dims']}{match['type']}")
    shape = tuple(int(size) for size in match["dims"].split("x") if size)
    if match["type"] not in DTYPE_BYTES:
        raise Unsupported(f"element type {match['type']}")
    return value.arg_number, match["access"], shape, match["type"]


def slice_view(op: ir.Operation, buffer: ir.Value, value: ir.Value) -> View:
    """The region that a dispatch.tensor.load or store names, with unit dims dropped as it drops them.

    Raises:
        Unsupported: something about it is dynamic.
    """
    argument, access, shape, dtype = _dispatch_tensor(buffer)
    offsets, sizes, steps = (
        list(ir.DenseI64ArrayAttr(op.attributes[name]))
        for name in ("static_offsets", "static_sizes", "static_strides")
    )
    if DYNAMIC in offsets + sizes + steps:
        raise Unsupported("a slice with dynamic offsets or sizes")
    strides = row_major(shape)
    offset = sum(o * s for o, s in zip(offsets, strides, strict=True))
    walked = [
        (size, step * stride) for size, step, stride in zip(sizes, steps, strides, strict=True)
    ]
    wanted, _ = tensor_type(value)
    kept: list[int] = []
    for size in wanted:
        while walked and walked[0][0] != size and walked[0][0] == 1:
            walked.pop(0)
        if not walked or walked[0][0] != size:
            raise Unsupported(f"a slice of sizes {sizes} read as {list(wanted)}")
        kept.append(walked.pop(0)[1])
    return View(argument, None, access, dtype, shape, offset, tuple(kept), wanted)


def constant_view(op: ir.Operation) -> View:
    """A constant tensor inside the dispatch as a buffer of its own."""
    shape, dtype = tensor_type(op.results[0])
    if dtype not in DTYPE_BYTES:
        raise Unsupported(f"element type {dtype}")
    value = op.attributes["value"]
    return View(None, value, "constant", dtype, shape, 0, row_major(shape), shape)


def splat_value(op: ir.Operation) -> int | float | None:
    """The one value of a constant, scalar or tensor; None where it has several."""
    value = op.attributes["value"]
    if isinstance(value, ir.DenseElementsAttr):
        if not value.is_splat:
            return None
        value = value.get_splat_value()
    if isinstance(value, ir.BoolAttr):
        return int(value.value)
    if isinstance(value, ir.IntegerAttr | ir.FloatAttr):
        return value.value
    return None


def operations_of(op: ir.Operation) -> list[ir.Operation]:
    """The operations of a function or a body, which have one block, in order."""
    block: Any = op.regions[0].blocks[0]
    return [view.operation for view in block.operations]


def walk(op: ir.Operation) -> Iterator[ir.Operation]:
    """Every operation inside an operation, outer before inner; each block may change as it is left."""
    for region in op.regions:
        for block in region.blocks:
            for view in list(block.operations):
                yield view.operation
                yield from walk(view.operation)
