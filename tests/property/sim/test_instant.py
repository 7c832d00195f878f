"""Transfers that take no time: the same bytes, and a bound of what values that stay could save."""

from dataclasses import replace

import numpy as np
import pytest

from aie_conv.arch.machine import default_machine
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.timing.timeline import Timeline
from tests.support.sim.programs import GEMM

MACHINE = default_machine()
SLOW = replace(
    MACHINE,
    shim=replace(MACHINE.shim, read_start=9000, read_next=800, write_start=5000, write_next=700),
    memory={
        name: replace(one, total=one.total / 9, read=one.read / 9, write=one.write / 9)
        for name, one in MACHINE.memory.items()
    },
)
"""Its host memory is slow, and nothing else."""


def run(
    simulator: Simulator, instant: tuple[int, ...] = (), timeline: Timeline | None = None
) -> tuple[RunStats, np.ndarray]:
    random = np.random.default_rng(0)
    a, b = (random.integers(-99, 99, n).astype(np.int8) for n in (6144, 1024))
    out = np.zeros(1536, np.int32)
    return simulator.run([a, b, out], instant=instant, timeline=timeline), out


def test_values_are_the_same_and_time_is_less() -> None:
    simulator = Simulator(GEMM)
    usual, expected = run(simulator)
    cycles = [usual.cycles]
    for instant in ((0,), (0, 1), (0, 1, 2)):
        stats, out = run(simulator, instant)
        assert (out == expected).all()
        assert stats.dma_words == usual.dma_words
        cycles.append(stats.cycles)
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[0] > cycles[3]
    assert run(simulator)[0].cycles == usual.cycles


@pytest.mark.parametrize(("instant", "differs"), [((), True), ((0, 1), True), ((0, 1, 2), False)])
def test_the_hosts_memory_does_not_matter_to_what_takes_no_time(
    instant: tuple[int, ...], differs: bool
) -> None:
    times = {run(Simulator(GEMM, machine), instant)[0].cycles for machine in (MACHINE, SLOW)}
    assert (len(times) > 1) is differs


def test_a_timeline_has_no_time_for_it() -> None:
    timeline = Timeline()
    stats, _ = run(Simulator(GEMM), (0, 1, 2), timeline)
    assert timeline.cycles == stats.cycles
