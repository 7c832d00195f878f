"""The im2col route behind the partitioner's interface."""

from dataclasses import replace

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.img2col.scheme import GemmParameters, GemmScheme, candidates, common
from aie_conv.img2col.view import make_view
from aie_conv.mapping.loops import matrix_unit
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.problem import ConvProblem


class Im2colRoute(ArrayRoute):
    """Implicit GEMM: the windows are read by DMA addresses, the product runs on the matrix unit."""

    name = "im2col"
    style = "vector"

    def scheme(self, problem: ConvProblem, device: Device) -> GemmScheme:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        view = replace(make_view(problem), unit=matrix_unit(problem, device.arch))
        return GemmScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[GemmParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        return Space(scheme, candidates(scheme))

    def common(self, problem: ConvProblem, device: Device) -> Space[GemmParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        return Space(scheme, common(scheme), ("tile_h", "tile_w", "pixel_repeats"))
