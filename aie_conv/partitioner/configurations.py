"""The plans of a whole module, chosen together.

A launch takes as long as several layers of a network, and so does changing the array's configuration. Each
dispatch may therefore take another plan than its own best, if that lets neighbours run in one configuration,
and so in one call; and one that the CPU would do for less than a call takes may go to the NPU, where a call
goes on over it. What decides is the time of the whole (:mod:`aie_conv.partitioner.path`).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import made_of
from aie_conv.partitioner.cache import PlanCache
from aie_conv.partitioner.choices import Chosen, NpuCall, digest, recall, remember
from aie_conv.partitioner.cost import FIXED, HostCost, usual_constants
from aie_conv.partitioner.joining import WEIGHTS
from aie_conv.partitioner.path import ALONE, Offer, Overheads, Path, Way, cheapest_path
from aie_conv.plan import Decision, Plan, Route
from aie_conv.problem import Problem, contraction_of

_PRICELESS = 2**40
"""Cycles that what the CPU cannot do is worth: more than any network takes."""

MODES = ("few", "each")
"""What ``--amd-aie-configurations`` takes: plans chosen together, or each dispatch's own best."""

PASSES = 16
"""How often ways are chosen before all are asked for their whole price; a quantised YOLOv8n takes one."""


@dataclass(frozen=True)
class Choice:
    """The plans of a module.

    Attributes:
        decisions: one a call.
        npu_excess: where everything stays on the CPU, the cycles more that the whole would take with the NPU;
            else None.
    """

    decisions: list[Decision]
    npu_excess: int | None = None


def change_cycles(device: str) -> int:
    """Cycles of the array's clock to change its configuration."""
    arch = get_device(device).arch
    return round(current().reconfiguration(arch.name) * arch.clock_hz)


def overheads_of(device: str) -> Overheads:
    """What calls and changes of configuration cost on a device."""
    launch = round(current().host.launch * get_device(device).arch.clock_hz)
    return Overheads(launch, change_cycles(device))


def assign_configurations(
    calls: Sequence[NpuCall],
    routes: Iterable[Route],
    device: str,
    host: HostCost = FIXED,
    store: PlanCache | None = None,
    has_room: Callable[[Plan], bool] = lambda _: True,
    overheads: Overheads | None = None,
) -> Choice:
    """The decisions with the plans that make the whole cheapest.

    Args:
        calls: the dispatches that the NPU can do, in program order.
        routes: those whose plans may be taken instead; they are asked for plans worth sharing.
        device: the user's name of the device.
        host: what the host copies around a call cost.
        store: where what was found is kept, and looked for; None for nowhere.
        has_room: whether a core has room for a program, with all that its sharers need in it.
        overheads: what calls and changes cost; None for the device's.
    """
    asked, each = tuple(routes), overheads or overheads_of(device)
    how = digest(calls, asked, each, host)
    found = recall(calls, asked, device, how, store) if store is not None else None
    if found is None:
        found = _searched(calls, asked, device, host, has_room, each)
        if store is not None:
            remember(calls, found, device, how, store)
    told = [_told(call, plan, found) for call, plan in zip(calls, found.plans, strict=True)]
    return Choice(told, found.npu_excess)


class _Ways:
    """The ways of calls; those of equal problems are looked for once."""

    def __init__(self, routes: Sequence[Route], device: str, host: HostCost) -> None:
        self._routes, self._device, self._host = routes, device, host
        self._clock = get_device(device).arch.clock_hz
        self._known: dict[tuple[Problem, frozenset[str] | None], tuple[tuple[Plan, int], ...]] = {}

    def _priced(self, plan: Plan, constants: frozenset[str] | None) -> tuple[Plan, int]:
        copies = self._host.copy_seconds(plan, constants)
        return plan, plan.predicted_cycles + round(copies * self._clock)

    def _shared(self, call: NpuCall) -> tuple[tuple[Plan, int], ...]:
        """The plans that routes have for sharing, with their prices."""
        key = (call.plan.problem, call.constants)
        if key not in self._known:
            self._known[key] = tuple(
                self._priced(plan, call.constants)
                for route in self._routes
                for plan in _shareable(route, call.plan.problem, self._device)
            )
        return self._known[key]

    def row(self, call: NpuCall) -> Offer:
        """What a call may take."""
        plans = (
            self._priced(call.plan, call.constants),
            *(self._shared(call) if call.free else ()),
        )
        ways = (self._way(call, plan, cost) for plan, cost in plans)
        problem = call.plan.problem
        before, behind = (
            round(operand.bytes / self._host.copy_bytes_per_second * self._clock)
            for operand in (problem.lhs, problem.out)
        )
        return Offer(_cheapest(ways), call.cpu, call.barrier, before, behind)

    @staticmethod
    def _way(call: NpuCall, plan: Plan, cost: int) -> Way:
        equal = usual_constants(plan.problem) if call.constants is None else call.constants
        known = made_of(plan.prologue, equal)
        copied = {copy.source for copy in plan.prologue if copy.dest not in known}
        barriers = (at for name, at in call.sources.items() if name in copied)
        alone = call.apart or any(a.name == WEIGHTS and a.name not in known for a in plan.arguments)
        barrier = ALONE if alone else max(barriers, default=-1)
        return Way(plan, cost, barrier, alone or bool(plan.finish))


def _searched(
    calls: Sequence[NpuCall],
    routes: Sequence[Route],
    device: str,
    host: HostCost,
    has_room: Callable[[Plan], bool],
    overheads: Overheads,
) -> Chosen:
    ways = _Ways(routes, device, host)
    table = [ways.row(call) for call in calls]
    prices = _IssuedPrices()
    path, rivals = _with_room(table, overheads, prices, has_room)
    for stays in rivals:
        rows = [replace(row, ways={}) if i in stays else row for i, row in enumerate(table)]
        other, _ = _with_room(rows, overheads, prices, has_room)
        if other.cost < path.cost:
            path = other
    stay = [row.cpu for row in table]
    cpu = sum(cost for cost in stay if cost is not None)
    if None not in stay and cpu < path.cost:
        return Chosen((None,) * len(calls), path.cost - cpu)
    return Chosen(tuple(way.plan if way is not None else None for way in path.ways), None)


def _with_room(
    offers: Sequence[Offer],
    overheads: Overheads,
    prices: "_IssuedPrices",
    has_room: Callable[[Plan], bool],
) -> tuple[Path, list[frozenset[int]]]:
    """The cheapest path of programs that cores have room for, and what may have taken others' room.

    Args:
        offers: a row for each call.
        overheads, has_room: as of :func:`assign_configurations`.
        prices: what is known of plans.

    Returns:
        The path; and of each kind of operation in the first programs that had no room for all: its rows.
    """
    table = [replace(row, ways=dict(row.ways)) for row in offers]
    rivals: list[frozenset[int]] | None = None
    while True:
        path = _priced_path(table, overheads, prices)
        worth = [_worth(row, way) for row, way in zip(table, path.ways, strict=True)]
        chosen = zip(path.ways, worth, strict=True)
        crowded = _crowded([(way.plan, more) for way, more in chosen if way is not None], has_room)
        if crowded and rivals is None:
            rivals = _operations(path, table, crowded)
        before = sum(len(row.ways) for row in table)
        _drop_crowding(table, crowded)
        if sum(len(row.ways) for row in table) == before:
            return path, rivals or []


def _operations(
    path: Path, table: Sequence[Offer], crowded: Sequence[Plan]
) -> list[frozenset[int]]:
    """The rows of each kind of operation that had room where others had none, and may stay on the CPU."""
    full = {plan.configuration for plan in crowded}
    kinds: list[tuple[Plan, set[int]]] = []
    for number, way in enumerate(path.ways):
        if way is None or way.plan.problem.macs or way.plan.configuration not in full:
            continue
        plan = way.plan
        rivals = [other for other in crowded if other.configuration == plan.configuration]
        if table[number].cpu is None or _serves_one(rivals, plan):
            continue
        alike = next((rows for first, rows in kinds if first.shared_with([plan]) is first), None)
        if alike is None:
            kinds.append((plan, {number}))
        else:
            alike.add(number)
    return [frozenset(rows) for _, rows in kinds]


def _drop_crowding(table: Sequence[Offer], crowded: Sequence[Plan]) -> None:
    """Take away the ways that need what one of these plans does, which has no room in its configuration.

    Args:
        table: changed in place; a row keeps its last way where there is no other.
        crowded: of :func:`_crowded`.
    """
    kinds: dict[Hashable, list[Plan]] = {}
    for plan in crowded:
        kinds.setdefault(plan.configuration, []).append(plan)
    for row in table:
        for key in sorted(kinds.keys() & row.ways.keys(), key=list(row.ways).index):
            plan = row.ways[key].plan
            if _serves_one(kinds[key], plan) and (len(row.ways) > 1 or row.cpu is not None):
                del row.ways[key]


def _serves_one(programs: Sequence[Plan], plan: Plan) -> bool:
    """Whether one of these programs does, as it is, what a plan of their configuration needs."""
    return any(other.shared_with([plan]) is other for other in programs)


def _worth(row: Offer, way: Way | None) -> int:
    """How many cycles more the CPU takes than a way; of what it cannot do, more than anything else."""
    if way is None:
        return 0
    return row.cpu - way.cost if row.cpu is not None else _PRICELESS


def _crowded(plans: Sequence[tuple[Plan, int]], has_room: Callable[[Plan], bool]) -> list[Plan]:
    """A plan of each kind that has no room in the program of its configuration: kinds worth least go first.

    Plans are of one kind where a program for one of them serves the others.

    Args:
        plans: with what each is worth.
        has_room: whether a core has room for a program.
    """
    groups: dict[Hashable, list[tuple[Plan, list[int]]]] = {}
    for plan, worth in plans:
        kinds = groups.setdefault(plan.configuration, [])
        alike = next((each for first, each in kinds if first.shared_with([plan]) is first), None)
        if alike is None:
            kinds.append((plan, [worth]))
        else:
            alike.append(worth)
    crowded: list[Plan] = []
    for kinds in groups.values():
        firsts = [plan for plan, _ in sorted(kinds, key=lambda kind: sum(kind[1]), reverse=True)]
        if len(firsts) == 1 or has_room(firsts[0].shared_with(firsts)):
            continue
        kept = firsts[:1]
        for first in firsts[1:]:
            if has_room(first.shared_with([*kept, first])):
                kept.append(first)
            else:
                crowded.append(first)
    return crowded


def _shareable(route: Route, problem: Problem, device: str) -> Sequence[Plan]:
    try:
        return route.shareable(contraction_of(problem), device)
    except Unsupported:
        return ()


def _cheapest(ways: Iterable[Way]) -> dict[Hashable, Way]:
    """The cheapest way in each configuration; what a call holds with others comes first."""
    best: dict[Hashable, Way] = {}
    for way in ways:
        key = way.plan.configuration
        if key not in best or _rank(way) < _rank(best[key]):
            best[key] = way
    return best


def _rank(way: Way) -> tuple[bool, int]:
    return way.barrier == ALONE, way.cost


class _IssuedPrices:
    """Plans with the time to issue their tasks, which is too slow to ask of all; each is asked once."""

    def __init__(self) -> None:
        # With the plan that was asked, which keeps its identity as long as it is known.
        self._known: dict[int, tuple[Plan, Plan | None]] = {}

    def _issued(self, plan: Plan) -> Plan | None:
        if id(plan) not in self._known:
            try:
                issued = plan.issued()
            except ConfigRefused:
                self._known[id(plan)] = plan, None
            else:
                self._known |= {id(each): (each, issued) for each in (plan, issued)}
        return self._known[id(plan)][1]

    def update(self, row: Offer, way: Way) -> bool:
        """Give a row's way its whole price, or drop it where its tasks cannot be expressed.

        Args:
            row: changed in place.
            way: one of its.

        Returns:
            Whether that changes the row.
        """
        plan = self._issued(way.plan)
        if plan is None:
            del row.ways[way.plan.configuration]
            return True
        if plan is way.plan:
            return False
        cost = way.cost + plan.predicted_cycles - way.plan.predicted_cycles
        row.ways[plan.configuration] = replace(way, plan=plan, cost=cost)
        return True


def _priced_path(table: list[Offer], overheads: Overheads, prices: _IssuedPrices) -> Path:
    """The cheapest ways, one a row, with the time to issue their tasks.

    None is the CPU. A pass asks of those alone that it takes. After :data:`PASSES` of them all the others are
    asked too, so that the next pass is the last.
    """
    passes = 0
    while True:
        if passes == PASSES:
            for row in table:
                for way in list(row.ways.values()):
                    prices.update(row, way)
        passes += 1
        path = cheapest_path(table, overheads)
        if path is None:
            return Path(sum(row.cpu or 0 for row in table), (None,) * len(table))
        taken = [(row, way) for row, way in zip(table, path.ways, strict=True) if way is not None]
        if not any([prices.update(row, way) for row, way in taken]):
            return path


def _told(call: NpuCall, plan: Plan | None, chosen: Chosen) -> Decision:
    """A decision for the plan that was chosen, with why."""
    decision = call.decision
    if plan is decision.plan:
        return decision
    if plan is None:
        what = "less than it adds to the NPU's calls and changes of configuration"
        if chosen.npu_excess is not None:
            what = f"with the NPU the whole takes {chosen.npu_excess} cycles more"
        return replace(
            decision,
            route="cpu",
            reason=f"cpu: {call.cpu} cycles, {what}; {decision.reason}",
            plan=None,
        )
    if decision.plan is None:
        why = f"{plan.route}: {plan.predicted_cycles} cycles, the least for the whole"
        return replace(decision, route=plan.route, reason=f"{why}; {decision.reason}", plan=plan)
    keys = [other.configuration for other in chosen.plans if other is not None]
    best = call.plan.predicted_cycles
    why = (
        f"{plan.route}: {plan.predicted_cycles} cycles in a configuration shared with"
        f" {keys.count(plan.configuration) - 1} more (its own best plan: {best});"
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
