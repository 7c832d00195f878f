"""Which dispatches become a call: never more calls than need be in a chain, close to it in graphs."""

from collections.abc import Iterator, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from aie_conv.errors import UsageError
from aie_conv.graph import DispatchGraph, Node
from aie_conv.partitioner import regions
from aie_conv.partitioner.joining import NotJoinable, check_between
from aie_conv.partitioner.pins import RegionPin


def random_graph(seed: int) -> tuple[DispatchGraph, list[Any]]:
    """Dispatches of two configurations and of the CPU; each reads one or two earlier ones."""
    random = Random(seed)
    nodes: list[Node] = []
    members: list[Any] = []
    for number in range(random.randint(2, 8)):
        reads = (
            {random.randrange(number) for _ in range(random.randint(1, 2))}
            if number
            else set[int]()
        )
        kind = random.choice("AAAABC")
        nodes.append(Node(f"d{number}", frozenset(reads), (number,), refusal="no product"))
        if kind != "C":
            members.append(SimpleNamespace(at=number, node=nodes[-1], program=kind, plan=None))
    return DispatchGraph(tuple(nodes)), members


def fake_join(members: Sequence[Any], graph: DispatchGraph, readers: Any) -> Any:
    """The rules that need no plan: one configuration, nothing in between."""
    if any(member.program != members[0].program for member in members):
        raise NotJoinable("another configuration of the array")
    check_between(members, graph)
    return SimpleNamespace(arguments=(), packed=0, arena=None)


def partitions(items: list[Any]) -> Iterator[list[list[Any]]]:
    """Every way to part items into groups."""
    if not items:
        yield []
        return
    first, *rest = items
    for groups in partitions(rest):
        yield [[first], *groups]
        for i, group in enumerate(groups):
            yield [*groups[:i], [first, *group], *groups[i + 1 :]]


def is_possible(groups: list[list[Any]], graph: DispatchGraph) -> bool:
    """Whether groups are of one configuration each, and can follow one another with the CPU's dispatches."""
    if any(len({member.program for member in group}) > 1 for group in groups):
        return False
    owner = {member.at: number for number, group in enumerate(groups) for member in group}
    units = [owner.get(at, len(groups) + at) for at in range(len(graph.nodes))]
    before = {
        (units[value], units[at]) for at, node in enumerate(graph.nodes) for value in node.reads
        if units[value] != units[at]
    }  # fmt: skip
    left = set(units)
    while ready := {u for u in left if not any(b == u and a in left for a, b in before)}:
        left -= ready
    return not left


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "join", fake_join)
    monkeypatch.setattr(regions, "count_tasks", lambda _: 1)
    monkeypatch.setattr(regions._Cutter, "_words_of", lambda self, number: 1)


def calls_of(graph: DispatchGraph, members: list[Any], mode: str = "auto") -> int:
    return len(regions.form_regions(graph, members, mode))


def test_graphs_take_few_calls_more_than_the_best() -> None:
    """Of 300 graphs of two configurations: at most 4 more than the best of all orders, 11 % more together."""
    ours = best = 0
    for seed in range(300):
        graph, members = random_graph(seed)
        if not members:
            continue
        found = calls_of(graph, members)
        least = min(len(p) for p in partitions(members) if is_possible(p, graph))
        assert least <= found <= least + 4, seed
        ours, best = ours + found, best + least
    assert best < ours <= 1.11 * best


def test_a_chain_is_cut_where_it_must_be() -> None:
    nodes = [Node(f"d{i}", frozenset([i - 1] if i else []), (i,), refusal="x") for i in range(9)]
    graph = DispatchGraph(tuple(nodes))
    members = [
        SimpleNamespace(at=i, node=nodes[i], program="A" if i < 6 else "B", plan=None)
        for i in range(9)
        if i != 3
    ]
    formed = regions.form_regions(graph, members, "auto")
    assert [r.names for r in formed] == [("d0", "d1", "d2"), ("d4", "d5"), ("d6", "d7", "d8")]
    assert [r.name for r in formed] == ["region_1", "region_2", "region_3"]
    assert [r.border for r in formed] == [
        "",
        "d3 lies between: x",
        "another configuration of the array",
    ]
    single = regions.form_regions(graph, members, "single")
    assert [r.names for r in single] == [(m.node.name,) for m in members]
    assert {r.border for r in single[1:]} == {"--amd-aie-regions=single"}


def test_what_the_cpu_does_beside_a_region_does_not_cut_it() -> None:
    reads = [set[int](), {0}, {0}, {1}, {2, 3}]
    nodes = [Node(f"d{i}", frozenset(r), (i,), refusal="x") for i, r in enumerate(reads)]
    graph = DispatchGraph(tuple(nodes))
    # d2 is on the CPU, reads d0 and gives to d4, which is there as well.
    members = [SimpleNamespace(at=i, node=nodes[i], program="A", plan=None) for i in (0, 1, 3)]
    (region,) = regions.form_regions(graph, members, "auto")
    assert region.names == ("d0", "d1", "d3")


def chain(configurations: str) -> tuple[DispatchGraph, list[Any]]:
    """Dispatches one behind another, of a configuration each; "C" is on the CPU."""
    nodes = [
        Node(f"d{i}", frozenset([i - 1] if i else []), (i,), refusal="x")
        for i in range(len(configurations))
    ]
    members = [
        SimpleNamespace(at=i, node=nodes[i], program=kind, plan=None)
        for i, kind in enumerate(configurations)
        if kind != "C"
    ]
    return DispatchGraph(tuple(nodes)), members


def pin(*names: str) -> RegionPin:
    return RegionPin(names, "f.json: regions[0]")


def test_pinned_calls_are_formed_and_the_rest_is_cut_as_usual() -> None:
    graph, members = chain("AAAAAAAA")
    pins = [pin("d2", "d3"), pin("d4"), pin("elsewhere", "too")]
    formed = regions.form_regions(graph, members, "auto", pinned=pins)
    assert [r.names for r in formed] == [
        ("d0", "d1"), ("d2", "d3"), ("d4",), ("d5", "d6", "d7"),
    ]  # fmt: skip
    assert [r.border for r in formed] == ["", *["pinned by the route file"] * 3]


def test_pinned_again_a_cut_is_the_same() -> None:
    for seed in range(60):
        graph, members = random_graph(seed)
        formed = regions.form_regions(graph, members, "auto")
        pins = [RegionPin(region.names, "f.json") for region in formed]
        again = regions.form_regions(graph, members, "auto", pinned=pins)
        assert [(r.name, r.names) for r in again] == [(r.name, r.names) for r in formed], seed
        # What cannot be joined has its own reason, pinned or not.
        for before, after in zip(formed, again, strict=True):
            assert after.border in (before.border, "pinned by the route file")
            assert before.border == "a cut here is cheaper" or after.border == before.border


def test_a_pin_wins_over_a_call_for_each() -> None:
    graph, members = chain("AAAAA")
    formed = regions.form_regions(graph, members, "single", pinned=[pin("d1", "d2", "d3")])
    assert [r.names for r in formed] == [("d0",), ("d1", "d2", "d3"), ("d4",)]


@pytest.mark.parametrize(
    ("kinds", "names", "message"),
    [
        ("AABB", ("d1", "d2"), "d1 to d2 cannot be one call: another configuration of the array"),
        ("AACAA", ("d1", "d3"), "d1 to d3 cannot be one call: d2 lies between: x"),
        ("AACAA", ("d0", "d1", "d2"), "d2 and d0 are not both on the NPU in one function"),
        ("AAAA", ("d0", "d2"), "between d0 and d2 the NPU has others, or another order"),
        ("AAAA", ("d1", "d0"), "between d1 and d0 the NPU has others, or another order"),
    ],
)
def test_a_pinned_call_that_cannot_be_is_one_line(
    kinds: str, names: tuple[str, ...], message: str
) -> None:
    graph, members = chain(kinds)
    with pytest.raises(UsageError) as refusal:
        regions.form_regions(graph, members, "auto", pinned=[pin(*names)])
    assert str(refusal.value) == f"f.json: regions[0]: {message}: correct or remove the entry"
