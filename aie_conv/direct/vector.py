"""The direct route on the matrix unit: every tap of the window is a matrix product in the core."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.codegen.window import WindowKernel
from aie_conv.direct import depthwise
from aie_conv.direct.depthwise import DepthwiseTiling
from aie_conv.direct.spans import held_windows, spans
from aie_conv.direct.tiling import DirectTiling
from aie_conv.direct.view import DirectView, make_view
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.mapping.route import ArrayRoute, Ways
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.tiling import limit
from aie_conv.problem import DTYPE_BYTES, ConvProblem
from aie_conv.rewrites.drop_unit_loops import matrix_dtype

_MAX_CHANNELS = 256
_MAX_PIXELS = 1024


@dataclass(frozen=True)
class WindowTiling(DirectTiling):
    """Dense groups: the window's taps are matrix products over blocks of channels."""

    @cached_property
    def matmul(self) -> WindowKernel:
        """The core's windowed product."""
        return WindowKernel(
            self.device.arch,
            self.direct.dtype,
            self.height,
            self.width,
            self.n,
            self.kc,
            self.window,
            self.a_elements,
            self.b_elements,
        )

    @cached_property
    def strips(self) -> int:
        """Strips of a tile: the rows of the matrix instruction."""
        return self.device.arch.matmul[self.direct.dtype][0]

    @cached_property
    def passes_of_input(self) -> int:
        """The passes over a group's output channels read the same input."""
        return 1 if self.spread else self.passes // self.direct.groups

    def check_shapes(self) -> None:
        """Raise ConfigRefused where tile and chunk do not fit the instruction or the problem."""
        super().check_shapes()
        limit(self.direct.n % self.n == 0, "channels", f"slices of {self.n}")

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to blocks of s x t weights."""
        view, n, kc = self.direct, self.n, self.kc
        _, s, t = self.matmul.rst
        outer, taps = prod(size for size, _ in self.k_outer), prod(self.window.taps)
        parts = view.channels // kc
        split = (self.slices, n // t, t, outer, taps, parts, kc // s, s)
        order = (0, 3, 5, 1, 6, 4, 7, 2)
        blocks = tuple(split[i] for i in order)
        zeros, dtype = (0,) * 8, view.dtype
        return (
            HostCopy(view.filter, split, dtype, zeros, split, order, dest, blocks, dtype, zeros),
        )


def candidates(view: DirectView, device: Device) -> Iterator[WindowTiling]:
    """Tilings worth checking."""
    arch = device.arch
    r, s, t = arch.matmul[view.dtype]
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [d for d in divisors(view.n) if d % max(s, t) == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.channels) if d % s == 0 and d <= 512]
    shapes = [
        (height, width)
        for height in spans(view.rows.size, r, 4)
        for width in spans(view.columns.size)
        if r * height * width <= _MAX_PIXELS
    ]
    for held in held_windows(view):
        for kc in depths:
            for height, width in shapes:
                probe = WindowTiling(device, t, kc, False, 2, view, height, width, held)
                a, pixels = probe.a_elements * size, probe.pixels
                for n in channels:
                    for resident, b_depth in BUFFERINGS:
                        filters = n * (view.k if resident else probe.k_elements) * size
                        acc, result = pixels * n * 4, pixels * n * out
                        if fits_roughly(arch, a, b_depth * filters, result, acc):
                            yield WindowTiling(
                                device, n, kc, resident, b_depth, view, height, width, held
                            )
                            if resident and b_depth == 2:
                                # With room for two whole slices nothing else is faster.
                                break


class VectorRoute(ArrayRoute):
    """Direct convolution by matrix and element-wise instructions."""

    name = "direct"
    style = "vector"

    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        dtype = matrix_dtype(problem)
        lanes, _ = device.arch.elementwise.get(dtype, (None, 0))
        view = make_view(problem, dtype, K_BLOCK, lanes)
        known = {"direct": view, "device": device}
        if view.depthwise:
            return Ways(DepthwiseTiling, known, depthwise.candidates(view, device))
        return Ways(WindowTiling, known, candidates(view, device))
