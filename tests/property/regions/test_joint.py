"""Where the dispatches of a graph go, chosen together, beside the best of all choices."""

from dataclasses import dataclass, replace
from itertools import pairwise, product
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from aie_conv.graph import DispatchGraph, Node
from aie_conv.partitioner import regions
from aie_conv.partitioner.choices import NpuCall
from aie_conv.partitioner.configurations import assign_configurations
from aie_conv.partitioner.cost import FIXED
from aie_conv.partitioner.joining import NotJoinable, check_between
from aie_conv.partitioner.path import Overheads
from aie_conv.partitioner.relations import find_relations
from aie_conv.plan import Decision
from aie_conv.problem import conv2d
from tests.support.partitioner.fakes import FakePlan

DEVICE = "npu1_4col"
LAUNCH, CHANGE = 100, 120
FREE_COPIES = replace(FIXED, copy_bytes_per_second=1e30)


@dataclass(frozen=True)
class Case:
    """A graph; the cycles of each dispatch by its configuration; the CPU's; those that no route takes."""

    graph: DispatchGraph
    costs: tuple[dict[str, int], ...]
    cpu: tuple[int, ...]

    def price(self, choice: tuple[str, ...]) -> int:
        """The whole of a choice of configurations, "" for the CPU, in calls as they are cut."""
        members: list[Any] = [
            SimpleNamespace(at=at, node=self.graph.nodes[at], program=key, plan=None)
            for at, key in enumerate(choice)
            if key
        ]
        calls = len(regions.form_regions(self.graph, members, "auto"))
        keys = [key for key in choice if key]
        changes = sum(new != old for old, new in pairwise([*keys[-1:], *keys]))
        each = sum(
            costs[key] if key else cpu
            for costs, cpu, key in zip(self.costs, self.cpu, choice, strict=True)
        )
        return each + calls * LAUNCH + changes * CHANGE

    def chosen(self) -> tuple[str, ...]:
        """The choice that the partitioner makes."""
        able = [at for at, costs in enumerate(self.costs) if costs]
        relations = find_relations([self.graph], {f"d{at}" for at in able})
        calls = [
            NpuCall(
                Decision("offers", "", self.plan(at, min(self.costs[at]))),
                frozenset(),
                True,
                self.cpu[at],
                relations[f"d{at}"].barrier,
                relations[f"d{at}"].sources,
            )
            for at in able
        ]
        made = assign_configurations(
            calls, [self], DEVICE, FREE_COPIES, overheads=Overheads(LAUNCH, CHANGE)
        ).decisions
        keys = {at: str(d.plan.configuration) for at, d in zip(able, made, strict=True) if d.plan}
        return tuple(keys.get(at, "") for at in range(len(self.costs)))

    name = "offers"
    style = ""

    def plan(self, at: int, key: str) -> FakePlan:
        return FakePlan("offers", problem(at), DEVICE, self.costs[at][key], configuration=key)

    def propose(self, *_: Any) -> FakePlan:
        raise AssertionError("nothing is remembered")

    def shareable(self, of: Any, device: str) -> list[FakePlan]:
        at = of.extent("n") // 8 - 1
        return [self.plan(at, key) for key in self.costs[at]]

    def finalists(self, *_: Any) -> list[FakePlan]:
        return []


def problem(at: int) -> Any:
    return conv2d(1, 4, 4, 8, 8 * (at + 1), 1, 1)


def random_case(seed: int, *, chain: bool) -> Case:
    random = Random(seed)
    nodes: list[Node] = []
    costs: list[dict[str, int]] = []
    for number in range(random.randint(2, 7)):
        reads = {number - 1} if chain else {random.randrange(number or 1) for _ in range(2)}
        nodes.append(Node(f"d{number}", frozenset(reads if number else ()), (number,), refusal="x"))
        keys = random.choice(("A", "AB", "AB", "B", ""))
        costs.append({key: random.randint(5, 150) for key in keys})
    cpu = tuple(random.randint(10, 200) for _ in nodes)
    return Case(DispatchGraph(tuple(nodes)), tuple(costs), cpu)


def fake_join(members: Any, graph: DispatchGraph, readers: Any) -> Any:
    """The rules that need no plan."""
    if any(member.program != members[0].program for member in members):
        raise NotJoinable("another configuration of the array")
    check_between(members, graph)
    return SimpleNamespace(arguments=(), packed=0, arena=None)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "join", fake_join)
    monkeypatch.setattr(regions._Cutter, "_words_of", lambda self, number: 1)


def best_of(case: Case) -> int:
    every = product(*[("", *costs) for costs in case.costs])
    return min(case.price(choice) for choice in every)


def test_a_chain_takes_the_best_of_all_choices() -> None:
    for seed in range(60):
        case = random_case(seed, chain=True)
        assert case.price(case.chosen()) == best_of(case), seed


def test_graphs_are_near_the_best_of_all_choices() -> None:
    """Of 120 graphs: at most a fifth dearer each, 1 % together."""
    ours = best = 0
    worst = 1.0
    for seed in range(120):
        case = random_case(seed, chain=False)
        made, least = case.price(case.chosen()), best_of(case)
        assert made >= least
        ours, best, worst = ours + made, best + least, max(worst, made / least)
    assert best < ours <= 1.01 * best
    assert worst <= 1.2
