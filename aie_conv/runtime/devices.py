"""The devices: null (computes nothing), sim (the simulator), xrt (an NPU)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.errors import DeviceError, UsageError
from aie_conv.isolate import temporary_folder
from aie_conv.layout.hostcopy import lengthened
from aie_conv.runtime.executable import Executable

Array = NDArray[Any]


class RuntimeDevice(Protocol):
    """Runs programs on flat, contiguous arrays; the last of them is the result.

    An array is as long as its argument without its slack, which is the device's to add. Artifacts that
    share a device may call it from several threads at once.
    """

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Execute in place; returns figures for the statistics.

        Raises:
            DeviceError: it cannot, with the reason.
        """
        ...


class NullDevice:
    """Computes nothing: results keep their zeros. For measuring everything else."""

    name = "null"

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Leave the buffers as they are."""
        return {}


class SimDevice:
    """The simulator; a program is parsed and compiled at its first call.

    Like an array of cores, it runs one program at a time: calls from several threads wait for each other.
    """

    name = "sim"

    def __init__(self) -> None:
        self._simulators: dict[str, Any] = {}
        self._loaded = ""
        self._lock = Lock()

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Simulate the program's text; the array is reconfigured where it was configured otherwise."""
        with self._lock:
            return self._run(executable, buffers)

    def _run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        from aie_conv.sim import Simulator

        simulator = self._simulators.get(executable.text)
        if simulator is None:
            simulator = self._simulators[executable.text] = Simulator(executable.text)
            wanted = get_device(executable.device).ir_name
            if simulator.device != wanted:
                raise DeviceError(
                    f"the AIE module is for {simulator.device}, its header for {wanted}: compile again"
                )
        *inputs, result = buffers
        arguments = executable.arguments[:-1]
        padded = [lengthened(b, a.slack) for b, a in zip(inputs, arguments, strict=True)]
        stats = simulator.run([*padded, result])
        machine, arch = simulator.machine, simulator.model.arch.name
        other, self._loaded = self._loaded != executable.configuration, executable.configuration
        return {
            "launch_seconds": machine.host.launch,
            "reconfigure_seconds": machine.reconfiguration(arch) if other else 0.0,
            "cycles": stats.cycles,
            "core_cycles": max(stats.core_cycles.values(), default=0),
            "cores": len(stats.core_cycles),
            "macs": stats.macs,
            "shim_bytes": stats.shim_bytes,
        }


class XrtDevice:
    """An NPU through pyxrt; the executable must hold what a toolchain made of it.

    Kernel arguments follow mlir-aie's own runtime: opcode 3, the instructions' buffer, their size in
    32-bit words, then the buffers in the order of the runtime sequence.
    """

    name = "xrt"
    _OPCODE = 3
    _NAMES = (("npu1", "npu1"), ("Phoenix", "npu1"), ("npu4", "npu4"), ("npu5", "npu4"),
              ("npu6", "npu4"), ("Strix", "npu4"), ("Krackan", "npu4"))  # fmt: skip

    def __init__(self) -> None:
        if importlib.util.find_spec("pyxrt") is None:
            raise DeviceError(
                "device xrt: pyxrt is not installed: install XRT, or use --device=sim"
            )
        import pyxrt  # pyright: ignore[reportMissingImports]

        self._xrt: Any = pyxrt
        try:
            self._device: Any = pyxrt.device(0)
        except RuntimeError as error:
            raise DeviceError(f"device xrt: no NPU: {error}: use --device=sim") from None
        self._model: str = self._device.get_info(pyxrt.xrt_info_device.name)
        self._kernels: dict[str, tuple[Any, Any, int]] = {}
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Run the program's binary."""
        with self._lock:
            return self._run(executable, buffers)

    def _run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        xrt = self._xrt
        kernel, instructions, words = self._kernel(executable)
        to_device = xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE
        from_device = xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE
        objects: list[Any] = []
        arguments = executable.arguments
        for number, (buffer, argument) in enumerate(zip(buffers, arguments, strict=True)):
            behind = np.zeros(argument.slack, buffer.dtype)
            size = buffer.nbytes + behind.nbytes
            memory = xrt.bo(self._device, size, xrt.bo.host_only, kernel.group_id(3 + number))
            memory.write(buffer.view(np.uint8), 0)
            if behind.size:
                memory.write(behind.view(np.uint8), buffer.nbytes)
            memory.sync(to_device)
            objects.append(memory)
        state = kernel(self._OPCODE, instructions, words, *objects).wait()
        if state != xrt.ert_cmd_state.ERT_CMD_STATE_COMPLETED:
            raise DeviceError(f"device xrt: the program ended as {state}")
        objects[-1].sync(from_device)
        result = buffers[-1]
        result.view(np.uint8)[:] = np.frombuffer(objects[-1].read(result.nbytes, 0), np.uint8)
        return {}

    def _kernel(self, executable: Executable) -> tuple[Any, Any, int]:
        if executable.text not in self._kernels:
            self._check(executable)
            # Programs of one configuration share a context, so that going from one to another is no change.
            if executable.configuration not in self._loaded:
                self._loaded[executable.configuration] = self._load(executable)
            kernel = self._loaded[executable.configuration]
            self._kernels[executable.text] = (kernel, *self._instructions(executable, kernel))
        return self._kernels[executable.text]

    def _check(self, executable: Executable) -> None:
        """Raise DeviceError for a program of another NPU, or without a binary."""
        wanted = executable.device.partition("_")[0]
        present = next((npu for part, npu in self._NAMES if part in self._model), self._model)
        if wanted != present:
            raise DeviceError(
                f"device xrt: this NPU is {present}, the program is for {executable.device}:"
                f" compile with --amd-aie-device for {present}"
            )
        if not {"xclbin", "instructions"} <= set(executable.blobs):
            raise DeviceError(
                "device xrt: the artifact holds no NPU binary: compile it where mlir-aie's aiecc"
                " is installed, or use --device=sim"
            )

    def _load(self, executable: Executable) -> Any:
        """The kernel of a configuration."""
        xrt = self._xrt
        with temporary_folder() as folder:
            path = Path(folder) / "program.xclbin"
            path.write_bytes(executable.blobs["xclbin"])
            binary = xrt.xclbin(str(path))
        self._device.register_xclbin(binary)
        context = xrt.hw_context(self._device, binary.get_uuid())
        names = [kernel.get_name() for kernel in binary.get_kernels()]
        return xrt.kernel(context, next(name for name in names if name.startswith("MLIR_AIE")))

    def _instructions(self, executable: Executable, kernel: Any) -> tuple[Any, int]:
        """A program's runtime sequence in the kernel's memory, and its length in 32-bit words."""
        xrt = self._xrt
        code = np.frombuffer(executable.blobs["instructions"], np.uint32)
        instructions = xrt.bo(self._device, code.nbytes, xrt.bo.cacheable, kernel.group_id(1))
        instructions.write(code, 0)
        instructions.sync(xrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
        return instructions, code.size


_DEVICES: dict[str, Callable[[], RuntimeDevice]] = {
    "null": NullDevice,
    "sim": SimDevice,
    "xrt": XrtDevice,
}


def default_device() -> str:
    """ "xrt" where an NPU and pyxrt are present, else "sim"."""
    npu = any(Path("/dev/accel").glob("accel*")) and os.access("/dev/accel", os.R_OK)
    return "xrt" if npu and importlib.util.find_spec("pyxrt") is not None else "sim"


def open_device(name: str) -> RuntimeDevice:
    """A device by its name.

    Raises:
        UsageError: no such device.
        DeviceError: it is not there on this machine.
    """
    if name not in _DEVICES:
        raise UsageError(f"device '{name}': unknown: use one of {', '.join(_DEVICES)}")
    return _DEVICES[name]()
