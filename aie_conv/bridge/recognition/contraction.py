"""Finds the contraction of a dispatch: by its indexing maps and its body, never by names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import LOAD
from aie_conv.bridge.tensors import (
    Linear,
    View,
    constant_view,
    dims_count,
    indexing,
    owner,
    slice_view,
    splat_value,
    tensor_type,
)
from aie_conv.errors import AieConvError, Unsupported
from aie_conv.problem import Loop, Role

_EXTENSIONS = {"arith.extf", "arith.extsi"}
_ADD = {"arith.addf": "arith.mulf", "arith.addi": "arith.muli"}


class NoContraction(AieConvError):
    """The dispatch multiplies and adds nothing; it is no candidate for any route."""


@dataclass(frozen=True)
class Contraction:
    """The root op, and which of its inputs plays which part.

    Attributes:
        op: the linalg op.
        order: input numbers of (lhs, rhs).
        lhs, rhs: the buffers.
        loops: every loop larger than 1; ``out`` strides are filled in by the epilogue's owner.
        dims: the op's dim of each loop.
        out_forms: a form over the op's dims for each dim of its result.
        accumulator: type of the sums.
        dtype: type of the result's elements: the accumulator's, or bf16, to which sums in f32 are then
            rounded once.
        kind: "conv" or "matmul".
        lhs_offset, rhs_offset: constant parts of the indexing, in elements.
        initial: the tensor that the sums start from; None where they start from zero.
    """

    op: ir.Operation
    order: tuple[int, int]
    lhs: View
    rhs: View
    loops: tuple[Loop, ...]
    dims: tuple[int, ...]
    out_forms: tuple[Linear, ...]
    accumulator: str
    kind: str
    lhs_offset: int
    rhs_offset: int
    initial: ir.Value | None = None
    dtype: str = ""

    @property
    def add(self) -> str:
        """The operation that adds to the accumulator."""
        return "arith.addi" if self.accumulator[0] == "i" else "arith.addf"


def _body(op: ir.Operation) -> Any:
    return op.regions[0].blocks[0]


def _strip(value: ir.Value) -> tuple[ir.Value, list[str]]:
    """The value before the conversions, and their names."""
    names: list[str] = []
    while (op := owner(value)) is not None and len(op.operands) == 1:
        names.append(op.name)
        value = op.operands[0]
    return value, names


def is_multiply_add(op: ir.Operation) -> bool:
    """Whether a linalg op's body adds a product to its result, whatever its operands go through."""
    if not op.name.startswith("linalg.") or not len(op.regions) or not len(op.regions[0].blocks):
        return False
    block = _body(op)
    last = block.operations[len(block.operations) - 1].operation
    if last.name != "linalg.yield" or len(last.operands) != 1 or len(block.arguments) != 3:
        return False
    total = owner(last.operands[0])
    if total is None or total.name not in _ADD:
        return False
    for accumulator, product in (total.operands, reversed(list(total.operands))):
        multiply = owner(_strip(product)[0])
        if accumulator == block.arguments[2] and multiply is not None:
            return multiply.name == _ADD[total.name]
    return False


def _check_body(op: ir.Operation) -> None:
    """Refuse products of anything but the two inputs, extended."""
    block = _body(op)
    last = block.operations[len(block.operations) - 1].operation
    total = owner(last.operands[0])
    assert total is not None
    product = next(v for v in total.operands if v != block.arguments[2])
    if _strip(product)[1]:
        raise Unsupported(f"the product goes through {_strip(product)[1][0]} before it is added")
    multiply = owner(product)
    assert multiply is not None
    factors: list[ir.Value] = []
    for factor in multiply.operands:
        value, names = _strip(factor)
        for name in names:
            if name not in _EXTENSIONS:
                unsigned = " (unsigned operand)" if name == "arith.extui" else ""
                raise Unsupported(f"a factor goes through {name}{unsigned}")
        if not isinstance(value, ir.BlockArgument):
            producer = owner(value)
            name = producer.name if producer is not None else "?"
            point = " (a zero point)" if name == "arith.subi" else ""
            raise Unsupported(f"a factor comes out of {name}{point}")
        factors.append(value)
    if {v.arg_number for v in map(ir.BlockArgument, factors) if v.owner == block} != {0, 1}:
        raise Unsupported("the product is not of the two inputs")


def find(function: ir.Operation) -> ir.Operation:
    """The one contraction of a dispatch.

    Raises:
        NoContraction: there is none.
        Unsupported: there are several, or it cannot be taken.
    """
    block = _body(function)
    roots = []
    for view in block.operations:
        op = view.operation
        if is_multiply_add(op):
            out = {v for form in indexing(op)[2] for v, _ in form.terms}
            if len(out) < dims_count(op):
                roots.append(op)
    if not roots:
        raise NoContraction("no convolution or matmul")
    if len(roots) > 1:
        raise Unsupported(f"{len(roots)} contractions in one dispatch")
    return roots[0]


def source(value: ir.Value) -> View:
    """The buffer behind a tensor value.

    Raises:
        Unsupported: it is computed inside the dispatch.
    """
    op = owner(value)
    if op is not None and op.name == LOAD:
        return slice_view(op, op.operands[0], value)
    if op is not None and op.name == "arith.constant":
        return constant_view(op)
    name = op.name if op is not None else str(value.type)
    raise Unsupported(f"an operand is computed in the same dispatch by {name}")


def _starts_from_zero(value: ir.Value) -> bool:
    op = owner(value)
    if op is not None and op.name == "linalg.fill":
        op = owner(op.operands[0])
    return op is not None and op.name == "arith.constant" and splat_value(op) == 0


def analyse(op: ir.Operation) -> Contraction:
    """The contraction's loops and buffers.

    Raises:
        Unsupported: it is no strided contraction of two buffers.
    """
    _check_body(op)
    forms = indexing(op)
    _, dtype = tensor_type(op.results[0])
    # A sum in bf16 rounds every product and partial sum; one in f32, rounded at its end, is nearer to
    # the model's meaning, and what JAX, Keras and torch compute on their own devices.
    accumulator = "f32" if dtype == "bf16" else dtype
    if accumulator not in ("i32", "f32"):
        raise Unsupported(f"it accumulates in {accumulator}")
    left = [f.variable is None and bool(f.terms) for f in forms[0]]
    right = [f.variable is None and bool(f.terms) for f in forms[1]]
    order = (1, 0) if any(right) and not any(left) else (0, 1)
    lhs, rhs = source(op.operands[order[0]]), source(op.operands[order[1]])
    if any(f.constant for f in forms[2]):
        raise Unsupported("the result is written with an offset")
    sizes = loop_sizes(op, forms)
    (at_lhs, lhs_offset), (at_rhs, rhs_offset) = (
        _walk(forms[order[0]], lhs), _walk(forms[order[1]], rhs)
    )  # fmt: skip
    out_dims = [f.variable for f in forms[2] if f.variable is not None]
    if len(out_dims) < sum(bool(f.terms) for f in forms[2]) or len(set(out_dims)) < len(out_dims):
        raise Unsupported("the result's indexing is no permutation")
    roles: dict[int, Role] = {
        dim: _role(dim in at_lhs, dim in at_rhs, dim in out_dims)
        for dim, size in sorted(sizes.items())
        if size > 1
    }
    kind, names = _names(forms[order[0]], out_dims, sizes, roles)
    ordered = [d for d in out_dims if d in roles] + [d for d in roles if d not in out_dims]
    dims = tuple(ordered)
    loops = tuple(
        Loop(names[d], roles[d], sizes[d], at_lhs.get(d, 0), at_rhs.get(d, 0), 0) for d in dims
    )
    return Contraction(
        op, order, lhs, rhs, loops, dims, tuple(forms[2]), accumulator, kind, lhs_offset, rhs_offset,
        None if _starts_from_zero(op.operands[2]) else op.operands[2], dtype,
    )  # fmt: skip


def loop_sizes(op: ir.Operation, forms: list[list[Linear]]) -> dict[int, int]:
    """Trip count of each dim of a linalg op, from the operands that a dim walks alone.

    Args:
        op: the op.
        forms: its indexing.

    Raises:
        Unsupported: a dim walks no operand alone.
    """
    sizes: dict[int, int] = {}
    for operand, operand_forms in zip(op.operands, forms, strict=True):
        shape, _ = tensor_type(operand)
        for form, size in zip(operand_forms, shape, strict=True):
            if form.variable is not None:
                sizes.setdefault(form.variable, size)
    missing = [d for d in range(dims_count(op)) if d not in sizes]
    if missing:
        raise Unsupported(f"dim d{missing[0]} has no size of its own")
    return sizes


def _walk(forms: list[Linear], view: View) -> tuple[dict[int, int], int]:
    """Element stride of each dim in a buffer, and the constant offset."""
    total = Linear(view.offset)
    for form, stride in zip(forms, view.strides, strict=True):
        total = total.plus(form.scaled(stride))
    return dict(total.terms), total.constant


def _role(in_lhs: bool, in_rhs: bool, in_out: bool) -> Role:
    if in_out:
        if in_lhs and in_rhs:
            return "g"
        if in_lhs or in_rhs:
            return "m" if in_lhs else "n"
        raise Unsupported("the result is broadcast")
    if in_lhs and in_rhs:
        return "k"
    raise Unsupported("one operand alone is summed")


def _names(
    lhs: list[Linear], out_dims: list[int], sizes: dict[int, int], roles: dict[int, Role]
) -> tuple[str, dict[int, str]]:
    """ "conv" or "matmul", and a name for people for each dim."""
    window: dict[int, int] = {}  # dim of the window -> dim of the output it belongs to
    spatial: list[int] = []
    for form in lhs:
        if form.variable is not None or not form.terms:
            continue
        outer = [d for d, _ in form.terms if d in out_dims]
        spatial += outer
        window.update({d: outer[0] if outer else -1 for d, _ in form.terms if d not in out_dims})
    conv = any(
        len([d for d, _ in f.terms if d in roles]) > 1
        or any(c > 1 for d, c in f.terms if d in roles)
        for f in lhs
    )
    m_dims = [d for d in out_dims if roles.get(d) == "m"]
    if not spatial and len(m_dims) > 1:
        spatial = m_dims[-2:]
    spatial = [d for d in out_dims if d in spatial]
    letters = "dhw"[-len(spatial) :] if 0 < len(spatial) <= 3 else ""
    letter = {d: letters[i] if letters else str(i) for i, d in enumerate(spatial)}
    flat = not spatial
    base: dict[Role, str] = (
        {"m": "m", "n": "n", "k": "k", "g": "g"}
        if flat
        else {"m": "n", "n": "oc", "k": "ic", "g": "g"}
    )
    names: dict[int, str] = {}
    for dim in sizes:
        if dim not in roles:
            continue
        if dim in letter and roles[dim] == "m":
            name = f"o{letter[dim]}"
        elif dim in window and roles[dim] == "k":
            name = f"k{letter.get(window[dim], '')}"
        else:
            name = base[roles[dim]]
        taken = sum(other == name or other.startswith(f"{name}_") for other in names.values())
        names[dim] = name if not taken else f"{name}_{taken}"
    return ("conv" if conv else "matmul"), names
