"""The im2col route behind the partitioner's interface."""

from collections.abc import Iterable

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.img2col.tiling import GemmTiling, candidates, plain
from aie_conv.img2col.view import make_view
from aie_conv.mapping.route import ArrayRoute, Ways
from aie_conv.problem import ConvProblem


class Im2colRoute(ArrayRoute):
    """Implicit GEMM: the windows are read by DMA addresses, the product runs on the matrix unit."""

    name = "im2col"
    style = "vector"

    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        view = make_view(problem)
        known = {"gemm": view, "device": device}
        return Ways(GemmTiling, known, candidates(view, device))

    def plain(self, problem: ConvProblem, device: Device) -> Iterable[GemmTiling]:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        return plain(make_view(problem), device)
