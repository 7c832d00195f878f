"""Plans of a module chosen together: the cheapest path, what is remembered of it, and what is shared."""

from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aie_conv.partitioner.cache import PlanCache
from aie_conv.partitioner.configurations import (
    NpuCall,
    assign_configurations,
    change_cycles,
    shared,
)
from aie_conv.plan import Decision
from aie_conv.problem import ConvProblem, conv2d
from tests.support.partitioner.fakes import FakePlan

DEVICE = "npu1_4col"
CHANGE = change_cycles(DEVICE)


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
    keys = [plan.configuration for plan in plans if plan is not None]
    changes = sum(new != old for old, new in pairwise(keys))
    costs = [
        plan.predicted_cycles if plan is not None else other or 0
        for plan, other in zip(plans, cpu, strict=True)
    ]
    return sum(costs) + changes * CHANGE


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
    made = [d.plan for d in assign_configurations(calls, [route], DEVICE)]
    choices = [
        [*(route.plan(of, key) for key in route.costs[of]), *([None] if price is not None else [])]
        for of, price in zip(problems, cpu, strict=True)
    ]
    assert total(made, cpu) == min(total(list(plans), cpu) for plans in product(*choices))


def test_a_call_goes_to_the_cpu_rather_than_change_the_array() -> None:
    route = Offers({problem(0): {0: 10}, problem(1): {1: 10}})
    calls = [
        NpuCall(decided(route, problem(n)), frozenset(), True, cpu)
        for n, cpu in ((0, None), (1, CHANGE // 2), (0, None))
    ]
    _, middle, last = assign_configurations(calls, [route], DEVICE)
    assert (middle.route, middle.plan) == ("cpu", None)
    assert middle.reason.startswith(f"cpu: {CHANGE // 2} cycles, less than another configuration")
    assert last is calls[2].decision


def test_a_change_costs_a_call_where_calls_do_several_dispatches() -> None:
    route = Offers({problem(0): {0: 0, 1: CHANGE + 1}, problem(1): {1: 0}})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in (0, 1)]
    for launch, key in ((0, 0), (2, 1)):
        first, _ = assign_configurations(calls, [route], DEVICE, launch=launch)
        assert first.plan is not None
        assert first.plan.configuration == key


def test_what_is_not_free_keeps_its_plan() -> None:
    route = Offers({problem(0): {0: 10, 1: 20}, problem(1): {1: 10}})
    calls = [
        NpuCall(decided(route, problem(0)), frozenset(), False),
        NpuCall(decided(route, problem(1)), frozenset(), True),
    ]
    first, second = assign_configurations(calls, [route], DEVICE)
    assert first.plan is calls[0].decision.plan
    assert second.plan is not None
    assert second.plan.configuration == 1


def test_a_changed_plan_says_why() -> None:
    route = Offers({problem(0): {0: 10, 1: 20}, problem(1): {1: 10}})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in (0, 1)]
    first, second = assign_configurations(calls, [route], DEVICE)
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
    cold = assign_configurations(calls, [route], DEVICE, store=store)
    asked = route.asked
    warm = assign_configurations(calls, [route], DEVICE, store=store)
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
            calls, [route], DEVICE, fits=lambda plan: plan.sharers <= most
        )
    ]
    kinds = {plan.kind for plan in made if plan is not None and plan.configuration == 9}
    assert len(kinds) <= most
    if len(set(order)) <= most and sum(new != old for old, new in pairwise(order)):
        # A change costs more than all plans together.
        assert {plan.configuration for plan in made if plan is not None} == {9}


def test_what_has_no_other_plan_stays_where_it_does_not_fit() -> None:
    route = Kinds({problem(n): {9: 20} for n in range(3)})
    calls = [NpuCall(decided(route, problem(n)), frozenset(), True) for n in range(3)]
    made = assign_configurations(calls, [route], DEVICE, fits=lambda plan: plan.sharers <= 1)
    assert [d.plan.configuration for d in made if d.plan] == [9, 9, 9]
