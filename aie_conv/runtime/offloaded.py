"""Runs the final form of the offload pipeline: buffers allocated, executables called, buffers freed.

The final form is text that MLIR prints, and what is read here is that text: one operation a line, of five
kinds. The executables that it calls are artifacts, found by name and checked by their digest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import DeviceError, UsageError
from aie_conv.runtime.bundle import Bundle, digest, read_bundle
from aie_conv.runtime.devices import RuntimeDevice, default_device, open_device
from aie_conv.runtime.program import Parameter, Program, load_program
from aie_conv.runtime.vm_module import DTYPES

Array = NDArray[Any]

_SYMBOL = r'@(?:"(?P<quoted>[^"]+)"|(?P<plain>[\w$.-]+))'
_VALUE = r"%[\w$]+"
_DECLARATION = re.compile(
    rf"func\.func private {_SYMBOL}\((?P<types>.*?)\) attributes \{{(?P<facts>.*)\}}"
)
_FUNCTION = re.compile(rf"func\.func {_SYMBOL}\((?P<arguments>.*?)\)(?: attributes \{{.*\}})? \{{")
_ARGUMENT = re.compile(rf"({_VALUE}): memref<((?:\d+x)*)(\w+)>( \{{bufferize\.result\}})?")
_ALLOC = re.compile(
    rf"(?P<value>{_VALUE}) = memref\.alloc\(\)(?: alignment = \d+)?"
    r" : memref<(?P<shape>(?:\d+x)*)(?P<dtype>\w+)>"
)
_DEALLOC = re.compile(rf"memref\.dealloc (?P<value>{_VALUE}) : memref<\w+>")
_CALL = re.compile(rf"call {_SYMBOL}\((?P<operands>.*)\) : \((?P<types>.*)\) -> \(\)")
_COPY = re.compile(
    rf"memref\.copy (?P<source>{_VALUE}), (?P<dest>{_VALUE}) : memref<\w+> to memref<\w+>"
)
_FACT = re.compile(r'aie_conv\.(\w+) = (?:"([^"]*)"|(-?\d+) : i64)')


@dataclass(frozen=True)
class _Step:
    """One line: "alloc", "dealloc", "copy", or "call" with the function's name."""

    kind: str
    values: tuple[str, ...]
    name: str = ""
    type: Parameter | None = None


@dataclass
class _FinalFunction:
    """A function of the final form."""

    name: str
    arguments: list[tuple[str, Parameter, bool]]
    steps: list[_Step] = field(default_factory=list[_Step])


def _name(match: re.Match[str]) -> str:
    return match["quoted"] or match["plain"]


def _buffer(shape: str, dtype: str) -> Parameter:
    return Parameter(dtype, tuple(int(size) for size in shape.split("x") if size))


class _Reader:
    """Reads the final form.

    Raises:
        DeviceError: a line that is none of those that the pipeline ends with.
    """

    def __init__(self, text: str) -> None:
        self.functions: dict[str, _FinalFunction] = {}
        self.declarations: dict[str, dict[str, str | int]] = {}
        self._open: _FinalFunction | None = None
        for number, line in enumerate(text.splitlines(), 1):
            if not self._read(line.strip()):
                raise DeviceError(
                    f"final form: line {number}: '{line.strip()[:60]}' cannot be run: offload again"
                )

        for function in self.functions.values():
            self._check(function)

    def _check(self, function: _FinalFunction) -> None:
        """Raise DeviceError where a buffer or an executable is named that is not there."""
        known = {name for name, *_ in function.arguments}
        for step in function.steps:
            if step.kind == "alloc":
                known.add(step.values[0])
            unknown = [value for value in step.values if value not in known]
            if step.kind == "call" and step.name not in self.declarations:
                unknown.append(f"@{step.name}")
            if unknown:
                what = "executable" if unknown[0][0] == "@" else "buffer"
                raise DeviceError(
                    f"final form: @{function.name}: {unknown[0]}: there is no such {what}: offload again"
                )
            if step.kind == "dealloc":
                known.remove(step.values[0])

    def _read(self, line: str) -> bool:
        if line in ("", "module {", "}"):
            return True
        if match := _DECLARATION.fullmatch(line):
            facts = {
                key: word or int(number or 0) for key, word, number in _FACT.findall(match["facts"])
            }
            self.declarations[_name(match)] = facts
            return True
        if match := _FUNCTION.fullmatch(line):
            arguments = [
                (value, _buffer(shape, dtype), bool(result))
                for value, shape, dtype, result in _ARGUMENT.findall(match["arguments"])
            ]
            self._open = self.functions[_name(match)] = _FinalFunction(_name(match), arguments)
            return len(arguments) == match["arguments"].count("memref<")
        return self._open is not None and self._step(line, self._open.steps)

    @staticmethod
    def _step(line: str, steps: list[_Step]) -> bool:
        if match := _ALLOC.fullmatch(line):
            kind = _buffer(match["shape"], match["dtype"])
            steps.append(_Step("alloc", (match["value"],), "", kind))
        elif match := _DEALLOC.fullmatch(line):
            steps.append(_Step("dealloc", (match["value"],)))
        elif match := _COPY.fullmatch(line):
            steps.append(_Step("copy", (match["source"], match["dest"])))
        elif match := _CALL.fullmatch(line):
            steps.append(_Step("call", tuple(match["operands"].split(", ")), _name(match)))
        else:
            return line == "return"
        return True


class OffloadedProgram:
    """The final form, loaded; its functions are attributes, and items by name.

    A function takes the arrays of its inputs, then one for each result, which it fills::

        >>> y = numpy.empty((1, 32, 28, 28), numpy.float32)
        >>> program.two_convs(x, w0, w1, y)

    Attributes:
        device: what runs the NPU's part.
        functions: the names of its functions.
        records: figures of each NPU dispatch of the last call, in order; "executable" names whose.
        internal_bytes: the most that was allocated at a time in the last call.

    Threads may share it; their calls run one after the other.
    """

    def __init__(self, bundle: Bundle, device: RuntimeDevice | None) -> None:
        form = _Reader(bundle.final)
        self.device = device or open_device("null")
        self.records: list[dict[str, Any]] = []
        self.internal_bytes = 0
        self._lock = RLock()
        self._functions = form.functions
        self.functions: tuple[str, ...] = tuple(form.functions)
        self._programs: dict[str, Program] = {}
        for name, facts in form.declarations.items():
            key = str(facts.get("executable"))
            if key not in bundle.executables:
                raise DeviceError(
                    f"final form: executable '{key}': not in the bundle: offload again"
                )
            data = bundle.executables[key]
            if digest(data) != facts.get("digest"):
                raise DeviceError(
                    f"final form: executable '{key}': not the one that was compiled: offload again"
                )
            if device is None and facts.get("npu_dispatches") != 0:
                raise UsageError(
                    f"device cpu: executable '{key}' holds NPU dispatches:"
                    " offload with route='cpu', or use device='sim'"
                )
            self._programs[name] = load_program(data, self.device)

    def __getitem__(self, name: str) -> _Callable:
        if name not in self._functions:
            raise UsageError(
                f"function '{name}': not in the final form: it has {', '.join(self.functions)}"
            )
        return _Callable(self, self._functions[name])

    def __getattr__(self, name: str) -> _Callable:
        functions: dict[str, _FinalFunction] = self.__dict__.get("_functions", {})
        if name not in functions:
            raise AttributeError(f"no function '{name}': it has {', '.join(functions)}")
        return self[name]

    def _run(self, function: _FinalFunction, arrays: Sequence[Array]) -> None:
        with self._lock:
            self._steps(function, arrays)

    def _steps(self, function: _FinalFunction, arrays: Sequence[Array]) -> None:
        values = {name: a for (name, *_), a in zip(function.arguments, arrays, strict=True)}
        self.records = []
        live = self.internal_bytes = 0
        for step in function.steps:
            if step.type is not None:
                array = np.empty(step.type.shape or (), DTYPES[step.type.dtype])
                values[step.values[0]] = array
                live += array.nbytes
                self.internal_bytes = max(self.internal_bytes, live)
            elif step.kind == "dealloc":
                live -= values.pop(step.values[0]).nbytes
            elif step.kind == "copy":
                source, dest = (values[name] for name in step.values)
                dest[...] = source
            else:
                self._call(step.name, [values[name] for name in step.values])

    def _call(self, name: str, arrays: list[Array]) -> None:
        program = self._programs[name]
        target = program[name]
        inputs = len(target.parameters or ())
        results = target.invoke(arrays[:inputs])
        for dest, result in zip(arrays[inputs:], results, strict=True):
            dest[...] = result
        self.records += [{"executable": name, **record} for record in program.records]


@dataclass(frozen=True)
class _Callable:
    """A function of a program, called with the arrays of its inputs and results."""

    program: OffloadedProgram
    function: _FinalFunction

    def __call__(self, *arrays: Any) -> None:
        """Run it.

        Raises:
            UsageError: an array is missing, of another shape or type, or a result's cannot be filled.
            DeviceError: the device refused or failed.
        """
        name, wanted = self.function.name, self.function.arguments
        inputs = sum(not result for *_, result in wanted)
        if len(arrays) != len(wanted):
            raise UsageError(
                f"{name}: takes {inputs} inputs and {len(wanted) - inputs} results to fill,"
                f" {len(arrays)} arrays given"
            )
        for number, (array, (_, kind, result)) in enumerate(zip(arrays, wanted, strict=True)):
            where = f"{name}: result {number - inputs}" if result else f"{name}: input {number}"
            _check(array, kind, where, writable=result)
        for number in range(inputs, len(arrays)):
            others = [a for position, a in enumerate(arrays) if position != number]
            if any(np.may_share_memory(arrays[number], other) for other in others):
                raise UsageError(
                    f"{name}: result {number - inputs}: shares memory with another array: give its own"
                )
        self.program._run(self.function, arrays)  # pyright: ignore[reportPrivateUsage]


def _check(array: Any, kind: Parameter, where: str, *, writable: bool) -> None:
    """Raise UsageError for an array that does not fit."""
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{where}: a {type(array).__name__}: give a numpy array")
    if array.shape != kind.shape or array.dtype != DTYPES[kind.dtype]:
        described = "x".join([*map(str, array.shape), str(array.dtype)])
        raise UsageError(f"{where}: {described} given, the function takes {kind}")
    if writable and not array.flags.writeable:
        raise UsageError(f"{where}: the array is read-only: give one that can be filled")


def load_offloaded(
    bundle: Bundle | str | os.PathLike[str], device: str | RuntimeDevice | None = None
) -> OffloadedProgram:
    """Load the final form of the offload pipeline.

    Args:
        bundle: what ``aie_conv.offload.offload`` gave as ``bundle``, or the path it was saved under.
        device: "sim", "xrt", "null" or a device of one's own for the NPU's part; "cpu" where there is
            none; None for xrt where an NPU is found, else sim.

    Raises:
        UsageError: no such file or device, or "cpu" where an executable uses the NPU.
        DeviceError: the device, the final form or an executable cannot be used.
    """
    loaded = bundle if isinstance(bundle, Bundle) else read_bundle(bundle)
    if device == "cpu":
        return OffloadedProgram(loaded, None)
    if device is None or isinstance(device, str):
        device = open_device(device or default_device())
    return OffloadedProgram(loaded, device)
