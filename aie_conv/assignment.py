"""Where the dispatches of a module go: each by itself, then all together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from aie_conv import partitioner
from aie_conv.partitioner import Pricing
from aie_conv.partitioner.configurations import Call, assign_configurations, shared
from aie_conv.plan import Decision, Plan
from aie_conv.planning import Planning
from aie_conv.problem import OperationProblem, Problem


@dataclass(frozen=True)
class Request:
    """A dispatch that a route may take.

    Attributes:
        name: the dispatch's.
        problem: what it computes.
        constants: the names of its operands that are equal at every call.
    """

    name: str
    problem: Problem
    constants: frozenset[str]


def decide(planning: Planning, request: Request, *, measure: bool) -> Decision:
    """Where a dispatch goes by itself; ``measure`` lets the simulator decide close calls.

    Raises:
        UsageError: its pin cannot be followed.
    """
    options, problem, pins = planning.options, request.problem, planning.pins
    return partitioner.choose(
        problem,
        device=options.device,
        route=options.route,
        f32=options.f32,
        direct=options.direct,
        constants=request.constants,
        pin=pins.find(request.name, problem.describe()) if pins is not None else None,
        pricing=Pricing(planning.host, planning.planner, measure),
    )


def assign(
    planning: Planning,
    requests: Sequence[Request],
    decisions: Sequence[Decision],
    fits: Callable[[Plan], bool],
) -> list[Decision]:
    """The decisions with plans that share configurations where that is cheaper.

    Args:
        planning: the options' part.
        requests: in program order.
        decisions: what :func:`decide` says of each, close calls not measured.
        fits: whether a plan's program keeps within the device's limits.
    """
    rest = [i for i, each in enumerate(requests) if not isinstance(each.problem, OperationProblem)]
    if len(rest) < len(requests):
        # Other operations share no configurations.
        every = list(decisions)
        some = assign(planning, [requests[i] for i in rest], [every[i] for i in rest], fits)
        for i, decision in zip(rest, some, strict=True):
            every[i] = decision
        return every
    few = planning.options.configurations == "few"
    if few and len(requests) == 1:
        # Nothing to share: the close call may also be with the CPU.
        return [decide(planning, requests[0], measure=True)]
    npu = [i for i, decision in enumerate(decisions) if decision.plan is not None]
    assigned = [decisions[i] for i in npu]
    asked = [requests[i] for i in npu]
    if few:
        planning.progress("choosing configurations")
        assigned = assign_configurations(
            [_call(planning, *pair) for pair in zip(asked, assigned, strict=True)],
            partitioner.shareable_routes(planning.options.route),
            planning.options.device,
            planning.host,
            planning.store,
            fits,
        )
        assigned = _measure_close(planning, asked, assigned)
    plans = iter(shared([d.plan for d in assigned if d.plan is not None], fits))
    everything = list(decisions)
    for i, decision in zip(npu, assigned, strict=True):
        has_plan = decision.plan is not None
        everything[i] = replace(decision, plan=next(plans)) if has_plan else decision
    return everything


def _is_pinned(planning: Planning, request: Request) -> bool:
    pins = planning.pins
    return pins is not None and pins.find(request.name, request.problem.describe()) is not None


def _call(planning: Planning, request: Request, decision: Decision) -> Call:
    free = not _is_pinned(planning, request)
    return Call(decision, request.constants, free, decision.cpu_cycles if free else None)


def _measure_close(
    planning: Planning, requests: Sequence[Request], decisions: Sequence[Decision]
) -> list[Decision]:
    """The decisions with close calls measured where a problem has a configuration to itself."""
    users: dict[Hashable, set[Problem]] = {}
    for request, decision in zip(requests, decisions, strict=True):
        if decision.plan is not None:
            users.setdefault(decision.plan.configuration, set()).add(request.problem)
    measured: dict[tuple[Problem, frozenset[str]], Decision] = {}
    result: list[Decision] = []
    for request, decision in zip(requests, decisions, strict=True):
        plan = decision.plan
        alone = plan is not None and len(users[plan.configuration]) == 1
        if not alone or _is_pinned(planning, request):
            result.append(decision)
            continue
        key = (request.problem, request.constants)
        if key not in measured:
            measured[key] = decide(planning, request, measure=True)
        result.append(measured[key])
    return result
