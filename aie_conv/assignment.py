"""Where the dispatches of a module go: each by itself, then all together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from aie_conv import partitioner
from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.partitioner import Pricing
from aie_conv.partitioner.configurations import NpuCall, assign_configurations, shared
from aie_conv.partitioner.pins import Pin
from aie_conv.plan import Decision, Plan, Split
from aie_conv.planning import Planning
from aie_conv.problem import OperationProblem, Problem


@dataclass(frozen=True)
class Request:
    """A dispatch that a route may take.

    Attributes:
        name: the dispatch's.
        problem: what it computes.
        constants: the names of its operands that are equal at every call.
        split: what the problem is the first part of; None where it is a dispatch's whole.
    """

    name: str
    problem: Problem
    constants: frozenset[str]
    split: Split | None = None


def decide(planning: Planning, request: Request, *, measure: bool, pinned: bool = True) -> Decision:
    """Where a dispatch goes by itself.

    Args:
        planning: the options' part.
        request: the dispatch.
        measure: whether the simulator decides close calls.
        pinned: whether its entry of the route file is followed.

    Raises:
        UsageError: its pin cannot be followed.
    """
    options, problem, split = planning.options, request.problem, request.split
    decision = partitioner.choose(
        problem,
        device=options.device,
        route=options.route,
        permission=options.permission,
        direct=options.direct,
        constants=request.constants,
        pin=_pin(planning, request) if pinned else None,
        pricing=Pricing(planning.host, planning.planner, measure, split),
    )
    if split is None or not any(c.rest_cycles for c in decision.candidates):
        return decision
    if decision.plan is None:
        # What a report counts by its reason keeps it.
        stays = decision.reason == partitioner.F32_STAYS
        note = "" if stays else f"; priced as split behind the product: {split.reason}"
        return replace(decision, reason=f"{decision.reason}{note}")
    reason = f"{decision.reason}; split behind the product: {split.reason}"
    return replace(decision, reason=reason, split=split.reason)


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
    if few and len(requests) == 1 and not _was_split(requests[0], decisions[0]):
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
            _launch_cycles(planning),
        )
        assigned = _measure_close(planning, asked, assigned)
    plans = iter(shared([d.plan for d in assigned if d.plan is not None], fits))
    everything = list(decisions)
    for i, decision in zip(npu, assigned, strict=True):
        has_plan = decision.plan is not None
        everything[i] = replace(decision, plan=next(plans)) if has_plan else decision
    return everything


def _was_split(request: Request, decision: Decision) -> bool:
    """Whether a whole dispatch was priced as split, and left whole."""
    return request.split is None and any(c.rest_cycles for c in decision.candidates)


def _pin(planning: Planning, request: Request) -> Pin | None:
    if planning.pins is None:
        return None
    split = request.split is not None
    return planning.pins.find(request.name, request.problem.describe(), split=split)


def _launch_cycles(planning: Planning) -> int:
    """What a call costs besides its dispatches, where one may do several of them; else 0."""
    if planning.options.regions == "single":
        return 0
    return round(current().host.launch * get_device(planning.options.device).arch.clock_hz)


def _is_pinned(planning: Planning, request: Request) -> bool:
    return _pin(planning, request) is not None


def _call(planning: Planning, request: Request, decision: Decision) -> NpuCall:
    free, cpu = not _is_pinned(planning, request), decision.cpu_cycles
    if not free or cpu is None:
        return NpuCall(decision, request.constants, free, None)
    # Whatever plan is taken, what follows it costs the same.
    rest = max(c.rest_cycles for c in decision.candidates)
    return NpuCall(decision, request.constants, free, max(0, cpu - rest))


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
