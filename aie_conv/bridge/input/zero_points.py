"""Contractions that subtract zero points inside of their products become contractions of the bytes.

`linalg`'s `_q` operations, of which ONNX's ConvInteger and QLinearMatMul are made, and what
TOSA has for asymmetric filters. All of it is integers modulo 2^32, so each form is exact:

    sum (x - zx) (w - zw) = sum x w - zx sum w    for zw = 0,

where sum w is a constant of each output channel, or is added up at run time as the filter is. What a zero
point of the filter adds is a sum over each window of the input; the bytes less their zero points have 9
bits then, and are multiplied as numbers of 16, except where a constant filter less its zero point is
bytes again. Padding stands in the module already, with its value.
"""

from __future__ import annotations

from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.bridge.graft import computed_apart, constant_bytes, element_type, graft, maps_text
from aie_conv.bridge.input.filter_sums import Term, add_terms, dims_of, filter_sums, map_text
from aie_conv.bridge.input.whole_products import use_quantised
from aie_conv.bridge.tensors import owner, splat_value, tensor_type, walk

_PLAIN = {
    "linalg.quantized_matmul": "linalg.matmul",
    "linalg.quantized_batch_matmul": "linalg.batch_matmul",
}
_WIDE = 2**15 - 128
"""What may be subtracted from a byte so that 16 bits hold the difference."""


def take_out_zero_points(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of contractions that changed."""
    for op in list(walk(module)):
        use_quantised(op)
    operations = [op for op in walk(module) if _is_quantised(op)]
    return sum(_take_out(op) for op in operations)


def _is_quantised(op: ir.Operation) -> bool:
    named = op.name in _PLAIN or (op.name.startswith("linalg.") and op.name.endswith("_q"))
    if not named or len(op.operands) != 5 or len(op.results) != 1:
        return False
    types = [element_type(value) for value in op.operands]
    static = all(ir.RankedTensorType(op.operands[i].type).has_static_shape for i in (0, 1, 4))
    return types == ["i8", "i8", "i32", "i32", "i32"] and static


def _take_out(op: ir.Operation) -> bool:
    lhs, rhs, lhs_zero, rhs_zero, start = op.operands
    zeros = _number(lhs_zero), _number(rhs_zero)
    terms: list[Term] = []
    if zeros[1] == 0:
        if zeros[0] != 0:
            terms.append(_filter_term(op, rhs, lhs_zero if zeros[0] is None else zeros[0]))
    elif (smaller := _smaller_filter(op, rhs, zeros[1])) is not None:
        rhs = smaller
        if zeros[0] != 0:
            terms.append(_filter_term(op, rhs, lhs_zero if zeros[0] is None else zeros[0]))
    elif _fits(lhs_zero) and _fits(rhs_zero):
        lhs, rhs = _less(op, lhs, lhs_zero), _less(op, rhs, rhs_zero)
    else:
        return False
    sums = _contract(op, lhs, rhs, start)
    if terms:
        sums = add_terms(op, sums.type, terms, sums)
    op.results[0].replace_all_uses_with(sums)
    op.erase()
    return True


def _number(value: ir.Value) -> int | None:
    """A scalar that is a constant; None for others."""
    op = owner(value)
    splat = splat_value(op) if op is not None and op.name == "arith.constant" else None
    return splat if isinstance(splat, int) else None


def _fits(zero: ir.Value) -> bool:
    """Whether 16 bits hold a byte less a zero point: a constant, or an extended byte and a constant."""
    number = _number(zero)
    if number is not None:
        return abs(number) <= _WIDE
    op = owner(zero)
    if op is not None and op.name in ("arith.addi", "arith.subi"):
        by = _number(op.operands[1])
        op = owner(op.operands[0]) if by is not None and abs(by) <= 128 else None
    extended = op is not None and op.name in ("arith.extsi", "arith.extui")
    return op is not None and extended and element_type(op.operands[0]) == "i8"


def _smaller_filter(op: ir.Operation, rhs: ir.Value, zero: int | None) -> ir.Value | None:
    """A constant filter less its zero point, where that is bytes."""
    numbers = constant_bytes(rhs)
    if zero is None or numbers is None:
        return None
    if numbers.min() - zero < -128 or numbers.max() - zero > 127:
        return None
    return _less(op, rhs, op.operands[3], "i8")


def _filter_term(op: ir.Operation, rhs: ir.Value, zero: int | ir.Value) -> Term:
    """What a zero point of the activations adds to the sums of the bytes."""
    _, rhs_dims, out_dims = _read_dims(op)
    sums, dims = filter_sums(op, rhs, rhs_dims, out_dims)
    if isinstance(zero, int):
        return Term(sums, dims, -zero)
    text = "%z = arith.constant 0 : i32\n%n = arith.subi %z, %x : i32\nreturn %n : i32"
    return Term(sums, dims, graft(op, text, {"%x": zero})[0])


def _read_dims(op: ir.Operation) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The dims that those of the lhs, the rhs and the result walk; of a window both of its own."""
    maps = [ir.AffineMapAttr(m).value.results for m in linalg.get_indexing_maps(op) or ()]
    lhs, rhs, out = (tuple(d for e in maps[i] for d in dims_of(e)) for i in (0, 1, 4))
    return lhs, rhs, out


def _less(before: ir.Operation, value: ir.Value, zero: ir.Value, dtype: str = "i16") -> ir.Value:
    """Bytes less a zero point, as ``dtype``, which holds the differences."""
    shape, _ = tensor_type(value)
    rank = len(shape)
    kind = f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"
    every = map_text(rank, [f"d{i}" for i in range(rank)])
    ins = [f"%x : {value.type}", "%z : i32"]
    head = maps_text([every, map_text(rank, []), every], ins, f"%e : {kind}", ["parallel"] * rank)
    text = f"""%e = tensor.empty() : {kind}
%y = {head} {{
^bb0(%a: i8, %b: i32, %c: {dtype}):
  %u = arith.extsi %a : i8 to i32
  %d = arith.subi %u, %b : i32
  %t = arith.trunci %d : i32 to {dtype}
  linalg.yield %t : {dtype}
}} -> {kind}
return %y : {kind}"""
    (difference,) = graft(before, text, {"%x": value, "%z": zero})
    return difference if dtype == "i8" else computed_apart(before, difference, value, _number(zero))


def _contract(op: ir.Operation, lhs: ir.Value, rhs: ir.Value, start: ir.Value) -> ir.Value:
    """The same contraction without zero points."""
    kind = op.results[0].type
    attributes = ", ".join(
        f"{name} = {op.attributes[name]}"
        for name in ("dilations", "strides")
        if name in op.attributes
    )
    name = _PLAIN.get(op.name, op.name.removesuffix("_q"))
    between = f" {{{attributes}}}" if attributes else ""
    text = (
        f"%y = {name}{between} ins(%x, %w : {lhs.type}, {rhs.type}) outs(%s : {kind}) -> {kind}\n"
        f"return %y : {kind}"
    )
    return graft(op, text, {"%x": lhs, "%w": rhs, "%s": start})[0]
