"""Tensors that are dequantised bytes, and the moves between the dequantisation and their use.

A quantised tensor is ``scale * (bytes - zero)``. Moving it (padding with 0.0, spreading, transposing,
reshaping, flipping) moves its bytes alike, if padding becomes the zero point: 0.0 is what the zero point
stands for. Unsigned bytes are signed ones with another zero point: u = s + 128.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import computed_apart, constant_of, graft, with_element
from aie_conv.bridge.tensors import owner, splat_value, tensor_type, walk

DEQUANTISE, QUANTISE = "iree_linalg_ext.dequantize_affine", "iree_linalg_ext.quantize_affine"


@dataclass(frozen=True)
class Quantised:
    """A dequantised tensor.

    Attributes:
        raw: the bytes, or the i32 of a bias, as the module holds them.
        scale: a scalar, or a tensor of one dim.
        axis: the dim of the value in question that the scale walks; None where it is a scalar.
        zero: the zero point of the bytes read as signed.
        unsigned: the module's bytes are unsigned: add -128 to read them as signed.
        moves: operations between the dequantisation and the value, the last one first.
    """

    raw: ir.Value
    scale: ir.Value
    axis: int | None
    zero: int
    unsigned: bool
    moves: tuple[ir.Operation, ...] = ()


def dequantised(value: ir.Value, dtype: str = "i8") -> Quantised | None:
    """What a tensor is, where it is a dequantised one of ``dtype``, moved or not; else None."""
    op, moves, axes = owner(value), list[ir.Operation](), list[ir.Operation]()
    while op is not None and op.name != DEQUANTISE:
        source = _find_source(op)
        if source is None:
            return None
        moves.append(op)
        axes.append(op)
        op = owner(source)
    if op is None:
        return None
    parts = _read(op, dtype)
    if parts is None:
        return None
    raw, scale, axis, zero, unsigned = parts
    for move in reversed(axes):
        if axis is not None:
            axis = _axis_behind(move, axis)
            if axis is None:
                return None
    return Quantised(raw, scale, axis, zero, unsigned, tuple(moves))


def zero_point(op: ir.Operation) -> int | None:
    """The zero point of a (de)quantisation as the module says it; None where it is no constant."""
    if len(op.operands) < 4:
        return 0
    value = owner(op.operands[2])
    if value is None or value.name != "arith.constant":
        return None
    splat = splat_value(value)
    return splat if isinstance(splat, int) else None


def _read(op: ir.Operation, dtype: str) -> tuple[ir.Value, ir.Value, int | None, int, bool] | None:
    raw, scale = op.operands[0], op.operands[1]
    maps = [ir.AffineMapAttr(m).value for m in ir.ArrayAttr(op.attributes["indexing_maps"])]
    zero, unsigned = zero_point(op), "input_unsigned" in op.attributes
    kinds = tensor_type(raw)[1], tensor_type(op.results[0])[1]
    if zero is None or kinds != (dtype, "f32") or (unsigned and dtype != "i8"):
        return None
    walked = [ir.AffineDimExpr(e).position for e in maps[1].results]
    if len(walked) > 1 or maps[0] != ir.AffineMap.get_identity(maps[0].n_dims, op.context):
        return None
    axis = walked[0] if walked else None
    return raw, scale, axis, zero - 128 * unsigned, unsigned


def is_zero(value: ir.Value) -> bool:
    """Whether a scalar or a tensor is 0.0 everywhere."""
    op = owner(value)
    if op is not None and op.name == "linalg.fill":
        op = owner(op.operands[0])
    return op is not None and op.name == "arith.constant" and splat_value(op) == 0


def _padding(op: ir.Operation) -> ir.Operation:
    block: Any = op.regions[0].blocks[0]
    return block.operations[len(block.operations) - 1].operation


def _find_source(op: ir.Operation) -> ir.Value | None:
    """What an operation moves without computing; None where it does more."""
    if op.name in ("tensor.expand_shape", "tensor.collapse_shape", "linalg.transpose"):
        return op.operands[0]
    if op.name == "tensor.pad" and len(op.operands) == 1:
        return op.operands[0] if is_zero(_padding(op).operands[0]) else None
    if op.name == "tensor.insert_slice" and len(op.operands) == 2:
        return op.operands[0] if is_zero(op.operands[1]) else None
    if op.name == "tensor.extract_slice" and len(op.operands) == 1:
        return op.operands[0]
    if op.name == "linalg.generic":
        extract = _extract(op)
        return extract.operands[0] if extract is not None else None
    return None


def _extract(op: ir.Operation) -> ir.Operation | None:
    """The one read of a generic operation that gathers a tensor, as transposed filters are flipped."""
    inner = [o for o in walk(op) if o.name == "tensor.extract"]
    block: Any = op.regions[0].blocks[0]
    last = block.operations[len(block.operations) - 1].operation
    if len(op.operands) != 1 or len(inner) != 1 or last.operands[0] != inner[0].results[0]:
        return None
    return inner[0]


def _axis_behind(op: ir.Operation, axis: int) -> int | None:
    """Which dim of an operation's result is a dim of what it moves; None where none is."""
    if op.name == "linalg.transpose":
        return list(ir.DenseI64ArrayAttr(op.attributes["permutation"])).index(axis)
    if op.name in ("tensor.expand_shape", "tensor.collapse_shape"):
        groups = [
            [ir.IntegerAttr(d).value for d in ir.ArrayAttr(group)]
            for group in ir.ArrayAttr(op.attributes["reassociation"])
        ]
        return _regroup(op, groups, axis)
    if op.name == "linalg.generic":
        extract = _extract(op)
        index = owner(extract.operands[1 + axis]) if extract is not None else None
        if index is None or index.name != "linalg.index":
            return None
        return ir.IntegerAttr(index.attributes["dim"]).value
    return axis


def _regroup(op: ir.Operation, groups: list[list[int]], axis: int) -> int | None:
    before, _ = tensor_type(op.operands[0])
    after, _ = tensor_type(op.results[0])
    if op.name == "tensor.collapse_shape":
        into = next(i for i, group in enumerate(groups) if axis in group)
        return into if after[into] == before[axis] else None
    same = [dim for dim in groups[axis] if after[dim] == before[axis]]
    return same[0] if same else None


# -- the same moves on the bytes -------------------------------------------------------------------
def signed_bytes(before: ir.Operation, value: Quantised) -> ir.Value:
    """The moved tensor's bytes, signed, made in front of an operation."""
    moved = shifted(before, value.raw, -128) if value.unsigned else value.raw
    for op in reversed(value.moves):
        moved = _move(before, op, moved, value.zero)
    return moved


def whole_numbers(before: ir.Operation, value: Quantised) -> ir.Value:
    """The moved tensor as i16, its zero point subtracted, so that padding is 0."""
    moved = shifted(before, value.raw, -128) if value.unsigned else value.raw
    wide = shifted(before, moved, -value.zero, "i16")
    moved = computed_apart(before, wide, of=moved, less=value.zero)
    for op in reversed(value.moves):
        moved = _move(before, op, moved, 0)
    return moved


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


def _move(before: ir.Operation, op: ir.Operation, value: ir.Value, zero: int) -> ir.Value:
    dtype = tensor_type(value)[1]
    kind, element = with_element(op.results[0].type, dtype), ir.Type.parse(dtype, op.context)
    if op.name == "linalg.transpose":
        order = list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))
        text = (
            f"%e = tensor.empty() : {kind}\n%y = linalg.transpose ins(%x : {value.type}) "
            f"outs(%e : {kind}) permutation = {order}\nreturn %y : {kind}"
        )
        return graft(before, text, {"%x": value})[0]
    copied = op.clone(ip=ir.InsertionPoint(before)).operation
    if op.name == "linalg.generic":
        extract = _extract(copied)
        assert extract is not None
        extract.operands[0] = value
        extract.results[0].set_type(element)
        copied.regions[0].blocks[0].arguments[0].set_type(element)
        copied.operands[0] = _fill(copied, kind, zero)
    else:
        copied.operands[0] = value
        if op.name == "tensor.pad":
            _padding(copied).operands[0] = _number(copied, zero, dtype)
        if op.name == "tensor.insert_slice":
            copied.operands[1] = _fill(copied, with_element(op.operands[1].type, dtype), zero)
    copied.results[0].set_type(kind)
    return copied.results[0]


def _number(before: ir.Operation, zero: int, dtype: str) -> ir.Value:
    return graft(before, f"%z = arith.constant {zero} : {dtype}\nreturn %z : {dtype}", {})[0]


def _fill(before: ir.Operation, kind: ir.Type, zero: int) -> ir.Value:
    dtype = ir.RankedTensorType(kind).element_type
    text = (
        f"%z = arith.constant {zero} : {dtype}\n%e = tensor.empty() : {kind}\n"
        f"%y = linalg.fill ins(%z : {dtype}) outs(%e : {kind}) -> {kind}\nreturn %y : {kind}"
    )
    return graft(before, text, {})[0]


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
    point = graft(op, f"%z = arith.constant {zero} : {kind}\nreturn %z : {kind}", {})[0]
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
    attributes = {name: op.attributes[name] for name in op.attributes if name != flag} | limits
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
    import numpy as np

    numbers = [_numbers(v) for v in (one, left, right)]
    if any(v is None for v in numbers):
        return False
    product, a, b = numbers
    return bool(np.allclose(product, np.float32(a) * np.float32(b), rtol=2.0**-21, atol=0))


def _numbers(value: ir.Value) -> Any:
    import numpy as np

    attribute: Any = constant_of(value)
    if isinstance(attribute, ir.FloatAttr):
        return np.float32(attribute.value)
    if isinstance(attribute, ir.DenseFPElementsAttr):
        return np.array(list(attribute), np.float32)
    return None
