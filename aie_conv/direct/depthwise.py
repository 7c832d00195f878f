"""Depthwise convolutions: channels in the lanes of element-wise instructions, blocks of them over cores."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from aie_conv.arch import Device
from aie_conv.codegen.depthwise import DepthwiseKernel
from aie_conv.codegen.window import MOST_UNROLLED
from aie_conv.direct.spans import held_windows, spans
from aie_conv.direct.tiling import DirectTiling
from aie_conv.direct.view import DirectView
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.interface import Kernel
from aie_conv.mapping.plan import by_slice
from aie_conv.mapping.sizes import BUFFERINGS, fits_roughly
from aie_conv.mapping.tiling import limit
from aie_conv.problem import DTYPE_BYTES

_MAX_PIXELS = 1024


@dataclass(frozen=True)
class DepthwiseTiling(DirectTiling):
    """Rows of cores take blocks of channels, and bands of the output's rows where blocks are few.

    Attributes:
        bands: bands of output rows; a slice is a block of channels in a band.
    """

    bands: int

    @cached_property
    def strips(self) -> int:
        """The core works pixel by pixel."""
        return 1

    @cached_property
    def matmul(self) -> Kernel:
        """The core's element-wise products."""
        return DepthwiseKernel(
            self.device.arch,
            self.direct.dtype,
            self.height,
            self.width,
            self.window,
            self.a_elements,
            self.b_elements,
        )

    @cached_property
    def lanes(self) -> int:
        """Channels of a block."""
        return self.device.arch.elementwise[self.direct.dtype][0]

    @cached_property
    def blocks(self) -> int:
        """Blocks of channels; the last one ends at the last channel."""
        return -(-self.direct.n // self.n)

    def channel_of(self, slice_: int) -> int:
        """First channel of a slice's block."""
        return min(slice_ % self.blocks * self.n, self.direct.n - self.n)

    def input_channel(self, slice_: int) -> int:
        """Every channel has its own input."""
        return self.channel_of(slice_)

    @cached_property
    def group_slices(self) -> int:
        """Every block in every band."""
        return self.blocks * self.bands

    @cached_property
    def spread(self) -> bool:
        """Each core has channels or pixels of its own."""
        return self.slices > 1

    @cached_property
    def slice_runs(self) -> tuple[tuple[int, int, int], ...]:
        """Blocks of each band, the overlapping last one apart."""
        whole = self.direct.n // self.n
        runs: list[tuple[int, int, int]] = []
        for band in range(self.bands):
            first = band * self.blocks
            runs.append((first, whole, 0))
            if whole < self.blocks:
                runs.append((first + whole, 1, self.direct.n - self.n))
        return tuple(runs) if len(runs) > 1 else ((0, self.slices, 0),)

    @cached_property
    def k_elements(self) -> int:
        """Taps in one object of the input, rounded up to whole instructions."""
        many = self.device.arch.elementwise[self.direct.dtype][1]
        return -(-prod(self.window.taps) // many) * many

    @cached_property
    def channel_steps(self) -> int:
        """An object of the input holds all channels that its core needs."""
        return 1

    def check_shapes(self) -> None:
        """Raise ConfigRefused where the tile does not fit the instruction or the problem."""
        lanes = self.lanes
        view = self.direct
        limit(self.n == self.kc == lanes, "channels", f"blocks of {self.n}, not {lanes}")
        limit(self.width <= view.columns.size, "tile", f"{self.width} columns")
        limit(self.height > 0, "tile", "no rows")
        limit(0 < self.bands <= view.rows.size, "bands", f"{self.bands}")

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [channels][taps] to [slices][chunks][taps][lanes]."""
        view = self.direct
        outer, taps = self.chunks, prod(self.window.taps)
        name, made = by_slice(self, view.filter, (view.n, outer * taps), view.dtype)
        split = (self.slices, self.n, outer, taps)
        shape = (self.slices, outer, self.k_elements, self.n)
        zeros, order = (0,) * 4, (0, 2, 3, 1)
        return (
            *made,
            HostCopy(
                name, split, view.dtype, zeros, split, order, dest, shape, view.dtype, zeros
            ),
        )  # fmt: skip


def candidates(view: DirectView, device: Device) -> Iterator[DepthwiseTiling]:
    """Tilings worth checking."""
    arch = device.arch
    lanes, _ = arch.elementwise[view.dtype]
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    blocks = -(-view.n // lanes)
    for bands in sorted({1, 2, 4} if blocks < arch.core_rows else {1}):
        if bands > view.rows.size:
            continue
        for held in held_windows(view):
            for height in spans(-(-view.rows.size // bands), 1, 2):
                for width in spans(view.columns.size):
                    if height * width > _MAX_PIXELS:
                        continue
                    for resident, b_depth in BUFFERINGS:
                        made = DepthwiseTiling(
                            device, lanes, lanes, resident, b_depth, view, height, width, held,
                            bands,
                        )  # fmt: skip
                        if made.k_elements > MOST_UNROLLED:
                            continue
                        pixels = made.pixels * lanes
                        b = b_depth * made.b_elements * size
                        if fits_roughly(arch, made.a_elements * size, b, pixels * out, pixels * 4):
                            yield made
