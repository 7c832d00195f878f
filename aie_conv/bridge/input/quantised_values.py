"""Tensors that are dequantised bytes, and the moves between the dequantisation and their use.

A quantised tensor is ``scale * (bytes - zero)``. Moving it (padding with 0.0, spreading, transposing,
reshaping, flipping) moves its bytes alike, if padding becomes the zero point: 0.0 is what the zero point
stands for. Unsigned bytes are signed ones with another zero point: u = s + 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.graft import (
    computed_apart,
    constant,
    constant_bytes,
    constant_of,
    element_type,
    graft,
    integer,
    with_element,
)
from aie_conv.bridge.input.moves import axes_behind, find_source, move
from aie_conv.bridge.tensors import owner, tensor_type

Numbers = NDArray[np.int64]

DEQUANTISE, QUANTISE = "iree_linalg_ext.dequantize_affine", "iree_linalg_ext.quantize_affine"


@dataclass(frozen=True)
class Quantised:
    """A dequantised tensor.

    Attributes:
        raw: the bytes, or the i32 of a bias, as the module holds them.
        scale: a scalar, or a tensor of one dim.
        axes: the dims of the value in question that the scale walks, in its order; none where it is a scalar.
        zero: the zero point of the bytes read as signed; None where channels differ in it.
        unsigned: the module's bytes are unsigned: add -128 to read them as signed.
        moves: operations between the dequantisation and the value, the last one first.
        numbers: constant bytes less their zero points, where those are not 0.
    """

    raw: ir.Value
    scale: ir.Value
    axes: tuple[int, ...]
    zero: int | None
    unsigned: bool
    moves: tuple[ir.Operation, ...] = ()
    numbers: Numbers | None = None

    @property
    def fits(self) -> bool:
        """Whether constant bytes less their zero points are bytes again."""
        numbers = self.numbers
        return numbers is not None and bool(numbers.min() >= -128 and numbers.max() <= 127)

    @property
    def offset(self) -> int | None:
        """What must be subtracted from :func:`signed_bytes`; None where it is not one number."""
        return 0 if self.fits else self.zero


def dequantised(value: ir.Value, dtype: str = "i8") -> Quantised | None:
    """What a tensor is, where it is a dequantised one of ``dtype``, moved or not; else None."""
    op, moves = owner(value), list[ir.Operation]()
    while op is not None and op.name != DEQUANTISE:
        source = find_source(op)
        if source is None:
            return None
        moves.append(op)
        op = owner(source)
    read = _read(op, dtype) if op is not None else None
    if read is None:
        return None
    axes = read.axes
    for op in reversed(moves):
        behind = axes_behind(op, axes)
        if behind is None:
            return None
        axes = behind
    return replace(read, axes=axes, moves=tuple(moves))


def zero_point(op: ir.Operation) -> int | None:
    """The zero point of a (de)quantisation as the module says it; None where it is not one constant."""
    points = _zero_points(op)
    return int(points.flat[0]) if points is not None and (points == points.flat[0]).all() else None


def _zero_points(op: ir.Operation) -> Numbers | None:
    """The zero points of a (de)quantisation, one or one for each channel; None for no constants."""
    if len(op.operands) < 4:
        return np.zeros(1, np.int64)
    attribute: Any = constant_of(op.operands[2])
    if isinstance(attribute, ir.IntegerAttr):
        points = np.array([attribute.value], np.int64)
    elif isinstance(attribute, ir.DenseIntElementsAttr):
        points = np.array(attribute).astype(np.int64).reshape(-1)
    else:
        return None
    # Bits of unsigned bytes are kept as those of signed ones.
    return points % 256 if "zp_unsigned" in op.attributes else points


def _read(op: ir.Operation, dtype: str) -> Quantised | None:
    """What a dequantisation gives."""
    raw, scale = op.operands[0], op.operands[1]
    maps = [ir.AffineMapAttr(m).value for m in ir.ArrayAttr(op.attributes["indexing_maps"])]
    points, unsigned = _zero_points(op), "input_unsigned" in op.attributes
    kinds = tensor_type(raw)[1], tensor_type(op.results[0])[1]
    if points is None or kinds != (dtype, "f32") or (unsigned and dtype != "i8"):
        return None
    axes = tuple(ir.AffineDimExpr(e).position for e in maps[1].results)
    if len(axes) > 1 or maps[0] != ir.AffineMap.get_identity(maps[0].n_dims, op.context):
        return None
    points = points - 128 * unsigned
    numbers = constant_bytes(raw) if points.any() else None
    if numbers is not None:
        numbers = numbers % 256 - 128 if unsigned else numbers
        walked = [ir.AffineDimExpr(e).position for e in maps[2].results]
        spread = [size if dim in walked else 1 for dim, size in enumerate(numbers.shape)]
        numbers = numbers - (points.reshape(spread) if points.size > 1 else points[0])
    zero = int(points[0]) if (points == points[0]).all() else None
    if zero is None and numbers is None:
        return None
    return Quantised(raw, scale, axes, zero, unsigned, numbers=numbers)


# -- the same moves on the bytes -------------------------------------------------------------------
def signed_bytes(before: ir.Operation, value: Quantised) -> ir.Value:
    """The moved tensor's bytes, signed, made in front of an operation; padding is the offset."""
    if value.fits and value.numbers is not None:
        moved = constant(before, value.numbers.astype(np.int8), value.raw.type)
    else:
        moved = shifted(before, value.raw, -128) if value.unsigned else value.raw
    for op in reversed(value.moves):
        moved = move(before, op, moved, value.offset or 0)
    return moved


def whole_numbers(before: ir.Operation, value: Quantised) -> ir.Value:
    """The moved tensor as i16, its zero point subtracted, so that padding is 0."""
    if value.numbers is not None:
        wide = with_element(value.raw.type, "i16")
        moved = constant(before, value.numbers.astype(np.int16), wide)
    else:
        moved = shifted(before, value.raw, -128) if value.unsigned else value.raw
        zero = value.zero or 0
        moved = computed_apart(before, shifted(before, moved, -zero, "i16"), of=moved, less=zero)
    for op in reversed(value.moves):
        moved = move(before, op, moved, 0)
    return moved


def walking(before: ir.Operation, vector: ir.Value, sizes: Sequence[int]) -> ir.Value:
    """A tensor of one dim, or a scalar, with a dim for each of ``sizes``."""
    if len(sizes) < 2:
        return vector
    kind = f"tensor<{''.join(f'{size}x' for size in sizes)}{element_type(vector)}>"
    dims = ", ".join(str(dim) for dim in range(len(sizes)))
    text = (
        f"%y = tensor.expand_shape %x [[{dims}]] output_shape [{', '.join(map(str, sizes))}] : "
        f"{vector.type} into {kind}\nreturn %y : {kind}"
    )
    return graft(before, text, {"%x": vector})[0]


def shifted(before: ir.Operation, value: ir.Value, by: int, dtype: str = "i8") -> ir.Value:
    """A tensor of i8 with a constant added: as i8, which wraps, or as i16."""
    shape, _ = tensor_type(value)
    dims = ", ".join(f"d{i}" for i in range(len(shape)))
    same, kind = f"affine_map<({dims}) -> ({dims})>", with_element(value.type, dtype)
    wide = "%w = arith.extsi %a : i8 to i16" if dtype == "i16" else ""
    read = "%w" if wide else "%a"
    loops = ", ".join(['"parallel"'] * len(shape))
    (sums,) = graft(
        before,
        f"""%e = tensor.empty() : {kind}
%y = linalg.generic {{indexing_maps = [{same}, {same}], iterator_types = [{loops}]}}
    ins(%x : {value.type}) outs(%e : {kind}) {{
^bb0(%a: i8, %b: {dtype}):
  {wide}
  %c = arith.constant {by} : {dtype}
  %d = arith.addi {read}, %c : {dtype}
  linalg.yield %d : {dtype}
}} -> {kind}
return %y : {kind}""",
        {"%x": value},
    )
    return sums


# -- unsigned bytes as signed ones ----------------------------------------------------------------
def make_signed(op: ir.Operation) -> bool:
    """Let a quantisation to unsigned bytes give signed ones, where only dequantisations read them.

    Returns:
        Whether it was changed.
    """
    if op.name != QUANTISE or "storage_unsigned" not in op.attributes:
        return False
    readers = [use.owner for use in op.results[0].uses]
    unsigned = all(
        r.operation.name == DEQUANTISE
        and "input_unsigned" in r.operation.attributes
        and zero_point(r.operation) is not None
        for r in readers
    )
    if (
        not readers
        or not unsigned
        or zero_point(op) is None
        or tensor_type(op.results[0])[1] != "i8"
    ):
        return False
    signed = _relabel(op, "storage_unsigned", op.operands[0])
    for reader in readers:
        copied = _relabel(reader.operation, "input_unsigned", signed)
        reader.operation.results[0].replace_all_uses_with(copied)
        reader.operation.erase()
    op.erase()
    return True


def _relabel(op: ir.Operation, flag: str, value: ir.Value) -> ir.Value:
    """The same (de)quantisation with bytes 128 less."""
    zero = (zero_point(op) or 0) - 128
    where = ir.InsertionPoint(op)
    kind = op.operands[2].type if len(op.operands) == 4 else ir.Type.parse("i64", op.context)
    if isinstance(kind, ir.RankedTensorType):
        kind = kind.element_type
    if len(str(kind)) < 3:  # i8 cannot hold every zero point less 128
        kind = ir.Type.parse("i64", op.context)
    point = integer(op, zero, kind)
    maps = list(ir.ArrayAttr(op.attributes["indexing_maps"]))
    scalar = ir.AffineMapAttr.get(
        ir.AffineMap.get(ir.AffineMapAttr(maps[0]).value.n_dims, 0, [], op.context)
    )
    limits = {
        name: ir.IntegerAttr.get(
            ir.Type.parse("i64", op.context), ir.IntegerAttr(op.attributes[name]).value - 128
        )
        for name in ("quant_min", "quant_max")
    }
    dropped = (flag, "zp_unsigned")
    attributes = {name: op.attributes[name] for name in op.attributes if name not in dropped}
    attributes |= limits
    attributes["indexing_maps"] = ir.ArrayAttr.get([maps[0], maps[1], scalar, maps[-1]], op.context)
    relabelled = ir.Operation.create(
        op.name,
        [op.results[0].type],
        [value, op.operands[1], point, op.operands[-1]],
        attributes,
        loc=op.location,
        ip=where,
    )
    return relabelled.results[0]


def same_scale(one: ir.Value, left: ir.Value, right: ir.Value) -> bool:
    """Whether a scale is the product of two others, all constant, as far as f32 tells."""
    numbers = [_numbers(v) for v in (one, left, right)]
    if any(v is None for v in numbers):
        return False
    product, a, b = numbers
    return bool(np.allclose(product, np.float32(a) * np.float32(b), rtol=2.0**-21, atol=0))


def _numbers(value: ir.Value) -> Any:
    attribute: Any = constant_of(value)
    if isinstance(attribute, ir.FloatAttr):
        return np.float32(attribute.value)
    if isinstance(attribute, ir.DenseFPElementsAttr):
        return np.array(list(attribute), np.float32)
    return None
