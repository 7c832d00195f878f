"""Tensors that are dequantised, moved and quantised again are moved as bytes, before IREE forms dispatches.

Quantising is element by element, so that it may come before a concatenation, a slice or a repetition as well
as behind it, and, as it never falls, before a maximum. Where scale and zero point are those that the bytes
had, nothing is left of both: |byte - zero| is below 2^9 and f32 has 24 bits, so that the byte comes back.
Where they differ, one operation of bytes is left, which the producer may do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from iree.compiler import ir

from aie_conv.bridge.graft import constant_of, element_type, graft, integer, with_element
from aie_conv.bridge.input.moves import pads_with
from aie_conv.bridge.input.quantised_values import (
    DEQUANTISE,
    QUANTISE,
    Quantised,
    dequantised,
    signed_bytes,
    zero_point,
)
from aie_conv.bridge.tensors import owner, walk

_LOW = -128
_MAXIMA = ("linalg.pooling_nchw_max", "linalg.pooling_nhwc_max", "linalg.pooling_ncw_max",
           "linalg.pooling_nwc_max")  # fmt: skip


def move_bytes(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of quantisations that are gone or moved."""
    count = 0
    for op in [op for op in walk(module) if op.name == QUANTISE]:
        if _is_plain(op):
            value = _Requantiser(op).bytes_of(op.operands[0])
            if value is not None:
                op.results[0].replace_all_uses_with(value)
                op.erase()
                count += 1
    return count


def _is_plain(op: ir.Operation) -> bool:
    """Whether a quantisation is to signed bytes, by one scale and one zero point, which are constants."""
    limits = [ir.IntegerAttr(op.attributes[name]).value for name in ("quant_min", "quant_max")]
    identity = ir.AffineMap.get_identity
    maps = [ir.AffineMapAttr(m).value for m in ir.ArrayAttr(op.attributes["indexing_maps"])]
    return (
        limits == [-128, 127]
        and "storage_unsigned" not in op.attributes
        and element_type(op.results[0]) == "i8"
        and element_type(op.operands[0]) == "f32"
        and ir.RankedTensorType(op.results[0].type).has_static_shape
        and maps[0] == identity(maps[0].n_dims, op.context)
        and zero_point(op) is not None
        and (_scale(op.operands[1]) or 0) > 0
    )


def _scale(value: ir.Value) -> float | None:
    """A scale that is one constant number."""
    attribute: Any = constant_of(value)
    return float(attribute.value) if isinstance(attribute, ir.FloatAttr) else None


class _Requantiser:
    """Gives tensors as the bytes that a quantisation makes of them."""

    def __init__(self, op: ir.Operation) -> None:
        self._op = op
        self._zero, self._scale = zero_point(op) or 0, _scale(op.operands[1]) or 1.0

    def bytes_of(self, value: ir.Value) -> ir.Value | None:
        """A tensor's bytes; None where there is nothing to gain."""
        op = owner(value)
        if op is None:
            return None
        if op.name == "tensor.concat":
            return self._concatenate(op)
        if op.name in _MAXIMA:
            return self._pool(op)
        read = dequantised(value)
        if read is None or read.zero is None:
            return None
        if self._is_same(read):
            return signed_bytes(self._op, read)
        if not read.moves or read.axes or _scale(read.scale) is None:
            return None
        # The bytes are moved, and what they become is computed of those that are left.
        return self._quantise(self._dequantise(read))

    def _is_same(self, read: Quantised) -> bool:
        scale = _scale(read.scale)
        return scale == self._scale and read.zero == self._zero and read.numbers is None

    def _concatenate(self, op: ir.Operation) -> ir.Value | None:
        parts = [self.bytes_of(value) or self._quantise(value) for value in op.operands]
        kind, dim = self._op.results[0].type, ir.IntegerAttr(op.attributes["dim"]).value
        names = [f"%x{number}" for number in range(len(parts))]
        types = ", ".join(str(value.type) for value in parts)
        text = f"""%y = tensor.concat dim({dim}) {", ".join(names)} : ({types}) -> {kind}
return %y : {kind}"""
        return graft(self._op, text, dict(zip(names, parts, strict=True)))[0]

    def _pool(self, op: ir.Operation) -> ir.Value | None:
        """The largest of the bytes, where what it starts from and the padding are lower than all of them."""
        image, window, start = op.operands
        pad, by = owner(image), pads_with(image)
        if by is not None and pad is not None:
            image = pad.operands[0]
        fill = owner(start)
        first = owner(fill.operands[0]) if fill is not None and fill.name == "linalg.fill" else None
        number = constant_of(first.results[0]) if first is not None else None
        lows = [value for value in (by, number) if value is not None]
        if number is None or not all(self._is_lowest(value) for value in lows):
            return None
        inner = self.bytes_of(image)
        if inner is None:
            return None
        kind, windows = self._op.results[0].type, with_element(window.type, "i8")
        head = f"%l = arith.constant {_LOW} : i8\n"
        read = "%x"
        if by is not None and pad is not None:
            read, wide = "%p", with_element(pad.results[0].type, "i8")
            low, high = (
                list(ir.DenseI64ArrayAttr(pad.attributes[f"static_{end}"]))
                for end in ("low", "high")
            )
            places = ", ".join(f"%i{dim}: index" for dim in range(len(low)))
            head += f"""%p = tensor.pad %x low{low} high{high} {{
^bb0({places}):
  %n = arith.constant {_LOW} : i8
  tensor.yield %n : i8
}} : {inner.type} to {wide}
"""
        source = with_element(op.operands[0].type, "i8")
        attributes = ", ".join(
            f"{name} = {op.attributes[name]}" for name in ("dilations", "strides")
        )
        text = f"""{head}%w = tensor.empty() : {windows}
%e = tensor.empty() : {kind}
%f = linalg.fill ins(%l : i8) outs(%e : {kind}) -> {kind}
%y = {op.name} {{{attributes}}} ins({read}, %w : {source}, {windows}) outs(%f : {kind}) -> {kind}
return %y : {kind}"""
        return graft(self._op, text, {"%x": inner})[0]

    def _is_lowest(self, value: ir.Attribute) -> bool:
        """Whether a number becomes the lowest byte."""
        number = np.float64(ir.FloatAttr(value).value)
        return bool(number / self._scale + self._zero <= _LOW)

    def _dequantise(self, read: Quantised) -> ir.Value:
        """A moved tensor's bytes, dequantised where they are."""
        return self._like(
            DEQUANTISE,
            signed_bytes(self._op, read),
            "f32",
            read.scale,
            integer(self._op, read.zero or 0, "i64"),
        )

    def _quantise(self, value: ir.Value) -> ir.Value:
        """A tensor, quantised as the operation does."""
        return self._like(
            QUANTISE, value, "i8", self._op.operands[1], integer(self._op, self._zero, "i64")
        )

    def _like(
        self, name: str, value: ir.Value, dtype: str, scale: ir.Value, zero: ir.Value
    ) -> ir.Value:
        """A (de)quantisation of a tensor by one scale and zero point."""
        kind, context = with_element(value.type, dtype), self._op.context
        rank = ir.RankedTensorType(value.type).rank
        same = ir.AffineMapAttr.get(ir.AffineMap.get_identity(rank, context))
        scalar = ir.AffineMapAttr.get(ir.AffineMap.get(rank, 0, [], context))
        empty = graft(self._op, f"%e = tensor.empty() : {kind}\nreturn %e : {kind}", {})[0]
        attributes: dict[str, Any] = {
            key: self._op.attributes[key] for key in ("quant_min", "quant_max")
        }
        attributes["indexing_maps"] = ir.ArrayAttr.get([same, scalar, scalar, same], context)
        return ir.Operation.create(
            name,
            [kind],
            [value, scale, zero, empty],
            attributes,
            loc=self._op.location,
            ip=ir.InsertionPoint(self._op),
        ).results[0]
