"""Transposed convolutions without products by the zeros that front ends put between the pixels.

A convolution that steps by ``s``, transposed, comes as an image with ``s - 1`` zeros between its pixels,
and a convolution of that. Of ``s`` output pixels side by side each meets pixels with other taps of the
window, and zeros with all the rest. All of them look at the same pixels: one convolution of the image
itself, with so many times the channels, gives them together, and its channels are put side by side as
pixels. So a window of 2 and a step of 2 is a product of single pixels. Where some of the ``s`` look one pixel
further than others, their taps begin one later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from iree.compiler import ir

from aie_conv.bridge.graft import element_type, graft, maps_text
from aie_conv.bridge.input.filter_sums import Term, add_terms, filter_sums, map_text
from aie_conv.bridge.input.images import Images, is_static, kind_like, rank_of, shape_of
from aie_conv.bridge.tensors import owner, splat_value, walk

_CONVOLUTIONS = ("linalg.conv_1d_ncw_fcw", "linalg.conv_2d_nchw_fchw")
_ARITHMETIC = {
    "i": ("arith.extsi", "arith.muli", "arith.addi", "0"),
    "f": ("arith.extf", "arith.mulf", "arith.addf", "0.0"),
}
"""Of sums by the first letter of their type: what widens a factor, multiplies, adds, and zero."""


@dataclass(frozen=True)
class _Phase:
    """An output pixel of a block along one axis.

    Attributes:
        tap: of the window the first that meets a pixel; every ``step``-th behind it does, too.
        image: the pixel that it meets, counted from the block's number.
        taps: how many meet pixels.
    """

    tap: int
    image: int
    taps: int


@dataclass(frozen=True)
class SpreadAxis:
    """An axis of pixels.

    Attributes:
        size: pixels of the image.
        step: from one of them to the next among the zeros.
        first: zeros in front of the first.
        window: taps.
        outputs: pixels of the result.
    """

    size: int
    step: int
    first: int
    window: int
    outputs: int

    @cached_property
    def phases(self) -> tuple[_Phase, ...]:
        """The output pixels of a block."""
        window = self.padded_window
        tap = [(self.first - pixel) % self.step for pixel in range(self.step)]
        image = [(pixel - self.first + tap[pixel]) // self.step for pixel in range(self.step)]
        return tuple(
            _Phase(c, b, -(-(window - c) // self.step)) for c, b in zip(tap, image, strict=True)
        )

    @property
    def padded_window(self) -> int:
        """Taps that every phase has one of."""
        return max(self.window, self.step)

    @property
    def blocks(self) -> int:
        """``step`` output pixels each: those that hold the result."""
        return -(-self.outputs // self.step)

    def windows(self, *, zeros: bool) -> tuple[PhaseWindow, ...]:
        """The output pixels of a block by what they look at: all together if filters may have zeros."""
        looks = {(phase.image, phase.taps) for phase in self.phases}
        if zeros or len(looks) == 1:
            return (PhaseWindow(self, self.phases),)
        return tuple(PhaseWindow(self, (phase,)) for phase in self.phases)


@dataclass(frozen=True)
class PhaseWindow:
    """What some output pixels of a block look at along one axis.

    Attributes:
        axis: along which.
        phases: those output pixels, in order.
    """

    axis: SpreadAxis
    phases: tuple[_Phase, ...]

    @property
    def low(self) -> int:
        """Padding in front of the image; negative where its first pixels are not read."""
        return -min(phase.image for phase in self.phases)

    @property
    def taps(self) -> int:
        """The window of all of them."""
        return max(phase.image + phase.taps for phase in self.phases) + self.low

    @property
    def high(self) -> int:
        """Padding behind the image; negative where its last pixels are not read."""
        return self.axis.blocks + self.taps - 1 - self.low - self.axis.size


@dataclass(frozen=True)
class _Transposed:
    """A transposed convolution.

    Attributes:
        op: the convolution among zeros.
        image: what it is of, channels second.
        fill: the number between the pixels.
        axes: of pixels.
        windows: of each axis, what its output pixels look at.
    """

    op: ir.Operation
    image: ir.Value
    fill: float
    axes: tuple[SpreadAxis, ...]
    windows: tuple[tuple[PhaseWindow, ...], ...]


def split_into_phases(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of convolutions without zeros."""
    known = [_read(op) for op in walk(module) if op.name in _CONVOLUTIONS]
    rewritten = [each for each in known if each is not None]
    for each in rewritten:
        each.op.results[0].replace_all_uses_with(_Writer(each).result())
        each.op.erase()
    return len(rewritten)


def _read(op: ir.Operation) -> _Transposed | None:
    """A convolution of an image with zeros between its pixels; None of any other."""
    insert = owner(op.operands[0])
    if insert is None or insert.name != "tensor.insert_slice" or len(insert.operands) != 2:
        return None
    if not all(map(is_static, (*op.operands, op.results[0], insert.operands[0]))):
        return None
    fill = _filled(insert.operands[1])
    offsets, sizes, steps = (
        list(ir.DenseI64ArrayAttr(insert.attributes[f"static_{name}"]))
        for name in ("offsets", "sizes", "strides")
    )
    image = insert.operands[0]
    if fill is None or sizes != shape_of(image) or offsets[:2] != [0, 0] or steps[:2] != [1, 1]:
        return None
    if not _is_dense(op) or (fill and element_type(op.results[0])[0] != "i"):
        return None
    rows = zip(sizes[2:], steps[2:], offsets[2:], strict=True)
    windows = zip(shape_of(op.operands[1])[2:], shape_of(op.results[0])[2:], strict=True)
    axes = tuple(SpreadAxis(*row, *window) for row, window in zip(rows, windows, strict=True))
    zeros = element_type(op.results[0])[0] == "i"
    if not zeros and any(axis.window < axis.step for axis in axes):
        return None
    windows = tuple(axis.windows(zeros=zeros) for axis in axes)
    products = prod(sum(w.taps * len(w.phases) for w in every) for every in windows)
    if products >= prod(axis.window * axis.step for axis in axes):
        return None
    return _Transposed(op, image, fill, axes, windows)


def _is_dense(op: ir.Operation) -> bool:
    """Whether a convolution's window slides by one pixel and has no holes."""
    return all(
        set(ir.DenseIntElementsAttr(op.attributes[name])) == {1}
        for name in ("strides", "dilations")
    )


def _filled(value: ir.Value) -> float | None:
    """The one number of a tensor; None of any other."""
    op = owner(value)
    if op is not None and op.name == "linalg.fill":
        op = owner(op.operands[0])
    return splat_value(op) if op is not None and op.name == "arith.constant" else None


class _Writer:
    """Writes one convolution anew, its channels last."""

    def __init__(self, conv: _Transposed) -> None:
        self._conv, self._op, self._images = conv, conv.op, Images(conv.op)

    def result(self) -> ir.Value:
        """The result, channels second."""
        sums = self._sums(())
        result = self._images.first(self._side_by_side(sums))
        start = self._op.operands[2]
        return result if _filled(start) == 0 else self._add(result, start)

    def _sums(self, windows: tuple[PhaseWindow, ...]) -> ir.Value:
        """The sums of what some windows give, with all windows of the axes behind.

        Shape: [batch][blocks …][phases …][outputs].
        """
        count, axis = len(self._conv.axes), len(windows)
        if axis < count:
            sums = [self._sums((*windows, window)) for window in self._conv.windows[axis]]
            return self._join(sums, 1 + count + axis)
        filters = self._filters(windows)
        sums = self._product(self._padded(windows), filters, windows)
        return self._with_fill(sums, filters) if self._conv.fill else sums

    def _join(self, values: Sequence[ir.Value], dim: int) -> ir.Value:
        """Tensors one behind the other along a dim."""
        if len(values) == 1:
            return values[0]
        shape = shape_of(values[0])
        shape[dim] = sum(shape_of(value)[dim] for value in values)
        names = {f"%p{number}": value for number, value in enumerate(values)}
        types = ", ".join(str(value.type) for value in values)
        kind = kind_like(shape, values[0])
        text = f"""%y = tensor.concat dim({dim}) {", ".join(names)} : ({types}) -> {kind}
return %y : {kind}"""
        return graft(self._op, text, names)[0]

    def _padded(self, windows: Sequence[PhaseWindow]) -> ir.Value:
        """The image with what the first and last windows look at beside it."""
        image = self._images.last(self._conv.image)
        first = [max(-window.low, 0) for window in windows]
        sizes = [
            window.axis.size + min(window.high, 0) - start
            for window, start in zip(windows, first, strict=True)
        ]
        image = self._slice(image, first, sizes, [1] * len(first))
        low, high = [max(w.low, 0) for w in windows], [max(w.high, 0) for w in windows]
        return self._pad(image, low, high, self._conv.fill)

    def _filters(self, windows: Sequence[PhaseWindow]) -> ir.Value:
        """The filters of the pixels of some windows: [phases …][outputs][taps …][channels]."""
        axes = self._conv.axes
        beyond = [axis.padded_window - axis.window for axis in axes]
        filters = self._pad(self._images.last(self._op.operands[1]), [0] * len(axes), beyond, 0)
        phases = product(*(window.phases for window in windows))
        parts = [self._filter(filters, windows, phase) for phase in phases]
        outputs, *rest = shape_of(parts[0])
        steps = [len(window.phases) for window in windows]
        joined = self._join(parts, 0)
        apart = kind_like([*steps, outputs, *rest], filters)
        count = len(axes)
        groups = [[*range(count + 1)], *([count + 1 + i] for i in range(len(rest)))]
        shape = [*steps, outputs, *rest]
        text = f"""%y = tensor.expand_shape %c {groups} output_shape {shape} : {joined.type} into {apart}
return %y : {apart}"""
        return graft(self._op, text, {"%c": joined})[0]

    def _filter(
        self, filters: ir.Value, windows: Sequence[PhaseWindow], phases: Sequence[_Phase]
    ) -> ir.Value:
        """The taps of one pixel of a block, zeros beside them: [outputs][taps …][channels]."""
        taps = self._slice(
            filters,
            [phase.tap for phase in phases],
            [phase.taps for phase in phases],
            [window.axis.step for window in windows],
        )
        pairs = list(zip(windows, phases, strict=True))
        low = [window.low + phase.image for window, phase in pairs]
        high = [w.taps - w.low - phase.image - phase.taps for w, phase in pairs]
        return self._pad(taps, low, high, 0)

    def _product(
        self, image: ir.Value, filters: ir.Value, windows: Sequence[PhaseWindow]
    ) -> ir.Value:
        """The convolution: [batch][blocks …][phases …][outputs]."""
        total, count = element_type(self._op.results[0]), len(windows)
        blocks = [window.axis.blocks for window in windows]
        shape = [shape_of(image)[0], *blocks, *shape_of(filters)[: count + 1]]
        kind, rank = kind_like(shape, self._op.results[0]), len(shape)
        dims = [f"d{i}" for i in range(rank + count + 1)]
        channels, taps = dims[count + 1 : rank], dims[rank:-1]
        seen = [f"{d} + {tap}" for d, tap in zip(dims[1 : count + 1], taps, strict=True)]
        walked = ([dims[0], *seen, dims[-1]], [*channels, *taps, dims[-1]], dims[:rank])
        maps = [map_text(len(dims), each) for each in walked]
        loops = ["parallel"] * rank + ["reduction"] * (count + 1)
        ins = [f"%x : {image.type}", f"%w : {filters.type}"]
        extend, multiply, add, zero = _ARITHMETIC[total[0]]
        dtype = element_type(image)
        widen = "" if dtype == total else f" = {extend} "
        names = [f"%{name}" for name in "ab"] if dtype == total else ["%aw", "%bw"]
        widened = [f"%{n}w{widen}%{n} : {dtype} to {total}" for n in "ab"] if widen else []
        text = f"""%z = arith.constant {zero} : {total}
%e = tensor.empty() : {kind}
%s = linalg.fill ins(%z : {total}) outs(%e : {kind}) -> {kind}
%y = {maps_text(maps, ins, f"%s : {kind}", loops)} {{
^bb0(%a: {dtype}, %b: {dtype}, %o: {total}):
  {chr(10).join(widened)}
  %m = {multiply} {names[0]}, {names[1]} : {total}
  %t = {add} %o, %m : {total}
  linalg.yield %t : {total}
}} -> {kind}
return %y : {kind}"""
        return graft(self._op, text, {"%x": image, "%w": filters})[0]

    def _with_fill(self, sums: ir.Value, filters: ir.Value) -> ir.Value:
        """The sums with the products of the number between the pixels, which all other taps meet."""
        rank, count, fill = rank_of(sums), len(self._conv.axes), int(self._conv.fill)
        channels = tuple(range(rank - count - 1, rank))
        taps = range(rank, rank + count + 1)
        every, _ = filter_sums(self._op, self._op.operands[1], (channels[-1], *taps), channels)
        met, _ = filter_sums(self._op, filters, (*channels, *taps), channels)
        terms = [Term(every, channels[-1:], fill), Term(met, channels, -fill)]
        return add_terms(self._op, sums.type, terms, sums)

    def _side_by_side(self, sums: ir.Value) -> ir.Value:
        """The blocks' pixels in the image's order, of which the last ones may not be the result's."""
        axes, shape = self._conv.axes, shape_of(sums)
        count = len(axes)
        order = [0, *(d for i in range(1, count + 1) for d in (i, i + count)), 2 * count + 1]
        kind = kind_like([shape[d] for d in order], sums)
        pixels = [axis.blocks * axis.step for axis in axes]
        joined = kind_like([shape[0], *pixels, shape[-1]], sums)
        groups = [[0], *([i, i + 1] for i in range(1, 2 * count, 2)), [2 * count + 1]]
        text = f"""%e = tensor.empty() : {kind}
%t = linalg.transpose ins(%x : {sums.type}) outs(%e : {kind}) permutation = {order}
%y = tensor.collapse_shape %t {groups} : {kind} into {joined}
return %y : {joined}"""
        image = graft(self._op, text, {"%x": sums})[0]
        return self._slice(image, [0] * count, [axis.outputs for axis in axes], [1] * count)

    def _add(self, result: ir.Value, start: ir.Value) -> ir.Value:
        """What the sums start from, added behind them."""
        kind, total = str(result.type), element_type(result)
        rank = rank_of(result)
        every = map_text(rank, [f"d{i}" for i in range(rank)])
        ins = [f"%x : {kind}", f"%s : {kind}"]
        text = f"""%e = tensor.empty() : {kind}
%y = {maps_text([every] * 3, ins, f"%e : {kind}", ["parallel"] * rank)} {{
^bb0(%a: {total}, %b: {total}, %o: {total}):
  %t = {_ARITHMETIC[total[0]][2]} %a, %b : {total}
  linalg.yield %t : {total}
}} -> {kind}
return %y : {kind}"""
        return graft(self._op, text, {"%x": result, "%s": start})[0]

    def _slice(
        self, value: ir.Value, first: Sequence[int], sizes: Sequence[int], steps: Sequence[int]
    ) -> ir.Value:
        """Pixels of images, so many of each axis."""
        shape = shape_of(value)
        wanted = [shape[0], *sizes, shape[-1]]
        if wanted == shape:
            return value
        kind = kind_like(wanted, value)
        starts, apart = [0, *first, 0], [1, *steps, 1]
        text = f"""%y = tensor.extract_slice %x{starts} {wanted} {apart} : {value.type} to {kind}
return %y : {kind}"""
        return graft(self._op, text, {"%x": value})[0]

    def _pad(
        self, value: ir.Value, low: Sequence[int], high: Sequence[int], number: float
    ) -> ir.Value:
        """Images with so many pixels of a number around them."""
        if not any((*low, *high)):
            return value
        ends = zip(shape_of(value)[1:-1], low, high, strict=True)
        shape = [shape_of(value)[0], *(sum(end) for end in ends), shape_of(value)[-1]]
        kind, dtype = kind_like(shape, value), element_type(value)
        places = ", ".join(f"%i{dim}: index" for dim in range(len(shape)))
        constant = int(number) if dtype[0] == "i" else float(number)
        text = f"""%y = tensor.pad %x low{[0, *low, 0]} high{[0, *high, 0]} {{
^bb0({places}):
  %n = arith.constant {constant} : {dtype}
  tensor.yield %n : {dtype}
}} : {value.type} to {kind}
return %y : {kind}"""
        return graft(self._op, text, {"%x": value})[0]
