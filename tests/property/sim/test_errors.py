"""Each limit and each misuse, provoked by changing one thing of a program that works."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.errors import DeviceError, UsageError, VerifyError
from aie_conv.sim import Simulator, verify
from tests.support.sim.programs import GEMM, acquire, fan, kernel, memref, relay

RELAY = relay(64, "i8")
WAIT = "aiex.npu.dma_wait {symbol = @a3}"


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


VERIFIER = {
    "core memory": (
        changed(RELAY, ("stack_size = 1024", "stack_size = 65536")),
        r"core tile \(0, 2\): memory: \d+ bytes of 65536",
    ),
    "mem tile memory": (
        changed(
            relay(64, "i8"),
            ("aie.objectfifo @a3(%s, {%m}, 2 : i32)", "aie.objectfifo @a3(%s, {%m}, 9000 : i32)"),
        ),
        r"mem tile \(0, 1\): .*(buffer descriptors|memory)",
    ),
    "descriptors": (
        changed(fan(), ("@w(%s, {%m}, 1 : i32)", "@w(%s, {%m}, 13 : i32)")),
        r"mem tile \(0, 1\): \d+ buffer descriptors on its even channels: there are 24",
    ),
    "core descriptors": (
        relay(64, "i8").replace("{%c }, 2 : i32)", "{%c }, [2, 20])"),
        r"core tile \(0, 2\): \d+ buffer descriptors",
    ),
    "wrap": (
        relay(
            64 * 512,
            "i8",
            objects=1,
            depth=1,
            from_stream="dimensionsFromStream [<size = 64, stride = 4>, <size = 128, stride = 256>, "
            "<size = 4, stride = 1>]",
        ).replace("<size = 64, stride = 4>, <size = 128", "<size = 32, stride = 4>, <size = 256"),
        "wrap: size 256 does not fit its 8-bit field",
    ),
    "granularity of an object": (
        relay(62, "i8").replace("size = arith.constant 62", "size = arith.constant 48"),
        "4-byte granularity: an object of 62 bytes",
    ),
    "granularity of a stride": (
        relay(
            64, "i8", to_stream="dimensionsToStream [<size = 8, stride = 2>, <size = 2, stride = 16>, "
            "<size = 4, stride = 1>]",
        ),
        "4-byte granularity: stride 2 x 1 bytes",
    ),
    "reach": (
        relay(
            64, "i8", to_stream="dimensionsToStream [<size = 16, stride = 8>, <size = 4, stride = 1>]"
        ),
        "out of bounds: it reaches element 123 of 64",
    ),
    "coverage": (
        relay(64, "i8", to_stream="dimensionsToStream [<size = 8, stride = 8>, <size = 4, stride = 1>]"),
        "object size mismatch: it walks 32 elements of 64",
    ),
    "too many dimensions": (
        relay(
            64, "i8", from_stream="dimensionsFromStream [<size = 2, stride = 32>, <size = 2, stride = 16>,"
            " <size = 4, stride = 4>, <size = 4, stride = 1>]",
        ),
        "4 dimensions: its descriptors have 3",
    ),
    "host offset": (
        changed(RELAY, ("(%x[0, 0, 0, 0]", "(%x[-1, 0, 0, 0]")),
        r"dma_memcpy_nd: offset -1: it is at least 0",
    ),
    "host address": (
        changed(RELAY, ("(%x[0, 0, 0, 0]", "(%x[0, 0, 0, 4]")),
        r"out of bounds: bytes 4 to 132 of an argument of 128 bytes",
    ),
    "host granularity": (
        changed(RELAY, ("(%x[0, 0, 0, 0][1, 1, 1, 128]", "(%x[0, 0, 0, 2][1, 1, 1, 124]")),
        "4-byte granularity: offset is 2 bytes",
    ),
    "host stride": (
        changed(
            RELAY, ("(%x[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]", "(%x[0, 0, 0, 0][1, 1, 2, 64][0, 0, 6, 1]")
        ),
        "4-byte granularity: stride 1 is 6 bytes",
    ),
    "host iterations": (
        changed(
            relay(64, "i8", objects=65),
            ("(%x[0, 0, 0, 0][1, 1, 1, 4160]", "(%x[0, 0, 0, 0][65, 1, 1, 64]"),
        ),
        "iteration: size 65: at most 64",
    ),
    "host wrap": (
        changed(
            relay(64, "i8", objects=130),
            ("(%x[0, 0, 0, 0][1, 1, 1, 8320][0, 0, 0, 1]", "(%x[0, 0, 0, 0][1, 1, 2080, 4][0, 0, 4, 1]"),
        ),
        "wrap: size 2080 in dimension 1 does not fit its 10-bit field",
    ),
    "descriptor id": (
        changed(RELAY, ("id = 1 : i64", "id = 16 : i64")),
        "shim descriptors have ids 0 to 15",
    ),
    "id reused": (
        changed(RELAY, ("id = 1 : i64", "id = 0 : i64")),
        "id reused while line .* may still run",
    ),
    "token never waited for": (
        changed(RELAY, ("aiex.npu.dma_wait {symbol = @a3}\n", "")),
        "token unmatched: it is never waited for",
    ),
    "wait without a task": (
        changed(RELAY, ("dma_wait {symbol = @a3}", "dma_wait {symbol = @a3}\n" + WAIT)),
        "dma_wait @a3: token unmatched: no task of it is open",
    ),
    "unknown FIFO": (
        changed(RELAY, ("dma_wait {symbol = @a3}", "dma_wait {symbol = @nobody}")),
        "there is no object FIFO @nobody",
    ),
    "object type": (
        changed(RELAY, ("memref<64xi8>> -> memref<64xi8>", "memref<64xi8>> -> memref<32xi8>")),
        r"aie.objectfifo.subview.access: gives memref<64xi8>, not memref<32xi8>",
    ),
    "object type of a whole program": (
        changed(
            relay(64, "i8"),
            ("@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>>",
             "@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<32xi8>>"),
        ),
        "object size mismatch: the parts of @a3 hold 64 bytes, the object 32",
    ),
    "acquired type": (
        changed(fan(), ("@x(%s, {%c0, %c1}, 2 : i32) : !aie.objectfifo<memref<64xi8>>",
                        "@x(%s, {%c0, %c1}, 2 : i32) : !aie.objectfifo<memref<32xi8>>")),
        r"core \(0, 2\): .* @x: object size mismatch",
    ),
    "wrong end": (
        changed(RELAY, ("acquire @a1(Consume", "acquire @a1(Produce")),
        r"core \(0, 2\): line \d+: aie.objectfifo.acquire @a1: the core is not at its Produce end",
    ),
    "too deep": (
        changed(RELAY, ("acquire @a1(Consume, 1)", "acquire @a1(Consume, 3)")),
        "3 objects of a FIFO of depth 2",
    ),
    "link sizes": (
        changed(fan(), ("link [@w] -> [@w0, @w1] ([] [0, 64])", "link [@w] -> [@w0, @w1] ([] [0, 32])")),
        "@w1 begins at byte 32 of @w, expected 64",
    ),
    "pad on a core": (
        changed(
            RELAY,
            (
                "aie.objectfifo @o(%c, {%s}, 2 : i32)",
                "aie.objectfifo @o(%c dimensionsToStream [<size = 64, stride = 1>], {%s}, 2 : i32) "
                "{padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 4, const_pad_after = 4>]>}",
            ),
        ),
        "only a mem tile's MM2S pads",
    ),
    "no such tile": (changed(RELAY, ("aie.tile(0, 2)", "aie.tile(4, 2)")), r"npu1 has no tile \(4, 2\)"),
    "no such device": (changed(RELAY, ("npu1", "npu9")), r"aie.device\(npu9\): unknown device"),
    "undefined value": (changed(RELAY, ("[%j] {alig", "[%jj] {alig")), "use of undefined value %jj"),
    "a stack of nothing": (
        changed(RELAY, ("stack_size = 1024", "stack_size = 0")),
        r"core \(0, 2\): stack_size = 0: a positive multiple of 32 bytes is needed",
    ),
    "a stack that ends amid a vector": (
        changed(RELAY, ("stack_size = 1024", "stack_size = 1040")),
        r"core \(0, 2\): stack_size = 1040: a positive multiple of 32 bytes",
    ),
    "an odd alignment": (
        changed(RELAY, ("vector.store %v, %o[%j] {alignment = 16", "vector.store %v, %o[%j] {alignment = 33")),
        r"core \(0, 2\): line \d+: vector.store: alignment = 33: it is a power of two",
    ),
    "an odd alignment in a function": (
        changed(GEMM, ("%vb = vector.load %b[%bt] {alignment = 32", "%vb = vector.load %b[%bt] {alignment = 31")),
        r"@multiply: line \d+: vector.load: alignment = 31: it is a power of two",
    ),
    "an object that was not acquired": (
        changed(RELAY, ("%a_s[0]", "%a_s[1]")),
        r"core \(0, 2\): line \d+: aie.objectfifo.subview.access: object 1 of 1 acquired: use 0 to 0",
    ),
    "the same in a loop that does not run": (
        changed(RELAY, ("%a_s[0]", "%a_s[-1]"), ("%n = arith.constant 2", "%n = arith.constant 0")),
        r"core \(0, 2\): line \d+: aie.objectfifo.subview.access: object -1 of 1 acquired",
    ),
    "an index of more than 64 bits": (
        changed(GEMM, ("9223372036854775807", "9223372036854775808")),
        r"core \(0, 2\): line \d+: arith.constant: 9223372036854775808 is out of range for index",
    ),
    "a word of more than 32 bits": (
        changed(GEMM, ("arith.constant 776 : i32", "arith.constant 4294967296 : i32")),
        r"@multiply: line \d+: arith.constant: 4294967296 is out of range for i32",
    ),
    "an object of nothing": (
        changed(RELAY, ("@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>>",
                        "@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<0xi8>>")),
        r"line \d+: @a3: an object of !aie.objectfifo<memref<0xi8>> has no bytes",
    ),
    "initial values": (
        changed(RELAY, ("@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>>",
                        "@a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>> = [dense<[0, 1]> : memref<64xi8>]")),
        r"line \d+: @a3: initial values are not simulated",
    ),
    "a core without an end": (
        changed(RELAY, ("aie.end\n", "")), r"core \(0, 2\): its body does not end with aie.end"
    ),
    "a function without a return": (
        changed(GEMM, ("return\n", "")), r"@multiply: its body does not end with func.return"
    ),
    "code behind a return": (
        changed(GEMM, ("return\n", "return\nreturn\n")),
        r"@multiply: line \d+: func.return ends a block, and more follows",
    ),
    "a link again": (
        changed(RELAY, ("link [@a3] -> [@a1] ([] [])", "link [@a3] -> [@a1] ([] [])\naie.objectfifo.link [@a3] -> [@a1] ([] [])")),
        r"line \d+: @a3 goes into two links",
    ),
    "a part twice in a link": (
        changed(fan(), ("link [@w] -> [@w0, @w1] ([] [0, 64])", "link [@w] -> [@w0, @w0] ([] [0, 64])")),
        r"line \d+: @w0 goes out of two links",
    ),
    "a buffer elsewhere": (
        changed(
            RELAY,
            ("%core = aie.core(%c) {\n", "%b = aie.buffer(%m) : memref<64xi8>\n%core = aie.core(%c) {\n"),
            ("vector.store %v, %o[%j]", "vector.store %v, %b[%j]"),
        ),
        r"core \(0, 2\): line \d+: vector.store: %b lies in mem tile \(0, 1\), which the core cannot",
    ),
    "a call of nothing": (
        changed(fan(), ("func.call @add(%x, %w, %o)", "func.call @w(%x, %w, %o)")),
        r"line \d+: func\.call: @w is no function",
    ),
    "a call of another": (
        changed(GEMM, ("func.call @multiply(%a, %b, %o)", "func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a, %b, %o)")),
        r"func\.call: @llvm.* takes \(vector<64xi8>.* and is called with \(memref<2048xi8>",
    ),
    "unknown operation": (
        changed(RELAY, ("aie.objectfifo.release @a1(Consume, 1)", "aie.mystery @a1(Consume, 1)")),
        "operation 'aie.mystery' is not in the simulator's subset",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", VERIFIER)
def test_the_verifier_names_the_limit(case: str) -> None:
    text, message = VERIFIER[case]
    with pytest.raises(VerifyError, match=message) as raised:
        verify(text)
    assert "\n" not in str(raised.value)


@settings(max_examples=60)
@given(st.sampled_from([RELAY, GEMM, fan()]), st.integers(0, 10**6), st.integers(0, 10**6))
def test_whatever_is_broken_the_error_is_ours(text: str, where: int, what: int) -> None:
    """A word lost, doubled or put in another's place never ends in a bare Python error."""
    words = text.split(" ")
    at = where % len(words)
    words[at] = ("", "-1", words[what % len(words)])[what % 3]
    with suppress(VerifyError):
        verify(" ".join(words))


def test_what_works_passes() -> None:
    for text in (RELAY, GEMM, fan()):
        verify(text)


def test_five_tasks_overflow_a_queue() -> None:
    push = RELAY[RELAY.index("aiex.npu.dma_memcpy_nd(%x") : RELAY.index("aiex.npu.dma_wait")]
    pushes = "".join(push.replace("id = 1", f"id = {i}") for i in range(1, 6))
    with pytest.raises(
        VerifyError, match="queue overflow: 5 unfinished tasks on the channel of @a3"
    ):
        verify(RELAY.replace(push, pushes))


def test_six_host_buffers() -> None:
    more = ", ".join(f"%e{i}: memref<4xi8>" for i in range(4))
    with pytest.raises(VerifyError, match="6 host buffers: there are 5"):
        verify(RELAY.replace("%y: memref<128xi8>) {", f"%y: memref<128xi8>, {more}) {{"))


def test_three_channels_into_a_core() -> None:
    extra = "".join(
        f"aie.objectfifo @e{i}(%m, {{%c}}, 1 : i32) : !aie.objectfifo<memref<64xi8>>\n"
        for i in range(2)
    )
    text = RELAY.replace("%core = aie.core", extra + "%core = aie.core")
    with pytest.raises(VerifyError, match="3 S2MM DMA channels used by @a1, @e0, @e1: there are 2"):
        verify(text)


def test_program_memory() -> None:
    line = "%v = vector.load %x0[%c0] : memref<64xi8>, vector<64xi8>\n"
    body = "".join(line.replace("%v", f"%v{i}") for i in range(2000))
    with pytest.raises(VerifyError, match=r"program memory: about .* of 16384"):
        verify(kernel([(64, "i8")], (64, "i8"), body))


def run_relay(text: str) -> None:
    Simulator(text).run([np.zeros(128, np.int8), np.zeros(128, np.int8)])


def test_a_missing_release_is_a_deadlock_that_says_who_waits() -> None:
    text = changed(relay(64, "i8", objects=8), ("aie.objectfifo.release @a1(Consume, 1)\n", ""))
    with pytest.raises(DeviceError) as raised:
        Simulator(text).run([np.zeros(512, np.int8), np.zeros(512, np.int8)])
    assert "deadlock: runtime sequence waits for a token of @a3" in str(raised.value)
    assert "a free object of @a1 in core tile (0, 2)" in str(raised.value)


def test_too_little_output_is_a_deadlock() -> None:
    with pytest.raises(DeviceError, match=r"deadlock: runtime sequence waits for a token of @o"):
        run_relay(changed(RELAY, (
            "(%x[0, 0, 0, 0][1, 1, 1, 128]", "(%x[0, 0, 0, 0][1, 1, 1, 64]"
        )))  # fmt: skip


def test_data_that_nobody_takes_is_an_error() -> None:
    text = changed(
        relay(64, "i8", objects=16),
        ("(%y[0, 0, 0, 0][1, 1, 1, 1024]", "(%y[0, 0, 0, 0][1, 1, 1, 128]"),
        (", issue_token = true", ""),
        ("aiex.npu.dma_wait {symbol = @a3}\n", ""),
    )
    with pytest.raises(
        DeviceError, match=r"id 1 of @a3 did not finish: its data was not all taken"
    ):
        Simulator(text).run([np.zeros(1024, np.int8), np.zeros(1024, np.int8)])


def test_a_piece_of_an_object_left_in_a_stream() -> None:
    text = changed(
        RELAY,
        ("(%x[0, 0, 0, 0][1, 1, 1, 128]", "(%x[0, 0, 0, 0][1, 1, 1, 96]"),
        ("(%y[0, 0, 0, 0][1, 1, 1, 128]", "(%y[0, 0, 0, 0][1, 1, 1, 64]"),
    )
    with pytest.raises(
        DeviceError, match="data left over: the stream ended 32 bytes before the end"
    ):
        run_relay(text)


def test_a_release_of_what_is_not_held() -> None:
    once = "aie.objectfifo.release @a1(Consume, 1)\n"
    with pytest.raises(DeviceError, match="releases 1 objects of @a1 and holds 0"):
        run_relay(changed(RELAY, (once, once + once)))


def test_objects_that_stay_in_a_fifo_would_spoil_the_next_run() -> None:
    text = changed(
        relay(64, "i8", objects=5),
        ("(%y[0, 0, 0, 0][1, 1, 1, 320]", "(%y[0, 0, 0, 0][1, 1, 1, 64]"),
        ("@o(%c, {%s}, 2 : i32)", "@o(%c, {%s}, 1 : i32)"),
    )
    with pytest.raises(
        DeviceError, match=r"data left over: 1 objects not taken: more comes out than who"
    ):
        Simulator(text).run([np.zeros(320, np.int8), np.zeros(320, np.int8)])
    text = changed(RELAY, ("(%y[0, 0, 0, 0][1, 1, 1, 128]", "(%y[0, 0, 0, 0][1, 1, 1, 64]"))
    with pytest.raises(DeviceError, match="data left over: 1 objects not taken: more comes out"):
        run_relay(text)


def test_an_object_used_after_its_release() -> None:
    release = "aie.objectfifo.release @a1(Consume, 1)\n"
    start, end = RELAY.index("scf.for %j"), RELAY.index(release)
    copy = RELAY[start:end]
    text = changed(RELAY, (copy + release, release + copy))
    with pytest.raises(DeviceError, match=r"core \(0, 2\): line \d+: uses %a after its release"):
        run_relay(text)


def test_an_access_out_of_bounds_is_found() -> None:
    with pytest.raises(
        DeviceError, match=r"core \(0, 2\): .*vector.load of 16 elements is out of bounds"
    ):
        run_relay(changed(RELAY, ("%size = arith.constant 64", "%size = arith.constant 80")))


def test_a_broken_alignment_is_found() -> None:
    text = changed(RELAY, ("scf.for %j = %c0 to", "scf.for %j = %c1 to"))
    with pytest.raises(DeviceError, match="promises 16-byte alignment"):
        run_relay(text)


def test_an_external_kernel_is_named() -> None:
    text = changed(
        kernel([(64, "i8")], (64, "i8"), "BODY"),
        (
            "%x0: memref<64xi8>, %y: memref<64xi8>) {\n%c0",
            "%x0: memref<64xi8>, %y: memref<64xi8>) {\n%c0",
        ),
    )
    start = text.index("func.func private @f(")
    end = text.index("%core = ")
    declared = 'func.func private @f(memref<64xi8>, memref<64xi8>) attributes {link_with = "f.o"}\n'
    with pytest.raises(DeviceError, match=r"@f is an external kernel \(f.o\)"):
        Simulator(text[:start] + declared + text[end:]).run(
            [np.zeros(64, np.int8), np.zeros(64, np.int8)]
        )


def test_signed_shifts_are_refused() -> None:
    body = (
        "%a = vector.load %x0[%c0] : memref<16xi32>, vector<16xi32>\n"
        "%s = arith.shrsi %a, %a : vector<16xi32>\n"
        "vector.store %s, %y[%c0] : memref<16xi32>, vector<16xi32>"
    )
    with pytest.raises(VerifyError, match=r"arith\.shrsi: the vendor's tools turn it into"):
        Simulator(kernel([(16, "i32")], (16, "i32"), body)).run([np.zeros(16, np.int32)] * 2)


def test_buffers_must_fit_the_arguments() -> None:
    with pytest.raises(
        UsageError, match="buffer 1 has 64 bytes: pass a contiguous array of 128 x i8"
    ):
        Simulator(RELAY).run([np.zeros(128, np.int8), np.zeros(64, np.int8)])
    with pytest.raises(UsageError, match="1 buffers given: the program takes 2"):
        Simulator(RELAY).run([np.zeros(128, np.int8)])


def test_parts_of_the_builder_are_text() -> None:
    assert memref(4, "i8") in acquire("a", "Consume", memref(4, "i8"), "v")
