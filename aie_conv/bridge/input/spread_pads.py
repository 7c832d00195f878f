"""Padding in front of transposed convolutions, whose pixels IREE's canonicaliser puts too near to the border.

A transposed convolution's image is inserted into zeros, its pixels ``step`` apart. Where the image is padded
with zeros itself, MLIR joins both and begins ``low`` elements further on; it should be ``low * step`` of them
(tests/sim/bridge/test_spread_pads.py says when that is mended). A barrier behind the padding keeps MLIR from
it, until both are joined rightly here.
"""

from __future__ import annotations

import re
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import graft
from aie_conv.bridge.input.images import is_static, padding_of, shape_of
from aie_conv.bridge.tensors import owner, splat_value, walk

_TENSOR = re.compile(r"!torch\.vtensor<\[([\d?,]*)\],\s*[su]?(\w+)>")
_PADS = frozenset(("torch.aten.constant_pad_nd", "torch.aten.pad", "onnx.Pad"))
_SPREADS = re.compile(r"torch\.aten\.conv_transpose.*|onnx\.ConvTranspose")
_MAY_SPREAD = re.compile(r"torch\.aten\._?convolution.*")
_TRANSPOSED = 6
"""Which operand of those says whether they are transposed."""
_BARRIER = "util.optimization_barrier"
_INSERT = "tensor.insert_slice"


def separate_pads(module: ir.Operation) -> int:
    """Put barriers behind padding that a transposed convolution may read, in a module as it was parsed.

    Insertions of padded tensors that are there already are joined.

    Returns:
        How many barriers.
    """
    pads: dict[ir.Value, None] = {}
    for op in list(walk(module)):
        if op.name == _INSERT:
            _join(op, owner(op.operands[0]))
        elif _spreads(op):
            padding = _padding_behind(op.operands[0])
            pads.update({} if padding is None else {padding: None})
    return sum(map(_separate, pads))


def join_pads(module: ir.Operation) -> int:
    """Join padding and what spreads its result, at IREE's `input` phase, and take the barriers away.

    Returns:
        How many insertions were joined.
    """
    joined = 0
    for op in [each for each in walk(module) if each.name == _BARRIER]:
        padding, result = owner(op.operands[0]), op.results[0]
        if padding is None or padding.name != "tensor.pad":
            continue
        joined += sum(_join(user, padding) for user in _users(result) if user.name == _INSERT)
        if all(user.name.startswith("linalg.") for user in _users(result)):
            result.replace_all_uses_with(op.operands[0])
            op.erase()
    return joined


def _users(value: ir.Value) -> list[ir.Operation]:
    return [use.owner.operation for use in value.uses]


def _kind(op: ir.Operation) -> str:
    """What an operation is, of ONNX's as well."""
    return ir.StringAttr(op.attributes["name"]).value if op.name == "torch.operator" else op.name


def _spreads(op: ir.Operation) -> bool:
    """Whether an operation is a transposed convolution."""
    kind = _kind(op)
    if not _MAY_SPREAD.fullmatch(kind):
        return _SPREADS.fullmatch(kind) is not None
    known = owner(op.operands[_TRANSPOSED])
    plain = known is not None and known.name == "torch.constant.bool" and not splat_value(known)
    return not plain


def _padding_behind(value: ir.Value) -> ir.Value | None:
    """The padding that a tensor is made of by operations of one tensor; None where there is none."""
    while (op := owner(value)) is not None:
        if _kind(op) in _PADS:
            return value
        tensors = [each for each in op.operands if _TENSOR.fullmatch(str(each.type))]
        if len(tensors) != 1:
            return None
        value = tensors[0]
    return None


def _separate(value: ir.Value) -> bool:
    """Put a barrier behind a tensor of torch's; False where its type is not known."""
    match, following = _TENSOR.fullmatch(str(value.type)), _behind(value)
    if match is None or following is None:
        return False
    uses = [(use.owner.operation, use.operand_number) for use in value.uses]
    torch, kind = value.type, f"tensor<{'x'.join([*filter(None, match[1].split(',')), match[2]])}>"
    text = f"""%a = torch_c.to_builtin_tensor %x : {torch} -> {kind}
%b = {_BARRIER} %a : {kind}
%y = torch_c.from_builtin_tensor %b : {kind} -> {torch}
return %y : {torch}"""
    (apart,) = graft(following, text, {"%x": value})
    for user, number in uses:
        user.operands[number] = apart
    return True


def _behind(value: ir.Value) -> ir.Operation | None:
    """The operation behind the one that makes a value, in its block."""
    op = owner(value)
    if op is None:
        return None
    inside: Any = op.block
    operations = [view.operation for view in inside.operations]
    return operations[operations.index(op) + 1]


def _join(insert: ir.Operation, padding: ir.Operation | None) -> bool:
    """Insert what is padded itself, so many steps further on, where the padding is what is there already."""
    if padding is None or padding.name != "tensor.pad" or len(insert.operands) != 2:
        return False
    amounts, source, (_, there) = padding_of(padding), padding.operands[0], insert.operands
    offsets, sizes, steps = (
        list(ir.DenseI64ArrayAttr(insert.attributes[f"static_{name}"]))
        for name in ("offsets", "sizes", "strides")
    )
    if amounts is None or not is_static(source):
        return False
    low, _, number = amounts
    if len(sizes) != len(low) or number != _number_of(there):
        return False
    first = [o + n * s for o, n, s in zip(offsets, low, steps, strict=True)]
    place = f"{first} {shape_of(source)} {steps} : {source.type} into {there.type}"
    text = f"%y = tensor.insert_slice %x into %z{place}\nreturn %y : {there.type}"
    joined = graft(insert, text, {"%x": source, "%z": there})
    insert.results[0].replace_all_uses_with(joined[0])
    insert.erase()
    return True


def _number_of(filled: ir.Value) -> ir.Attribute | None:
    """The number that a tensor is filled with; None where it is not filled, or the number is not fixed."""
    fill = owner(filled)
    number = owner(fill.operands[0]) if fill is not None and fill.name == "linalg.fill" else None
    if number is None or number.name != "arith.constant":
        return None
    return number.attributes["value"]
