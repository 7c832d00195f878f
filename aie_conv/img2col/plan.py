"""The im2col route behind the partitioner's interface."""

from collections.abc import Mapping

from aie_conv.arch import get_device
from aie_conv.array.plan import ArrayPlan
from aie_conv.array.search import rebuilt
from aie_conv.array.streams import count_tasks
from aie_conv.img2col.tiling import GemmTiling, best
from aie_conv.img2col.view import make_view
from aie_conv.kernels import epilogue
from aie_conv.problem import ConvProblem


class Im2colRoute:
    """Implicit GEMM: the windows are read by DMA addresses, the product runs on the matrix unit."""

    name = "im2col"
    style = "vector"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> ArrayPlan:
        """The best tiling of a problem, or the one that ``parameters`` state.

        See :class:`aie_conv.partitioner.interface.Route`.
        """
        if parameters is None:
            return self.finalists(problem, device, 1)[0]
        epilogue.check(problem.epilogue, problem.accumulator)
        known = {"gemm": make_view(problem), "device": get_device(device)}
        made = rebuilt(GemmTiling, known, parameters, count_tasks)
        return ArrayPlan(self.name, self.style, *made)

    def finalists(self, problem: ConvProblem, device: str, count: int) -> list[ArrayPlan]:
        """The best tilings; see :class:`aie_conv.partitioner.interface.Route`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        found = best(make_view(problem), get_device(device), count)
        return [ArrayPlan(self.name, self.style, *made) for made in found]
