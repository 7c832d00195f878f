"""Plans of a module chosen together: the cheapest path, what is remembered of it, and what is shared."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.direct.parametric.lanewise import LanewiseProblem
from aie_conv.partitioner import configurations
from aie_conv.partitioner.cache import PlanCache
from aie_conv.partitioner.choices import NpuCall
from aie_conv.partitioner.configurations import (
    assign_configurations,
    change_cycles,
    overheads_of,
    shared,
)
from aie_conv.partitioner.cost import FIXED
from aie_conv.partitioner.path import Offer, Overheads, cheapest_path
from aie_conv.plan import Candidate, Decision
from aie_conv.problem import ConvProblem, Operand, conv2d
from tests.support.partitioner.fakes import FakePlan

DEVICE = "npu1_4col"
CHANGE = change_cycles(DEVICE)
LAUNCH = overheads_of(DEVICE).launch


def problem(number: int) -> ConvProblem:
    return conv2d(1, 4, 4, 8, 8 * (number + 1), 1, 1)


class Offers:
    """A route with stated plans: for each problem, cycles by configuration."""

    name = "offers"
    style = ""

    def __init__(self, costs: dict[ConvProblem, dict[int, int]]) -> None:
        self.costs = costs
        self.asked = 0

    def plan(self, of: ConvProblem, key: int) -> FakePlan:
        cycles = self.costs[of][key]
        return FakePlan("offers", of, DEVICE, cycles, parameters={"c": key}, configuration=key)

    def propose(
        self, of: ConvProblem, device: str, parameters: dict[str, int] | None = None
    ) -> FakePlan:
        assert parameters is not None
        return self.plan(of, parameters["c"])

    def shareable(self, of: ConvProblem, device: str) -> list[FakePlan]:
        self.asked += 1
        return [self.plan(of, key) for key in self.costs[of]]


def decided(route: Offers, of: ConvProblem) -> Decision:
    key = min(route.costs[of], key=lambda key: route.costs[of][key])
    return Decision("offers", "its own", route.plan(of, key))


def total(plans: list[FakePlan | None], cpu: list[int | None]) -> int:
    """Cycles of the whole: what the CPU does in between ends a call."""
    keys = [plan.configuration for plan in plans if plan is not None]
    changes = sum(new != old for old, new in pairwise([*keys[-1:], *keys]))
    cost = changes * CHANGE
    for old, plan, new, price in zip([None, *plans], plans, [*plans[1:], None], cpu, strict=False):
        if plan is None:
            cost += price or 0
            continue
        cost += plan.predicted_cycles
        if old is None or old.configuration != plan.configuration:
            cost += LAUNCH + crossing(plan.problem.lhs)
        if new is None or new.configuration != plan.configuration:
            cost += crossing(plan.problem.out)
    return cost


def crossing(operand: Operand) -> int:
    """Cycles to bring an operand into a call, or out of it."""
    clock = get_device(DEVICE).arch.clock_hz
    return round(operand.bytes / FIXED.copy_bytes_per_second * clock)


costs = st.dictionaries(st.integers(0, 3), st.integers(0, 3 * CHANGE), min_size=1, max_size=4)


prices = st.none() | st.integers(0, 3 * CHANGE)


@given(
    st.lists(costs, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), prices), min_size=1, max_size=5),
)
# The CPU takes the first call, so that the second one's configuration is the first that is loaded.
@example([{0: 0}, {1: 0}], [(0, 1), (1, None)])
def test_no_other_choice_is_cheaper(
    rows: list[dict[int, int]], order: list[tuple[int, int | None]]
) -> None:
    problems, cpu = [problem(n % len(rows)) for n, _ in order], [price for _, price in order]
    route = Offers({problem(number): row for number, row in enumerate(rows)})
    calls = [
        NpuCall(decided(route, of), frozenset(), True, price)
        for of, price in zip(problems, cpu, strict=True)
    ]
    choice = assign_configurations(calls, [route], DEVICE)
    made = [d.plan for d in choice.decisions]
    choices = [
        [*(route.plan(of, key) for key in route.costs[of]), *([None] if price is not None else [])]
        for of, price in zip(problems, cpu, strict=True)
    ]
    every = [(total(list(plans), cpu), any(plans)) for plans in product(*choices)]
    assert total(made, cpu) == min(cost for cost, _ in every)
    if not any(made):
        # What the report then says of the NPU.
        with_npu = min(cost for cost, on_npu in every if on_npu)
        assert choice.npu_excess == with_npu - total(made, cpu) > 0


def test_a_call_goes_to_the_cpu_rather_than_change_the_array() -> None:
    route = Offers({problem(0): {0: 10}, problem(1): {1: 10}})
    calls = [
        NpuCall(decided(route, problem(n)), frozenset(), True, cpu)
        for n, cpu in ((0, None), (1, CHANGE // 2), (0, None))
    ]
    _, middle, last = assign_configurations(calls, [route], DEVICE).decisions
    assert (middle.route, middle.plan) == ("cpu", None)
    assert middle.reason.startswith(
        f"cpu: {CHANGE // 2} cycles, less than it adds to the NPU's calls"
    )
    assert last is calls[2].decision


def test_what_the_cpu_would_do_by_itself_is_drawn_into_a_call() -> None:
    """It costs its array time there, and the CPU costs a launch more than its own time."""
    route = Offers({problem(0): {0: 10}, problem(1): {0: LAUNCH}})
    small = route.plan(problem(1), 0)
    candidates = (
        Candidate("cpu", run_cycles=LAUNCH // 2),
        Candidate("offers", "", small, LAUNCH, 10),
    )
    kept = Decision("cpu", "cpu: cheaper", None, candidates)
    calls = [
        NpuCall(decided(route, problem(0)), frozenset(), True),
        NpuCall(kept, frozenset(), True, kept.cpu_cycles),
        NpuCall(decided(route, problem(0)), frozenset(), True),
    ]
    _, middle, _ = assign_configurations(calls, [route], DEVICE).decisions
    assert (middle.route, middle.plan) == ("offers", small)
    assert middle.reason.startswith(f"offers: {LAUNCH} cycles, the least for the whole; cpu")
    # Where no call holds it with those beside it, the CPU keeps it.
    cut = [calls[0], replace(calls[1], barrier=0), replace(calls[2], barrier=1)]
    assert assign_configurations(cut, [route], DEVICE).decisions[1] is kept


def test_a_call_begins_behind_what_it_cannot_hold() -> None:
    """A barrier that lies farther back is free where a call begins in between anyway."""
    route = Offers({problem(0): {0: 10}, problem(1): {1: 10}})
    order = (0, 1, 1, 1)
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in order]
    calls[3] = replace(calls[3], cpu=LAUNCH // 2, barrier=0)
    assert assign_configurations(calls, [route], DEVICE).decisions[3].plan is not None
    calls[3] = replace(calls[3], barrier=1)
    assert assign_configurations(calls, [route], DEVICE).decisions[3].plan is None


def test_all_stay_on_the_cpu_where_the_whole_is_faster_there(tmp_path: Path) -> None:
    """Each by itself costs less than on the CPU, but for the launch."""
    route = Offers({problem(n): {0: 10} for n in range(3)})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True, LAUNCH // 3) for n in range(3)]
    store = PlanCache(tmp_path, "1")
    for _ in range(2):
        choice = assign_configurations(calls, [route], DEVICE, store=store)
        assert [d.plan for d in choice.decisions] == [None] * 3
        whole = LAUNCH + 30 + crossing(problem(0).lhs) + crossing(problem(2).out)
        assert choice.npu_excess == whole - 3 * (LAUNCH // 3)
        assert f"the whole takes {choice.npu_excess} cycles more" in choice.decisions[0].reason
    forced = [replace(call, cpu=None) for call in calls]
    choice = assign_configurations(forced, [route], DEVICE, store=store)
    assert all(d.plan for d in choice.decisions)
    assert choice.npu_excess is None


def test_a_change_costs_a_call_besides() -> None:
    route = Offers({problem(0): {0: 0, 1: 2 * CHANGE + 999}, problem(1): {1: 0}})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in (0, 1)]
    for launch, key in ((0, 0), (999, 1)):
        overheads = Overheads(launch, CHANGE)
        first, _ = assign_configurations(calls, [route], DEVICE, overheads=overheads).decisions
        assert first.plan is not None
        assert first.plan.configuration == key


def test_what_is_not_free_keeps_its_plan() -> None:
    route = Offers({problem(0): {0: 10, 1: 20}, problem(1): {1: 10}})
    calls = [
        NpuCall(decided(route, problem(0)), frozenset(), False),
        NpuCall(decided(route, problem(1)), frozenset(), True),
    ]
    first, second = assign_configurations(calls, [route], DEVICE).decisions
    assert first.plan is calls[0].decision.plan
    assert second.plan is not None
    assert second.plan.configuration == 1


@dataclass(frozen=True)
class Slow(FakePlan):
    """A plan that takes longer once its tasks are counted, if it seemed to be quick."""

    def issued(self) -> "Slow":
        return self if self.predicted_cycles >= 900 else replace(self, predicted_cycles=1000)


class SlowOffers(Offers):
    def plan(self, of: ConvProblem, key: int) -> Slow:
        each = super().plan(of, key)
        return Slow(**{field.name: getattr(each, field.name) for field in fields(each)})


def test_all_plans_are_priced_after_some_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many plans seem cheaper than they are, few searches find the same choice."""
    searches = 0

    def counted(table: Sequence[Offer], overheads: Overheads) -> Any:
        nonlocal searches
        searches += 1
        return cheapest_path(table, overheads)

    monkeypatch.setattr(configurations, "cheapest_path", counted)
    costs = {key: 10 + key for key in range(60)} | {60: 900}
    route = SlowOffers({problem(n): costs for n in range(3)})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in range(3)]
    results = list[tuple[int, list[int]]]()
    for passes in (configurations.PASSES, 1000):
        monkeypatch.setattr(configurations, "PASSES", passes)
        searches = 0
        plans = [d.plan for d in assign_configurations(calls, [route], DEVICE).decisions]
        cycles = [plan.predicted_cycles for plan in plans if plan is not None]
        results.append((searches, cycles))
    (few, ours), (many, least) = results
    assert few <= 17 < many
    assert ours == least == [900, 900, 900]


def test_a_changed_plan_says_why() -> None:
    route = Offers({problem(0): {0: 10, 1: 20}, problem(1): {1: 10}})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in (0, 1)]
    first, second = assign_configurations(calls, [route], DEVICE).decisions
    assert first.plan is not None
    assert first.plan.configuration == 1
    assert "20 cycles in a configuration shared with 1 more (its own best plan: 10)" in first.reason
    assert first.reason.endswith("its own")
    assert second is calls[1].decision


def test_a_remembered_choice_is_the_same(tmp_path: Path) -> None:
    """Equal problems at different places may have different plans."""
    far = 10 * CHANGE
    route = Offers(
        {problem(0): {0: 10, 1: 20}, problem(1): {1: 10, 2: far}, problem(2): {0: 10, 2: far}}
    )
    order = (0, 2, 2, 1, 1, 0, 1)
    prices = (None, None, None, None, None, None, 5)
    calls = [
        NpuCall(decided(route, problem(n)), frozenset({"rhs"}), True, cpu)
        for n, cpu in zip(order, prices, strict=True)
    ]
    store = PlanCache(tmp_path, "1")
    cold = assign_configurations(calls, [route], DEVICE, store=store).decisions
    asked = route.asked
    warm = assign_configurations(calls, [route], DEVICE, store=store).decisions
    assert [d.plan for d in warm] == [d.plan for d in cold]
    assert warm[-1].plan is None
    assert len({d.plan.configuration for d in cold[:1] + cold[5:6] if d.plan}) == 2
    assert route.asked == asked
    assign_configurations([replace(calls[0], free=False), *calls[1:]], [route], DEVICE, store=store)
    assert route.asked > asked


@pytest.mark.parametrize("fits", [True, False])
def test_plans_share_a_program_where_it_fits(fits: bool) -> None:
    route = Offers({problem(0): {0: 10}, problem(1): {0: 10, 1: 10}})
    plans = [route.plan(problem(0), 0), route.plan(problem(1), 0), route.plan(problem(1), 1)]
    made = shared(plans, lambda _: fits)
    assert [plan.sharers for plan in made] == ([2, 2, 1] if fits else [1, 1, 1])


class Kinds(Offers):
    """Plans for one configuration that all may have, of one kind for each problem, and for one of their own."""

    def plan(self, of: ConvProblem, key: int) -> FakePlan:
        return replace(super().plan(of, key), kind=list(self.costs).index(of))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.integers(1, 5))
def test_no_program_holds_more_kinds_than_fit(order: list[int], most: int) -> None:
    route = Kinds({problem(n): {9: 20, n: 10} for n in range(5)})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in order]
    made = [
        d.plan
        for d in assign_configurations(
            calls, [route], DEVICE, has_room=lambda plan: plan.sharers <= most
        ).decisions
    ]
    kinds = {plan.kind for plan in made if plan is not None and plan.configuration == 9}
    assert len(kinds) <= most
    if len(set(order)) <= most and sum(new != old for old, new in pairwise(order)):
        # A change costs more than all plans together.
        assert {plan.configuration for plan in made if plan is not None} == {9}


def test_what_has_no_other_plan_stays_where_it_does_not_fit() -> None:
    route = Kinds({problem(n): {9: 20} for n in range(3)})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in range(3)]
    made = assign_configurations(
        calls, [route], DEVICE, has_room=lambda plan: plan.sharers <= 1
    ).decisions
    assert [d.plan.configuration for d in made if d.plan] == [9, 9, 9]


def test_an_operation_gives_room_to_what_keeps_a_call_together() -> None:
    """An operation is worth more than a product beside the CPU, and a launch less than that product is."""
    known = problem(2)
    operation = LanewiseProblem(**{f.name: getattr(known, f.name) for f in fields(known)})
    first, middle = problem(0), problem(1)
    route = Kinds({each: {9: 10} for each in (first, middle, operation)})

    def call(of: ConvProblem, cpu: int | None, barrier: int = -1) -> NpuCall:
        return NpuCall(decided(route, of), frozenset(), True, cpu, barrier)

    calls = [
        call(first, None),
        call(middle, 20_000),
        call(first, None),
        call(operation, 21_000, barrier=2),
        call(first, None, barrier=2),
    ]
    kept = assign_configurations(calls, [route], DEVICE, has_room=lambda plan: plan.sharers <= 2)
    assert [d.plan is not None for d in kept.decisions] == [True, True, True, False, True]
