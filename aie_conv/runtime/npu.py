"""An NPU: contexts, instruction words and buffers are made once, and only what changed is copied.

A program is a configuration of the array, instruction words, and argument buffers. Contexts are made when
an artifact is loaded, one a configuration; the words lie in device memory from a program's first call on.
Operands share buffers, whose sizes are the largest seen; constants have their own, and are copied once.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Collection, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock
from typing import Any

import numpy as np

from aie_conv.errors import DeviceError
from aie_conv.problem import DTYPE_BYTES
from aie_conv.runtime.driver import Driver, DriverError, Memory
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.interface import Array, Constant

DeviceCall = tuple[Executable, Sequence[Array]]


@dataclass
class _Program:
    """A program on the device.

    Attributes:
        configuration: the digest of its configuration.
        handle: the driver's.
        places: of its arguments.
        results: a buffer for each of its results and each time that it is in one submission.
    """

    configuration: str
    handle: Any
    places: tuple[Hashable, ...]
    results: list[Memory] = field(default_factory=list[Memory])


class NpuDevice:
    """Runs programs on a driver's NPU, one submission at a time."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._contexts: dict[str, Any] = {}
        self._programs: dict[str, _Program] = {}
        self._slots: dict[tuple[int, Hashable], Memory] = {}
        self._constants: dict[tuple[int, Hashable], Memory] = {}
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The driver's."""
        return self._driver.name

    def prepare(self, device: str, binaries: Mapping[str, bytes]) -> None:
        """Make the contexts of an artifact's configurations, as many as the NPU has room for.

        Args:
            device: the NPU that they are for, as the user names it.
            binaries: by the digests of their configurations.
        """
        self._check_model(device)
        with self._lock, _one_line():
            for digest, binary in binaries.items():
                try:
                    self._context(digest, binary, evict=False)
                except DriverError as error:
                    if error.busy and self._contexts:
                        return
                    raise

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Run one program."""
        (figures,) = self.run_list([(executable, buffers)])
        return figures

    def run_list(self, calls: Sequence[DeviceCall]) -> list[dict[str, Any]]:
        """Run programs one after the other as one submission, a command chain where they share a context.

        A call that takes the array that an earlier one fills gets it on the device, without a copy.

        Args:
            calls: executables, each with its arrays as :meth:`run` takes them.

        Returns:
            Figures of each call; ``device_seconds`` is the submission's time by equal parts.

        Raises:
            DeviceError: the NPU is another, there is no binary, or the driver failed.
        """
        for executable, _ in calls:
            self._check(executable)
        with self._lock, _one_line():
            seconds = self._submit(calls)
            if seconds is None:
                # There is no room for all contexts at a time: one after the other, through the host.
                groups = groupby(calls, lambda call: call[0].configuration)
                seconds = sum(self._submit([*group]) or 0.0 for _, group in groups)
        return [{"device_seconds": seconds / len(calls)} for _ in calls]

    def _submit(self, calls: Sequence[DeviceCall]) -> float | None:
        """Run programs as one submission; its seconds, None where their contexts do not fit together."""
        binding = _Binding(self, calls)
        try:
            runs = [binding.bind(executable, buffers) for executable, buffers in calls]
            begun = time.perf_counter()
            self._driver.submit(runs)
            seconds = time.perf_counter() - begun
        except DriverError as error:
            # A context in which a program failed, or of a device that was lost, is of no use.
            self._drop_contexts()
            if error.busy and len({executable.configuration for executable, _ in calls}) > 1:
                return None
            raise
        binding.read_results()
        return seconds

    def _check_model(self, device: str) -> None:
        wanted = device.partition("_")[0]
        if wanted != self._driver.model:
            raise DeviceError(
                f"device {self.name}: this NPU is {self._driver.model}, the program is for {device}:"
                f" compile with --amd-aie-device for {self._driver.model}"
            )

    def _check(self, executable: Executable) -> None:
        """Raise DeviceError for a program of another NPU, or without a binary."""
        self._check_model(executable.device)
        if "binary" not in executable.blobs or _code(executable) is None:
            raise DeviceError(
                f"device {self.name}: the artifact holds no NPU binary: compile it where mlir-aie and"
                " Peano are installed (aie-conv doctor tells), or use --device=sim"
            )

    def _context(self, digest: str, binary: bytes, *, evict: bool = True) -> Any:
        """A configuration's context; where there is no room for it, of the one that was used longest ago."""
        while digest not in self._contexts:
            try:
                self._contexts[digest] = self._driver.load(binary)
            except DriverError as error:
                if not error.busy or not self._contexts or not evict:
                    raise
                self._drop(next(iter(self._contexts)))
        context = self._contexts[digest] = self._contexts.pop(digest)
        return context

    def _drop(self, digest: str) -> None:
        del self._contexts[digest]
        for text in [t for t, p in self._programs.items() if p.configuration == digest]:
            del self._programs[text]

    def _drop_contexts(self) -> None:
        self._contexts.clear()
        self._programs.clear()

    def load(self, executable: Executable, kept: Collection[int]) -> None:
        """Put a program's words on the device and allocate what its calls need, if its context is there."""
        self._check(executable)
        with self._lock, _one_line():
            if executable.configuration not in self._contexts:
                return
            program = self.open_program(executable)
            first, slots = len(executable.arguments) - executable.results, 0
            for number, (argument, place) in enumerate(
                zip(executable.arguments, program.places, strict=True)
            ):
                size = (argument.elements + argument.slack) * DTYPE_BYTES[argument.dtype]
                if number >= first:
                    self.result(program, number - first, place, size)
                elif number not in kept:
                    self.slot(slots, place, size)
                    slots += 1

    def open_program(self, executable: Executable) -> _Program:
        """A program on the device, put there where it is not yet."""
        context = self._context(executable.configuration, executable.blobs["binary"])
        if executable.text not in self._programs:
            handle = self._driver.program(context, _code(executable) or b"")
            places = tuple(
                self._driver.place(context, number) for number in range(len(executable.arguments))
            )
            self._programs[executable.text] = _Program(executable.configuration, handle, places)
        return self._programs[executable.text]

    def slot(self, number: int, place: Hashable, size: int) -> Memory:
        """The shared buffer of the submission's operand ``number``."""
        memory = self._slots.get((number, place))
        if memory is None or memory.bytes.size < size:
            memory = self._slots[number, place] = self._driver.allocate(place, size)
        return memory

    def result(self, program: _Program, number: int, place: Hashable, size: int) -> Memory:
        """A result's buffer: what the program does not write keeps its zeros."""
        if number == len(program.results):
            program.results.append(self._driver.allocate(place, size))
        elif program.results[number].bytes.size < size:
            program.results[number] = self._driver.allocate(place, size)
        return program.results[number]

    def constant(self, array: Constant, place: Hashable, size: int) -> Memory:
        """A constant's buffer, which lives as long as the constant."""
        key = (id(array), place)
        kept = self._constants.get(key)
        if kept is None or kept.bytes.size < size:
            memory = self._driver.allocate(place, size)
            _write(memory, array, size)
            self._constants[key] = memory
            weakref.finalize(array, self._constants.pop, key, None)
        return self._constants[key]


class _Binding:
    """The arrays of one submission and the buffers that stand for them."""

    def __init__(self, device: NpuDevice, calls: Sequence[DeviceCall]) -> None:
        self._device = device
        self._memories: dict[tuple[int, Hashable], Memory] = {}
        self._results: list[tuple[Array, Memory]] = []
        self._times: dict[str, int] = {}
        self._slots = 0
        self._sizes: dict[int, int] = {}
        """Of the buffer of each array: with the slack of whoever wants most."""
        for executable, buffers in calls:
            for array, argument in zip(buffers, executable.arguments, strict=True):
                size = array.nbytes + argument.slack * array.itemsize
                self._sizes[id(array)] = max(size, self._sizes.get(id(array), 0))

    def bind(self, executable: Executable, buffers: Sequence[Array]) -> tuple[Any, list[Memory]]:
        """A call's program and its buffers, filled."""
        program = self._device.open_program(executable)
        count, places, arguments = executable.results, program.places, executable.arguments
        first = len(buffers) - count
        memories = [
            self._operand(array, argument, place)
            for array, argument, place in zip(buffers[:first], arguments, places, strict=False)
        ]
        time_ = self._times[executable.text] = self._times.get(executable.text, -1) + 1
        for number, result in enumerate(buffers[first:]):
            place, size = places[first + number], self._sizes[id(result)]
            memory = self._device.result(program, time_ * count + number, place, size)
            if executable.keeps_base:
                _write(memory, result, size)
            self._memories[id(result), place] = memory
            self._results.append((result, memory))
            memories.append(memory)
        return program.handle, memories

    def _operand(self, array: Array, argument: Buffer, place: Hashable) -> Memory:
        key = (id(array), place)
        if key in self._memories:
            return self._memories[key]
        size = self._sizes[id(array)]
        if isinstance(array, Constant):
            memory = self._device.constant(array, place, size)
        else:
            memory = self._device.slot(self._slots, place, size)
            self._slots += 1
            _write(memory, array, size)
        self._memories[key] = memory
        return memory

    def read_results(self) -> None:
        """Copy every result back."""
        for array, memory in self._results:
            memory.from_device(array.nbytes)
            array.view(np.uint8)[:] = memory.bytes[: array.nbytes]


def _code(executable: Executable) -> bytes | None:
    """A program's instruction words, or its kernel's name where its binary is an ELF that holds them."""
    return executable.blobs.get("kernel", executable.blobs.get("instructions"))


@contextmanager
def _one_line() -> Generator[None]:
    """A driver's errors as a device's."""
    try:
        yield
    except DriverError as error:
        raise DeviceError(str(error)) from None


def _write(memory: Memory, array: Array, size: int) -> None:
    """An array to the device, with zeros behind it up to ``size`` bytes."""
    memory.bytes[: array.nbytes] = array.view(np.uint8)
    memory.bytes[array.nbytes : size] = 0
    memory.to_device(size)
