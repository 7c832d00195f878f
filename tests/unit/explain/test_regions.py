"""The stage that shows which dispatches a call does: every border's words, and long networks trimmed."""

from types import SimpleNamespace
from typing import Any

import pytest

from aie_conv.partitioner.regions import Region
from aie_conv.report.explain.calls import regions
from tests.support.explain.runs import figure, rows

CALLS, MEMBERS = "border", "result"


def call(name: str, names: list[str], border: str, results: tuple[int, ...] = (0,)) -> Any:
    members = tuple(
        SimpleNamespace(
            node=SimpleNamespace(name=each), plan=SimpleNamespace(predicted_cycles=1000 + i)
        )
        for i, each in enumerate(names)
    )
    leaving = [SimpleNamespace(member=member) for member in results]
    layout: Any = SimpleNamespace(results=leaving) if len(names) > 1 else None
    fake: Any = members
    return Region(name, fake, layout, border)


def network(layers: int) -> list[Any]:
    return [
        call("d_first", ["d_first"], ""),
        call("region_1", [f"d{i}" for i in range(layers)], "another configuration of the array", (1, layers - 1)),
        call("d_last", ["d_last"], "main$async_dispatch_4_softmax lies between: no product"),
    ]  # fmt: skip


def star(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_every_call_has_its_dispatches_and_the_reason_of_its_border() -> None:
    stage = regions(network(3), "auto", star("d1"), {"d_first": "first", "d1": "one"})
    assert rows(stage.text, CALLS) == [
        ["first", "1", "1 000", "(first of its function)"],
        ["*", "region_1", "3", "3 003", "another configuration of the array"],
        ["d_last", "1", "1 000", "dispatch_4_softmax lies between: no product"],
    ]
    assert rows(stage.text, MEMBERS) == [
        ["d0", "1 000", "stays in the arena"],
        ["*", "one", "1 001", "leaves the call"],
        ["d2", "1 002", "leaves the call"],
    ]
    assert figure(stage.sentence, "The NPU does ", " dispatches in 3 calls") == 5


def test_the_members_shown_are_of_the_followed_dispatchs_call() -> None:
    calls = [*network(3), call("region_2", ["e0", "e1"], "why")]
    assert "e0" not in regions(calls, "auto", star("d1"), {}).text
    behind = regions(calls, "auto", star("e1"), {})
    assert [row[-3] for row in rows(behind.text, MEMBERS)] == ["e0", "e1"]
    assert "region_1:" not in behind.text
    assert behind.full.index("region_1:") < behind.full.index("region_2:")
    alone = regions(calls, "auto", star("d_last"), {})
    assert MEMBERS not in alone.text.partition("d_last")[2]


def test_a_long_call_is_shown_around_its_dispatch() -> None:
    stage = regions(network(60), "auto", star("d40"), {})
    assert "... 28 before (--full)" in stage.text
    assert "... 8 behind (--full)" in stage.text
    stars = [line.split() for line in stage.text.splitlines() if line.startswith("*")]
    assert [words[1] for words in stars] == ["region_1", "d40"]
    assert rows(stage.full, MEMBERS)[-1] == ["d59", "1 059", "leaves the call"]
    assert len(rows(stage.full, MEMBERS)) == 60


@pytest.mark.parametrize(
    ("mode", "words"),
    [("auto", "least price"), ("large", "fewest calls"), ("single", "of its own")],
)
def test_the_sentence_says_how_they_were_cut(mode: str, words: str) -> None:
    assert words in regions(network(2), mode, None, {}).sentence


def test_the_sentence_names_the_route_file_where_it_pins() -> None:
    words = "the route file names"
    assert words in regions(network(2), "auto", None, {}, pinned=True).sentence
    assert words not in regions(network(2), "auto", None, {}).sentence
