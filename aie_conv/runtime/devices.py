"""The devices: null (computes nothing), cpu (no NPU), sim (the simulator), xrt and hrx (an NPU)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from aie_conv.arch import get_device
from aie_conv.errors import DeviceError, UsageError
from aie_conv.layout.hostcopy import lengthened
from aie_conv.runtime.executable import Executable
from aie_conv.runtime.installed import has_pyxrt
from aie_conv.runtime.interface import Array, RuntimeDevice


class NullDevice:
    """Computes nothing: results keep their zeros. For measuring everything else."""

    name = "null"

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Leave the buffers as they are."""
        return {}


class CpuDevice:
    """No NPU: for artifacts that have nothing for one."""

    name = "cpu"

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Refuse.

        Raises:
            DeviceError: always; what the CPU does never comes here.
        """
        raise DeviceError(
            f"device cpu: this dispatch is for an NPU ({executable.device}): compile with"
            " --amd-aie-route=cpu, or use --device=sim"
        )


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
        first = len(buffers) - executable.results
        arguments = executable.arguments[:first]
        padded = [lengthened(b, a.slack) for b, a in zip(buffers[:first], arguments, strict=True)]
        stats = simulator.run([*padded, *buffers[first:]])
        machine, arch = simulator.machine, simulator.model.arch.name
        other, self._loaded = self._loaded != executable.configuration, executable.configuration
        figures: dict[str, Any] = {
            "launch_seconds": machine.host.launch,
            "reconfigure_seconds": machine.reconfiguration(arch) if other else 0.0,
            "array_seconds": stats.cycles / simulator.model.arch.clock_hz,
            "cycles": stats.cycles,
            "core_cycles": max(stats.core_cycles.values(), default=0),
            "cores": len(stats.core_cycles),
            "macs": stats.macs,
            "shim_bytes": stats.shim_bytes,
        }
        if executable.operations:
            names, tasks = zip(*executable.operations, strict=True)
            each = zip(names, stats.of_operations(tasks), strict=True)
            figures["operations"] = [
                {"name": name, "cycles": cycles, "shim_bytes": moved}
                for name, (cycles, moved) in each
            ]
        return figures


def _open_xrt() -> RuntimeDevice:
    from aie_conv.runtime.npu import NpuDevice
    from aie_conv.runtime.xrt import XrtDriver

    return NpuDevice(XrtDriver())


def _open_hrx() -> RuntimeDevice:
    from aie_conv.runtime.hrx import HrxDriver
    from aie_conv.runtime.npu import NpuDevice

    return NpuDevice(HrxDriver())


_DEVICES: dict[str, Callable[[], RuntimeDevice]] = {
    "null": NullDevice,
    "cpu": CpuDevice,
    "sim": SimDevice,
    "xrt": _open_xrt,
    "hrx": _open_hrx,
}


def default_device() -> str:
    """ "xrt" where an NPU and pyxrt are present, else "sim"."""
    npu = any(Path("/dev/accel").glob("accel*")) and os.access("/dev/accel", os.R_OK)
    return "xrt" if npu and has_pyxrt() else "sim"


def open_device(name: str) -> RuntimeDevice:
    """A device by its name.

    Raises:
        UsageError: no such device.
        DeviceError: it is not there on this machine.
    """
    if name not in _DEVICES:
        raise UsageError(f"device '{name}': unknown: use one of {', '.join(_DEVICES)}")
    return _DEVICES[name]()
