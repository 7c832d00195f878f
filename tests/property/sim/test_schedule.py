"""Schedules of straight code and loops: no dependence broken, no slot used twice, never under the bounds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.banks import meeting, place
from aie_conv.arch.machine import default_machine
from aie_conv.calibration.kernel import PeerKernel
from aie_conv.sim.timing.blocktime import cycles, loop_time
from aie_conv.sim.timing.modulo import modulo_schedule, rolled
from aie_conv.sim.timing.schedule import (
    SLOTS,
    LoopBody,
    Schedule,
    conflicts,
    list_schedule,
    pack,
    pressure,
)
from aie_conv.sim.timing.trace import Rules, TraceLoop, TraceStep, fused_all

MACHINE = default_machine()


@st.composite
def bodies(draw: st.DrawFn) -> LoopBody:
    """Random code with edges forward in the program and some to the next iteration."""
    count = draw(st.integers(1, 24))
    units = tuple(draw(st.sampled_from(sorted(SLOTS))) for _ in range(count))
    touches = ("load", "lda", "store")
    buffers = tuple(draw(st.integers(0, 2)) if unit in touches else -1 for unit in units)
    edges: list[tuple[int, int, int, int]] = []
    for _ in range(draw(st.integers(0, 2 * count))):
        a, b = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        latency = draw(st.integers(0, 9))
        if a < b:
            edges.append((a, b, latency, 0))
        else:
            edges.append((a, b, latency, draw(st.integers(1, 2))))
    sizes = tuple((draw(st.sampled_from((0.0, 0.05))), 0.0) for _ in units)
    return LoopBody(units, buffers, tuple(edges), sizes)


def holds(body: LoopBody, schedule: Schedule, *, loop: bool, apart: bool) -> None:
    """Every dependence, slot and buffer."""
    interval = schedule.interval if loop else 10**6
    for source, target, latency, distance in body.edges:
        if loop or not distance:
            gap = schedule.times[target] + interval * distance - schedule.times[source]
            assert gap >= latency
    taken: set[tuple[int, str]] = set()
    touched: set[tuple[int, int]] = set()
    for unit, buffer, time, slot in zip(
        body.units, body.buffers, schedule.times, schedule.slots, strict=True
    ):
        assert time >= 0
        assert slot in SLOTS[unit]
        assert (time % interval, slot) not in taken
        taken.add((time % interval, slot))
        if apart and buffer >= 0:
            assert (time % interval, buffer) not in touched
            touched.add((time % interval, buffer))


@given(bodies(), st.booleans())
def test_straight_code(body: LoopBody, apart: bool) -> None:
    schedule = list_schedule(body, apart)
    holds(body, schedule, loop=False, apart=apart)
    straight = replace(body, edges=tuple(edge for edge in body.edges if not edge[3]))
    assert schedule.length >= straight.resource_interval(apart=apart)


@given(bodies(), st.booleans())
def test_loops_start_an_iteration_no_faster_than_slots_and_dependences_allow(
    body: LoopBody, apart: bool
) -> None:
    schedule = modulo_schedule(body, apart)
    holds(body, schedule, loop=True, apart=apart)
    assert schedule.interval >= body.resource_interval(apart=apart)
    assert schedule.interval >= body.recurrence_interval()
    assert schedule.interval <= max(rolled(body).interval, schedule.length)


@given(bodies(), st.integers(1, 40))
def test_a_slower_loop_holds_as_well(body: LoopBody, least: int) -> None:
    """What a compiler tries where registers are short."""
    schedule = modulo_schedule(body, True, least)
    holds(body, schedule, loop=True, apart=True)
    assert schedule.interval >= min(least, rolled(body).interval)


@given(bodies())
def test_a_loop_that_is_not_pipelined(body: LoopBody) -> None:
    schedule = rolled(body)
    holds(body, schedule, loop=True, apart=True)
    assert schedule.interval >= schedule.length


@given(bodies(), st.integers(1, 8))
def test_a_larger_latency_never_lowers_the_bounds(body: LoopBody, more: int) -> None:
    slower = replace(body, edges=tuple((a, b, x + more, d) for a, b, x, d in body.edges))
    assert slower.recurrence_interval() >= body.recurrence_interval()
    assert slower.resource_interval(apart=True) == body.resource_interval(apart=True)


@given(bodies(), bodies())
def test_code_packed_into_taken_bundles_leaves_them_alone(
    first: LoopBody, second: LoopBody
) -> None:
    rows = {}
    pack(first, (0,) * len(first.units), rows, True)
    before = {cycle: dict(bundle.slots) for cycle, bundle in rows.items()}
    times = pack(second, (3,) * len(second.units), rows, True)
    assert min(times) >= 3
    added = sum(len(bundle.slots) for bundle in rows.values())
    assert added == sum(map(len, before.values())) + len(second.units)


def test_accumulators_are_a_recurrence() -> None:
    """One accumulator takes a MAC every 2 (integer) or 4 (bf16) cycles, however many slots are free."""
    for latency in (2, 4):
        one = LoopBody(("vector",), (-1,), ((0, 0, latency, 1),))
        assert modulo_schedule(one, True).interval == latency
        four = LoopBody(("vector",) * 4, (-1,) * 4, tuple((i, i, latency, 1) for i in range(4)))
        assert modulo_schedule(four, True).interval == 4


def test_loads_of_one_bank_in_a_cycle_wait() -> None:
    body = LoopBody(("load", "load"), (0, 1), ())
    both = Schedule(1, (0, 0), ("ldb", "lda"))
    assert conflicts(body, both, {}) == 0
    assert conflicts(body, both, {(0, 1): 0.5}) == 0.5
    same = LoopBody(("load", "load"), (0, 0), ())
    assert conflicts(same, both, {}) == 1
    assert modulo_schedule(same, True).interval == 2


def test_pressure_counts_what_is_live_at_once() -> None:
    """Two values that both wait for a third operation are live together."""
    body = LoopBody(
        ("load", "load", "vector", "vector"),
        (0, 1, -1, -1),
        ((0, 2, 7, 0), (1, 2, 7, 0), (0, 3, 7, 0), (1, 3, 7, 0)),
        ((0.25, 0), (0.25, 0), (0, 0.5), (0, 0)),
    )
    assert pressure(body, list_schedule(body, True))[0] == 0.5


def rules(profile: str = "chess-like", **changes: float) -> Rules:
    core = replace(MACHINE.core["aie2"], **changes)
    return Rules(core, MACHINE.scalar, MACHINE.profile[profile])


def product(blocks: int) -> TraceLoop:
    """One step of K on so many accumulators, an A and a B load each."""
    steps: list[TraceStep] = []
    for i in range(blocks):
        steps.append(TraceStep("load", "load", (), 100 + i, 0, 32))
        steps.append(TraceStep("load", "load", (), 200 + i, 1, 32))
        uses = ((100 + i, ""), (200 + i, ""), (i, "acc"))
        steps.append(TraceStep("vector", "mac", uses, 300 + i, accumulator=128))
    args = tuple(range(blocks))
    inits = tuple(400 + i for i in args)
    return TraceLoop(
        tuple(steps), 64, inits, args, tuple(300 + i for i in args), tuple(500 + i for i in args)
    )


def test_accumulators_that_do_not_fit_are_spilled() -> None:
    fits, spilt = loop_time(product(8), rules()), loop_time(product(10), rules())
    assert fits.spills == 0
    assert spilt.spills > 0
    assert spilt.interval / 10 > fits.interval / 8


def test_a_compiler_that_ignores_banks_waits_for_them() -> None:
    """Two accumulators need four loads in two cycles: two pairs."""
    aware, blind = loop_time(product(2), rules()), loop_time(product(2), rules("peano-like"))
    assert aware.stalls == 0
    assert blind.interval == aware.interval + 2 * MACHINE.profile["peano-like"].same_bank_pairs


def test_a_conversion_goes_with_the_load_or_store_beside_it() -> None:
    alone = (
        TraceStep("load", "load", (), 1, 0, 32),
        TraceStep("move", "ups", ((1, ""),), 2, accumulator=128),
        TraceStep("store", "srs", ((2, ""),), 3, vector=32),
        TraceStep("store", "store", ((3, ""),), -1, 1),
    )
    assert [item.kind for item in fused_all(alone) if isinstance(item, TraceStep)] == [
        "load ups",
        "store",
    ]
    kept = (*alone, TraceStep("vector", "mac", ((1, ""), (3, "")), 4))
    assert len(fused_all(kept)) == 5


@pytest.mark.parametrize("arch", ["aie2", "aie2p"])
@pytest.mark.parametrize(
    "name", ["load_latency", "mac_int_latency", "srs_latency", "acc_int_distance"]
)
def test_a_slower_core_is_never_faster(arch: str, name: str) -> None:
    kernel = PeerKernel(arch, "i8", "i8", 32, 64, 32, (2, 2))
    times: list[int] = []
    for more in (0, 2, 4):
        core = replace(MACHINE.core[arch], **{name: getattr(MACHINE.core[arch], name) + more})
        slower = replace(MACHINE, core={**MACHINE.core, arch: core})
        times.append(kernel.cycles(slower, "chess-like"))
    assert times == sorted(times)


def test_a_loop_takes_its_interval_for_each_further_trip() -> None:
    loop = product(4)
    each = loop_time(loop, rules()).interval
    long = cycles((replace(loop, trips=100),), rules())
    assert long - cycles((loop,), rules()) == pytest.approx(36 * each)


@given(st.dictionaries(st.integers(0, 9), st.integers(32, 20000), min_size=1))
def test_buffers_lie_in_banks(sizes: dict[int, int]) -> None:
    shares = place(sizes, 1024, 16384, 4)
    if sum(sizes.values()) + 1024 <= 65536:
        assert all(sum(share) == pytest.approx(1) for share in shares.values())
    filled = [sum(share[bank] * sizes[key] for key, share in shares.items()) for bank in range(4)]
    assert max(filled) <= 16384 + 1e-6


def test_where_banks_do_not_do_the_largest_come_first() -> None:
    """Addresses that mlir-aie of March 2026 gave a core whose sums are larger than a bank."""
    sizes = {
        "vectors": 512,
        "filter 0": 4608,
        "filter 1": 4608,
        "output": 7168,
        "sums": 32000,
        "input": 14336,
    }
    starts = {
        "sums": 2048, "input": 34048, "output": 48384, "filter 0": 55552, "filter 1": 60160, "vectors": 64768,
    }  # fmt: skip
    for name, shares in place(sizes, 2048, 16384, 4).items():
        begin, end = starts[name], starts[name] + sizes[name]
        inside = (min(end, 16384 * (bank + 1)) - max(begin, 16384 * bank) for bank in range(4))
        assert shares == pytest.approx([max(0, size) / sizes[name] for size in inside])


def test_rings_that_go_round_in_step_meet_where_their_objects_do() -> None:
    low, high = (1.0, 0.0), (0.0, 1.0)
    assert meeting((low, high), (high, low)) == 0
    assert meeting((low, high), (low, high)) == 1
    assert meeting((low,), (low, high)) == 0.5
