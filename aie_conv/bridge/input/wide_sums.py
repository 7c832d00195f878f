"""Sums of bf16 and f16 are added in f32 and rounded once, as torch does.

IREE's importer adds in the elements' own type. Where channels come last, as the NPU has them, IREE's CPU
code then adds a whole image one pixel behind the other: of 576 values of bf16 the sum was off by a quarter.
This runs at IREE's `input` phase.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import copy_operation, graft, with_element
from aie_conv.bridge.tensors import operations_of, owner, splat_value, walk

_NARROW = ("bf16", "f16")
_POOLING = frozenset(f"linalg.pooling_{layout}_sum" for layout in ("nchw", "nhwc", "ncw", "nwc"))
_PRODUCTS = ("linalg.conv_", "linalg.depthwise_conv_", "linalg.matmul", "linalg.batch_matmul")
_STEPS = ("dilations", "strides")
_MAPS = "indexing_maps"
_ATTRIBUTES = {*_STEPS, _MAPS, "operandSegmentSizes", "linalg.memoized_indexing_maps"}
"""Of products whose text says all of them."""


def widen_sums(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of operations."""
    # What stands inside an operation goes with it.
    sums = [(op, write) for op in walk(module) if (write := _writer_of(op))]
    for op, write in sums:
        starts = list(op.operands)[len(op.operands) - len(op.results) :]
        for number in _narrow_sums(op):
            starts[number] = _start(op, starts[number])
        for result, wide in zip(op.results, write(op, starts), strict=True):
            fits = wide.type == result.type
            result.replace_all_uses_with(wide if fits else _convert(op, wide, result.type))
        op.erase()
    return len(sums)


_Writer = Callable[[ir.Operation, Sequence[ir.Value]], Sequence[ir.Value]]
"""Writes sums that start from f32 in front of the narrow ones; gives their results."""


def _writer_of(op: ir.Operation) -> _Writer | None:
    """How narrow sums are written in f32; None where there are none."""
    if op.name in _POOLING or _is_half_product(op):
        return _named if _narrow_sums(op) else None
    return _generic if op.name == "linalg.generic" and _narrow_sums(op) else None


def _narrow_sums(op: ir.Operation) -> list[int]:
    """The numbers of an operation's results that are sums of narrow values."""
    narrow = [
        number
        for number, result in enumerate(op.results)
        if isinstance(result.type, ir.RankedTensorType) and str(result.type.element_type) in _NARROW
    ]
    if op.name != "linalg.generic" or not narrow:
        return narrow
    if "reduction" not in str(op.attributes["iterator_types"]):
        return []
    totals = _totals(op)
    return [number for number in narrow if totals[number] is not None]


def _totals(op: ir.Operation) -> list[ir.Operation | None]:
    """For each result what adds to its value so far; None where something else is done with that."""
    body: Any = op.regions[0].blocks[0]
    *_, end = operations_of(op)
    so_far = list(body.arguments)[len(body.arguments) - len(op.results) :]
    return [_total(value, each) for value, each in zip(end.operands, so_far, strict=True)]


def _total(value: ir.Value, so_far: ir.Value) -> ir.Operation | None:
    op = owner(value)
    readers = [use.owner.operation for use in so_far.uses]
    adds = op is not None and op.name == "arith.addf" and readers == [op]
    return op if adds and len(list(value.uses)) == 1 else None


def _is_half_product(op: ir.Operation) -> bool:
    """Whether a named product has sums of f16; of bf16 they are read as they are (contraction.py)."""
    if not op.name.startswith(_PRODUCTS) or set(op.attributes) - _ATTRIBUTES:
        return False
    return len(op.operands) == 3 and str(ir.ShapedType(op.results[0].type).element_type) == "f16"


def _named(op: ir.Operation, starts: Sequence[ir.Value]) -> Sequence[ir.Value]:
    image, window, _ = op.operands
    kind = starts[0].type
    known = [f"{key} = {op.attributes[key]}" for key in _STEPS if key in op.attributes]
    attributes = f"{{{', '.join(known)}}}" if known else ""
    maps = f"{_MAPS} = {op.attributes[_MAPS]}" if _MAPS in op.attributes else ""
    text = f"""%y = {op.name} {maps} {attributes}
 ins(%x, %w : {image.type}, {window.type}) outs(%s : {kind}) -> {kind}
return %y : {kind}"""
    return graft(op, text, {"%x": image, "%w": window, "%s": starts[0]})


def _generic(op: ir.Operation, starts: Sequence[ir.Value]) -> Sequence[ir.Value]:
    count = len(op.operands) - len(starts)
    fresh = ir.Operation.create(
        op.name,
        [start.type for start in starts],
        [*list(op.operands)[:count], *starts],
        {key: op.attributes[key] for key in op.attributes},
        regions=1,
        loc=op.location,
        ip=ir.InsertionPoint(op),
    )
    body: Any = op.regions[0].blocks[0]
    wide = ir.Type.parse("f32", op.context)
    inputs = [argument.type for argument in list(body.arguments)[:count]]
    kinds = [*inputs, *(ir.RankedTensorType(start.type).element_type for start in starts)]
    block = fresh.regions[0].blocks.append(*kinds, arg_locs=[op.location] * len(kinds))
    known: dict[Any, ir.Value] = dict(zip(body.arguments, block.arguments, strict=True))
    place, sums = ir.InsertionPoint(block), set(_narrow_sums(op))
    totals = {t for number, t in enumerate(_totals(op)) if t is not None and number in sums}
    for view in body.operations:
        old = view.operation
        copied = copy_operation(old, known, place)
        results = _widen(copied, place, wide) if old in totals else list(copied.results)
        known.update(zip(old.results, results, strict=True))
    return list(fresh.results)


def _widen(total: ir.Operation, place: ir.InsertionPoint, number: ir.Type) -> list[ir.Value]:
    """An addition to a sum of f32, in the place of one whose other term is narrow."""

    def extended(value: ir.Value) -> ir.Value:
        if value.type == number:
            return value
        product = owner(value)
        factors = list(product.operands) if product and product.name == "arith.mulf" else []
        # A product that is rounded before it is added is none of two inputs.
        name = "arith.mulf" if factors else "arith.extf"
        terms = [extended(factor) for factor in factors] or [value]
        return ir.Operation.create(name, [number], terms, loc=total.location, ip=place).results[0]

    terms = [extended(value) for value in total.operands]
    wide = ir.Operation.create("arith.addf", [number], terms, loc=total.location, ip=place)
    total.erase()
    return list(wide.results)


def _start(before: ir.Operation, value: ir.Value) -> ir.Value:
    """What sums start from, in f32."""
    kind, filled = with_element(value.type, "f32"), owner(value)
    number = (
        owner(filled.operands[0]) if filled is not None and filled.name == "linalg.fill" else None
    )
    if number is None or number.name != "arith.constant" or splat_value(number) != 0:
        return _convert(before, value, kind)
    text = f"""%z = arith.constant 0.0 : f32
%e = tensor.empty() : {kind}
%y = linalg.fill ins(%z : f32) outs(%e : {kind}) -> {kind}
return %y : {kind}"""
    return graft(before, text, {})[0]


def _convert(before: ir.Operation, value: ir.Value, kind: ir.Type) -> ir.Value:
    """A tensor in another float type, element by element."""
    source, dest = value.type, ir.RankedTensorType(kind)
    rank, conversion = dest.rank, "truncf" if str(dest.element_type) in _NARROW else "extf"
    dims = ", ".join(f"d{dim}" for dim in range(rank))
    same = f"affine_map<({dims}) -> ({dims})>"
    parallel = ", ".join(['"parallel"'] * rank)
    element = ir.RankedTensorType(source).element_type
    text = f"""%e = tensor.empty() : {kind}
%y = linalg.generic {{indexing_maps = [{same}, {same}], iterator_types = [{parallel}]}}
 ins(%x : {source}) outs(%e : {kind}) {{
^bb0(%a: {element}, %b: {dest.element_type}):
  %c = arith.{conversion} %a : {element} to {dest.element_type}
  linalg.yield %c : {dest.element_type}
}} -> {kind}
return %y : {kind}"""
    return graft(before, text, {"%x": value})[0]
