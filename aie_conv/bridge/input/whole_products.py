"""Integer contractions of bytes that were widened beforehand, as ONNX's MatMulInteger is imported.

    i32(x) - zx, i32(w) - zw, sums in i64, truncated to i32

Modulo 2^32 sums in i32 are the same, so the whole becomes one of `linalg`'s quantised contractions, whose
zero points :mod:`.zero_points` takes out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import element_type, graft, integer, maps_text, with_element
from aie_conv.bridge.input.moves import is_zero
from aie_conv.bridge.input.quantised_values import shifted
from aie_conv.bridge.tensors import operations_of, owner, splat_value, tensor_type

_QUANTISED = {
    "linalg.matmul": "linalg.quantized_matmul",
    "linalg.batch_matmul": "linalg.quantized_batch_matmul",
}
_EXTENDED = {"arith.extsi": 0, "arith.extui": 1}


@dataclass(frozen=True)
class _Widened:
    """Bytes, widened and less a constant.

    Attributes:
        raw: the bytes.
        unsigned: how they are read.
        zero: what is subtracted.
        spread: the operation that repeats the result along new dims; None where none does.
        point: a byte that is subtracted too, known only at run time, and how it is widened; None for none.
    """

    raw: ir.Value
    unsigned: bool
    zero: int = 0
    spread: ir.Operation | None = None
    point: tuple[ir.Value, str] | None = None


def use_quantised(op: ir.Operation) -> bool:
    """Turn a matmul of widened bytes at IREE's `input` phase into a quantised one, where it is such.

    Returns:
        Whether it was changed.
    """
    if op.name not in _QUANTISED or element_type(op.results[0]) != "i64":
        return False
    if not is_zero(op.operands[2]) or not is_plain(op):
        return False
    lhs, rhs = _read_widened(op.operands[0]), _read_widened(op.operands[1])
    readers = [use.owner.operation for use in op.results[0].uses]
    if lhs is None or rhs is None or not readers or not all(map(_truncates, readers)):
        return False
    kind = with_element(op.results[0].type, "i32")
    x, w = _make_signed(op, lhs), _make_signed(op, rhs)
    zeros = {"%a": _zero(op, lhs), "%b": _zero(op, rhs)}
    text = f"""%z = arith.constant 0 : i32
%e = tensor.empty() : {kind}
%f = linalg.fill ins(%z : i32) outs(%e : {kind}) -> {kind}
%y = {_QUANTISED[op.name]} ins(%x, %w, %a, %b : {x.type}, {w.type}, i32, i32) outs(%f : {kind}) -> {kind}
return %y : {kind}"""
    (product,) = graft(op, text, {"%x": x, "%w": w, **zeros})
    for reader in readers:
        reader.results[0].replace_all_uses_with(product)
        reader.erase()
    op.erase()
    return True


def _arguments(op: ir.Operation) -> list[ir.Value]:
    return list(op.regions[0].blocks[0].arguments)


def _maps(op: ir.Operation) -> list[Any]:
    return [ir.AffineMapAttr(m).value for m in ir.ArrayAttr(op.attributes["indexing_maps"])]


def is_plain(op: ir.Operation) -> bool:
    """Whether a matmul transposes and broadcasts nothing."""
    if "indexing_maps" not in op.attributes:
        return True
    lhs, rhs, out = _maps(op)
    rank, names = out.n_dims, [str(ir.AffineDimExpr(e).position) for e in out.results]
    batch = names[:-2]
    wanted = ([*batch, str(rank - 3), str(rank - 1)], [*batch, str(rank - 1), str(rank - 2)])
    return all(
        [str(e)[1:] for e in affine.results] == places
        for affine, places in zip((lhs, rhs), wanted, strict=True)
    )


def _truncates(op: ir.Operation) -> bool:
    if op.name != "linalg.generic" or len(op.operands) != 2 or not _identity(op):
        return False
    first, last = operations_of(op)[0], operations_of(op)[-1]
    return (
        len(operations_of(op)) == 2
        and first.name == "arith.trunci"
        and element_type(first.results[0]) == "i32"
        and first.operands[0] == _arguments(op)[0]
        and last.operands[0] == first.results[0]
    )


def _identity(op: ir.Operation, but: int | None = None) -> bool:
    """Whether an operation is elementwise: every operand, but the one of a number, as it lies."""
    maps = _maps(op)
    return all(
        m == ir.AffineMap.get_identity(m.n_dims, op.context) for i, m in enumerate(maps) if i != but
    )


def _read_widened(value: ir.Value) -> _Widened | None:
    """What a tensor of i32 is made of."""
    op = owner(value)
    if op is None or op.name != "linalg.generic" or element_type(value) != "i32":
        return None
    body, arguments = operations_of(op), _arguments(op)
    if len(body) == 1 and len(op.operands) == 2 and body[0].operands[0] == arguments[0]:
        inner = _read_widened(op.operands[0])
        widened = replace(inner, spread=op) if inner is not None and inner.spread is None else None
    elif len(body) == 2 and len(op.operands) == 2 and _identity(op):
        widened = _read_extended(op)
    elif len(body) == 3 and len(op.operands) == 3 and _identity(op, but=1):
        widened = _less(op)
    else:
        widened = None
    return widened


def _read_extended(op: ir.Operation) -> _Widened | None:
    first, last = operations_of(op)
    plain = first.name in _EXTENDED and first.operands[0] == _arguments(op)[0]
    if not plain or last.operands[0] != first.results[0] or element_type(op.operands[0]) != "i8":
        return None
    return _Widened(op.operands[0], bool(_EXTENDED[first.name]))


def _less(op: ir.Operation) -> _Widened | None:
    """A tensor less a byte."""
    inner, constant = _read_widened(op.operands[0]), owner(op.operands[1])
    first, second, last = operations_of(op)
    x, zero, _ = _arguments(op)
    fits = first.name in _EXTENDED and second.name == "arith.subi" and first.operands[0] == zero
    fits = fits and list(second.operands) == [x, first.results[0]]
    if (
        inner is None
        or inner.spread
        or inner.point
        or not fits
        or last.operands[0] != second.results[0]
    ):
        return None
    if element_type(op.operands[1]) != "i8":
        return None
    number = (
        splat_value(constant)
        if constant is not None and constant.name == "arith.constant"
        else None
    )
    if isinstance(number, int):
        number = number % 256 if _EXTENDED[first.name] else (number + 128) % 256 - 128
        return replace(inner, zero=inner.zero + number)
    one = constant is None or constant.name != "arith.constant"
    scalar = tensor_type(op.operands[1])[0] == ()
    return replace(inner, point=(op.operands[1], first.name)) if one and scalar else None


def _zero(before: ir.Operation, value: _Widened) -> ir.Value:
    """What is subtracted from the signed bytes, a scalar of i32."""
    constant = value.zero - 128 * value.unsigned
    if value.point is None:
        return integer(before, constant, "i32")
    point, widen = value.point
    text = f"""%s = tensor.extract %p[] : tensor<i8>
%w = {widen} %s : i8 to i32
%c = arith.constant {constant} : i32
%a = arith.addi %w, %c : i32
return %a : i32"""
    return graft(before, text, {"%p": point})[0]


def _make_signed(before: ir.Operation, value: _Widened) -> ir.Value:
    """The bytes, signed and spread."""
    raw = shifted(before, value.raw, -128) if value.unsigned else value.raw
    if value.spread is not None:
        kind = with_element(value.spread.results[0].type, "i8")
        rank = len(tensor_type(value.spread.results[0])[0])
        maps = [f"affine_map<{m}>" for m in map(str, _maps(value.spread))]
        maps = [m if not m.startswith("affine_map<affine_map") else m[11:-1] for m in maps]
        head = maps_text(maps, [f"%x : {raw.type}"], f"%e : {kind}", ["parallel"] * rank)
        text = f"""%e = tensor.empty() : {kind}
%y = {head} {{
^bb0(%a: i8, %b: i8):
  linalg.yield %a : i8
}} -> {kind}
return %y : {kind}"""
        (raw,) = graft(before, text, {"%x": raw})
    return raw
