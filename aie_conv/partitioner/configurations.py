"""The plans of a whole module, chosen together.

Changing the array's configuration takes as long as several layers of a network. Each dispatch may therefore
take another plan than its own best, if that lets neighbours run in one configuration; what decides is
the sum of all calls and changes, in the order of the program.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.partitioner.cache import Known, PlanCache, Question, frozen_parameters
from aie_conv.partitioner.cost import FIXED, HostCost
from aie_conv.partitioner.pins import Frozen
from aie_conv.plan import Decision, Plan, Route
from aie_conv.problem import ConvProblem

MODES = ("few", "each")
"""What ``--amd-aie-configurations`` takes: plans chosen together, or each dispatch's own best."""


@dataclass(frozen=True)
class NpuCall:
    """A dispatch on the NPU, in program order.

    Attributes:
        decision: its own, with a plan.
        constants: the operands that are equal at every call.
        free: whether another plan may be taken.
        cpu: what the CPU costs instead, in cycles of the array's clock; None where it may not be taken.
    """

    decision: Decision
    constants: frozenset[str] | None
    free: bool
    cpu: int | None = None


@dataclass(frozen=True)
class _Way:
    plan: Plan
    cost: int


@dataclass(frozen=True)
class _Row:
    """What one call may take: the cheapest way in each configuration, or the CPU at a price."""

    ways: dict[Hashable, _Way]
    cpu: int | None


_NOTHING = object()
"""The configuration before the first call."""


def change_cycles(device: str) -> int:
    """Cycles of the array's clock to change its configuration."""
    arch = get_device(device).arch
    return round(current().reconfiguration(arch.name) * arch.clock_hz)


def assign_configurations(
    calls: Sequence[NpuCall],
    routes: Iterable[Route],
    device: str,
    host: HostCost = FIXED,
    store: PlanCache | None = None,
    fits: Callable[[Plan], bool] = lambda _: True,
    launch: int = 0,
) -> list[Decision]:
    """The decisions with the plans that make all calls and changes of configuration cheapest.

    Args:
        calls: the dispatches on the NPU in program order.
        routes: those whose plans may be taken instead; they are asked for plans worth sharing.
        device: the user's name of the device.
        host: what the host copies around a call cost.
        store: where what was found is kept, and looked for; None for nowhere.
        fits: whether a program keeps within the device's limits, with all that its sharers need in it.
        launch: cycles of the call that a change of configuration costs besides, where one call does several
            dispatches; 0 where each has its own.
    """
    asked = tuple(routes)
    change = change_cycles(device) + launch
    how = _digest(calls, asked, change, host)
    chosen = _recalled(calls, asked, device, how, store) if store is not None else None
    if chosen is None:
        chosen = _searched(calls, asked, device, host, fits, change)
        if store is not None:
            _remember(calls, chosen, device, how, store)
    return [_told(call, plan, chosen) for call, plan in zip(calls, chosen, strict=True)]


_CPU = ("cpu", "")
"""Where it is remembered that a call goes to the CPU."""


def _remember(
    calls: Sequence[NpuCall], chosen: Sequence[Plan | None], device: str, how: str, store: PlanCache
) -> None:
    for number, (call, plan) in enumerate(zip(calls, chosen, strict=True)):
        decided = call.decision.plan
        assert decided is not None
        if plan is None:
            store.remember(
                _question(number, _CPU, decided.problem, device, how), "the CPU is cheaper"
            )
            continue
        kept = Known(frozen_parameters(plan.parameters), plan.predicted_cycles)
        names = (plan.route, plan.style)
        store.remember(_question(number, names, decided.problem, device, how), kept)


def _digest(calls: Sequence[NpuCall], routes: Sequence[Route], change: int, host: HostCost) -> str:
    """Of everything that the choice depends on besides the planner's version."""
    rows = [
        (
            plan.problem,
            plan.route,
            frozen_parameters(plan.parameters),
            call.cpu,
            call.free,
            constants,
        )
        for call in calls
        if (plan := call.decision.plan) is not None
        for constants in [sorted(call.constants) if call.constants is not None else None]
    ]
    text = repr((rows, [type(route).__name__ for route in routes], change, host))
    return f"together {hashlib.sha256(text.encode()).hexdigest()}"


def _question(
    number: int, names: tuple[str, str], problem: ConvProblem, device: str, how: str
) -> Question:
    """What is asked of a route and style for a call: equal problems may have different plans."""
    return Question(*names, str(number), problem, device, how)


def _recalled(
    calls: Sequence[NpuCall], routes: Sequence[Route], device: str, how: str, store: PlanCache
) -> list[Plan | None] | None:
    """What an earlier search found; None where something is not there, or does not fit any more."""
    proposals: dict[tuple[str, str, ConvProblem, Frozen], Plan] = {}
    chosen: list[Plan | None] = []
    for number, call in enumerate(calls):
        decided = call.decision.plan
        assert decided is not None
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
                    proposals[key] = route.propose(decided.problem, device, dict(known.parameters))
                except (Unsupported, ConfigRefused):
                    return None
            proposal = proposals[key]
        if proposal is None:
            return None
        same = (proposal.route, proposal.parameters) == (decided.route, decided.parameters)
        chosen.append(decided if same else proposal)
    return chosen


def _searched(
    calls: Sequence[NpuCall],
    routes: Sequence[Route],
    device: str,
    host: HostCost,
    fits: Callable[[Plan], bool],
    change: int,
) -> list[Plan | None]:
    clock = get_device(device).arch.clock_hz
    known: dict[tuple[ConvProblem, frozenset[str] | None], tuple[_Way, ...]] = {}

    def way(plan: Plan, constants: frozenset[str] | None) -> _Way:
        copies = host.copy_seconds(plan, constants)
        return _Way(plan, plan.predicted_cycles + round(copies * clock))

    def ways(call: NpuCall) -> tuple[_Way, ...]:
        decided = call.decision.plan
        assert decided is not None
        first = way(decided, call.constants)
        if not call.free:
            return (first,)
        key = (decided.problem, call.constants)
        if key not in known:
            known[key] = tuple(
                way(plan, call.constants)
                for route in routes
                for plan in _shareable(route, decided.problem, device)
            )
        return (first, *known[key])

    table = [_Row(_cheapest(ways(call)), call.cpu) for call in calls]
    while True:
        path = _priced_path(table, change)
        chosen = [way.plan if way is not None else None for way in path]
        crowded = _crowded([plan for plan in chosen if plan is not None], fits)
        before = sum(len(row.ways) for row in table)
        for row in table if crowded else ():
            for key in [k for k, way in row.ways.items() if _is_crowding(way.plan, crowded)]:
                if len(row.ways) > 1 or row.cpu is not None:
                    del row.ways[key]
        if sum(len(row.ways) for row in table) == before:
            return chosen


def _is_crowding(plan: Plan, crowded: Sequence[Plan]) -> bool:
    """Whether a plan needs what one of the others does, which has no room in their configuration."""
    return any(
        plan.configuration == other.configuration and other.shared_with([plan]) is other
        for other in crowded
    )


def _crowded(plans: Sequence[Plan], fits: Callable[[Plan], bool]) -> list[Plan]:
    """A plan of each kind that has no room in the program of its configuration: the rarest kinds go first.

    Plans are of one kind where a program for one of them serves the others.
    """
    groups: dict[Hashable, list[list[Plan]]] = {}
    for plan in plans:
        kinds = groups.setdefault(plan.configuration, [])
        alike = next((kind for kind in kinds if kind[0].shared_with([plan]) is kind[0]), None)
        if alike is None:
            kinds.append([plan])
        else:
            alike.append(plan)
    crowded: list[Plan] = []
    for kinds in groups.values():
        firsts = [kind[0] for kind in sorted(kinds, key=len, reverse=True)]
        if len(firsts) == 1 or fits(firsts[0].shared_with(firsts)):
            continue
        kept = firsts[:1]
        for first in firsts[1:]:
            if fits(first.shared_with([*kept, first])):
                kept.append(first)
            else:
                crowded.append(first)
    return crowded


def _shareable(route: Route, problem: ConvProblem, device: str) -> Sequence[Plan]:
    try:
        return route.shareable(problem, device)
    except Unsupported:
        return ()


def _cheapest(ways: Iterable[_Way]) -> dict[Hashable, _Way]:
    """The cheapest way in each configuration."""
    best: dict[Hashable, _Way] = {}
    for way in ways:
        key = way.plan.configuration
        if key not in best or way.cost < best[key].cost:
            best[key] = way
    return best


def _priced_path(table: list[_Row], change: int) -> list[_Way | None]:
    """The cheapest ways, one a row, with the time to issue their tasks, which is too slow to ask of all.

    None is the CPU.
    """
    priced: dict[int, _Way | None] = {}
    while True:
        path = _path(table, change)
        again = False
        for row, way in zip(table, path, strict=True):
            if way is None:
                continue
            key = way.plan.configuration
            if id(way.plan) not in priced:
                priced[id(way.plan)] = _priced(way)
            known = priced[id(way.plan)]
            if known is None:
                del row.ways[key]
                again = True
            elif known.cost != way.cost:
                priced[id(known.plan)] = row.ways[key] = known
                again = True
        if not again:
            return path


def _priced(way: _Way) -> _Way | None:
    """A way with its whole price; None where its tasks cannot be expressed."""
    try:
        plan = way.plan.issued()
    except ConfigRefused:
        return None
    return _Way(plan, way.cost + plan.predicted_cycles - way.plan.predicted_cycles)


def _path(table: Sequence[_Row], change: int) -> list[_Way | None]:
    """The cheapest ways, one a row, where going to another configuration costs ``change``."""
    # What the cheapest way to each configuration costs, and for each row where it came from.
    cost: dict[Hashable, int] = {_NOTHING: 0}
    before: list[dict[Hashable, tuple[Hashable, _Way | None]]] = []
    for row in table:
        # A run finds the configuration that the one before it left, so the first load is not counted.
        moves = {key: spent + change * (key is not _NOTHING) for key, spent in cost.items()}
        least = min(moves, key=lambda key: moves[key])
        moved = moves[least]
        came: dict[Hashable, tuple[Hashable, _Way | None]] = {}
        now: dict[Hashable, int] = {}
        if row.cpu is not None:
            came = {key: (key, None) for key in cost}
            now = {key: spent + row.cpu for key, spent in cost.items()}
        for key, way in row.ways.items():
            stays = key in cost and cost[key] <= moved
            total = way.cost + (cost[key] if stays else moved)
            if key not in now or total < now[key]:
                now[key], came[key] = total, (key if stays else least, way)
        before.append(came)
        cost = now
    key: Hashable = min(cost, key=lambda key: cost[key])
    path: list[_Way | None] = []
    for came in reversed(before):
        key, way = came[key]
        path.append(way)
    return path[::-1]


def _told(call: NpuCall, plan: Plan | None, chosen: Sequence[Plan | None]) -> Decision:
    """A decision for the plan that was chosen, with why."""
    decision = call.decision
    if plan is decision.plan:
        return decision
    assert decision.plan is not None
    if plan is None:
        why = f"cpu: {call.cpu} cycles, less than another configuration of the array; {decision.reason}"
        return replace(decision, route="cpu", reason=why, plan=None)
    keys = [other.configuration for other in chosen if other is not None]
    why = (
        f"{plan.route}: {plan.predicted_cycles} cycles in a configuration shared with"
        f" {keys.count(plan.configuration) - 1} more (its own best plan: {decision.plan.predicted_cycles});"
        f" {decision.reason}"
    )
    return replace(decision, route=plan.route, reason=why, plan=plan)


def shared(plans: Sequence[Plan], fits: Callable[[Plan], bool]) -> list[Plan]:
    """The plans in programs that serve all plans of their configuration.

    Args:
        plans: of all calls.
        fits: whether a plan's program keeps within the device's limits; where it does not, each plan of
            that configuration keeps its own program.
    """
    groups: dict[Hashable, list[Plan]] = {}
    for plan in plans:
        groups.setdefault(plan.configuration, []).append(plan)
    results: list[Plan] = []
    able: dict[Hashable, bool] = {}
    for plan in plans:
        members = groups[plan.configuration]
        common = plan.shared_with(members)
        if common is plan:
            results.append(plan)
            continue
        if plan.configuration not in able:
            able[plan.configuration] = fits(common)
        results.append(common if able[plan.configuration] else plan)
    return results
