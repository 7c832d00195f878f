"""The whole path to an NPU with a fake driver: device class, contexts, buffers, words, results."""

import sys
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.errors import DeviceError
from aie_conv.runtime.devices import open_device
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.npu import NpuDevice
from aie_conv.runtime.program import load_program
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.runtime.fake_tools import blobs, install_npu, install_tools
from tests.support.runtime.fake_xrt import Npu, State
from tests.support.runtime.words import make_elf
from tests.support.sim.programs import GEMM

X = np.ones((1, 6, 7, 8), ml_dtypes.bfloat16)
F = np.ones((3, 3, 8, 16), ml_dtypes.bfloat16)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Artifact]:
    with pytest.MonkeyPatch.context() as patch:
        install_tools(patch, tmp_path_factory.mktemp("cache"))
        yield aie_conv.compile(modules.plain(Conv(c=8, oc=16)), route="im2col")


@pytest.fixture
def npu(monkeypatch: pytest.MonkeyPatch) -> Npu:
    return install_npu(monkeypatch, Npu())


def npu_device() -> NpuDevice:
    device = open_device("xrt")
    assert isinstance(device, NpuDevice)
    return device


def test_everything_is_made_at_load_and_calls_allocate_nothing(
    artifact: Artifact, npu: Npu
) -> None:
    program = load_program(artifact, "xrt")
    assert npu.counts["contexts"] == 1, "made at load"
    loaded = npu.counts["buffers"]
    assert loaded == 4, "words, two operands, the result"
    assert np.all(program.main(X, F) == 72)
    assert np.all(program.main(X + X, F) == 144)
    assert npu.counts["buffers"] == loaded
    assert npu.counts["contexts"] == npu.counts["xclbins"] == 1
    assert npu.counts["runs"] == 2
    assert "device_seconds" in program.records[0]


def test_another_npu_is_refused_at_load(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_npu(monkeypatch, Npu("NPU Strix Halo"))
    with pytest.raises(DeviceError, match="this NPU is npu4, the program is for npu1_4col"):
        load_program(artifact, "xrt")


def test_an_artifact_without_binaries_is_one_line(npu: Npu) -> None:
    plain = aie_conv.compile(modules.plain(Conv(c=8, oc=16)), route="im2col", binaries="off")
    with pytest.raises(DeviceError, match=r"main_dispatch_0.*: device xrt: .* no NPU binary"):
        load_program(plain, "xrt").main(X, F)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("TIMEOUT", r"device xrt: the program did not end in time \(state TIMEOUT\)"),
        ("ERROR", "device xrt: the program ended in state ERROR: report it"),
        ("ABORT", "device xrt: the program ended in state ABORT"),
        ("NORESPONSE", "device xrt: the program ended in state NORESPONSE"),
    ],
)
def test_a_state_that_is_not_completed_is_one_line_with_the_programs_name(
    artifact: Artifact, npu: Npu, state: str, message: str
) -> None:
    program = load_program(artifact, "xrt")
    npu.states.append(State[f"ERT_CMD_STATE_{state}"])
    with pytest.raises(DeviceError, match=f"^main_dispatch_0[^ ]*: {message}") as failed:
        program.main(X, F)
    assert "\n" not in str(failed.value)
    assert np.all(program.main(X, F) == 72), "in a context of its own"
    assert npu.counts["contexts"] == 2


def test_a_lost_device_is_one_line(artifact: Artifact, npu: Npu) -> None:
    program = load_program(artifact, "xrt")
    program.main(X, F)
    npu.lost = True
    with pytest.raises(
        DeviceError, match=r"^main_dispatch_0[^ ]*: device xrt: the NPU is lost while"
    ):
        program.main(X, F)
    npu.lost = False
    assert np.all(program.main(X, F) == 72)


def test_a_busy_device_is_one_line(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    install_npu(monkeypatch, Npu(most_contexts=0))
    with pytest.raises(
        DeviceError, match=r"^device xrt: the NPU is busy with other contexts \(DRM_"
    ):
        load_program(artifact, "xrt")


@pytest.mark.parametrize("error", [MemoryError("std::bad_alloc"), ValueError("bad group")])
def test_whatever_xrt_throws_is_one_line(
    artifact: Artifact, npu: Npu, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    del npu
    xrt = __import__("sys").modules["pyxrt"]

    def throw(*_: object) -> None:
        raise error

    # The flags of buffers stand on the class that makes them.
    monkeypatch.setattr(xrt, "bo", type("bo", (xrt.bo,), {"__init__": throw}))
    with pytest.raises(DeviceError, match=r"^[^\n]*allocating \d+ bytes failed: (std|bad)"):
        load_program(artifact, "xrt").main(X, F)


def test_a_machine_without_an_npu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyxrt", None)
    npu = Npu()
    npu.lost = True
    install_npu(monkeypatch, npu)
    with pytest.raises(
        DeviceError, match=r"device xrt: no NPU: .*No such device: see aie-conv doctor"
    ):
        open_device("xrt")


RNG = np.random.default_rng(0)
A, B = (RNG.integers(-128, 128, size, np.int8) for size in (6144, 1024))
WANTED = A.reshape(96, 64).astype(np.int32) @ B.reshape(64, 16).astype(np.int32)


def gemm(text: str = GEMM, *, keeps_base: bool = False, **changed: bytes) -> Executable:
    arguments = (Buffer("i8", 6144), Buffer("i8", 1024), Buffer("i32", 1536))
    return Executable("npu1_1col", arguments, keeps_base, text, {**blobs(GEMM), **changed})


def another(text: str, number: int) -> str:
    """The same program in a configuration of its own."""
    return text.replace("module {", f"module {{\n  // {number}", 1)


def test_programs_of_one_context_are_one_submission(npu: Npu) -> None:
    outs = [np.zeros(1536, np.int32) for _ in range(3)]
    figures = npu_device().run_list([(gemm(), [A, B, out]) for out in outs])
    assert len(figures) == 3
    assert all(np.array_equal(out.reshape(96, 16), WANTED) for out in outs)
    assert (npu.counts["submissions"], npu.counts["run lists"], npu.counts["runs"]) == (1, 1, 3)
    # Its operands are shared, its results are not: 2 operands, 3 results, one buffer of words.
    assert npu.counts["buffers"] == 6


def test_what_a_call_fills_is_handed_on_without_a_copy(npu: Npu) -> None:
    """The first result's bytes are the second call's left operand."""
    device = npu_device()
    first, second = np.zeros(1536, np.int32), np.zeros(1536, np.int32)
    device.run(gemm(), [A, B, first])
    device.run(gemm(), [first.view(np.int8), B, second])
    one = npu.counts.copy()
    chained, last = np.zeros(1536, np.int32), np.zeros(1536, np.int32)
    device.run_list([(gemm(), [A, B, chained]), (gemm(), [chained, B, last])])
    assert np.array_equal(chained, first)
    assert np.array_equal(last, second)
    moved = npu.counts["to device"] - one["to device"]
    # Operands A and B, and the zeros of the second result's buffer.
    assert moved == A.nbytes + B.nbytes + last.nbytes


def test_contexts_give_way_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    npu = install_npu(monkeypatch, Npu(most_contexts=2))
    device = npu_device()
    programs = [gemm(another(GEMM, number)) for number in range(3)]
    out = np.zeros(1536, np.int32)
    for executable in [*programs, *programs]:
        device.run(executable, [A, B, out])
        assert np.array_equal(out.reshape(96, 16), WANTED)
        out[:] = 0
    assert npu.counts["contexts"] == 6
    device.run(programs[2], [A, B, out])
    assert npu.counts["contexts"] == 6, "the last one used is still there"
    device.prepare("npu1_1col", {"a": blobs(GEMM)["binary"]})


@pytest.mark.parametrize("room", [1, 2])
def test_a_list_over_two_contexts_runs_where_there_is_room_for_one(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    npu = install_npu(monkeypatch, Npu(most_contexts=room))
    first, second = np.zeros(1536, np.int32), np.zeros(1536, np.int32)
    device = npu_device()
    device.run_list([(gemm(), [A, B, first]), (gemm(another(GEMM, 1)), [first, B, second])])
    assert np.array_equal(first.reshape(96, 16), WANTED)
    again = first.view(np.int8).reshape(96, 64).astype(np.int32) @ B.reshape(64, 16).astype(
        np.int32
    )
    assert np.array_equal(second.reshape(96, 16), again)
    assert npu.counts["submissions"] == 2


def test_a_result_starts_with_what_the_call_gives(npu: Npu) -> None:
    """A program that writes nothing leaves it; without a base the result is zeros, not the last one."""
    device = npu_device()
    base = np.arange(1536, dtype=np.int32)
    out = base.copy()
    device.run(gemm(keeps_base=True), [A, B, out])
    assert np.array_equal(out.reshape(96, 16), WANTED)
    nothing = np.frombuffer(blobs(GEMM)["instructions"], np.uint32)[:4].copy()
    nothing[2:] = (0, 16)
    for keeps, wanted in ((True, base), (False, 0 * base)):
        fresh = npu_device()
        out = base.copy()
        fresh.run(gemm(keeps_base=keeps, instructions=nothing.tobytes()), [A, B, out])
        np.testing.assert_array_equal(out, wanted)


def test_words_that_reach_behind_a_buffer_do_not_complete(npu: Npu) -> None:
    short = [A[:100], B, np.zeros(1536, np.int32)]
    with pytest.raises(DeviceError, match="ended in state ERROR"):
        npu_device().run(gemm(), short)
    assert npu.reasons == ["the program reaches byte 6144 of argument 0"]


def test_damaged_words_do_not_complete(npu: Npu) -> None:
    words = bytearray(blobs(GEMM)["instructions"])
    words[16] ^= 0xFF
    with pytest.raises(DeviceError, match="ended in state ERROR"):
        npu_device().run(gemm(instructions=bytes(words)), [A, B, np.zeros(1536, np.int32)])


def test_more_buffers_than_a_kernel_has_are_one_line(npu: Npu) -> None:
    six = [Buffer("i8", 4)] * 6
    executable = Executable("npu1_1col", tuple(six), False, GEMM, blobs(GEMM))
    with pytest.raises(DeviceError, match="placing argument 8 of the kernel failed"):
        npu_device().run(executable, [np.zeros(4, np.int8) for _ in six])


def test_a_binary_that_is_none_is_one_line(npu: Npu) -> None:
    with pytest.raises(DeviceError, match="loading a configuration failed: Invalid xclbin file"):
        npu_device().run(gemm(binary=b"x"), [A, B, np.zeros(1536, np.int32)])


def test_an_xrt_without_elfs_is_one_line(npu: Npu, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = {"binary": make_elf(GEMM), "kernel": b"main:sequence"}
    result = np.zeros(1536, np.int32)
    npu_device().run(gemm(**elf), [A, B, result])
    assert result.any()
    with pytest.raises(DeviceError, match="opening a program failed: No such kernel 'main:x'"):
        npu_device().run(gemm(**{**elf, "kernel": b"main:x"}), [A, B, result])
    monkeypatch.delattr(sys.modules["pyxrt"], "ext")
    with pytest.raises(DeviceError, match=r"takes no ELF: .*--amd-aie-binary-format=xclbin"):
        npu_device().run(gemm(**elf), [A, B, result])


def test_weights_go_to_the_device_once(
    npu: Npu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import torch

    install_tools(monkeypatch, tmp_path)
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False).eval().to(torch.bfloat16)
    x = torch.randn(1, 64, 8, 8).to(torch.bfloat16)
    artifact = aie_conv.compile(conv, example_inputs=(x,), route="im2col")
    program = load_program(artifact, "xrt")
    with torch.no_grad():
        wanted = conv(x).float().numpy()
    calls: list[int] = []
    for _ in range(3):
        before = npu.counts["to device"]
        result = np.asarray(program.main(x)).astype(np.float32)
        np.testing.assert_allclose(result, wanted, rtol=2**-6, atol=2**-6)
        calls.append(npu.counts["to device"] - before)
    weights = 64 * 64 * 9 * 2
    assert calls[1] == calls[2] < weights <= calls[0]
    del program
