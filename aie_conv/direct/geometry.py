"""Tiles of a direct convolution: a rectangle of output pixels, and the input that its windows touch.

A tile's rows are cut into strips of equal height, one for each row of the matrix instruction (one
strip where the core works pixel by pixel). The shim brings the tile's input with its halo once; the
mem tile sends the strips, whose halos overlap, interleaved.

Numbers may be columns (:mod:`aie_conv.mapping.numbers`).
"""

from dataclasses import dataclass
from enum import IntEnum
from math import prod
from typing import Any, Protocol

from aie_conv.arch import Device
from aie_conv.codegen.window import Window
from aie_conv.direct.view import Axis, DirectView
from aie_conv.mapping.build import TileShape
from aie_conv.mapping.check import Limit, limit
from aie_conv.mapping.mapping import Dims, Parameters
from aie_conv.mapping.numbers import ceil_div, gcd, where
from aie_conv.problem import DTYPE_BYTES


class WindowResidency(IntEnum):
    """Which of a window's loops run over what the core holds; the others are brought tap by tap."""

    NONE = 0
    ROW = 1
    WHOLE = 2


class TilePixels(Protocol):
    """What geometry needs of a direct mapping's parameters; see :class:`DirectParameters`."""

    @property
    def tile_n(self) -> int:
        """Output channels of an N tile."""
        ...

    @property
    def tile_k(self) -> int:
        """Channels of the input brought at a time."""
        ...

    @property
    def height(self) -> int:
        """Output rows of a strip."""
        ...

    @property
    def width(self) -> int:
        """Output columns of a tile."""
        ...

    @property
    def window(self) -> int:
        """What of the window is held."""
        ...


@dataclass(frozen=True, kw_only=True)
class DirectParameters(Parameters):
    """The parameters of a direct mapping.

    Attributes:
        height: output rows of a strip.
        width: output columns of a tile.
        window: what of the window is held, a :class:`WindowResidency`.
    """

    height: int
    width: int
    window: int


@dataclass(frozen=True)
class Geometry:
    """The pixels of a tile.

    Attributes:
        strips, height, width: strips, their output rows, and the output columns of a tile.
        rows, columns: pixels of the input that a strip holds, those that fill an object up included.
        taps, step, dilation: of the window that is held, (vertical, horizontal), in pixels of the input.
        band_rows: output rows of a band.
        rows_in: input rows of a tile.
        expanded: the shim brings the strips one by one, repeating what they share.
    """

    strips: int
    height: int
    width: int
    rows: int
    columns: int
    taps: tuple[int, int]
    step: tuple[int, int]
    dilation: tuple[int, int]
    band_rows: int
    rows_in: int
    expanded: bool

    @property
    def rows_out(self) -> int:
        """Output rows of a tile."""
        return self.strips * self.height

    @property
    def pixels(self) -> int:
        """Output pixels of a tile."""
        return self.rows_out * self.width

    @property
    def strip_step(self) -> int:
        """Input rows from one strip to the next."""
        return self.height * self.step[0]

    @property
    def apart(self) -> int:
        """Rows of an object from one strip to the next."""
        return where(self.expanded, self.rows, self.strip_step)

    @property
    def window(self) -> Window:
        """How the window lies in a strip in the core."""
        return Window(self.rows, self.columns, self.taps, self.step, self.dilation)


def without_window(axis: Axis) -> Axis:
    """An axis whose window is a loop of the sum."""
    return Axis(axis.size, axis.lhs, axis.out, axis.residual)


def extent(axis: Axis, size: int) -> int:
    """Pixels of the input that ``size`` output pixels touch along an axis."""
    return (size - 1) * axis.step + (axis.taps - 1) * axis.dilation + 1


def held_axes(view: DirectView, window: int) -> tuple[Axis, Axis]:
    """Rows and columns with the windows that are held; the others are a loop of the sum."""
    rows, columns = view.rows, view.columns
    return (
        rows if window == WindowResidency.WHOLE else without_window(rows),
        columns if window >= WindowResidency.ROW else without_window(columns),
    )


def outer_steps(view: DirectView, window: int) -> Dims:
    """(size, input stride) of the loops of the sum that are brought step by step, channels left out."""
    windows = [view.rows] * (window < WindowResidency.WHOLE)
    windows += [view.columns] * (window < WindowResidency.ROW)
    return (*view.k_outer, *((w.taps, w.tap) for w in windows if w.taps > 1))


def outer_count(view: DirectView, window: int) -> int:
    """How many of these steps there are."""
    down = where(window < WindowResidency.WHOLE, view.rows.taps, 1)
    across = where(window < WindowResidency.ROW, view.columns.taps, 1)
    return prod(size for size, _ in view.k_outer) * down * across


@dataclass(frozen=True)
class _CoreWindow:
    """The windows that are held, of numbers or columns."""

    taps: tuple[int, int]
    step: tuple[int, int]
    dilation: tuple[int, int]

    def extent(self, axis: int, size: int) -> int:
        """Pixels of the input that ``size`` output pixels touch."""
        return (size - 1) * self.step[axis] + (self.taps[axis] - 1) * self.dilation[axis] + 1


def held_window(view: DirectView, window: int) -> _CoreWindow:
    """Taps, steps and dilations of the windows that are held."""
    axes = view.rows, view.columns
    bare = without_window(view.rows), without_window(view.columns)
    resident = window == WindowResidency.WHOLE, window >= WindowResidency.ROW

    def both(name: str) -> tuple[int, int]:
        down, across = (
            where(h, getattr(a, name), getattr(b, name))
            for h, a, b in zip(resident, axes, bare, strict=True)
        )
        return down, across

    return _CoreWindow(both("taps"), both("step"), both("dilation"))


def make_geometry(
    view: DirectView,
    device: Device,
    p: TilePixels,
    strips: int,
    *,
    bands: int = 1,
    unicast: bool = False,
) -> Geometry:
    """The pixels of a tile.

    Args:
        view, device, p: what, where, and the parameters.
        strips: pixels of one block of the core's products.
        bands: bands of output rows.
        unicast: rows of cores have inputs of their own.
    """
    window = held_window(view, p.window)
    wide, high = window.extent(1, p.width), window.extent(0, p.height)
    # Whole vectors: rows are added until an object is a multiple of them.
    quantum = device.arch.vector_load_bytes
    row = wide * (strips * p.tile_k * DTYPE_BYTES[view.dtype])
    unit = quantum // gcd(quantum, row)
    high = ceil_div(high, unit) * unit
    step = p.height * window.step[0]
    # A mem tile that deals out parts cannot repeat, and one that repeats nothing sends as it got.
    expanded = unicast | (step > high)
    rows_in = where(expanded, strips * high, (strips - 1) * step + high)
    return Geometry(
        strips=strips,
        height=p.height,
        width=p.width,
        rows=high,
        columns=wide,
        taps=window.taps,
        step=window.step,
        dilation=window.dilation,
        band_rows=ceil_div(view.rows.size, bands),
        rows_in=rows_in,
        expanded=expanded,
    )


def count_tiles(view: DirectView, g: Geometry) -> int:
    """Tiles of output pixels of the whole problem."""
    outer = prod(loop.size for loop in view.outer)
    return outer * ceil_div(g.band_rows, g.rows_out) * ceil_div(view.columns.size, g.width)


def make_shape(
    view: DirectView,
    p: TilePixels,
    g: Geometry,
    k_elements: int,
    channel_steps: int,
    rst: tuple[int, int, int] | None = None,
) -> TileShape:
    """The tile of a mapping.

    Args:
        view, p, g: what, the parameters, and the pixels.
        k_elements: of one output channel's filter in a step.
        channel_steps: steps of K along the input channels.
        rst: the instruction whose blocks strips come in; None where the core works pixel by pixel.
    """
    pixels, k = g.rows * g.columns, p.tile_k
    input_dims, output_dims = Dims(), Dims()
    if rst is not None:
        # Strips side by side, in blocks of the instruction's channels, and back to rows of pixels.
        r, s, t = rst
        input_dims = ((pixels * k // s, s), (g.strips, g.apart * g.columns * k), (s, 1))
        inside = g.height * g.width
        output_dims = ((r, t), (inside, r * p.tile_n), (p.tile_n // t, r * t), (t, 1))
    return TileShape(
        pixels=g.pixels,
        k_steps=outer_count(view, p.window) * channel_steps,
        k_elements=k_elements,
        input=pixels * g.strips * k,
        memtile_input=g.rows_in * g.columns * k,
        input_dims=input_dims,
        output_dims=output_dims,
    )


def useful_windows(view: DirectView, *, every: bool = False) -> list[int]:
    """The residencies worth trying; ``every`` one that says something else, too."""
    down, across = view.rows.taps > 1, view.columns.taps > 1
    residencies = [WindowResidency.WHOLE] * (down or not across)
    residencies += [WindowResidency.ROW] * across
    residencies += [WindowResidency.NONE] * (down and (every or not across))
    return [int(residency) for residency in residencies]


def window_limit(view: DirectView, p: TilePixels) -> Limit:
    """That the residency says something."""
    holds: Any = False
    for residency in useful_windows(view, every=True):
        holds = holds | (p.window == residency)
    return limit("window", holds, lambda: f"residency {p.window}")
