"""What the routes share behind the partitioner's interface: search, or a plan's own parameters."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aie_conv.arch import Device, get_device
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.search import finalists, rebuilt
from aie_conv.mapping.streams import count_tasks
from aie_conv.mapping.tiling import Tiling
from aie_conv.problem import ConvProblem


@dataclass(frozen=True)
class Ways:
    """The tilings of a problem.

    Attributes:
        kind: their class.
        known: its fields that are no parameters of a plan.
        candidates: those worth checking; made as they are asked for.
    """

    kind: type[Tiling]
    known: dict[str, Any]
    candidates: Iterable[Tiling]


class ArrayRoute(ABC):
    """A route, or one style of it; see :class:`aie_conv.plan.Route`."""

    name: str
    style: str

    @abstractmethod
    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """The route's tilings of a problem.

        Raises:
            Unsupported: it does not compute such problems.
        """

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> ArrayPlan:
        """The best tiling of a problem, or the one that ``parameters`` state."""
        if parameters is None:
            return self.finalists(problem, device, 1)[0]
        ways = self.ways(problem, get_device(device))
        return self._plan(*rebuilt(ways.kind, ways.known, parameters, count_tasks))

    def finalists(self, problem: ConvProblem, device: str, count: int) -> list[ArrayPlan]:
        """The best tilings."""
        ways = self.ways(problem, get_device(device))
        refused = ConfigRefused("tile", f"tile: no tiling of {problem.describe()}")
        found = finalists(ways.candidates, refused, count_tasks, count)
        return [self._plan(*each) for each in found]

    def shareable(self, problem: ConvProblem, device: str) -> list[ArrayPlan]:
        """Plans for configurations that other problems may have too: none, where nothing is known of any."""
        best: dict[Hashable, ArrayPlan] = {}
        for tiling in self.plain(problem, get_device(device)):
            try:
                tiling.check()
            except ConfigRefused:
                continue
            plan = self._plan(tiling, tiling.cycles)
            known = best.get(plan.configuration)
            if known is None or plan.predicted_cycles < known.predicted_cycles:
                best[plan.configuration] = plan
        return list(best.values())

    def plain(self, problem: ConvProblem, device: Device) -> Iterable[Tiling]:
        """Tilings of sizes that many problems have, whose objects do not depend on the problem."""
        del problem, device
        return ()

    def _plan(self, tiling: Tiling, cycles: int) -> ArrayPlan:
        return ArrayPlan(self.name, self.style, tiling, cycles)
