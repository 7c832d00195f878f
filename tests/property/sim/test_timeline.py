"""The timeline: every lane tells the whole run without a gap, and recording changes nothing."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.rates import channel_rates
from aie_conv.ir.core import ELEMENT_BITS
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.timing.timeline import Lane, State, Timeline
from tests.golden.test_golden import operands
from tests.support.sim.programs import GEMM, fan, relay

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.mlir"))


def arrays(simulator: Simulator, seed: int) -> list[np.ndarray]:
    """Small integers of every type, as bytes: no NaN in them."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, 3, elements * ELEMENT_BITS[dtype] // 8).astype(np.uint8)
        for dtype, elements in simulator.arguments
    ]


def check(
    text: str, seed: int = 0, operands: list[np.ndarray] | None = None
) -> tuple[RunStats, Timeline]:
    simulator = Simulator(text)

    def data() -> list[np.ndarray]:
        if operands is not None:
            return [array.copy() for array in operands]
        return arrays(simulator, seed)

    plain, recorded = data(), data()
    before = simulator.run(plain)
    timeline = Timeline()
    stats = simulator.run(recorded, timeline=timeline)
    after = simulator.run(data())
    assert all((a == b).all() for a, b in zip(plain, recorded, strict=True))
    same = [replace(s, host_seconds=0.0) for s in (before, stats, after)]
    assert same[0] == same[1] == same[2]
    assert timeline.cycles == stats.cycles
    for lane in timeline.lanes:
        covers(lane, stats.cycles)
    assert {lane.name for lane in timeline.lanes if lane.kind == "core"} == set(stats.core_cycles)
    assert {lane.name for lane in timeline.lanes if lane.kind == "dma"} == set(stats.dma_words)
    assert [lane.kind for lane in timeline.lanes].count("sequence") == 1
    for lane in timeline.lanes:
        busy = lane.totals()[State.BUSY] + lane.late
        if lane.kind == "core":
            assert busy == pytest.approx(stats.core_cycles[lane.name], abs=1e-3)
        elif lane.kind == "dma":
            words = stats.dma_words[lane.name]
            assert busy == pytest.approx(words * word_cycles(simulator, lane), abs=1e-3)
    return stats, timeline


def word_cycles(simulator: Simulator, lane: Lane) -> float:
    """What a word of a channel takes if nothing makes it wait."""
    table, fifo = (
        channel_rates(simulator.machine, simulator.model.arch.name),
        simulator.model.fifos[lane.fifo],
    )
    if fifo.producer.kind == "shim":
        return table.read_word
    return table.write_word if fifo.consumers[0].kind == "shim" else table.word


def covers(lane: Lane, cycles: int) -> None:
    """Its intervals are in order, touch, and go from 0 to the end."""
    intervals = list(lane)
    assert intervals[0].start == 0
    assert intervals[-1].end == cycles
    assert all(a.end == b.start for a, b in pairwise(intervals))
    assert all(i.start < i.end for i in intervals)
    assert sum(lane.totals().values()) == pytest.approx(cycles, abs=1e-3)


@given(
    elements=st.sampled_from([16, 64, 256, 1024]),
    objects=st.integers(1, 12),
    depth=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_every_lane_covers_the_run(elements: int, objects: int, depth: int, seed: int) -> None:
    check(relay(elements, "i8", objects=objects, depth=depth), seed)


@pytest.mark.parametrize("text", [GEMM, fan()], ids=["gemm", "fan"])
def test_broadcasts_joins_and_products(text: str) -> None:
    check(text)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_emitted_programs(path: Path) -> None:
    check(path.read_text(), operands=operands(path.stem))


def test_waits_are_told_apart() -> None:
    """A mem tile with one buffer makes the shim wait for room while it sends; with two it does not."""

    def waits(depth: int) -> tuple[float, float]:
        _, timeline = check(relay(1024, "i8", objects=8, depth=depth))
        lanes = {lane.fifo: lane.totals() for lane in timeline.lanes if lane.kind == "dma"}
        return lanes["a3"][State.SPACE], lanes["a1"][State.DATA]

    (single, _), (double, starved) = waits(1), waits(2)
    assert single > 7 * 256 > double
    assert starved > double


def test_a_core_waits_for_what_the_shim_brings() -> None:
    _, timeline = check(relay(4096, "i8", objects=1))
    core = next(lane for lane in timeline.lanes if lane.kind == "core")
    first = next(iter(core))
    assert (first.state, first.what) == (State.DATA, "a1")
    assert first.end > 2 * 1075


def test_what_runs_has_a_name() -> None:
    _, timeline = check(GEMM)
    core = next(lane for lane in timeline.lanes if lane.kind == "core")
    assert {i.what for i in core if i.state is State.BUSY} == {"multiply"}
    sequence = next(lane for lane in timeline.lanes if lane.kind == "sequence")
    commands = [i.what for i in sequence if i.state is State.BUSY]
    pushed = [f"dma_memcpy_nd @{name}" for name in ("o3", "a3", "b3")]
    waited = [f"dma_wait @{name}" for name in ("o3", "a3", "b3")]
    assert commands == pushed + waited


def test_work_behind_the_end_is_late() -> None:
    lane = Lane("core (0, 2)", "core")
    lane.until(10, State.BUSY, "f")
    lane.until(15, State.SPACE, "o")
    lane.until(30, State.BUSY, "f")
    lane.until(34, State.BUSY, "g")
    lane.close(20)
    assert [tuple(i) for i in lane] == [
        (0, 10, State.BUSY, "f"),
        (10, 15, State.SPACE, "o"),
        (15, 20, State.BUSY, "f"),
    ]
    assert lane.late == 14
