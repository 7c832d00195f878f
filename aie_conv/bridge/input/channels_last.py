"""Pooling, and what pads, joins, cuts or repeats images, with channels last, as convolutions are on the NPU.

IREE's layout passes turn convolutions and carry the transpositions on through element-wise operations. They
stop in front of a pooling along other dims, of the padding in front of it, of a concatenation, a slice and a
repetition, so that a network went to and fro there. Here these are turned too, each between a transposition
of what it reads and one of what it gives; IREE's passes fold those that meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iree.compiler import ir

from aie_conv.bridge.graft import element_type, graft, maps_text
from aie_conv.bridge.input.filter_sums import map_text
from aie_conv.bridge.input.images import Images, is_static, kind_like, padding_of, rank_of, shape_of
from aie_conv.bridge.input.repeats import find_repeats
from aie_conv.bridge.input.sunk import ELEMENTWISE, is_turned, sinks, turn_elementwise, turn_source
from aie_conv.bridge.tensors import owner, walk

_POOLING = {
    f"linalg.pooling_{first}_{kind}": f"linalg.pooling_{last}_{kind}"
    for first, last in (("nchw", "nhwc"), ("ncw", "nwc"))
    for kind in ("max", "sum")
}
_CONVOLUTIONS = {
    "linalg.conv_2d_nchw_fchw": "linalg.conv_2d_nhwc_fhwc",
    "linalg.depthwise_conv_2d_nchw_chw": "linalg.depthwise_conv_2d_nhwc_hwc",
}
_TURNED = frozenset(
    (
        *_POOLING,
        *_CONVOLUTIONS,
        *ELEMENTWISE,
        "tensor.collapse_shape",
        "tensor.concat",
        "tensor.pad",
        "tensor.extract_slice",
    )
)

_LEAST_RANK = 3
"""Of a tensor of images: batch, channels, and at least one axis of pixels."""


def put_channels_last(module: ir.Operation) -> int:
    """Rewrite a module of convolutions at IREE's `input` phase; the number of turned operations."""
    operations = list(walk(module))
    if not any(op.name.startswith(("linalg.conv_", "linalg.depthwise_")) for op in operations):
        return 0
    turned = 0
    # What stands inside an operation goes with it.
    for op in [op for op in operations if op.name in _TURNED]:
        if op.name in _CONVOLUTIONS:
            turn_source(op.operands[0])
    for op in [op for op in walk(module) if op.name in _TURNED]:
        turn = _turn_of(op)
        if turn is not None:
            images = Images(op)
            op.results[0].replace_all_uses_with(images.first(turn(op, images)))
            op.erase()
            turned += 1
    return turned


_Turn = Callable[[ir.Operation, Images], ir.Value]
"""Writes an operation with channels last; gives its result."""


def _turn_of(op: ir.Operation) -> _Turn | None:
    """How an operation is turned; None where it stays, as what has sizes that are not known does."""
    if not _has_known_sizes(op):
        return None
    if op.name in _POOLING:
        return _turn_pooling
    if op.name in _CONVOLUTIONS:
        return _turn_convolution
    if sinks(op):
        return turn_elementwise
    if len(op.results) != 1 or rank_of(op.results[0]) < _LEAST_RANK:
        return None
    if op.name in _PARTS:
        holds, turn = _PARTS[op.name]
        return turn if holds(op) else None
    if op.name == "linalg.generic" and find_repeats(op) is not None:
        return _turn_repeats
    pads = op.name == "tensor.pad" and (_pads_for_pooling(op) or is_turned(op.operands[0]))
    if pads and padding_of(op) is not None:
        return _turn_pad
    return None


def _has_known_sizes(op: ir.Operation) -> bool:
    """Whether all of an operation's tensors have."""
    tensors = (*op.operands, *op.results)
    return all(is_static(v) for v in tensors if isinstance(v.type, ir.RankedTensorType))


def _turn_pooling(op: ir.Operation, images: Images) -> ir.Value:
    image, window, start = op.operands
    attributes = " ".join(
        f"{name} = {op.attributes[name]}{',' * (name == 'dilations')}"
        for name in ("dilations", "strides")
    )
    known = {"%x": images.last(image), "%w": window, "%s": _turned_start(start, images)}
    kind = known["%s"].type
    text = f"""%y = {_POOLING[op.name]} {{{attributes}}}
 ins(%x, %w : {known["%x"].type}, {window.type}) outs(%s : {kind}) -> {kind}
return %y : {kind}"""
    return graft(op, text, known)[0]


def _turn_convolution(op: ir.Operation, images: Images) -> ir.Value:
    image, filter_, start = op.operands
    attributes = ", ".join(
        f"{name} = {op.attributes[name]}"
        for name in ("dilations", "strides")
        if name in op.attributes
    )
    # Of a depthwise filter no dim stands in front of the channels.
    plain = rank_of(filter_) == rank_of(image)
    known = {"%x": images.last(image)}
    known["%w"] = images.last(filter_) if plain else images.first_dim_last(filter_)
    known["%s"] = _turned_start(start, images)
    kind = known["%s"].type
    text = f"""%y = {_CONVOLUTIONS[op.name]} {{{attributes}}}
 ins(%x, %w : {known["%x"].type}, {known["%w"].type}) outs(%s : {kind}) -> {kind}
return %y : {kind}"""
    return graft(op, text, known)[0]


def _turned_start(value: ir.Value, images: Images) -> ir.Value:
    """What a pooling starts from; of a tensor of one number no transposition is made."""
    fill = owner(value)
    if fill is None or fill.name != "linalg.fill":
        return images.last(value)
    shape = shape_of(value)
    number, kind = fill.operands[0], kind_like(_with_channels_last(shape), value)
    text = f"""%e = tensor.empty() : {kind}
%y = linalg.fill ins(%n : {number.type}) outs(%e : {kind}) -> {kind}
return %y : {kind}"""
    return graft(fill, text, {"%n": number})[0]


def _joins_images(op: ir.Operation) -> bool:
    """Whether a concatenation is of channels, or of pixels of images that all have their channels last."""
    dim = ir.IntegerAttr(op.attributes["dim"]).value
    return dim == 1 or (dim > 1 and all(map(is_turned, op.operands)))


def _joins_pixels(op: ir.Operation) -> bool:
    """Whether axes of pixels become one, of an image that has its channels last."""
    groups = [list(ir.ArrayAttr(each)) for each in ir.ArrayAttr(op.attributes["reassociation"])]
    return is_turned(op.operands[0]) and all(len(group) == 1 for group in groups[:2])


def _turn_collapse(op: ir.Operation, images: Images) -> ir.Value:
    image = images.last(op.operands[0])
    kind = kind_like(_with_channels_last(shape_of(op.results[0])), op.results[0])
    old = [
        [ir.IntegerAttr(dim).value for dim in ir.ArrayAttr(each)]
        for each in ir.ArrayAttr(op.attributes["reassociation"])
    ]
    # Each dim of pixels goes one to the front, that of channels behind them.
    pixels = [[dim - 1 for dim in group] for group in old[2:]]
    groups = [old[0], *pixels, [rank_of(image) - 1]]
    text = f"""%y = tensor.collapse_shape %x {groups} : {image.type} into {kind}
return %y : {kind}"""
    return graft(op, text, {"%x": image})[0]


def _turn_concat(op: ir.Operation, images: Images) -> ir.Value:
    parts = {f"%x{number}": images.last(value) for number, value in enumerate(op.operands)}
    types = ", ".join(str(value.type) for value in parts.values())
    shape = shape_of(op.results[0])
    kind = kind_like(_with_channels_last(shape), op.results[0])
    dim = _with_channels_last(range(len(shape))).index(ir.IntegerAttr(op.attributes["dim"]).value)
    text = f"""%y = tensor.concat dim({dim}) {", ".join(parts)} : ({types}) -> {kind}
return %y : {kind}"""
    return graft(op, text, parts)[0]


def _cuts_channels(op: ir.Operation) -> bool:
    """Whether a slice is of some channels of all pixels."""
    source, result = (
        list(ir.RankedTensorType(v.type).shape) for v in (op.operands[0], op.results[0])
    )
    same = len(source) == len(result) and source[:1] + source[2:] == result[:1] + result[2:]
    return same and len(op.operands) == 1


def _turn_slice(op: ir.Operation, images: Images) -> ir.Value:
    image = images.last(op.operands[0])
    offsets, sizes, steps = (
        _with_channels_last(list(ir.DenseI64ArrayAttr(op.attributes[f"static_{name}"])))
        for name in ("offsets", "sizes", "strides")
    )
    kind = kind_like(sizes, op.results[0])
    text = f"""%y = tensor.extract_slice %x{offsets} {sizes} {steps} : {image.type} to {kind}
return %y : {kind}"""
    return graft(op, text, {"%x": image})[0]


def _turn_repeats(op: ir.Operation, images: Images) -> ir.Value:
    """Every element spread along a dim of its own for each axis that it is repeated along."""
    repeats = find_repeats(op)
    if repeats is None:
        raise RuntimeError("a gather that repeats nothing")
    image, factors = images.last(repeats.source), _with_channels_last(repeats.factors)
    dims, sizes, groups = list[int](), list[int](), list[list[int]]()
    for size, factor in zip(shape_of(image), factors, strict=True):
        dims.append(len(sizes))
        groups.append([len(sizes) + extra for extra in range(1 + (factor > 1))])
        sizes += [size, factor] if factor > 1 else [size]
    wide, kind = (
        kind_like(each, image)
        for each in (sizes, [s * f for s, f in zip(shape_of(image), factors, strict=True)])
    )
    rank = len(sizes)
    maps = [map_text(rank, [f"d{dim}" for dim in each]) for each in (dims, range(rank))]
    element = element_type(image)
    head = maps_text(maps, [f"%x : {image.type}"], f"%e : {wide}", ["parallel"] * rank)
    text = f"""%e = tensor.empty() : {wide}
%s = {head} {{
^bb0(%a: {element}, %b: {element}):
  linalg.yield %a : {element}
}} -> {wide}
%y = tensor.collapse_shape %s {groups} : {wide} into {kind}
return %y : {kind}"""
    return graft(op, text, {"%x": image})[0]


def _turn_pad(op: ir.Operation, images: Images) -> ir.Value:
    low, high, number = padding_of(op) or ([], [], None)
    image, shape = images.last(op.operands[0]), shape_of(op.results[0])
    kind = kind_like(_with_channels_last(shape), op.results[0])
    places = ", ".join(f"%i{dim}: index" for dim in range(len(shape)))
    text = f"""%y = tensor.pad %x low{_with_channels_last(low)} high{_with_channels_last(high)} {{
^bb0({places}):
  %n = arith.constant {number}
  tensor.yield %n : {element_type(image)}
}} : {image.type} to {kind}
return %y : {kind}"""
    return graft(op, text, {"%x": image})[0]


def _pads_for_pooling(op: ir.Operation) -> bool:
    readers = [use.owner.operation for use in op.results[0].uses]
    return bool(readers) and all(reader.name in _POOLING for reader in readers)


def _with_channels_last(amounts: Sequence[int]) -> list[int]:
    return [amounts[0], *amounts[2:], amounts[1]]


_PARTS = {
    "tensor.concat": (_joins_images, _turn_concat),
    "tensor.collapse_shape": (_joins_pixels, _turn_collapse),
    "tensor.extract_slice": (_cuts_channels, _turn_slice),
}
"""What joins or cuts images: whether it is turned, and how."""
