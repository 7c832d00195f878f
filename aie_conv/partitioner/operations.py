"""Where an operation goes that is no contraction.

Two conventions of cost meet. Alone, a call of the NPU takes its cycles, a launch, a change of the array's
configuration (no other dispatch has its program), and the copies of the host. Inside a region of several
operations it takes its cycles. A candidate has both: ``run_cycles`` and ``host_cycles``. The decision is of
the first kind, and by it the CPU mostly keeps an operation that stands alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import Protocol, cast

from aie_conv.arch import get_device
from aie_conv.arch.machine import Machine, current
from aie_conv.errors import ConfigRefused, Unsupported, UsageError
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.partitioner.cost import HostCost
from aie_conv.partitioner.pins import Frozen, Pin
from aie_conv.partitioner.reasons import decide
from aie_conv.plan import Candidate, Decision, Plan
from aie_conv.problem import BLOCK_FLOAT, OperationProblem

_ROUTES = {"direct": "aie_conv.operations.plan:OperationRoute"}
"""Route -> class. A new kind of operation is a route's to take or to refuse."""


_SHARED = "aie_conv.direct.parametric.lanewise_route:LanewiseOperations"
"""Operations in the programs of contractions."""

_MOVES_STAY = "a move alone is the host's copy, whatever the route"
"""The NPU's would only read and write the host's memory once more; inside a region it has its price."""


class OperationPlanner(Protocol):
    """A way of running operations on the NPU."""

    def propose(
        self, problem: OperationProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> Plan:
        """As of :class:`aie_conv.plan.Route`."""
        ...


class SharedOperations(OperationPlanner, Protocol):
    """A way of running operations in the programs of contractions."""

    def propose(
        self,
        problem: OperationProblem,
        device: str,
        parameters: Mapping[str, int] | None = None,
        constants: frozenset[str] | None = None,
    ) -> Plan:
        """As of :class:`aie_conv.plan.Route`, of operands of which some are equal at every call."""
        ...

    def shareable(
        self, problem: OperationProblem, device: str, constants: frozenset[str] | None = None
    ) -> Sequence[ArrayPlan]:
        """As of :class:`aie_conv.plan.Route`, of operands of which some are equal at every call."""
        ...


def choose_operation(
    problem: OperationProblem,
    device: str,
    route: str,
    constants: frozenset[str] | None,
    pin: Pin | None,
    host: HostCost,
    *,
    cpu: bool = True,
) -> Decision:
    """Decide where one operation runs; arguments as of :func:`aie_conv.partitioner.choose`.

    Args:
        problem, device, route, constants, pin, host: as there.
        cpu: whether the CPU may be taken where a route has a plan.

    Raises:
        UsageError: the pinned plan does not exist.
    """
    wanted = pin.route if pin is not None else route
    if wanted == "cpu":
        return Decision("cpu", "pinned to the CPU" if pin is not None else "the CPU was asked for")
    names = tuple(_ROUTES) if wanted == "auto" else (wanted,)
    asked = [_ask(name, problem, device, constants, pin, host) for name in names]
    able = [candidate for candidate in asked if candidate.plan is not None]
    if pin is not None and not able:
        raise UsageError(
            f"{pin.where}: the pinned plan does not fit: {asked[0].refused}:"
            " correct or remove the entry"
        )
    stays = [_cpu(problem, device, host)] if wanted == "auto" and cpu else []
    if not able:
        return Decision("cpu", "; ".join(c.refused for c in asked), None, (*stays, *asked))
    if problem.kind == "move" and pin is None and cpu:
        kept = (replace(candidate, refused=_MOVES_STAY) for candidate in able)
        return Decision("cpu", _MOVES_STAY, None, (*stays, *kept))
    best = min([*able, *stays], key=lambda candidate: candidate.cost)
    inside = min(able, key=lambda candidate: candidate.run_cycles)
    note = f"; {inside.run_cycles:,} of the array".replace(",", " ")
    losers = [candidate for candidate in [*asked, *stays] if candidate is not best]
    return decide(best, losers, note + ("; pinned" if pin is not None else ""))


def in_block_float(problem: OperationProblem) -> OperationProblem:
    """An operation for programs of products in bfp16; its result is the same."""
    return replace(problem, arithmetic=BLOCK_FLOAT) if problem.lhs.dtype == "bf16" else problem


def joined_candidate(
    problem: OperationProblem, device: str, constants: frozenset[str]
) -> Candidate | None:
    """An operation in a program of contractions: what it costs inside a call; None where none computes it."""
    try:
        plans = _shared_route().shareable(problem, device, constants)
    except (Unsupported, ConfigRefused):
        return None
    if not plans:
        return None
    best = min(plans, key=lambda plan: plan.predicted_cycles)
    plan = cast("Plan", best)
    return Candidate(best.route, best.style, plan, best.predicted_cycles, 0, best.bound)


def _shared_route() -> SharedOperations:
    module, _, cls = _SHARED.partition(":")
    route: SharedOperations = getattr(import_module(module), cls)()
    return route


def stay_cycles(problem: OperationProblem, decision: Decision, device: str, host: HostCost) -> int:
    """What an operation costs that does not join: on the CPU, or in a call of its own."""
    apart = [c for c in decision.candidates if not isinstance(c.plan, ArrayPlan) and not c.refused]
    known = next((c.cost for c in apart if c.cost), 0)
    clock = get_device(device).arch.clock_hz
    return known or round(host.operation_seconds(problem) * clock)


def without_detours(decisions: Sequence[Decision], change: int) -> list[Decision]:
    """The decisions without calls of single operations that cost more than the CPU where they stand.

    By itself an operation is charged one change of the array's configuration. Between two calls of one
    configuration it brings two about, there and back.

    Args:
        decisions: of all dispatches, in program order.
        change: cycles of a change.
    """
    kept = list(decisions)
    for number, decision in enumerate(decisions):
        plan, cpu = decision.plan, decision.cpu_cycles
        alone = plan is not None and isinstance(plan.problem, OperationProblem)
        if plan is None or cpu is None or not alone or isinstance(plan, ArrayPlan):
            continue
        others = [each.plan for each in (*kept[number + 1 :], *kept[:number]) if each.plan]
        if not others:
            continue
        # A run begins in the configuration that the one before it has left.
        behind, before, own = (each.configuration for each in (others[0], others[-1], plan))
        changes = (before != own) + (own != behind) - (before != behind)
        price = next((c.cost for c in decision.candidates if c.plan is plan), 0)
        if price + (changes - 1) * change >= cpu:
            why = f"cpu: {cpu} cycles, less than {price} and the change back to the calls around it"
            kept[number] = replace(
                decision, route="cpu", plan=None, reason=f"{why}; {decision.reason}"
            )
    return kept


def alone_seconds(device: str, host: HostCost) -> float:
    """What a call costs beside its copies where its program serves it alone."""
    machine = current()
    arch = get_device(device).arch.name
    return host.dispatch_seconds + machine.host.launch + machine.reconfiguration(arch)


def _cpu(problem: OperationProblem, device: str, host: HostCost) -> Candidate:
    clock = get_device(device).arch.clock_hz
    overhead = round(host.dispatch_seconds * clock)
    total = round(host.operation_seconds(problem) * clock)
    return Candidate("cpu", "", None, total - overhead, overhead, "memory")


def _ask(
    route: str,
    problem: OperationProblem,
    device: str,
    constants: frozenset[str] | None,
    pin: Pin | None,
    host: HostCost,
) -> Candidate:
    """What a route's plan costs, or why there is none."""
    if route not in _ROUTES:
        return Candidate(route, "", refused=f"{route}: {problem.kind}: it takes contractions alone")
    fixed = pin.parameters if pin is not None else None
    if pin is not None and pin.style == "parametric":
        if pin.arithmetic == BLOCK_FLOAT:
            problem = in_block_float(problem)
        plan = _shared(problem, device, fixed, constants)
    else:
        plan = _proposed(_ROUTES[route], problem, device, fixed, current())
    if isinstance(plan, str):
        return Candidate(route, problem.kind, refused=f"{route}: {problem.kind}: {plan}")
    clock = get_device(device).arch.clock_hz
    equal = frozenset[str]() if constants is None else constants
    seconds = alone_seconds(device, host) + host.copy_seconds(plan, equal)
    beside = round(seconds * clock)
    return Candidate(route, plan.style, plan, plan.predicted_cycles, beside, plan.bound)


def _shared(
    problem: OperationProblem,
    device: str,
    fixed: Frozen | None,
    constants: frozenset[str] | None,
) -> Plan | str:
    """A pinned plan in a program of contractions, or why there is none."""
    parameters = dict(fixed) if fixed is not None else None
    try:
        return _shared_route().propose(problem, device, parameters, constants)
    except (Unsupported, ConfigRefused) as refusal:
        return str(refusal)


@lru_cache(maxsize=512)
def _proposed(
    spec: str, problem: OperationProblem, device: str, fixed: Frozen | None, machine: Machine
) -> Plan | str:
    """A route's plan, or why it has none; one answer a problem, device and table of timing constants."""
    del machine
    module, _, cls = spec.partition(":")
    route: OperationPlanner = getattr(import_module(module), cls)()
    try:
        return route.propose(problem, device, dict(fixed) if fixed is not None else None)
    except (Unsupported, ConfigRefused) as refusal:
        return str(refusal)
