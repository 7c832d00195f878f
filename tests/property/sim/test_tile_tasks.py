"""Descriptors of mem tiles that the runtime sequence writes: what they move, in which order, and their limits."""

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import DeviceError, VerifyError
from aie_conv.sim import Simulator, verify
from aie_conv.sim.timing.timeline import Timeline
from tests.support.sim.mutations import EXCUSES, changes, code, excuse, outcome, reached, results
from tests.support.sim.resident import (
    COLUMNS,
    CORE,
    FILL,
    FROM,
    READ,
    THROUGH_CORE,
    TO,
    WAIT,
    descriptor,
    host,
    module,
    task,
)

FILLED = task("fill", "S2MM, 0", descriptor(0, 0, 1024, FILL))


def run(text: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What a module is sent and what it gives."""
    x = np.random.default_rng(seed).integers(-128, 128, 1024, np.int8)
    y = np.zeros(1024, np.int8)
    Simulator(text).run([x, y])
    return x, y


def test_a_result_stays_in_the_mem_tile_and_leaves_in_the_end() -> None:
    simulator = Simulator(THROUGH_CORE)
    for seed in range(3):
        x = np.random.default_rng(seed).integers(-128, 128, 1024, np.int8)
        y = np.zeros(1024, np.int8)
        stats = simulator.run([x, y])
        np.testing.assert_array_equal(y.reshape(16, 16, 4), x.reshape(16, 16, 4).transpose(1, 0, 2))
        assert stats.shim_bytes == 2048
        assert stats.dma_words["mem tile (0, 1) MM2S 0"] == 256


def test_every_stream_has_a_lane() -> None:
    timeline = Timeline()
    Simulator(THROUGH_CORE).run([np.zeros(1024, np.int8)] * 2, timeline=timeline)
    names = {lane.name for lane in timeline.lanes}
    assert {"mem tile (0, 1) MM2S 0", "core tile (0, 2) MM2S 0", "shim tile (0, 0) MM2S 0"} <= names


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.sampled_from([4, 8, 16])),
    st.tuples(st.sampled_from([4, 64, 200]), st.sampled_from([12, 80]), st.sampled_from([4, 20])),
    st.integers(0, 8),
    st.booleans(),
)
def test_descriptors_walk_as_they_say(
    sizes: tuple[int, int, int, int], strides: tuple[int, int, int], place: int, linear: bool
) -> None:
    """Three dimensions and an iteration; then one run of bytes behind it, in the same task."""
    runs, *inner = sizes
    dims = list(zip(sizes, (*strides, 1), strict=True))
    text = ", ".join(f"<size = {n}, stride = {step}>" for n, step in dims)
    length = int(np.prod(inner))
    body = descriptor(4, 4 * place, length, None, text, "tail" if linear else "")
    if linear:
        body += f"      ^tail:\n{descriptor(5, 512, 8, None)}"
    sent = runs * (length + 8 * linear)
    sequence = (
        FILLED
        + host("first", "from_host", 0, 1024, token=False)
        + task("wait", "MM2S, 2", descriptor(1, 0, 4, READ))
        + task("read", "MM2S, 2", body, f"repeat_count = {runs - 1} : i32")
        + host("to", "to_host", 1, 4 + sent, token=True)
        + WAIT
    )
    x, y = run(module(sequence))
    want = [*x[:4]]
    for number in range(runs):
        start = 4 * place + number * strides[0]
        steps = [range(0, n * step, step) for n, step in dims[1:]]
        want += [x[start + sum(each)] for each in product(*steps)]
        want += [*x[512:520]] * linear
    np.testing.assert_array_equal(y[: 4 + sent], want)


def test_a_few_changes_are_noticed() -> None:
    data = [[run(THROUGH_CORE, seed)[0], np.zeros(1024, np.int8)] for seed in (0, 1)]
    simulator = Simulator(THROUGH_CORE)
    wanted = results(simulator, data)
    lines = reached(simulator), code(simulator)
    found: Counter[str] = Counter()
    for change in changes(THROUGH_CORE, 40, 3):
        what = outcome(change.text, data, wanted).what
        reason = excuse(change, THROUGH_CORE, *lines) if what == "passes" else what
        assert reason, str(change)
        found[reason] += 1
    assert found["refused"] + found["reported"] + found["differs"] >= 30


@pytest.mark.slow
def test_changes_are_noticed() -> None:
    data = [[run(THROUGH_CORE, seed)[0], np.zeros(1024, np.int8)] for seed in (0, 1)]
    simulator = Simulator(THROUGH_CORE)
    wanted = results(simulator, data)
    lines = reached(simulator), code(simulator)
    for change in changes(THROUGH_CORE, 300, 0):
        if outcome(change.text, data, wanted).what == "passes":
            assert excuse(change, THROUGH_CORE, *lines), str(change)


SENT = task("send", "MM2S, 2", descriptor(3, 0, 1024, READ))
COPY = FILLED + SENT + TO + FROM + WAIT
TWO = descriptor(0, 0, 1024, FILL, follows="b") + f"      ^b:\n{descriptor(1, 1024, 4, None)}"


def changed(old: str, new: str, text: str = "", count: int = 1) -> str:
    """The copying module, or another, with a change."""
    text = text or module(COPY)
    assert old in text
    return text.replace(old, new, count)


REFUSED = {
    "id of the other parity": (
        changed("bd_id = 3 :", "bd_id = 24 :"), "dma_bd id 24 of mem tile .0, 1. MM2S 2: its ids are 0 to 23",
    ),
    "id that the queue does not take": (
        changed("bd_id = 3 :", "bd_id = 16 :"), "a task cannot begin with it: .* begin with one below 16",
    ),
    "odd channel": (
        changed("%mem, MM2S, 2) {", "%mem, MM2S, 1) {").replace("(%mem, DMA : 2", "(%mem, DMA : 1")
        .replace("bd_id = 3 :", "bd_id = 24 :"),
        "a task cannot begin with it",
    ),
    "id twice": (changed("bd_id = 3 :", "bd_id = 0 :"), "id reused while line .* dma_bd id 0 may still run: take"),
    "token": (
        changed("      aiex.dma_start_task(%send)", " {issue_token = true}\n aiex.dma_start_task(%send)")
        .replace("}\n {issue", "} {issue"),
        "it issues a token: the tools route those of shim tiles alone",
    ),
    "queue": (
        module("".join(task(f"t{i}", "S2MM, 0", descriptor(i, 0, 4, FILL)) for i in range(5))),
        "queue overflow: 5 unfinished tasks on the channel of mem tile .0, 1. S2MM 0",
    ),
    "memory": (changed("memref<4096xi8>", "memref<524292xi8>", count=9), "memory: 524292 bytes of 524288"),
    "bounds": (changed("%resident : memref<4096xi8>, 0, 1024) {bd_id = 3", "%resident : memref<4096xi8>, 3076, 1024) {bd_id = 3"),
               "out of bounds: it reaches byte 4100 of 4096"),
    "alignment": (changed(", 0, 1024) {bd_id = 3", ", 2, 1024) {bd_id = 3"), "4-byte granularity"),
    "length": (changed(", 0, 1024) {bd_id = 3", f", 0, 1020, [{COLUMNS}]) {{bd_id = 3"), "length 1020: its dimensions have 1024"),
    "stride": (
        changed(", 0, 1024) {bd_id = 3", f", 0, 1024, [{COLUMNS.replace('stride = 64', 'stride = 62')}]) {{bd_id = 3"),
        "4-byte granularity: stride 62",
    ),
    "dimensions": (
        changed(", 0, 1024) {bd_id = 3", f", 0, 1024, [<size = 1, stride = 4>, <size = 1, stride = 4>, {COLUMNS}]) {{bd_id = 3"),
        "5 dimensions",
    ),
    "iteration": (
        changed(", 0, 1024) {bd_id = 3", f", 0, 1024, [<size = 2, stride = 4>, {COLUMNS}]) {{bd_id = 3"),
        "iteration: size 2 in a task that runs 1 times",
    ),
    "one lock": (changed("        aie.use_lock(%empty, Release, 1)\n", ""), "an acquire in front and a release behind it, or neither"),
    "lock's number": (changed("aie.lock(%mem, 1)", "aie.lock(%mem, 64)"), "lock @full of mem tile .*: number 64: its locks are 0 to 63"),
    "lock twice": (changed("aie.lock(%mem, 1)", "aie.lock(%mem, 0)"), "lock @empty of mem tile .0, 1. is number 0 too"),
    "lock's value": (changed("{init = 1 :", "{init = 64 :"), "it begins at 64: a lock counts 0 to 63"),
    "use": (changed("%full, AcquireGreaterEqual, 1", "%full, AcquireGreaterEqual, 64"), "64 of lock @full"),
    "lock of another tile": (
        module(COPY.replace("(%full, Acq", "(%in_full, Acq"), CORE), "lock @in_full of core tile .* is used on mem tile",
    ),
    "buffer of another tile": (
        module(COPY.replace("%resident : memref<4096xi8>, 0, 1024) {bd_id = 3", "%in : memref<1024xi8>, 0, 1024) {bd_id = 3"), CORE),
        "%in is no buffer of mem tile .0, 1.",
    ),
    "no flow": (changed("MM2S, 2) {", "MM2S, 4) {"), "no aie.flow begins or ends at mem tile .0, 1. MM2S 4"),
    "channel": (changed("%mem, DMA : 2", "%mem, DMA : 6").replace("MM2S, 2) {", "MM2S, 6) {"), "its channels are 0 to 5"),
    "flow twice": (
        changed("    aie.shim_dma_alloc", "    aie.flow(%shim, DMA : 1, %mem, DMA : 0)\n    aie.shim_dma_alloc"),
        "mem tile .0, 1. S2MM 0 already takes the flow of line",
    ),
    "no allocation": (
        changed("    aie.shim_dma_alloc", "    aie.flow(%shim, DMA : 1, %mem, DMA : 4)\n    aie.shim_dma_alloc"),
        None,
    ),
    "allocation twice": (
        changed("    aie.shim_dma_alloc", "    aie.shim_dma_allocation @more(%shim, MM2S, 0)\n    aie.shim_dma_alloc"),
        "is @more already",
    ),
    "channel of a FIFO": (
        module(COPY, "    aie.objectfifo @f(%mem, {%core}, 2 : i32) : !aie.objectfifo<memref<64xi8>>\n"
                     "    aie.flow(%mem, DMA : 0, %core, DMA : 1)\n"),
        "mem tile .0, 1. MM2S 0: an object FIFO has this channel",
    ),
    "descriptor of a FIFO": (
        module(COPY.replace("MM2S, 2) {", "MM2S, 4) {"),
               "    aie.objectfifo @f(%mem, {%core}, 4 : i32) : !aie.objectfifo<memref<64xi8>>\n")
        .replace("(%mem, DMA : 2", "(%mem, DMA : 4"),
        "the tools use ids 0 to 3 for what is configured there",
    ),
    "configured channel": (
        THROUGH_CORE.replace("(%mem, MM2S, 0) {", "(%core, MM2S, 0) {").replace(
            f"%resident : memref<4096xi8>, 0, 1024, [{COLUMNS}]", "%in : memref<1024xi8>, 0, 1024")
        .replace("(%full, Acq", "(%in_full, Acq", 1).replace("(%empty, Rel", "(%in_free, Rel", 1),
        "the channel runs what it is configured with",
    ),
    "shim": (changed("(%mem, MM2S, 2) {", "(%shim, MM2S, 0) {"), "is no buffer of shim tile"),
    "no tile": (changed("(%mem, MM2S, 2) {", "(%full, MM2S, 2) {"), "%full is no tile"),
    "never started": (changed("      aiex.dma_start_task(%send)\n", ""), "task of mem tile .0, 1. MM2S 2: it is never started"),
    "chain that comes back": (
        module(task("fill", "S2MM, 0", TWO.replace("aie.end", "aie.next_bd ^b")) + FROM), "no such block, or again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (_, message) in REFUSED.items() if message])
def test_limits_are_refused_by_name(name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(VerifyError, match=message or "") as caught:
        verify(text)
    assert "\n" not in str(caught.value)


def test_a_shim_channel_needs_a_name() -> None:
    with pytest.raises(VerifyError, match="shim tile .0, 0. MM2S 1 has no aie.shim_dma_allocation"):
        run(REFUSED["no allocation"][0])


def test_a_deadlock_says_which_lock_is_waited_for() -> None:
    """What stays is asked for before it is there: it takes the only empty place, as on the device."""
    text = THROUGH_CORE
    fill = text.index("      %fill = ")
    read, keep, send = (text.index(f"      %{name} = ") for name in ("read", "keep", "send"))
    turned = text[:fill] + text[keep:send] + text[fill:keep] + text[send:]
    with pytest.raises(
        DeviceError,
        match="deadlock.*S2MM 0 waits for lock @empty of mem tile .0, 1. to be 1, it is 0",
    ):
        run(turned)
    assert fill < read < keep


UNORDERED = {
    "nothing orders them": (
        FILLED + task("send", "MM2S, 2", descriptor(3, 0, 1024, None)) + TO + FROM + WAIT,
        "race: .* bytes that .* at the same time or later",
    ),
    "a lock left full": (
        FILLED + task("send", "MM2S, 2", descriptor(3, 0, 1024, ("full", "full"))) + TO + FROM + WAIT,
        "lock @empty of mem tile .0, 1.: after the call it is 0, before it 1",
    ),
    "more than a lock counts": (
        task("fill", "S2MM, 0", descriptor(0, 0, 16, None).replace("        aie.end\n", "")
             .replace("aie.dma_bd", "aie.use_lock(%empty, AcquireGreaterEqual, 1)\n        aie.dma_bd")
             + "        aie.use_lock(%full, Release, 63)\n        aie.next_bd ^b\n      ^b:\n"
             + descriptor(1, 16, 1008, ("full", "full"))
             .replace("%full, Release, 1", "%full, Release, 2")) + FROM,
        "releases 2 to lock @full .*, which has 62: a lock counts to 63",
    ),
    "too little data": (
        FILLED + task("send", "MM2S, 2", descriptor(3, 0, 1020, READ)) + TO + FROM + WAIT, "deadlock",
    ),
    "a task too many": (
        FILLED + task("more", "S2MM, 0", descriptor(5, 1024, 4, FILL)) + SENT + TO + FROM + WAIT,
        "task of mem tile .0, 1. S2MM 0 did not finish: it waits for the stream of mem tile",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNORDERED)
def test_what_locks_do_not_order_is_reported(name: str) -> None:
    sequence, message = UNORDERED[name]
    with pytest.raises(DeviceError, match=message) as caught:
        run(module(sequence))
    assert "\n" not in str(caught.value)


def test_the_classes_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text()
    assert f"| lock | {EXCUSES['lock']} |" in page
