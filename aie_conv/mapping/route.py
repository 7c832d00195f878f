"""What the routes share behind the partitioner's interface: search, or a plan's own parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Mapping as Numbers
from functools import cache
from typing import Any

from aie_conv.arch import Device, get_device
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.search import PricedMapping, Scheme, Space, finalists, rebuild
from aie_conv.problem import ConvProblem

MOST_OPERAND_BYTES = 1 << 32
"""Bytes of the largest operand that is planned for."""


def check_size(problem: ConvProblem) -> None:
    """Refuse an operand of more bytes than are planned for.

    Raises:
        Unsupported: one is larger.
    """
    operands = {"input": problem.lhs, "filter": problem.rhs, "output": problem.out}
    for name, operand in operands.items():
        if operand.bytes > MOST_OPERAND_BYTES:
            raise Unsupported(f"{name} of {operand.bytes} bytes: at most {MOST_OPERAND_BYTES}")


class ArrayRoute(ABC):
    """A route, or one style of it; see :class:`aie_conv.plan.Route`."""

    name: str
    style: str
    takes: type[ConvProblem] = ConvProblem
    """The kind of problem that it computes: others' products are not what they say."""

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
        self._check(problem)
        return self._plan(*rebuild(self.scheme(problem, get_device(device)), parameters))

    def _check(self, problem: ConvProblem) -> None:
        """Refuse a problem of another kind, and an operand of more bytes than are planned for."""
        if type(problem) is not self.takes:
            raise Unsupported(f"{self.name}: {problem.describe()}: another kind of problem")
        check_size(problem)

    def finalists(self, problem: ConvProblem, device: str, count: int) -> list[ArrayPlan]:
        """The best mappings."""
        self._check(problem)
        refused = ConfigRefused("tile", f"tile: no tiling of {problem.describe()}")
        timed = finalists(self.space(problem, get_device(device)), refused, count)
        return [self._plan(*each) for each in timed]

    def shareable(self, problem: ConvProblem, device: str) -> list[ArrayPlan]:
        """Plans for configurations that other problems may have too: none, where nothing is known of any."""
        self._check(problem)
        space = self.common(problem, get_device(device))
        if space is None:
            return []
        rivals: dict[Hashable, list[PricedMapping]] = {}
        programs: dict[Hashable, Hashable] = {}
        fitting, _ = space.fitting(range(len(space)))
        leaders = [candidate for _, candidate in space.leading(fitting)]

        @cache
        def plan_of(candidate: PricedMapping) -> ArrayPlan:
            return self._plan(space.mapping(candidate), candidate.price.cycles)

        for candidate in sorted(leaders, key=lambda leader: leader.price.cycles):
            program = space.program_key(candidate)
            if program not in programs:
                programs[program] = plan_of(candidate).configuration
            rivals.setdefault(programs[program], []).append(candidate)
        return [_first_issued(each, plan_of) for each in rivals.values()]

    def _plan(self, mapping: Mapping, cycles: int) -> ArrayPlan:
        return ArrayPlan(self.name, self.style, mapping, cycles)


def _first_issued(
    rivals: Sequence[PricedMapping], plan_of: Callable[[PricedMapping], ArrayPlan]
) -> ArrayPlan:
    """Of candidates, the fastest in front, the plan that is fastest with the time to issue its tasks.

    Those whose tasks no descriptor expresses are passed over where another one's can be.

    Args:
        rivals: equally fast ones are ranked by their numbers.
        plan_of: makes a candidate's plan.
    """
    first, *others = rivals
    if not others:
        return plan_of(first)
    best: tuple[tuple[int, int], ArrayPlan] | None = None
    for candidate in rivals:
        # It is never issued in less than it is predicted to take.
        if best is not None and best[0] < (candidate.price.cycles, candidate.order[1]):
            continue
        plan = plan_of(candidate)
        try:
            order = plan.issued().predicted_cycles, candidate.order[1]
        except ConfigRefused:
            continue
        if best is None or order < best[0]:
            best = order, plan
    return best[1] if best is not None else plan_of(first)
