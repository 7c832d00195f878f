"""pyxrt behind the interface of a driver.

Kernel arguments follow mlir-aie's own runtime: opcode 3, the instructions' buffer, their number of 32-bit
words, then the buffers in the order of the runtime sequence; of an ELF, which holds its programs'
instructions, the buffers alone (mlir-aie, xrtruntime/hostruntime.py).
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import DeviceError
from aie_conv.isolate import temporary_folder
from aie_conv.runtime.driver import ELF_MAGIC, DriverError, Memory, failure, family
from aie_conv.runtime.installed import has_pyxrt

THROWN = (RuntimeError, MemoryError, ValueError, IndexError, OverflowError)
"""What C++ exceptions are in Python (pybind11's table): std::bad_alloc of a buffer is no RuntimeError."""

_OPCODE = 3
_FIRST = 3
"""The kernel's argument that is the first buffer."""
_MILLISECONDS = 60_000
"""How long a program may run. The kernel's driver gives up after some seconds by itself."""


@dataclass(frozen=True)
class _Context:
    """A configuration on the device.

    Attributes:
        binary: its xclbin or ELF, which lives as long as its context.
        context: the hardware context.
        kernel: that of an xclbin; None of an ELF, which has one for each program.
    """

    binary: Any
    context: Any
    kernel: Any


@dataclass(frozen=True)
class _Program:
    """What is run.

    Attributes:
        context: its configuration.
        kernel: the xclbin's, or its own in an ELF.
        arguments: what stands in front of its buffers: opcode, instructions and their words, or nothing.
    """

    context: _Context
    kernel: Any
    arguments: tuple[Any, ...]


class _Buffer:
    """A buffer object of XRT, mapped once."""

    def __init__(self, xrt: Any, handle: Any) -> None:
        self.handle = handle
        self.bytes: NDArray[np.uint8] = np.frombuffer(handle.map(), np.uint8)
        self._directions = xrt.xclBOSyncDirection

    def to_device(self, size: int) -> None:
        """Flush the first ``size`` bytes."""
        self._sync(self._directions.XCL_BO_SYNC_BO_TO_DEVICE, size)

    def from_device(self, size: int) -> None:
        """Fetch the first ``size`` bytes."""
        self._sync(self._directions.XCL_BO_SYNC_BO_FROM_DEVICE, size)

    def _sync(self, direction: Any, size: int) -> None:
        if not size:
            return
        try:
            self.handle.sync(direction, size, 0)
        except THROWN as error:
            raise failure("device xrt", error, "copying a buffer") from None


@contextmanager
def _as_file(data: bytes, name: str) -> Generator[str]:
    """The path of a file that holds ``data``, for as long as it is read."""
    with temporary_folder() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield str(path)


class XrtDriver:
    """An NPU through pyxrt."""

    name = "xrt"

    def __init__(self) -> None:
        if not has_pyxrt():
            raise DeviceError(
                "device xrt: pyxrt is not installed: install XRT, or use --device=sim"
            )
        import pyxrt  # pyright: ignore[reportMissingImports]

        self._xrt: Any = pyxrt
        try:
            self._device: Any = pyxrt.device(0)
            model: str = self._device.get_info(pyxrt.xrt_info_device.name)
        except THROWN as error:
            text = " ".join(str(error).split())
            raise DeviceError(
                f"device xrt: no NPU: {text}: see aie-conv doctor, or use --device=sim"
            ) from None
        self.model: str = family(model)

    def load(self, binary: bytes) -> _Context:
        """Make a context of an ELF, or of an xclbin that is registered first."""
        try:
            return self._load_elf(binary) if binary.startswith(ELF_MAGIC) else self._load(binary)
        except THROWN as error:
            raise failure("device xrt", error, "loading a configuration") from None

    def _load_elf(self, binary: bytes) -> _Context:
        xrt = self._xrt
        if not hasattr(xrt, "elf") or not hasattr(xrt, "ext"):
            raise DriverError(
                "device xrt: this pyxrt takes no ELF: install a later XRT, or compile with"
                " --amd-aie-binary-format=xclbin"
            )
        with _as_file(binary, "program.elf") as path:
            loaded = xrt.elf(path)
        return _Context(loaded, xrt.hw_context(self._device, loaded), None)

    def _load(self, binary: bytes) -> _Context:
        xrt = self._xrt
        with _as_file(binary, "program.xclbin") as path:
            loaded = xrt.xclbin(path)
        names = [kernel.get_name() for kernel in loaded.get_kernels()]
        name = next((name for name in names if name.startswith("MLIR_AIE")), None)
        if name is None:
            raise DriverError(
                "device xrt: the binary has no kernel MLIR_AIE: compile the model again"
            )
        self._device.register_xclbin(loaded)
        context = xrt.hw_context(self._device, loaded.get_uuid())
        return _Context(loaded, context, xrt.kernel(context, name))

    def program(self, configuration: _Context, code: bytes) -> _Program:
        """Put instruction words into a buffer of the kernel's first argument, or open an ELF's kernel."""
        if configuration.kernel is None:
            try:
                kernel = self._xrt.ext.kernel(configuration.context, code.decode())
            except THROWN as error:
                raise failure("device xrt", error, "opening a program") from None
            return _Program(configuration, kernel, ())
        group = self._group(configuration, 1)
        instructions = self._object(len(code), self._xrt.bo.cacheable, group)
        instructions.bytes[:] = np.frombuffer(code, np.uint8)
        instructions.to_device(len(code))
        arguments = (_OPCODE, instructions.handle, len(code) // 4)
        return _Program(configuration, configuration.kernel, arguments)

    def place(self, configuration: _Context, number: int) -> Hashable:
        """The memory group of an argument; of an ELF's kernels all memory is of one kind."""
        if configuration.kernel is None:
            return 0
        return self._group(configuration, _FIRST + number)

    def _group(self, configuration: _Context, number: int) -> Any:
        try:
            return configuration.kernel.group_id(number)
        except THROWN as error:
            raise failure("device xrt", error, f"placing argument {number} of the kernel") from None

    def allocate(self, place: Hashable, size: int) -> Memory:
        """A buffer object of zeros."""
        memory = self._object(size, self._xrt.bo.host_only, place)
        memory.bytes[:] = 0
        memory.to_device(size)
        return memory

    def _object(self, size: int, flags: Any, group: Any) -> _Buffer:
        try:
            return _Buffer(self._xrt, self._xrt.bo(self._device, size, flags, group))
        except THROWN as error:
            raise failure("device xrt", error, f"allocating {size} bytes") from None

    def submit(self, runs: Sequence[tuple[_Program, Sequence[Memory]]]) -> None:
        """Run programs; those of one context that follow one another are one run list."""
        try:
            for _, group in groupby(runs, lambda run: id(run[0].context)):
                self._submit([*group])
        except THROWN as error:
            raise failure("device xrt", error, "running a program") from None

    def _submit(self, runs: Sequence[tuple[_Program, Sequence[Memory]]]) -> None:
        handles = [self._run(program, memories) for program, memories in runs]
        if len(handles) > 1 and hasattr(self._xrt, "runlist"):
            chain = self._xrt.runlist(runs[0][0].context.context)
            for handle in handles:
                chain.add(handle)
            chain.execute()
            # pyxrt's wait with a limit has no Python form of its result.
            chain.wait()
            states = [handle.state() for handle in handles]
        else:
            states: list[Any] = []
            for handle in handles:
                handle.start()
                states.append(handle.wait(_MILLISECONDS))
        for number, state in enumerate(states):
            self._check(state, f", program {number + 1} of {len(states)}" * (len(states) > 1))

    def _run(self, program: _Program, memories: Sequence[Memory]) -> Any:
        run = self._xrt.run(program.kernel)
        buffers: list[Any] = []
        for memory in memories:
            assert isinstance(memory, _Buffer)
            buffers.append(memory.handle)
        for number, argument in enumerate([*program.arguments, *buffers]):
            run.set_arg(number, argument)
        return run

    def _check(self, state: Any, which: str) -> None:
        """Raise DriverError for a run that did not end as it should."""
        states = self._xrt.ert_cmd_state
        if state == states.ERT_CMD_STATE_COMPLETED:
            return
        name = str(state).rpartition("ERT_CMD_STATE_")[2]
        if state == states.ERT_CMD_STATE_TIMEOUT:
            raise DriverError(
                f"device xrt: the program did not end in time (state TIMEOUT{which}): the array waits"
                " for data or a lock: report it with aie-conv doctor --json"
            )
        raise DriverError(
            f"device xrt: the program ended in state {name}{which}: report it with aie-conv doctor --json"
        )
