"""The `amd_aie` VM module that an artifact calls for each NPU dispatch.

IREE calls back in the thread that invoked it, and of an exception it passes on only the text. So what a
call belongs to, and what it raised, are kept here by thread; the module itself holds nothing, and a
program that is dropped is freed at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import zip_longest
from threading import local
from typing import Any, cast

import ml_dtypes
import numpy as np
from iree import runtime as rt

from aie_conv.errors import AieConvError, DeviceError
from aie_conv.runtime.executable import Buffer, Executable, unpack
from aie_conv.runtime.interface import Array, Constant, PreparedDevice, RuntimeDevice, Scratch

MOST_BUFFERS = 16
"""Functions run.1 … run.16 are exported; a program has five buffers at most."""

MOST_RESULTS = 4
"""Functions run.1.2 … run.16.4 are for programs of several results: one of five buffers is the weights."""

Progress = Callable[[str, dict[str, Any]], None]
Views = tuple[rt.VmRef, ...]

DTYPES: dict[str, np.dtype[Any]] = {
    "i1": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "ui8": np.dtype(np.uint8),
    "ui16": np.dtype(np.uint16),
    "ui32": np.dtype(np.uint32),
    "ui64": np.dtype(np.uint64),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f8E4M3FN": np.dtype(ml_dtypes.float8_e4m3fn),
    "f8E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "complex<f32>": np.dtype(np.complex64),
}
"""numpy's type for each element type, as IREE writes it."""

ELEMENT_TYPES = {
    "i1": rt.HalElementType.BOOL_8,
    "i8": rt.HalElementType.INT_8,
    "i16": rt.HalElementType.INT_16,
    "i32": rt.HalElementType.INT_32,
    "i64": rt.HalElementType.INT_64,
    "ui8": rt.HalElementType.UINT_8,
    "ui16": rt.HalElementType.UINT_16,
    "ui32": rt.HalElementType.UINT_32,
    "ui64": rt.HalElementType.UINT_64,
    "bf16": rt.HalElementType.BFLOAT_16,
    "f8E4M3FN": rt.HalElementType.FLOAT_8_E4M3_FN,
    "f8E5M2": rt.HalElementType.FLOAT_8_E5M2,
    "f16": rt.HalElementType.FLOAT_16,
    "f32": rt.HalElementType.FLOAT_32,
    "f64": rt.HalElementType.FLOAT_64,
    "complex<f32>": rt.HalElementType.COMPLEX_64,
}
_STORAGE = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


UNWRITTEN = 0x5A
"""Bytes of a scratch buffer that no operation has written: a program must not depend on them."""


def to_view(device: rt.HalDevice, array: Array, dtype: str) -> rt.HalBufferView:
    """A copy of an array on the device."""
    storage = np.require(array, requirements="C").view(_STORAGE[array.dtype.itemsize])
    view = device.allocator.allocate_buffer_copy(
        memory_type=rt.MemoryType.DEVICE_LOCAL | rt.MemoryType.HOST_VISIBLE,
        allowed_usage=rt.BufferUsage.DEFAULT | rt.BufferUsage.MAPPING,
        device=device,
        buffer=storage,
        element_type=ELEMENT_TYPES[dtype],
    )
    return cast(rt.HalBufferView, view)


def from_view(view: rt.HalBufferView, dtype: str | None = None) -> Array:
    """The elements of a buffer view, in its shape, without a copy."""
    if dtype is None:
        # IREE's enumeration holds values that its own stubs do not call numbers.
        number = int(cast(Any, view.element_type))
        names = [name for name, kind in ELEMENT_TYPES.items() if int(cast(Any, kind)) == number]
        if not names:
            raise DeviceError(f"a result of element type {number:#x}: no type of numpy's")
        dtype = names[0]
    kind = DTYPES[dtype]
    array = view.map().asarray(tuple(view.shape), np.dtype(_STORAGE[kind.itemsize]))
    return array.view(kind)


def from_ref(reference: rt.VmRef) -> Array:
    """The elements of the buffer view that a reference holds."""
    return from_view(cast(rt.HalBufferView, reference.deref(rt.HalBufferView)))


def _bytes(buffer: rt.VmRef) -> bytes:
    return bytes(cast(Any, buffer.deref(rt.VmBuffer)))


@dataclass
class Call:
    """One call of a function of an artifact.

    Attributes:
        records: figures of each of its NPU dispatches, in order.
        error: what a dispatch raised.
        dispatch: the last one's name, as far as it is known.
    """

    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: BaseException | None = None
    dispatch: str = "an NPU dispatch"

    def reason(self) -> BaseException | None:
        """What to raise where IREE says that a callback failed; None if none did.

        A refusal and a user's interruption stay what they are, everything else becomes one line.
        """
        error = self.error
        if error is None or isinstance(error, AieConvError) or not isinstance(error, Exception):
            return error
        text = "out of memory" if isinstance(error, MemoryError) else str(error)
        what = " ".join(f"{type(error).__name__}: {text}".split())
        reason = DeviceError(f"{self.dispatch}: the runtime failed: {what}: report it")
        reason.__cause__ = error
        return reason


class _Running(local):
    """What the calls of this thread belong to, the innermost last."""

    def __init__(self) -> None:
        self.calls: list[tuple[ModuleState, Call]] = []


_running = _Running()


@dataclass
class ModuleState:
    """What the calls of one loaded artifact share.

    Attributes:
        hal: IREE's device for the CPU's part, whose allocator makes the results.
        device: what runs the programs.
        progress: told after each dispatch: its name and its figures.
        executables: those that were called, by their bytes.
        scratch: what stays of theirs from call to call.
        binaries: the artifact's, by the digests of their configurations.
        constants: the operands that do not change, by dispatch and number.
    """

    hal: rt.HalDevice
    device: RuntimeDevice
    progress: Progress | None = None
    binaries: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    executables: dict[bytes, Executable] = field(default_factory=dict[bytes, Executable])
    scratch: dict[bytes, Scratch] = field(default_factory=dict[bytes, Scratch])
    constants: dict[tuple[str, int], Constant] = field(
        default_factory=dict[tuple[str, int], Constant]
    )

    @contextmanager
    def call(self) -> Generator[Call]:
        """While it is open, what IREE calls back in this thread is of this state."""
        call = Call()
        _running.calls.append((self, call))
        try:
            yield call
        finally:
            _running.calls.pop()

    def run(
        self, call: Call, program: rt.VmRef, name: rt.VmRef, constants: int, views: Views
    ) -> tuple[rt.VmRef, ...]:
        """One NPU program; its results. Bit i of ``constants`` says that operand i is equal at every call."""
        dispatch = call.dispatch = _bytes(name).decode(errors="replace")
        data = _bytes(program)
        executable = self._executable(data, dispatch)
        arrays = [
            from_view(cast(rt.HalBufferView, view.deref(rt.HalBufferView))).reshape(-1)
            for view in views
        ]
        inputs, results = executable.inputs, executable.arguments[-executable.results :]
        wanted = [*inputs, *results] if executable.keeps_base else [*inputs]
        passed = [(a.dtype, a.size) for a in arrays]
        if passed != [(DTYPES[b.dtype], b.elements) for b in wanted]:
            described = ", ".join(f"{size}x{dtype}" for dtype, size in passed)
            takes = ", ".join(map(str, wanted))
            raise DeviceError(
                f"{dispatch}: {described} given, its program takes {takes}: compile again"
            )
        out = [_start(buffer, base) for buffer, base in zip_longest(results, arrays[len(inputs) :])]
        given = arrays[: len(inputs)]
        for number, array in enumerate(given):
            if constants >> number & 1:
                given[number] = self.constant_of(dispatch, number, array)
        if executable.scratch is not None:
            given.insert(executable.scratch.argument, self._scratch_of(data, executable))
        start = time.perf_counter()
        try:
            figures = self.device.run(executable, [*given, *out])
        except AieConvError as error:
            raise DeviceError(f"{dispatch}: {error}") from error
        figures = {**figures, "seconds": time.perf_counter() - start}
        call.records.append({"name": dispatch, **figures})
        if self.progress is not None:
            self.progress(dispatch, figures)
        pairs = zip(out, results, strict=True)
        return tuple(to_view(self.hal, array[: b.elements], b.dtype).ref for array, b in pairs)

    def load(self, call: Call, program: rt.VmRef, name: rt.VmRef, constants: int) -> None:
        """Let the device make ready a program; ``constants`` as in :meth:`run`."""
        dispatch = call.dispatch = _bytes(name).decode(errors="replace")
        executable = self._executable(_bytes(program), dispatch)
        if not isinstance(self.device, PreparedDevice):
            return
        kept = [number for number in range(len(executable.inputs)) if constants >> number & 1]
        if executable.scratch is not None:
            scratch = executable.scratch.argument
            kept = [*(number + (number >= scratch) for number in kept), scratch]
        try:
            self.device.load(executable, kept)
        except AieConvError as error:
            raise DeviceError(f"{dispatch}: {error}") from error

    def constant_of(self, dispatch: str, number: int, array: Array) -> Array:
        """An operand as it was at the first call: a copy, since IREE uses its buffers again."""
        kept = self.constants.get((dispatch, number))
        if kept is None:
            kept = self.constants[dispatch, number] = array.copy().view(Constant)
        return kept

    def _scratch_of(self, data: bytes, executable: Executable) -> Array:
        """A program's scratch buffer, which stays from call to call."""
        scratch = self.scratch.get(data)
        if scratch is None and executable.scratch is not None:
            buffer = executable.arguments[executable.scratch.argument]
            kind = DTYPES[buffer.dtype]
            array = np.full(buffer.elements * kind.itemsize, UNWRITTEN, np.uint8).view(kind)
            for first, elements, value in executable.scratch.fills:
                array[first : first + elements] = value
            scratch = self.scratch[data] = array.view(Scratch)
        return cast(Array, scratch)

    def _executable(self, data: bytes, dispatch: str) -> Executable:
        executable = self.executables.get(data)
        if executable is None:
            executable = _read(data, dispatch)
            binary = self.binaries.get(executable.configuration) if self.binaries else None
            if binary is not None:
                executable = replace(executable, blobs={**executable.blobs, "binary": binary})
            self.executables[data] = executable
        return executable


def _start(buffer: Buffer, base: Array | None) -> Array:
    """What a result starts with: zeros or its base, and zeros behind it that the program may read over."""
    array = np.zeros(buffer.elements + buffer.slack, DTYPES[buffer.dtype])
    if base is not None:
        array[: buffer.elements] = base
    return array


def _read(data: bytes, dispatch: str) -> Executable:
    """An executable whose arguments this runtime knows; its digest may be right of a wrong header."""
    try:
        executable = unpack(data, dispatch)
        sizes = [
            (DTYPES[b.dtype].itemsize, int(b.elements), int(b.slack)) for b in executable.arguments
        ]
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise DeviceError(
            f"{dispatch}: the executable's header is damaged ({type(error).__name__}): compile again"
        ) from error
    if not sizes or min(min(size) for size in sizes) < 0:
        raise DeviceError(
            f"{dispatch}: the executable's header has no arguments, or negative ones: compile again"
        )
    return executable


class _Instance:
    """What IREE makes of the module for each context; it needs nothing of its own."""

    def __init__(self, interface: object) -> None:
        del interface

    def run(
        self, program: rt.VmRef, name: rt.VmRef, constants: int, *views: rt.VmRef
    ) -> rt.VmRef | tuple[rt.VmRef, ...]:
        """Called by IREE, for the innermost open call of this thread."""
        state, call = _running.calls[-1]
        try:
            results = state.run(call, program, name, constants, views)
            first, *others = results
            return results if others else first
        except BaseException as error:
            call.error = error
            raise

    def load(self, program: rt.VmRef, name: rt.VmRef, constants: int) -> None:
        """Called by IREE while an artifact is loaded."""
        state, call = _running.calls[-1]
        try:
            state.load(call, program, name, constants)
        except BaseException as error:
            call.error = error
            raise


@cache
def amd_aie_module() -> rt.VmModule:
    """The VM module, one for all artifacts."""
    interface = rt.PyModuleInterface("amd_aie", _Instance)
    for count in range(MOST_BUFFERS + 1):
        # IREE's Python modules do not align what follows an i32.
        taken = "0rrI" + "r" * count
        interface.export(f"run.{count}", f"{taken}_r", _Instance.run)
        for results in range(2, MOST_RESULTS + 1):
            interface.export(f"run.{count}.{results}", f"{taken}_{'r' * results}", _Instance.run)
    interface.export("load", "0rrI_v", _Instance.load)
    return interface.create()
