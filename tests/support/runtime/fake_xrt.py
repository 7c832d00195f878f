"""A pyxrt that stands for the driver's rules, and runs programs on the simulator by their instruction words.

It has the calls of XRT's Python module that a driver needs (Xilinx/XRT, src/python/pybind11/src/pyxrt.cpp) and
refuses what XRT and the kernel's driver refuse. Host and device have a copy of each buffer of their own, both
with anything in them at first: what was not synced is seen as a wrong result.
"""

from __future__ import annotations

import importlib.machinery
import json
import types
import weakref
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import AieConvError, DeviceError
from aie_conv.runtime.driver import ELF_MAGIC
from aie_conv.sim import Simulator
from tests.support.runtime.words import MAGIC, reach, read_words

State = Enum(
    "ert_cmd_state",
    [f"ERT_CMD_STATE_{name}" for name in ("NEW", "QUEUED", "COMPLETED", "ERROR", "ABORT", "SUBMITTED",
                                          "TIMEOUT", "NORESPONSE", "SKERROR", "SKCRASHED")],
)  # fmt: skip
Direction = Enum("xclBOSyncDirection", ["XCL_BO_SYNC_BO_TO_DEVICE", "XCL_BO_SYNC_BO_FROM_DEVICE"])
Flags = Enum("flags", ["normal", "cacheable", "device_only", "host_only", "p2p", "svm"])

MOST_CONTEXTS = 6
"""Of npu1, in the whole machine (mlir-aie, xrtruntime/hostruntime.py)."""
MOST_BUFFERS = 5
INSTRUCTIONS_GROUP, DATA_GROUP = 0x10001, 0x20000


class Npu:
    """The machine behind the module.

    Attributes:
        name: what it calls itself.
        most_contexts: how many contexts it has room for.
        lost: whether the device went away.
        states: with which the next runs end in place of their own, first to last.
        counts: how often each thing was done; bytes synced by direction.
        reasons: why runs did not complete.
    """

    def __init__(self, name: str = "NPU Phoenix", most_contexts: int = MOST_CONTEXTS) -> None:
        self.name = name
        self.most_contexts = most_contexts
        self.lost = False
        self.states: list[State] = []
        self.counts: Counter[str] = Counter()
        self.reasons: list[str] = []
        self.contexts: weakref.WeakSet[HwContext] = weakref.WeakSet()

    def touch(self) -> None:
        """Every call of the kernel's driver begins here."""
        if self.lost:
            raise RuntimeError("ioctl failed (err=-19): No such device")

    def module(self) -> types.ModuleType:
        """The module ``pyxrt`` of this machine."""
        module = types.ModuleType("pyxrt")
        module.__spec__ = importlib.machinery.ModuleSpec("pyxrt", None)
        module.__dict__.update(
            device=lambda number: Device(self, number),
            xclbin=Xclbin,
            hw_context=HwContext,
            kernel=Kernel,
            elf=Elf,
            ext=types.SimpleNamespace(kernel=ElfKernel),
            run=Run,
            runlist=RunList,
            bo=Bo,
            xrt_info_device=Enum("xrt_info_device", ["bdf", "name"]),
            xclBOSyncDirection=Direction,
            ert_cmd_state=State,
        )
        return module


def _is(value: object, kind: type, what: str) -> None:
    """Arguments of wrong types are refused as pybind11 does."""
    if not isinstance(value, kind):
        raise TypeError(f"{what}: incompatible function arguments: {type(value).__name__}")


class Device:
    def __init__(self, npu: Npu, number: int) -> None:
        if number != 0:
            raise RuntimeError(f"Could not open device with index '{number}'")
        npu.touch()
        self.npu = npu
        self.registered: dict[str, Xclbin] = {}

    def get_info(self, key: Any) -> str:
        return {"name": self.npu.name, "bdf": "0000:c5:00.1"}[key.name]

    def register_xclbin(self, binary: Xclbin) -> str:
        _is(binary, Xclbin, "register_xclbin")
        self.npu.touch()
        self.registered[binary.uuid] = binary
        self.npu.counts["xclbins"] += 1
        return binary.uuid


class Xclbin:
    def __init__(self, path: str) -> None:
        data = Path(path).read_bytes()
        if not data.startswith(MAGIC):
            raise RuntimeError("Invalid xclbin file: no magic number")
        self.content: dict[str, Any] = json.loads(data.removeprefix(MAGIC))
        self.uuid = str(hash(data))

    def get_uuid(self) -> str:
        return self.uuid

    def get_kernels(self) -> list[Any]:
        return [types.SimpleNamespace(get_name=lambda: "MLIR_AIE", get_num_args=lambda: 8)]


class Elf:
    """A configuration and its programs in one file."""

    def __init__(self, path: str) -> None:
        data = Path(path).read_bytes()
        if not data.startswith(ELF_MAGIC):
            raise RuntimeError("not a valid ELF file")
        self.content: dict[str, Any] = json.loads(data.removeprefix(ELF_MAGIC))


class HwContext:
    """A partition of the array with a configuration in it."""

    def __init__(self, device: Device, binary: str | Elf) -> None:
        _is(device, Device, "hw_context")
        self.npu = device.npu
        self.npu.touch()
        if not isinstance(binary, Elf) and binary not in device.registered:
            raise RuntimeError("No such xclbin: register it first")
        if len(self.npu.contexts) >= self.npu.most_contexts:
            raise RuntimeError(
                "DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-16): Device or resource busy"
            )
        content = binary.content if isinstance(binary, Elf) else device.registered[binary].content
        self.code: dict[str, str] | None = content.get("code")
        self.simulator = Simulator(content["text"])
        self.channels = {name: tuple(place) for name, place in content["channels"].items()}
        self.npu.contexts.add(self)
        self.npu.counts["contexts"] += 1


class Kernel:
    """The kernel of an xclbin: instructions are its arguments.

    Attributes:
        first: its first argument that is a buffer of the program.
    """

    first = 3

    def __init__(self, context: HwContext, name: str) -> None:
        _is(context, HwContext, "kernel")
        if name != "MLIR_AIE" or context.code is not None:
            raise RuntimeError(f"No such kernel '{name}'")
        self.context = context

    def words(self, arguments: list[Any]) -> list[int]:
        """The instructions that arguments bring."""
        opcode, instructions, words, *_ = arguments
        if opcode != 3:
            raise ValueError(f"opcode {opcode}")
        if words * 4 != instructions.size():
            raise ValueError(f"{words} words of instructions in {instructions.size()} bytes")
        return instructions.device.view(np.uint32).tolist()

    def group_id(self, number: int) -> int:
        if number not in (1, *range(3, 3 + MOST_BUFFERS)):
            raise RuntimeError(f"argument {number} has no memory bank")
        return INSTRUCTIONS_GROUP if number == 1 else DATA_GROUP

    def __call__(self, *arguments: Any) -> Run:
        run = Run(self)
        for number, argument in enumerate(arguments):
            run.set_arg(number, argument)
        run.start()
        return run


class ElfKernel(Kernel):
    """A kernel of an ELF, which has its instructions and any number of buffers."""

    first = 0

    def __init__(self, context: HwContext, name: str) -> None:
        _is(context, HwContext, "kernel")
        if name not in (context.code or {}):
            raise RuntimeError(f"No such kernel '{name}'")
        self.context, self.name = context, name

    def group_id(self, number: int) -> int:
        return 0

    def words(self, arguments: list[Any]) -> list[int]:
        assert self.context.code is not None
        return np.frombuffer(bytes.fromhex(self.context.code[self.name]), np.uint32).tolist()


class Bo:
    """A buffer object."""

    normal, cacheable, device_only, host_only, p2p, svm = Flags

    def __init__(self, device: Device, size: int, flags: Flags, group: int) -> None:
        _is(device, Device, "bo")
        _is(size, int, "bo")
        _is(flags, Flags, "bo")
        device.npu.touch()
        wanted = {
            INSTRUCTIONS_GROUP: Flags.cacheable,
            DATA_GROUP: Flags.host_only,
            0: Flags.host_only,
        }
        if wanted.get(group) is not flags:
            raise RuntimeError(f"bo of group {group:#x} with flags {flags.name} (err=-22)")
        if size <= 0:
            raise RuntimeError("bo of no size: Invalid argument (err=-22)")
        self.npu, self.group = device.npu, group
        self.host: NDArray[np.uint8] = np.full(size, 0xAA, np.uint8)
        self.device: NDArray[np.uint8] = np.full(size, 0x55, np.uint8)
        self.npu.counts["buffers"] += 1
        self.npu.counts["buffer bytes"] += size

    def size(self) -> int:
        return self.host.size

    def map(self) -> memoryview:
        return memoryview(self.host)

    def sync(self, direction: Direction, size: int | None = None, offset: int = 0) -> None:
        _is(direction, Direction, "sync")
        self.npu.touch()
        end = self.host.size if size is None else offset + size
        if not 0 <= offset <= end <= self.host.size:
            raise RuntimeError("sync outside of the buffer: Invalid argument (err=-22)")
        to_device = direction is Direction.XCL_BO_SYNC_BO_TO_DEVICE
        source, dest = (self.host, self.device) if to_device else (self.device, self.host)
        dest[offset:end] = source[offset:end]
        self.npu.counts["to device" if to_device else "from device"] += end - offset


class Run:
    """One execution of a kernel."""

    def __init__(self, kernel: Kernel) -> None:
        _is(kernel, Kernel, "run")
        self.kernel = kernel
        self.arguments: dict[int, Any] = {}
        self.ended = State.ERT_CMD_STATE_NEW
        self.listed = False

    def set_arg(self, number: int, value: Any) -> None:
        limited = self.kernel.first > 0
        scalar = limited and number in (0, 2)
        if number < 0 or (limited and number >= 3 + MOST_BUFFERS):
            raise RuntimeError(f"Bad argument index '{number}'")
        _is(value, int if scalar else Bo, "set_arg")
        if not scalar and value.group != self.kernel.group_id(number):
            raise RuntimeError(f"bo of argument {number} is in another memory bank")
        self.arguments[number] = value

    def start(self) -> None:
        if self.listed:
            raise RuntimeError("a run of a run list cannot be started alone")
        self.kernel.context.npu.touch()
        self.kernel.context.npu.counts["submissions"] += 1
        self.execute()

    def wait(self, timeout: int = 0) -> State:
        _is(timeout, int, "wait")
        if self.ended is State.ERT_CMD_STATE_NEW:
            raise RuntimeError("run was not started")
        self.kernel.context.npu.touch()
        return self.ended

    def state(self) -> State:
        return self.ended

    def execute(self) -> None:
        npu = self.kernel.context.npu
        npu.counts["runs"] += 1
        try:
            self._execute()
            self.ended = State.ERT_CMD_STATE_COMPLETED
        except DeviceError as error:
            # An array that waits for ever.
            npu.reasons.append(str(error))
            self.ended = State.ERT_CMD_STATE_TIMEOUT
        except (AieConvError, KeyError, ValueError) as error:
            npu.reasons.append(str(error))
            self.ended = State.ERT_CMD_STATE_ERROR
        if npu.states:
            self.ended = npu.states.pop(0)

    def _execute(self) -> None:
        first = self.kernel.first
        if set(self.arguments) != set(range(len(self.arguments))) or len(self.arguments) < first:
            raise ValueError(f"arguments {sorted(self.arguments)} are set, not all")
        arguments = [v for _, v in sorted(self.arguments.items())]
        code, buffers = self.kernel.words(arguments), arguments[first:]
        context = self.kernel.context
        simulator = context.simulator
        commands = read_words(code, simulator.model, context.channels)
        for argument, end in reach(commands).items():
            if argument >= len(buffers) or end > buffers[argument].size():
                raise ValueError(f"the program reaches byte {end} of argument {argument}")
        simulator.run_commands(commands, [buffer.device for buffer in buffers])


class RunList:
    """Runs of one context that are one submission."""

    def __init__(self, context: HwContext) -> None:
        _is(context, HwContext, "runlist")
        self.context = context
        self.runs: list[Run] = []
        self.executed = False

    def add(self, run: Run) -> None:
        _is(run, Run, "add")
        if run.kernel.context is not self.context:
            raise RuntimeError("a run of another context")
        run.listed = True
        self.runs.append(run)

    def execute(self) -> None:
        if not self.runs:
            raise RuntimeError("an empty run list")
        self.context.npu.touch()
        self.context.npu.counts["submissions"] += 1
        self.context.npu.counts["run lists"] += 1
        self.executed = True
        for run in self.runs:
            run.execute()
            if run.ended is not State.ERT_CMD_STATE_COMPLETED:
                break

    def wait(self) -> None:
        if not self.executed:
            raise RuntimeError("run list was not executed")
        self.context.npu.touch()
        failed = [r for r in self.runs if r.ended is not State.ERT_CMD_STATE_COMPLETED]
        if failed:
            raise RuntimeError(f"runlist failed execution: {failed[0].ended.name}")
