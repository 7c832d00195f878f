"""The epilogue of a core whose tile the text fixes: its function and what it costs."""

from collections.abc import Callable
from typing import Any, Protocol

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import Sizes
from aie_conv.mapping.numbers import each, most, where


class TimedEpilogue(Protocol):
    """An epilogue's function, of which a call's cycles are known."""

    def cycles(self) -> int:
        """Issue cycles of one call."""
        ...


def columns_of(n: int, channels: int) -> int:
    """Channels that one call handles: all of an N tile, or those that one object of a residual holds."""
    wanted = where(channels > 0, channels, n)
    return where(wanted < n, wanted, n)


def make_epilogue(
    device: Device,
    view: ProblemView,
    rst: tuple[int, int, int],
    tile: tuple[int, int, int],
    blocks: ResidualBlocks,
    sizes: Sizes | None = None,
) -> EpilogueKernel:
    """The epilogue's function.

    Args:
        device, view: where and what.
        rst: the shape of the accumulator's blocks.
        tile: output pixels, output channels, and channels of the residual in one object.
        blocks: where a residual lies in an object of the input.
        sizes: of the mapping; None where only the cycles are asked for.
    """
    pixels, n, channels = tile
    base, vectors, a_elements, b_elements = 0, tuple[tuple[int, int], ...](), 0, 0
    if sizes is not None:
        base = sizes.filters.bias_at if sizes.l1.resident else 0
        vectors = sizes.filters.bias_offsets
        a_elements, b_elements = sizes.l1.input, sizes.l1.filter
    return EpilogueKernel(
        arch=device.arch,
        epilogue=view.problem.epilogue,
        accumulator=view.problem.accumulator,
        out_dtype=view.problem.out.dtype,
        operand_dtype=view.dtype,
        rst=rst,
        m=pixels,
        n=n,
        columns=columns_of(n, channels),
        vector_at=tuple((index, base + offset) for index, offset in vectors),
        residual=view.residual.index if view.residual else None,
        blocks=blocks,
        a_elements=a_elements,
        b_elements=b_elements,
        vector_bytes=device.arch.vector_load_bytes,
    )


def epilogue_cycles(
    make: Callable[..., TimedEpilogue], n: int, channels: int, *tile: Any
) -> tuple[int, int]:
    """Calls of the epilogue of a tile, and cycles of each.

    Args:
        make: the epilogue of channels, channels of the residual in one object, and a tile.
        n, channels, tile: these.
    """
    return most(1, n // columns_of(n, channels)), each(
        lambda *sizes: make(*sizes).cycles(), n, channels, *tile
    )
