"""The search among a route's tilings: its order, its budget, and what it hands to a judge."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import ConfigRefused
from aie_conv.mapping import search
from aie_conv.mapping.search import finalists

NONE = ConfigRefused("tile", "tile: none")


@dataclass(frozen=True)
class Device:
    cores: int = 16


@dataclass(frozen=True)
class Fake:
    """A tiling that says what it costs."""

    cycles: int
    tasks: int = 1
    shim_bytes: int = 1000
    fits: bool = True
    n: int = 8
    kc: int = 8
    resident: bool = True
    b_depth: int = 2
    passes: int = 1
    column_tiles: int = 1
    chunks: int = 1
    columns: int = 4
    rows: int = 4
    device: Device = field(default_factory=Device)
    task_cycles: int = 1000
    staged: int = 1
    a_repeat: int = 1
    b_repeat: int = 1
    cores_cycles: int = 0
    held: tuple["Fake", ...] = ()

    @property
    def loads(self) -> dict[str, int]:
        return {"cores": self.cores_cycles or self.cycles}

    def variants(self) -> tuple["Fake", ...]:
        return self.held

    def check(self) -> None:
        if not self.fits:
            raise ConfigRefused("core memory", f"core memory: {self.cycles}")


def found(tilings: list[Fake], count: int = 1) -> list[tuple[Fake, int]]:
    made: Any = finalists(tilings, NONE, lambda tiling: tiling.tasks, count)  # type: ignore[type-var]
    return made


FAKES = st.builds(
    Fake,
    cycles=st.integers(20_000, 60_000),
    tasks=st.integers(1, 60),
    shim_bytes=st.integers(1000, 4000),
    fits=st.booleans(),
    n=st.sampled_from([8, 16]),
    resident=st.booleans(),
)


@given(st.lists(FAKES, max_size=60), st.integers(1, 30))
def test_finalists_fit_are_near_and_begin_with_the_best(tilings: list[Fake], count: int) -> None:
    fitting = [tiling for tiling in tilings if tiling.fits]
    if not fitting:
        with pytest.raises(ConfigRefused):
            found(tilings, count)
        return
    made = found(tilings, count)
    assert made[0] == found(tilings)[0]
    assert 1 <= len(made) <= count
    for tiling, cycles in made:
        assert tiling.fits
        assert cycles == max(tiling.cycles, tiling.tasks * 1000)
    assert all(cycles <= 1.5 * made[0][1] for _, cycles in made[16:])
    # Nobody who is much faster is passed over.
    least = min(max(t.cycles, t.tasks * 1000) for t in fitting)
    assert len(fitting) > 8 or made[0][1] <= 1.03 * least
    assert len({id(tiling) for tiling, _ in made}) == len(made)


@given(st.lists(FAKES, min_size=1, max_size=30), st.integers(1, 12))
def test_the_search_is_deterministic(tilings: list[Fake], count: int) -> None:
    tilings = [replace(tiling, fits=True) for tiling in tilings]
    assert found(tilings, count) == found(list(tilings), count)


def test_every_kind_of_tiling_gets_a_hearing() -> None:
    """Many of one division of the channels, and one of another that is predicted to be slower."""
    many = [Fake(20_000 + i, n=8) for i in range(40)]
    assert 16 in {tiling.n for tiling, _ in found([*many, Fake(28_000, n=16)], 12)}


def test_what_holds_more_in_the_mem_tiles_is_found() -> None:
    """Of a tiling that memory binds, whose cores are idle; not of one whose cores take longer than the best."""
    faster = Fake(15_000, staged=4)
    idle = Fake(30_000, cores_cycles=10_000, held=(Fake(1, fits=False), faster))
    others = [Fake(20_000 + i) for i in range(60)]
    assert found([*others, idle])[0][0] is faster
    busy = replace(idle, cores_cycles=25_000)
    assert found([*others, busy])[0][0] is others[0]


def test_a_search_has_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_BUDGET", 100)
    monkeypatch.setattr(search, "_REFINED", 2)
    asked: list[int] = []

    class Counted(Fake):
        def check(self) -> None:
            asked.append(self.cycles)

    # The fastest lies between two of the even choice, beside the second fastest of it.
    times = [20_000 + 500 * abs(i - 504) for i in range(950)]
    best, _ = found([Counted(time) for time in times])[0]
    assert 90 <= len(asked) <= 140
    # From everywhere, not the first ones.
    assert max(asked) > 200_000
    assert best.cycles == 20_000


def test_the_last_limit_is_named() -> None:
    with pytest.raises(ConfigRefused, match="core memory: 3"):
        found([Fake(2, fits=False), Fake(3, fits=False)])
