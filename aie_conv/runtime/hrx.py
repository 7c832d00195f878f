"""HRX behind the interface of a driver: an XDNA2 NPU without XRT.

Through the Python classes of mlir-aie's wheel of August 2026 (aie.utils.hostruntime.hrxruntime), which bind
libhrx. Written from their source; never run.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import DeviceError
from aie_conv.runtime.driver import ELF_MAGIC, DriverError, Memory, failure
from aie_conv.runtime.installed import has_hrx

_MODULE = "aie.utils.hostruntime.hrxruntime"
_KERNEL = "MLIR_AIE"


@dataclass(frozen=True)
class _Program:
    executable: Any
    ordinal: int


class _Buffer:
    """A buffer of HRX, mapped for as long as it lives."""

    def __init__(self, context: Any, size: int) -> None:
        self._context = context
        self.handle, address = context.allocate_persistent(size)
        self.bytes: NDArray[np.uint8] = np.ctypeslib.as_array(
            (ctypes.c_uint8 * size).from_address(address)
        )

    def to_device(self, size: int) -> None:
        """Flush the first ``size`` bytes."""
        if size:
            self._context.flush_range(self.handle, 0, size)

    def from_device(self, size: int) -> None:
        """Fetch the first ``size`` bytes."""
        if size:
            self._context.invalidate_range(self.handle, 0, size)

    def __del__(self) -> None:
        if hasattr(self, "handle"):
            self._context.release_buffer(self.handle)


class HrxDriver:
    """An NPU of XDNA2 through HRX."""

    name = "hrx"
    model = "npu4"
    """The only family that HRX drives; there it makes one submission of several programs."""

    def __init__(self) -> None:
        if not has_hrx():
            raise DeviceError(
                "device hrx: mlir-aie's Python package with HRX is not installed: install its wheel of"
                " August 2026 and ROCm's hrx-system, or use --device=sim"
            )
        runtime = importlib.import_module(_MODULE)
        try:
            self._context: Any = runtime.HRXContext.get()
        except RuntimeError as error:
            text = " ".join(str(error).split())
            raise DeviceError(
                f"device hrx: no NPU: {text}: see aie-conv doctor, or use --device=sim"
            ) from None

    def load(self, binary: bytes) -> bytes:
        """HRX takes a configuration together with a program."""
        if binary.startswith(ELF_MAGIC):
            raise DriverError(
                "device hrx: it takes xclbins alone: compile with --amd-aie-binary-format=xclbin"
            )
        return binary

    def program(self, configuration: bytes, code: bytes) -> _Program:
        """An executable of a configuration and a program."""
        try:
            executable = self._context.create_executable(configuration, code, _KERNEL)
            return _Program(executable, self._context.lookup_export(executable, _KERNEL))
        except RuntimeError as error:
            raise failure("device hrx", error, "loading a program") from None

    def place(self, configuration: bytes, number: int) -> Hashable:
        """All memory is of one kind."""
        del configuration, number
        return 0

    def allocate(self, place: Hashable, size: int) -> Memory:
        """A buffer of zeros."""
        del place
        try:
            memory = _Buffer(self._context, size)
            memory.bytes[:] = 0
            memory.to_device(size)
        except RuntimeError as error:
            raise failure("device hrx", error, f"allocating {size} bytes") from None
        return memory

    def submit(self, runs: Sequence[tuple[_Program, Sequence[Memory]]]) -> None:
        """Run programs as one submission."""
        try:
            for program, memories in runs:
                bindings = [(_handle(memory), memory.bytes.size) for memory in memories]
                self._context.dispatch(program.executable, program.ordinal, bindings)
            self._context.synchronize()
        except RuntimeError as error:
            raise failure("device hrx", error, "running a program") from None


def _handle(memory: Memory) -> Any:
    if not isinstance(memory, _Buffer):
        raise DriverError("device hrx: a buffer of another driver: open the device again")
    return memory.handle
