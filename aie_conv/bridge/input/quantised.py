"""Contractions of dequantised bytes become contractions of the bytes, before IREE forms dispatches.

With x = sx (qx - zx) and w = sw (qw - zw), sw for each output channel,

    sum x w = sx sw (sum qx qw - zx sum qw)    for zw = 0,
    sum x w = sx sw sum (qx - zx) (qw - zw)    in any case,

exactly; the sums are integers. An f32 sum of the left side rounds each of its steps, so the right side is
at least as exact. The first form is of bytes; sum qw is a constant of each output channel. The second is of
16 bits, as differences of bytes are: a zero point of the filter would else cost a sum over each window. A
bias that is quantised with the scale sx sw is added to the integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.bridge.graft import constant_of, dense_numbers, element_type, graft, maps_text
from aie_conv.bridge.input.filter_sums import (
    Term,
    add_terms,
    added_up,
    dims_of,
    filter_sums,
    map_text,
    sums_of,
    walks_alone,
)
from aie_conv.bridge.input.moved_bytes import move_bytes
from aie_conv.bridge.input.moves import axes_behind, is_zero, only_spreads
from aie_conv.bridge.input.pooled_bytes import is_sum, sum_bytes
from aie_conv.bridge.input.quantised_values import (
    DEQUANTISE,
    QUANTISE,
    Quantised,
    dequantised,
    make_signed,
    same_scale,
    signed_bytes,
    walking,
    whole_numbers,
)
from aie_conv.bridge.recognition.contraction import is_multiply_add
from aie_conv.bridge.tensors import tensor_type, walk

_MOST_PRODUCTS = 2**31 // 255**2
"""Products of unsigned bytes that a sum in i32 holds."""


def use_integers(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of contractions that are of bytes now."""
    operations = list(walk(module))
    if not any(op.name == DEQUANTISE for op in operations):
        return 0
    for op in [op for op in operations if op.name == QUANTISE]:
        make_signed(op)
    move_bytes(module)
    count = 0
    for op in list(walk(module)):
        if is_multiply_add(op) and element_type(op.results[0]) == "f32":
            contraction = _match(op)
            if contraction is not None:
                op.results[0].replace_all_uses_with(_rewrite(contraction))
                op.erase()
                count += 1
    for op in [op for op in walk(module) if is_sum(op)]:
        sum_bytes(op)
    return count


@dataclass(frozen=True)
class _Contraction:
    """A contraction of two dequantised tensors.

    Attributes:
        op: the operation.
        lhs, rhs: its factors.
        maps: for each operand, the dims that each of its dims walks (several in a window).
        plain: whether a dim of its own walks each of the first factor's, element by element.
        sizes: of the dims.
        bias: what the sums start from, as integers; None where they do not.
        start: what they start from otherwise, in f32; None for zero.
    """

    op: ir.Operation
    lhs: Quantised
    rhs: Quantised
    maps: tuple[tuple[tuple[int, ...], ...], ...]
    plain: bool
    sizes: dict[int, int]
    bias: Term | None
    start: ir.Value | None

    @property
    def out_dims(self) -> tuple[int, ...]:
        """The dim that each dim of the result walks."""
        return tuple(dims[0] for dims in self.maps[2])

    @property
    def products(self) -> int:
        """Products of one sum."""
        lhs = {dim for dims in self.maps[0] for dim in dims}
        rhs = {dim for dims in self.maps[1] for dim in dims}
        return prod(self.sizes[dim] for dim in lhs & rhs if dim not in self.out_dims)


def _match(op: ir.Operation) -> _Contraction | None:
    if len(op.operands) != 3 or any(element_type(v) != "f32" for v in op.operands):
        return None
    if any(not ir.RankedTensorType(v.type).has_static_shape for v in op.operands):
        return None
    lhs, rhs = dequantised(op.operands[0]), dequantised(op.operands[1])
    attributes = linalg.get_indexing_maps(op)
    if lhs is None or rhs is None or attributes is None:
        return None
    maps = tuple(tuple(dims_of(e) for e in ir.AffineMapAttr(m).value.results) for m in attributes)
    sizes: dict[int, int] = {}
    for value, dims in zip(op.operands, maps, strict=True):
        for walked, size in zip(dims, tensor_type(value)[0], strict=True):
            if len(walked) == 1:
                sizes.setdefault(walked[0], size)
    plain = [walks_alone(ir.AffineMapAttr(m).value) for m in attributes]
    if not (plain[1] and plain[2]) or {d for dims in maps[0] for d in dims} - set(sizes):
        return None
    contraction = _Contraction(op, lhs, rhs, maps, plain[0], sizes, None, None)
    if contraction.products > _MOST_PRODUCTS:
        return None
    channels = [_channels(contraction, number) for number in (0, 1)]
    if any(dims is None for dims in channels):
        return None
    bias = _bias(contraction)
    start = None if bias is not None or is_zero(op.operands[2]) else op.operands[2]
    return replace(contraction, bias=bias, start=start)


def _channels(contraction: _Contraction, number: int) -> tuple[int, ...] | None:
    """The result's dims that the scale of an operand walks; None where one of them is no dim of it."""
    value = (contraction.lhs, contraction.rhs)[number]
    dims = [contraction.maps[number][axis] for axis in value.axes]
    out = contraction.out_dims
    if any(len(walked) != 1 or walked[0] not in out for walked in dims):
        return None
    return tuple(out.index(walked[0]) for walked in dims)


def _bias(contraction: _Contraction) -> Term | None:
    """What the sums start from, where it is integers of the scale of the products."""
    value = contraction.op.operands[2]
    bias = dequantised(value, "i32")
    if bias is None or bias.zero or not bias.moves or not _has_room(contraction, bias.raw):
        return None
    axes: tuple[int, ...] | None = (0,) if len(tensor_type(bias.raw)[0]) == 1 else None
    for move in reversed(bias.moves):
        if axes is None or not only_spreads(move):
            return None
        axes = axes_behind(move, axes)
    scales = contraction.lhs.scale, contraction.rhs.scale
    known = [dims for n in (0, 1) if (dims := _channels(contraction, n))]
    fits = axes is not None and all(dims == axes for dims in known)
    if axes is None or not fits or not same_scale(bias.scale, *scales):
        return None
    shape, _ = tensor_type(value)
    return Term(walking(contraction.op, bias.raw, [shape[axis] for axis in axes]), axes, 1)


def _has_room(contraction: _Contraction, bias: ir.Value) -> bool:
    """Whether sums with a bias stay in i32, where the bias is a constant.

    Quantisers clip the bias of a channel whose weights are next to nothing to the end of i32.
    """
    attribute = constant_of(bias)
    if not isinstance(attribute, ir.DenseElementsAttr):
        return True
    most = np.abs(dense_numbers(attribute, np.int64)).max(initial=0)
    return bool(most + contraction.products * 255**2 < 2**31)


def _rewrite(contraction: _Contraction) -> ir.Value:
    op, lhs, rhs = contraction.op, contraction.lhs, contraction.rhs
    terms: list[Term] = []
    if rhs.offset == 0 and lhs.offset is not None:
        factors, number, zero = (signed_bytes(op, lhs), signed_bytes(op, rhs)), 1, lhs.offset
    elif lhs.offset == 0 and rhs.offset is not None and contraction.plain:
        factors, number, zero = (signed_bytes(op, lhs), signed_bytes(op, rhs)), 0, rhs.offset
    else:
        factors, number, zero = (whole_numbers(op, lhs), whole_numbers(op, rhs)), 0, 0
    if zero:
        walked = tuple(dims[0] for dims in contraction.maps[number])
        of, dims = filter_sums(op, factors[number], walked, contraction.out_dims)
        terms.append(Term(of, dims, -zero))
    sums = sums_of(op, *factors)
    if contraction.bias is not None:
        terms.append(contraction.bias)
    if terms and len({term.dims for term in terms}) == 1:
        # One vector, which IREE computes when it compiles where filters are constant.
        first, walked = terms[0], range(len(terms[0].dims))
        local = [Term(term.value, tuple(walked), term.factor) for term in terms]
        terms = [Term(add_terms(op, first.value.type, local), first.dims, 1)]
    return _scale(contraction, sums, terms)


def _scale(
    contraction: _Contraction,
    sums: ir.Value,
    terms: list[Term],
) -> ir.Value:
    """The sums and what is added to them, as f32, times the scales, plus what they start from."""
    kind = contraction.op.results[0].type
    rank = len(contraction.out_dims)
    everywhere = tuple(f"d{i}" for i in range(rank))
    operands: dict[str, ir.Value] = {"%s": sums}
    places = [everywhere]
    for number, term in enumerate(terms):
        operands[f"%t{number}"] = term.value
        places.append(tuple(f"d{d}" for d in term.dims))
    first = len(operands)
    lines, total = added_up([1, *(term.factor for term in terms if isinstance(term.factor, int))])
    for number, (name, value) in enumerate((("%l", contraction.lhs), ("%r", contraction.rhs))):
        dims = _channels(contraction, number) or ()
        shape, _ = tensor_type(contraction.op.results[0])
        operands[name] = walking(contraction.op, value.scale, [shape[dim] for dim in dims])
        places.append(tuple(f"d{dim}" for dim in dims))
    lines += [
        f"%m = arith.mulf %i{first}, %i{first + 1} : f32",
        f"%v = arith.sitofp {total} : i32 to f32",
        "%n = arith.mulf %v, %m : f32",
    ]
    result = "%n"
    if contraction.start is not None:
        operands["%b"] = contraction.start
        places.append(everywhere)
        lines.append(f"%o = arith.addf %n, %i{first + 2} : f32")
        result = "%o"
    arguments = ", ".join(f"%i{i}: {element_type(v)}" for i, v in enumerate(operands.values()))
    maps = [map_text(rank, walked) for walked in (*places, everywhere)]
    ins = [f"{name} : {value.type}" for name, value in operands.items()]
    head = maps_text(maps, ins, f"%e : {kind}", ["parallel"] * rank)
    body = "\n  ".join(lines)
    text = f"""%e = tensor.empty() : {kind}
%y = {head} {{
^bb0({arguments}, %out: f32):
  {body}
  linalg.yield {result} : f32
}} -> {kind}
return %y : {kind}"""
    return graft(contraction.op, text, operands)[0]
