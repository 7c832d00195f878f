"""What the routes share behind the partitioner's interface: search, or a plan's own parameters."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from collections.abc import Mapping as Numbers
from typing import Any

from aie_conv.arch import Device, get_device
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.search import Scheme, Space, finalists, rebuild
from aie_conv.problem import ConvProblem


class ArrayRoute(ABC):
    """A route, or one style of it; see :class:`aie_conv.plan.Route`."""

    name: str
    style: str

    @abstractmethod
    def scheme(self, problem: ConvProblem, device: Device) -> Scheme[Any]:
        """The route's mappings of a problem.

        Raises:
            Unsupported: it does not compute such problems.
        """

    @abstractmethod
    def space(self, problem: ConvProblem, device: Device) -> Space[Any]:
        """Those worth checking."""

    def common(self, problem: ConvProblem, device: Device) -> Space[Any] | None:
        """Those of sizes that many problems have, whose objects do not depend on the problem."""
        del problem, device
        return None

    def propose(
        self, problem: ConvProblem, device: str, parameters: Numbers[str, int] | None = None
    ) -> ArrayPlan:
        """The best mapping of a problem, or the one that ``parameters`` state."""
        if parameters is None:
            return self.finalists(problem, device, 1)[0]
        return self._plan(*rebuild(self.scheme(problem, get_device(device)), parameters))

    def finalists(self, problem: ConvProblem, device: str, count: int) -> list[ArrayPlan]:
        """The best mappings."""
        refused = ConfigRefused("tile", f"tile: no tiling of {problem.describe()}")
        found = finalists(self.space(problem, get_device(device)), refused, count)
        return [self._plan(*each) for each in found]

    def shareable(self, problem: ConvProblem, device: str) -> list[ArrayPlan]:
        """Plans for configurations that other problems may have too: none, where nothing is known of any."""
        space = self.common(problem, get_device(device))
        if space is None:
            return []
        best: dict[Hashable, ArrayPlan] = {}
        fitting, _ = space.fitting(range(len(space)))
        for candidate in sorted(fitting, key=lambda c: c.order[1]):
            mapping = space.mapping(candidate)
            plan = self._plan(mapping, mapping.cost.cycles)
            known = best.get(plan.configuration)
            if known is None or plan.predicted_cycles < known.predicted_cycles:
                best[plan.configuration] = plan
        return list(best.values())

    def _plan(self, mapping: Mapping, cycles: int) -> ArrayPlan:
        return ArrayPlan(self.name, self.style, mapping, cycles)
