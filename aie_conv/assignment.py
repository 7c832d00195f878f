"""Where the dispatches of a module go: each by itself, then all together."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from aie_conv import partitioner
from aie_conv.arch.machine import current
from aie_conv.artifact import Verifier
from aie_conv.graph import DispatchGraph
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.partitioner import Pricing
from aie_conv.partitioner.choices import NpuCall, best_plan
from aie_conv.partitioner.configurations import (
    Choice,
    assign_configurations,
    change_cycles,
    shared,
)
from aie_conv.partitioner.operations import (
    in_block_float,
    joined_candidate,
    stay_cycles,
    without_detours,
)
from aie_conv.partitioner.pins import Pin
from aie_conv.partitioner.relations import find_relations
from aie_conv.plan import Decision, Split
from aie_conv.planning import Planning
from aie_conv.problem import BLOCK_FLOAT, OperationProblem, Problem


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


def decide(
    planning: Planning,
    request: Request,
    *,
    measure: bool,
    pinned: bool = True,
    alone: bool = False,
) -> Decision:
    """Where a dispatch goes by itself.

    Args:
        planning: the options' part.
        request: the dispatch.
        measure: whether the simulator decides close calls.
        pinned: whether its entry of the route file is followed.
        alone: whether no other can be in its call of the NPU, whose launch it then pays.

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
        pricing=Pricing(
            planning.host,
            planning.planner,
            measure,
            split,
            current().host.launch if alone else 0.0,
            not options.only,
        ),
    )
    if split is None or not any(c.rest_cycles for c in decision.candidates):
        return decision
    if decision.plan is None:
        note = "" if decision.withheld else f"; priced as split behind the product: {split.reason}"
        return replace(decision, reason=f"{decision.reason}{note}")
    reason = f"{decision.reason}; split behind the product: {split.reason}"
    return replace(decision, reason=reason, split=split.reason)


def assign(
    planning: Planning,
    requests: Sequence[Request],
    decisions: Sequence[Decision],
    graphs: Sequence[DispatchGraph],
    verifier: Verifier,
) -> Choice:
    """The decisions with the plans that make the whole cheapest.

    Args:
        planning: the options' part.
        requests: in program order.
        decisions: what :func:`decide` says of each, close calls not measured.
        graphs: what they read of each other, a block each.
        verifier: of programs.
    """
    everything = list(decisions)
    rest = [i for i, each in enumerate(requests) if not isinstance(each.problem, OperationProblem)]
    few = planning.options.configurations == "few"
    if few and len(rest) == 1 and not _was_split(requests[rest[0]], decisions[rest[0]]):
        # Nothing to share: the close call may also be with the CPU.
        only = decide(planning, requests[rest[0]], measure=True, alone=True)
        everything[rest[0]] = only
        return Choice(everything, _excess(only))
    joinable = _joinable(planning, requests, decisions) if few and rest else {}
    able = [
        i
        for i, request in enumerate(requests)
        if few and (i in joinable or _may_go(planning, request, decisions[i]))
    ]
    npu_excess = None
    if able:
        planning.progress("choosing configurations")
        offered = [joinable.get(i, decisions[i]) for i in able]
        choice = assign_configurations(
            _calls(planning, [requests[i] for i in able], offered, graphs),
            partitioner.shareable_routes(planning.options.route),
            planning.options.device,
            planning.host,
            planning.store,
            verifier.has_room,
        )
        npu_excess = choice.npu_excess
        for i, decision in zip(able, choice.decisions, strict=True):
            if i not in joinable or decision.plan is not None:
                everything[i] = decision
        close = [i for i in able if i not in joinable and decisions[i].plan is not None]
        measured = _measure_close(
            planning, [requests[i] for i in close], [everything[i] for i in close]
        )
        for i, decision in zip(close, measured, strict=True):
            everything[i] = decision
    npu = [i for i, decision in enumerate(everything) if isinstance(decision.plan, ArrayPlan)]
    plans = shared([plan for i in npu if (plan := everything[i].plan) is not None], verifier.fits)
    for i, plan in zip(npu, plans, strict=True):
        everything[i] = replace(everything[i], plan=plan)
    change = change_cycles(planning.options.device)
    return Choice(without_detours(everything, change), npu_excess)


def _joinable(
    planning: Planning, requests: Sequence[Request], decisions: Sequence[Decision]
) -> dict[int, Decision]:
    """What may be decided of operations between contractions: a plan in their programs, or to stay.

    Staying is where the decision by itself has put it, on the CPU or in a call of its own.
    """
    options = planning.options
    products = [i for i, r in enumerate(requests) if not isinstance(r.problem, OperationProblem)]
    asked = options.route in ("auto", "direct") and options.direct in ("auto", "parametric")
    blocks = options.permission.on(options.device).bf16 == BLOCK_FLOAT
    offers: dict[int, Decision] = {}
    for i in range(products[0], products[-1]) if asked and options.regions != "single" else ():
        problem, decision = requests[i].problem, decisions[i]
        if not isinstance(problem, OperationProblem) or _is_pinned(planning, requests[i]):
            continue
        wanted = in_block_float(problem) if blocks else problem
        joined = joined_candidate(wanted, options.device, requests[i].constants)
        if joined is not None:
            others = (joined, *decision.candidates)
            offers[i] = replace(decision, route="cpu", plan=None, candidates=others)
    return offers


def _excess(decision: Decision) -> int | None:
    """How much more the NPU costs where the CPU was cheaper; None where it was not."""
    npu = [c.cost for c in decision.candidates if c.plan is not None and not c.refused]
    cpu = decision.cpu_cycles
    return min(npu) - cpu if npu and cpu and decision.plan is None else None


def _may_go(planning: Planning, request: Request, decision: Decision) -> bool:
    """Whether a dispatch has a plan, taken or not: the CPU may have been cheaper by itself alone."""
    if isinstance(request.problem, OperationProblem):
        # Only where a pin has put it into the contractions' programs.
        return isinstance(decision.plan, ArrayPlan)
    if decision.plan is not None:
        return True
    return request.split is None and best_plan(decision) is not None


def _calls(
    planning: Planning,
    requests: Sequence[Request],
    decisions: Sequence[Decision],
    graphs: Sequence[DispatchGraph],
) -> list[NpuCall]:
    relations = find_relations(graphs, {request.name for request in requests})
    single = planning.options.regions == "single"
    calls: list[NpuCall] = []
    for request, decision in zip(requests, decisions, strict=True):
        relation = relations[request.name]
        calls.append(
            NpuCall(
                decision,
                request.constants,
                not _is_pinned(planning, request),
                _cpu_cycles(planning, request, decision),
                relation.barrier,
                relation.sources,
                single or request.split is not None,
            )
        )
    return calls


def _was_split(request: Request, decision: Decision) -> bool:
    """Whether a whole dispatch was priced as split, and left whole."""
    return request.split is None and any(c.rest_cycles for c in decision.candidates)


def _pin(planning: Planning, request: Request) -> Pin | None:
    if planning.pins is None:
        return None
    split = request.split is not None
    return planning.pins.find(request.name, request.problem.describe(), split=split)


def _is_pinned(planning: Planning, request: Request) -> bool:
    return _pin(planning, request) is not None


def _cpu_cycles(planning: Planning, request: Request, decision: Decision) -> int | None:
    """What the CPU costs in place of a dispatch's plan; None where it may not be taken."""
    if isinstance(request.problem, OperationProblem) and decision.plan is None:
        return stay_cycles(request.problem, decision, planning.options.device, planning.host)
    cpu = decision.cpu_cycles
    if cpu is None or _is_pinned(planning, request):
        return None
    # Whatever plan is taken, what follows it costs the same.
    rest = max(c.rest_cycles for c in decision.candidates)
    return max(0, cpu - rest)


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
