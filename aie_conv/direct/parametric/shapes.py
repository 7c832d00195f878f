"""What may fill the layouts of programs for many shapes: strips, and the parameters of a mapping."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import numpy as np

from aie_conv.arch import Device
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.direct.geometry import WindowResidency, extent
from aie_conv.direct.parametric.layout import (
    L1Layout,
    ParametricParameters,
    group_strips,
    output_shape,
)
from aie_conv.direct.view import DirectView
from aie_conv.mapping.sizes import divisors

MOST_CHANNELS = 256
"""Of an N tile that is tried."""


@dataclass(frozen=True)
class Shape:
    """What a rough estimate needs to know of a mapping: the parameters of these names besides the layout."""

    tile_n: int
    tile_k: int
    height: int
    width: int
    window: int
    input_width: int
    object_channels: int
    object_k_chunks: int
    time_shared: int
    interleaved: bool
    filter_groups: int = 1
    column_shares: int = 1


def ranked(shapes: Iterable[Shape], cost: Callable[[Shape], Any]) -> list[Shape]:
    """Different shapes, those of the least cost first, of equal ones as they come.

    Args:
        shapes: the same may come again.
        cost: of columns in the place of a shape's numbers, a row a shape.
    """
    distinct = list(dict.fromkeys(shapes))
    if not distinct:
        return []
    names = [each.name for each in fields(Shape)]
    columns: Any = {name: np.array([getattr(each, name) for each in distinct]) for name in names}
    order = np.argsort(cost(Shape(**columns)), kind="stable")
    return [distinct[number] for number in order.tolist()]


def _widths(view: DirectView, window: int, pixels: int, shape: tuple[int, int]) -> Iterator[int]:
    """Pixels in a row of a strip of ``pixels``, for ``shape`` (rows, columns) that a tile needs."""
    high, broad = shape
    down, across = view.rows, view.columns
    pitch = across.pitch if window else across.lhs
    row = down.pitch if window == WindowResidency.WHOLE else down.lhs
    if pitch and row % pitch == 0 and broad <= row // pitch <= pixels:
        image_width = row // pitch
        if (high - 1) * image_width + broad <= pixels:
            yield image_width
    fits = (wide for wide in range(broad, pixels // high + 1) if pixels % wide == 0)
    yield from (wide for wide in list(fits)[:1] if pixels // wide >= high)


@dataclass(frozen=True)
class Capacity:
    """What strips of one kind can hold.

    Attributes:
        pixels: of the input in a strip.
        each: output pixels of a strip in an object of the output.
        most: output pixels of a strip whose sums fit.
        time_shared: groups of rows that share time, as many as are worth trying.
    """

    pixels: int
    each: int
    most: int
    time_shared: tuple[int, ...]


def capacity_of(
    layout: Mapping[str, int],
    kernel: ParametricKernel,
    n: int,
    k: int,
    time_shared: tuple[int, ...],
) -> Capacity:
    """What strips hold of a layout.

    Args:
        layout: lengths of the cores' buffers in elements.
        kernel: the product's code in it.
        n, k: output channels of an N tile, and channels of the input in a strip.
        time_shared: as of :class:`Capacity`.
    """
    rows, (y, _), pixels = kernel.rst[0], kernel.group, layout["input_row_elements"] // k
    most = min(pixels, layout["accumulator_elements"] // (rows * n) // y * y)
    return Capacity(pixels, layout["output_elements"] // (rows * n), most, time_shared)


def strips_of(
    view: DirectView, strips: int, window: int, capacity: Capacity
) -> Iterator[tuple[int, int, int, int, bool]]:
    """(height, width, input width, time-shared groups, interleaved) of strips that may fit."""
    apart = window < WindowResidency.WHOLE or view.rows.taps == 1
    for outputs in range(capacity.each, capacity.most + 1, capacity.each):
        for height in divisors(outputs):
            width = outputs // height
            overlap = group_strips(strips, height, view.rows.size)[0] > 1
            fits = overlap or height * strips <= view.rows.size
            if not fits or width > view.columns.size:
                continue
            high = extent(view.rows, height) if window == WindowResidency.WHOLE else height
            broad = extent(view.columns, width) if window else width
            shared = [n for n in capacity.time_shared if n * height * strips <= view.rows.size]
            for wide in _widths(view, window, capacity.pixels, (high, broad)):
                # Each object of the output then has as many rows of the input.
                parts = outputs // capacity.each
                rows, over = divmod(capacity.pixels, parts * wide)
                able = apart and not overlap and parts > 1 and not over and rows * parts >= height
                for count, interleaved in product(
                    shared or [1], [True, False] if able else [False]
                ):
                    if output_shape(height, width, capacity.each, interleaved) != (0, 0):
                        yield height, width, wide, count, interleaved


def taps_of(view: DirectView, window: int) -> int:
    """Taps of the window that are held."""
    down = view.rows.taps if window == WindowResidency.WHOLE else 1
    return down * (view.columns.taps if window else 1)


def kernel_of(device: Device, view: DirectView, layout: L1Layout) -> ParametricKernel:
    """The product's code in a layout."""
    elements, rows = layout.elements(view, device), device.arch.matmul[view.unit][0]
    return ParametricKernel(
        device.arch, view.unit, rows * elements["input_row_elements"], elements["filter_elements"],
        elements["accumulator_elements"], layout.seven_pixels,
    )  # fmt: skip


def parameters_of(
    shape: Shape, layout: L1Layout, elements: Mapping[str, int]
) -> ParametricParameters:
    """A mapping's parameters.

    Args:
        shape: how it is cut.
        layout: the cores' buffers.
        elements: their lengths in elements of the problem.
    """
    values: dict[str, Any] = {**vars(shape), **elements}
    return ParametricParameters(
        resident=False, filter_buffers=2, seven_pixels=layout.seven_pixels, **values
    )
