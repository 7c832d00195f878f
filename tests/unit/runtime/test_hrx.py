"""HRX behind the driver's interface, on classes that stand for mlir-aie's (hrxruntime/context.py)."""

import ctypes
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aie_conv.errors import DeviceError
from aie_conv.runtime.devices import open_device
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.npu import NpuDevice

MODULE = "aie.utils.hostruntime.hrxruntime"


class Context:
    """HRXContext: an executable adds one to each byte of its first binding, into its second."""

    def __init__(self) -> None:
        self.memories: dict[int, Any] = {}
        self.pending: list[Any] = []
        self.released: list[int] = []
        self.error = ""
        self.submissions = 0

    def allocate_persistent(self, size: int) -> tuple[int, int]:
        memory = (ctypes.c_uint8 * size)()
        self.memories[len(self.memories)] = (memory, bytearray(size))
        return len(self.memories) - 1, ctypes.addressof(memory)

    def release_buffer(self, buffer: int) -> None:
        self.released.append(buffer)

    def flush_range(self, buffer: int, offset: int, size: int) -> None:
        host, device = self.memories[buffer]
        device[offset : offset + size] = bytes(host)[offset : offset + size]

    def invalidate_range(self, buffer: int, offset: int, size: int) -> None:
        host, device = self.memories[buffer]
        ctypes.memmove(ctypes.addressof(host) + offset, bytes(device[offset : offset + size]), size)

    def create_executable(self, binary: bytes, words: bytes, name: str) -> str:
        if not binary or len(words) % 4 or name != "MLIR_AIE":
            raise RuntimeError("invalid argument")
        return words.decode()

    def lookup_export(self, executable: str, name: str) -> int:
        return 7

    def dispatch(self, executable: str, ordinal: int, bindings: list[tuple[int, int]]) -> None:
        assert ordinal == 7
        self.pending.append((executable, bindings))

    def synchronize(self) -> None:
        if self.error:
            raise RuntimeError(self.error)
        self.submissions += 1
        for executable, ((source, _), (dest, size)) in self.pending:
            assert executable == "word"
            data = np.frombuffer(self.memories[source][1], np.uint8) + 1
            self.memories[dest][1][:size] = data.tobytes()[:size]
        self.pending.clear()


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Context:
    """A Python with mlir-aie's package in it."""
    inner = tmp_path / "aie" / "utils" / "hostruntime" / "hrxruntime"
    inner.mkdir(parents=True)
    (inner / "__init__.py").touch()
    (tmp_path / "aie" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    context = Context()
    module = types.ModuleType(MODULE)
    module.__dict__["HRXContext"] = types.SimpleNamespace(get=lambda: context)
    monkeypatch.setitem(sys.modules, MODULE, module)
    for name in ("aie.utils", "aie.utils.hostruntime"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    return context


def program(**changed: bytes) -> Executable:
    blobs = {"binary": b"x", "instructions": b"word", **changed}
    return Executable("npu4", (Buffer("i8", 8), Buffer("i8", 8)), False, "module {}", blobs)


def opened() -> NpuDevice:
    device = open_device("hrx")
    assert isinstance(device, NpuDevice)
    return device


def test_programs_are_one_submission_and_pass_on_what_they_make(context: Context) -> None:
    device = opened()
    x, y, z = np.arange(8, dtype=np.int8), np.zeros(8, np.int8), np.zeros(8, np.int8)
    device.run_list([(program(), [x, y]), (program(), [y, z])])
    assert y.tolist() == [*range(1, 9)]
    assert z.tolist() == [*range(2, 10)]
    assert context.submissions == 1
    made = len(context.memories)
    device.run_list([(program(), [z, y])])
    assert y.tolist() == [*range(3, 11)]
    assert len(context.memories) == made
    del device
    assert sorted(context.released) == [*range(made)]


def test_failures_are_one_line(context: Context) -> None:
    device = opened()
    x, y = np.arange(8, dtype=np.int8), np.zeros(8, np.int8)
    with pytest.raises(DeviceError, match="device hrx: loading a program failed: invalid argument"):
        device.run(program(instructions=b"w"), [x, y])
    with pytest.raises(
        DeviceError, match=r"it takes xclbins alone: .*--amd-aie-binary-format=xclb"
    ):
        opened().run(program(binary=b"\x7fELF", kernel=b"main:sequence_0"), [x, y])
    context.error = "hrx_stream_synchronize failed (hrx status code 4): deadline"
    with pytest.raises(DeviceError, match="device hrx: running a program failed: hrx_stream"):
        device.run(program(), [x, y])
    with pytest.raises(DeviceError, match="this NPU is npu4, the program is for npu1_4col"):
        device.prepare("npu1_4col", {})


def test_without_it_the_line_says_what_to_install() -> None:
    with pytest.raises(DeviceError, match="device hrx: mlir-aie's Python package with HRX is not"):
        open_device("hrx")
