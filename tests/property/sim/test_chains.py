"""Chains of shim descriptors: they run in turn as one task, and each of their limits is checked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.machine import current
from aie_conv.errors import VerifyError
from aie_conv.sim import Simulator, verify
from aie_conv.sim.timing.timeline import Timeline
from tests.support.sim.programs import chain, memref, relay

KIND = memref(4096, "i8")
STEPS = st.sampled_from([0, 4, 64, 256])
Descriptor = tuple[str, str, int, int, tuple[int, ...], tuple[int, ...]]


def program(sequence: str, objects: int) -> str:
    """Objects of 64 bytes go through a core, from %x and %r to %y, by a sequence of one's own."""
    text = relay(64, "i8", objects=objects)
    start = text.index("aie.runtime_sequence")
    head = f"aie.runtime_sequence @sequence(%x: {KIND}, %r: {KIND}, %y: {KIND}) {{\n"
    return f"{text[:start]}{head}{sequence}}}\n}}\n}}\n"


def part(argument: str, id_: int, offset: int, step: int, runs: int) -> Descriptor:
    """One object in each run, in four pieces 128 bytes apart."""
    return (argument, KIND, id_, offset, (runs, 1, 4, 16), (step, 0, 128, 1))


def pair(runs: int = 3, name: str = "in", attributes: str = "issue_token = true, ") -> str:
    """Two descriptors in turn on @a3, ids 0 and 1."""
    parts = [part("x", 0, 0, 16, runs), part("r", 1, 64, 64, runs)]
    return chain(name, "a3", parts, runs, attributes)


def written(runs: int = 3) -> str:
    """All that comes back, as one run of bytes."""
    return chain("out", "o", [("y", KIND, 8, 0, (runs, 1, 1, 128), (128, 0, 0, 1))], runs)


AWAITED = "aiex.dma_await_task(%in)\naiex.dma_await_task(%out)\n"
WHOLE = written() + pair() + AWAITED


@given(
    st.lists(st.tuples(st.sampled_from("xr"), st.integers(0, 64), STEPS), min_size=1, max_size=4),
    st.integers(1, 6),
    st.booleans(),
)
def test_descriptors_run_in_turn(
    places: list[tuple[str, int, int]], runs: int, turned: bool
) -> None:
    """In and out: what is read piece by piece is written piece by piece, at twice the steps."""
    objects = len(places) * runs
    reads = [part(a, i, 4 * at, step, runs) for i, (a, at, step) in enumerate(places)]
    order = [*range(len(places))][:: -1 if turned else 1]
    stores = [
        ("y", KIND, 8 + i, 64 * place, (runs, 1, 1, 64), (64 * len(places), 0, 0, 1))
        for i, place in enumerate(order)
    ]
    text = program(
        chain("out", "o", stores, runs) + chain("in", "a3", reads, runs) + AWAITED, objects
    )
    rng = np.random.default_rng(1)
    buffers = {name: rng.integers(-128, 128, 4096, np.int8) for name in "xr"}
    got = np.zeros(4096, np.int8)
    Simulator(text).run([buffers["x"], buffers["r"], got])
    want = np.zeros(4096, np.int8)
    for run in range(runs):
        for place, (name, at, step) in zip(order, places, strict=True):
            start = 4 * at + run * step
            pieces = [buffers[name][start + 128 * i :][:16] for i in range(4)]
            want[(run * len(places) + place) * 64 :][:64] = np.concatenate(pieces)
    np.testing.assert_array_equal(got, want)


def test_each_descriptor_costs_an_issue() -> None:
    timeline = Timeline()
    stats = Simulator(program(WHOLE, 6)).run([np.zeros(4096, np.int8)] * 3, timeline=timeline)
    issue, start = current().host.issue, current().host.start
    (lane,) = [lane for lane in timeline.lanes if lane.kind == "sequence"]
    spans = [(s.start, s.end) for s in lane if s.what.startswith("dma_configure")]
    assert spans == [(0, issue - start), (issue, 3 * issue - start)]
    assert stats.cycles > 3 * issue
    assert stats.shim_bytes == 2 * 6 * 64


def test_descriptors_are_free_after_an_await() -> None:
    again = WHOLE.replace("%in", "%in2").replace("%out", "%out2")
    x = np.arange(4096).astype(np.int8)
    got = np.zeros(4096, np.int8)
    Simulator(program(WHOLE + again, 12)).run([x, x, got])
    assert got.any()


def test_plain_transfers_stand_beside_chains() -> None:
    plain = f"aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {{id = 2 : i64, issue_token = true, metadata = @a3}} : {KIND}\n"
    back = f"aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 448][1, 1, 1, 64][0, 0, 0, 1]) {{id = 9 : i64, metadata = @o}} : {KIND}\n"
    waits = "aiex.npu.dma_wait {symbol = @a3}\naiex.npu.dma_wait {symbol = @o}\n"
    x = np.arange(4096).astype(np.int8)
    got = np.zeros(4096, np.int8)
    Simulator(program(written() + back + pair() + plain + AWAITED + waits, 7)).run([x, x, got])
    np.testing.assert_array_equal(got[448:512], x[:64])


REFUSED = {
    "iterations": (WHOLE.replace(pair(), pair(65)), "iteration: size 65: at most 64"),
    "iterations of one": (
        WHOLE.replace("<size = 3, stride = 64>", "<size = 2, stride = 64>"),
        "dma_bd id 1 of @a3: iteration: size 2 in a chain that runs 3 times",
    ),
    "wrap": (
        WHOLE.replace("0, 64, [<size = 3, stride = 16>, <size = 1, stride = 0>, <size = 4, stride = 128>, <size = 16",
                      "0, 4096, [<size = 3, stride = 0>, <size = 1, stride = 0>, <size = 1024, stride = 0>, <size = 4"),
        "wrap: size 1024 in dimension 1",
    ),
    "bounds": (WHOLE.replace("<size = 3, stride = 64>", "<size = 3, stride = 2048>"), "out of bounds"),
    "granularity": (WHOLE.replace("stride = 64>", "stride = 6>"), "4-byte granularity: stride 3 is 6 bytes"),
    "length": (WHOLE.replace("64, 64, [", "64, 60, ["), "length 60: its three inner dimensions have 64"),
    "id": (WHOLE.replace("bd_id = 1 :", "bd_id = 16 :"), "shim descriptors have ids 0 to 15"),
    "id twice": (WHOLE.replace("bd_id = 1 :", "bd_id = 0 :"), "id reused while line .* dma_bd id 0 of @a3 may"),
    "id of another channel": (
        WHOLE.replace("bd_id = 1 :", "bd_id = 8 :"), "id reused while line .* dma_bd id 8 of @o may",
    ),
    "id of one that runs": (
        written() + pair() + pair(name="in2") + AWAITED, "id reused while line .* dma_bd id 0 of @a3 may",
    ),
    "queue": (
        "".join(chain(f"in{i}", "a3", [part("x", i, 0, 0, 3)], 3) for i in range(5)),
        "chain of 1 of @a3: queue overflow: 5 unfinished tasks",
    ),
    "token": (WHOLE.replace(pair(), pair(attributes="")), "token unmatched: no task of it is open"),
    "not awaited": (WHOLE.replace("aiex.dma_await_task(%in)\n", ""), "token unmatched: it is never waited"),
    "waited for otherwise": (
        WHOLE.replace("aiex.dma_await_task(%in)", "aiex.npu.dma_wait {symbol = @a3}"),
        "dma_wait @a3: the channel's next token is of line .*: await that one",
    ),
    "awaited out of turn": (
        written() + pair() + chain("in2", "a3", [part("x", 2, 0, 0, 3)], 3)
        + "aiex.dma_await_task(%in2)\n",
        "dma_await_task @a3: the channel's next token is of line .* chain of 2 of @a3: await that one",
    ),
    "awaited twice": (WHOLE + "aiex.dma_await_task(%in)\n", "token unmatched: no task of it is open"),
    "never started": (WHOLE.replace("aiex.dma_start_task(%in)\naiex", "aiex").replace("aiex.dma_await_task(%in)\n", ""),
                      "chain of 2 of @a3: it is never started"),
    "started twice": (
        WHOLE.replace("aiex.dma_start_task(%in)\n", "aiex.dma_start_task(%in)\n" * 2), "started twice",
    ),
    "another value": (
        "%index = arith.constant 0 : index\naiex.dma_start_task(%index)\n", "its operand is no configured task",
    ),
    "no such block": (WHOLE.replace("next_bd ^part_1", "next_bd ^part_2"), r"next_bd \^part_2: no such block"),
    "a loop": (
        WHOLE.replace("{bd_id = 1 : i32}\naie.end", "{bd_id = 1 : i32}\naie.next_bd ^part_1"),
        "no such block, or again",
    ),
    "a block left over": (WHOLE.replace("aie.next_bd ^part_1", "aie.end"), "a block that no aie.next_bd leads to"),
    "an empty block": (WHOLE.replace("^part_1:\n", "^part_1:\naie.end\n^part_2:\n"), "a block holds one aie.dma_bd"),
    "label twice": (WHOLE.replace("^part_1:", "^part_1:\naie.end\n^part_1:"), r"block \^part_1 given twice"),
    "FIFO": (WHOLE.replace("_task_for @a3", "_task_for @nobody"), "there is no object FIFO @nobody"),
    "inner FIFO": (WHOLE.replace("_task_for @a3", "_task_for @a1"), "@a1 has no end on a shim tile"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str) -> None:
    sequence, message = REFUSED[case]
    assert sequence != WHOLE
    with pytest.raises(VerifyError, match=message):
        verify(program(sequence, 6))


def test_the_whole_passes() -> None:
    verify(program(WHOLE, 6))
