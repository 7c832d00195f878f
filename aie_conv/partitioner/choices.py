"""The choice of a module's plans: what it is made for, and where it is kept."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.partitioner.cache import Known, PlanCache, Question, frozen_parameters
from aie_conv.partitioner.cost import HostCost
from aie_conv.partitioner.path import Overheads
from aie_conv.partitioner.pins import Frozen
from aie_conv.plan import Decision, Plan, Route
from aie_conv.problem import Problem, contraction_of


def best_plan(decision: Decision) -> Plan | None:
    """The plan of a decision, or the cheapest that it had and did not take for its price alone."""
    if decision.plan is not None:
        return decision.plan
    able = (
        c for c in decision.candidates if c.plan is not None and not c.refused and not c.rest_cycles
    )
    return next((c.plan for c in able), None)


@dataclass(frozen=True)
class NpuCall:
    """A dispatch that the NPU can do, in program order.

    Attributes:
        decision: its own, with a plan, or for the CPU with a candidate that has one.
        constants: the operands that are equal at every call.
        free: whether another plan may be taken.
        cpu: what the CPU costs instead, in cycles of the array's clock; None where it may not be taken.
        barrier: the last of the others that no call with this one holds, by its number; -1 for none.
        sources: the number of the one that writes an operand, by the operand's name.
        apart: whether it is a call of its own in any company.
    """

    decision: Decision
    constants: frozenset[str] | None
    free: bool
    cpu: int | None = None
    barrier: int = -1
    sources: Mapping[str, int] = field(default_factory=dict[str, int])
    apart: bool = False

    @property
    def plan(self) -> Plan:
        """Its own best."""
        plan = best_plan(self.decision)
        assert plan is not None
        return plan


@dataclass(frozen=True)
class Chosen:
    """A plan for each call, None for the CPU; and :attr:`Choice.npu_excess`."""

    plans: tuple[Plan | None, ...]
    npu_excess: int | None


_CPU = ("cpu", "")
"""Where it is remembered that a call goes to the CPU."""

_WHOLE = ("cpu", "whole")
"""Where it is remembered that all do, and how much more the NPU would take."""


def remember(
    calls: Sequence[NpuCall], chosen: Chosen, device: str, how: str, store: PlanCache
) -> None:
    """Keep a choice for another compilation."""
    if chosen.npu_excess is not None:
        known = Known((), chosen.npu_excess)
        store.remember(_question(0, _WHOLE, calls[0].plan.problem, device, how), known)
    for number, (call, plan) in enumerate(zip(calls, chosen.plans, strict=True)):
        problem = call.plan.problem
        if plan is None:
            store.remember(_question(number, _CPU, problem, device, how), "the CPU is cheaper")
            continue
        kept = Known(frozen_parameters(plan.parameters), plan.predicted_cycles)
        names = (plan.route, plan.style)
        store.remember(_question(number, names, problem, device, how), kept)


def digest(
    calls: Sequence[NpuCall], routes: Sequence[Route], overheads: Overheads, host: HostCost
) -> str:
    """Of everything that the choice depends on besides the planner's version."""
    rows = [
        (
            call.plan.problem,
            call.plan.route,
            frozen_parameters(call.plan.parameters),
            (call.cpu, call.free, call.barrier, sorted(call.sources.items()), call.apart),
            sorted(call.constants) if call.constants is not None else None,
        )
        for call in calls
    ]
    text = repr((rows, [type(route).__name__ for route in routes], overheads, host))
    return f"together {hashlib.sha256(text.encode()).hexdigest()}"


def _question(
    number: int, names: tuple[str, str], problem: Problem, device: str, how: str
) -> Question:
    """What is asked of a route and style for a call: equal problems may have different plans."""
    return Question(*names, str(number), contraction_of(problem), device, how)


def recall(
    calls: Sequence[NpuCall], routes: Sequence[Route], device: str, how: str, store: PlanCache
) -> Chosen | None:
    """What an earlier search found; None where something is not there, or does not fit any more."""
    proposals: dict[tuple[str, str, Problem, Frozen], Plan] = {}
    chosen: list[Plan | None] = []
    for number, call in enumerate(calls):
        decided = call.plan
        if isinstance(store.recall(_question(number, _CPU, decided.problem, device, how)), str):
            chosen.append(None)
            continue
        proposal = None
        for route in routes:
            names = (route.name, route.style)
            known = store.recall(_question(number, names, decided.problem, device, how))
            if not isinstance(known, Known):
                continue
            key = (route.name, route.style, decided.problem, known.parameters)
            if key not in proposals:
                try:
                    proposals[key] = route.propose(
                        contraction_of(decided.problem), device, dict(known.parameters)
                    )
                except (Unsupported, ConfigRefused):
                    # Another route of this name and style may have made it.
                    continue
            proposal = proposals[key]
        if proposal is None:
            return None
        same = (proposal.route, proposal.parameters) == (decided.route, decided.parameters)
        chosen.append(decided if same else proposal)
    if any(plan is not None for plan in chosen):
        return Chosen(tuple(chosen), None)
    whole = store.recall(_question(0, _WHOLE, calls[0].plan.problem, device, how))
    return Chosen(tuple(chosen), whole.measured) if isinstance(whole, Known) else None
