"""A loaded artifact: its functions as callables on numpy arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from iree import runtime as rt
from numpy.typing import NDArray

from aie_conv.errors import DeviceError, UsageError
from aie_conv.files import reason
from aie_conv.runtime.devices import Device, default_device, open_device
from aie_conv.runtime.vm_module import (
    DTYPES,
    Progress,
    State,
    amd_aie_module,
    from_ref,
    to_view,
)
from aie_conv.seal import check_seal

Array = NDArray[Any]

# IREE's binding counts a module written in Python as a leak and says so on stderr at exit.
rt._binding.disable_leak_checker()  # pyright: ignore[reportPrivateUsage]

_ARGUMENT = re.compile(r"%\w+: ([^{,)]+)")
_TENSOR = re.compile(r"tensor<((?:[\d?]+x)*)(\w+)>")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function: "tensor" with its shape, or a scalar of ``dtype``."""

    dtype: str
    shape: tuple[int, ...] | None

    def __str__(self) -> str:
        return "x".join([*map(str, self.shape or ()), self.dtype])


class Function:
    """A function of a loaded artifact; called with numpy arrays, it returns numpy arrays.

    One result comes back as it is, several as a tuple. bf16 arrays are ``ml_dtypes.bfloat16``;
    anything that ``numpy.asarray`` takes will do, torch tensors (bf16 too) included.

    Attributes:
        name: its name.
        parameters: what it takes; None where the artifact does not say.
        results: how many results it gives; None where the artifact does not say.
    """

    def __init__(self, program: Program, function: rt.VmFunction) -> None:
        self.name: str = function.name
        self._program = program
        self._function = function
        declaration = dict(function.reflection).get("iree.abi.declaration", "")
        self.parameters: tuple[Parameter, ...] | None = _parameters(declaration)
        self.results: int | None = _results(declaration)

    def __call__(self, *arguments: Any) -> Any:
        """Run it.

        Raises:
            UsageError: an argument has another shape or type than the function takes.
            DeviceError: the device refused or failed.
        """
        results = self.invoke(arguments)
        return results[0] if len(results) == 1 else tuple(results)

    def invoke(self, arguments: Sequence[Any]) -> list[Any]:
        """Run it; always a list of results."""
        return self._program._invoke(self, self._function, arguments)  # pyright: ignore[reportPrivateUsage]


def _results(declaration: str) -> int | None:
    """How many results a declaration names: `-> (%output0: …, %output1: …)`."""
    head, arrow, tail = declaration.partition("->")
    return len(_ARGUMENT.findall(tail)) if arrow else 0 if head else None


def _parameters(declaration: str) -> tuple[Parameter, ...] | None:
    if not declaration:
        return None
    head = declaration.split("->")[0]
    found: list[Parameter] = []
    for text in _ARGUMENT.findall(head):
        match = _TENSOR.fullmatch(text.strip())
        if match is None:
            found.append(Parameter(text.strip(), None))
        else:
            sizes = [s for s in match[1].split("x") if s]
            found.append(Parameter(match[2], tuple(-1 if s == "?" else int(s) for s in sizes)))
    return tuple(found)


class Program:
    """A loaded artifact; its functions are attributes, and items by name.

    Attributes:
        device: the device that runs the NPU's part.
        functions: the names of its functions.
        records: figures of each NPU dispatch of the last call, in order.

    Threads may share it; their calls run one after the other.
    """

    def __init__(self, data: bytes, device: Device, progress: Progress | None = None) -> None:
        self._instance = rt.VmInstance()
        self._hal = rt.get_device("local-task")
        self.device = device
        self.records: list[dict[str, Any]] = []
        self._state = State(self._hal, device, progress)
        # IREE's contexts are not to be entered by two threads at once.
        self._lock = RLock()
        try:
            module = rt.VmModule.copy_buffer(self._instance, data)
        except (ValueError, RuntimeError) as error:
            raise DeviceError(
                f"artifact: no valid .vmfb ({_reason(error)}): compile the model again"
            ) from None
        hal = rt.create_hal_module(self._instance, self._hal)
        with self._state.call() as call:
            try:
                modules = [hal, amd_aie_module(), module]
                self._context = rt.VmContext(self._instance, modules)
            except (ValueError, RuntimeError) as error:
                reason = call.reason() or DeviceError(
                    f"artifact: it cannot be loaded here: {_reason(error)}"
                )
                raise reason from reason.__cause__
        self.functions: tuple[str, ...] = tuple(
            name for name in module.function_names if not name.startswith("__") and "$" not in name
        )
        # A function refers to its program, and the program to no function: dropped, it is freed at once.
        self._functions = {
            name: function
            for name in self.functions
            if (function := module.lookup_function(name)) is not None
        }

    def __getitem__(self, name: str) -> Function:
        if name not in self._functions:
            raise UsageError(
                f"function '{name}': not in the module: it has {', '.join(self.functions)}"
            )
        return Function(self, self._functions[name])

    def __getattr__(self, name: str) -> Function:
        functions: dict[str, rt.VmFunction] = self.__dict__.get("_functions", {})
        if name not in functions:
            raise AttributeError(f"no function '{name}': it has {', '.join(functions)}")
        return Function(self, functions[name])

    def _invoke(
        self, function: Function, target: rt.VmFunction, arguments: Sequence[Any]
    ) -> list[Any]:
        parameters = function.parameters
        if parameters is not None and len(parameters) != len(arguments):
            raise UsageError(
                f"{function.name}: takes {len(parameters)} inputs, {len(arguments)} given"
            )
        inputs = rt.VmVariantList(len(arguments))
        for number, argument in enumerate(arguments):
            parameter = parameters[number] if parameters is not None else None
            where = f"{function.name}: input {number}"
            self._push(inputs, argument, parameter, where)
        outputs = rt.VmVariantList(4)
        with self._lock, self._state.call() as call:
            self.records = call.records
            try:
                self._context.invoke(target, inputs, outputs)
            except (ValueError, RuntimeError) as error:
                reason = call.reason() or DeviceError(f"{function.name}: {_reason(error)}")
                raise reason from reason.__cause__
        return [_result(outputs, number) for number in range(len(outputs))]

    def _push(
        self, inputs: rt.VmVariantList, argument: Any, parameter: Parameter | None, where: str
    ) -> None:
        array = as_array(argument)
        if parameter is not None and parameter.shape is None:
            if array.ndim:
                raise UsageError(f"{where}: an array, the function takes a scalar {parameter}")
            push = inputs.push_float if parameter.dtype.startswith("f") else inputs.push_int
            push(array.item())
            return
        dtype = next((name for name, kind in DTYPES.items() if kind == array.dtype), None)
        given = "x".join([*map(str, array.shape), dtype or str(array.dtype)])
        wanted = parameter.shape if parameter is not None else None
        if dtype is None or (
            parameter is not None
            and (parameter.dtype != dtype or not _fits(array.shape, wanted or ()))
        ):
            asked = f", the function takes {parameter}" if parameter is not None else ""
            raise UsageError(f"{where}: {given} given{asked}")
        inputs.push_ref(to_view(self._hal, array, dtype).ref)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        w in (-1, s) for s, w in zip(shape, wanted, strict=True)
    )


def as_array(value: Any) -> Array:
    """An array of numpy's of anything array-like; torch's bf16 tensors keep their type."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        tensor = value.detach().cpu().contiguous()
        if str(tensor.dtype) == "torch.bfloat16":
            import torch

            return tensor.view(torch.int16).numpy().view(DTYPES["bf16"])
        return tensor.numpy()
    return np.asarray(value)


def _result(outputs: rt.VmVariantList, number: int) -> Any:
    value = outputs.get_variant(number)
    if isinstance(value, rt.VmRef):
        return from_ref(value).copy()
    return value


def _reason(error: Exception) -> str:
    """IREE's message, its first line, without where in IREE's sources it arose."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    return re.sub(r"^.*?\.(?:c|cc|h):\d+: ", "", first).split("; while")[0].strip()


def load_program(
    artifact: Any,
    device: str | Device | None = None,
    progress: Progress | None = None,
) -> Program:
    """Load an artifact; see :func:`aie_conv.load`.

    Args:
        artifact: what ``aie_conv.compile`` gave, the bytes of a .vmfb, or its path.
        device: a name, a device of one's own, or None for the default.
        progress: called after each NPU dispatch with its name and figures.
    """
    data = getattr(artifact, "vmfb", artifact)
    if isinstance(data, str | os.PathLike):
        try:
            data = Path(data).read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(f"{artifact}: {reason(error)}: give a .vmfb file") from None
    check_seal(data, str(artifact) if isinstance(artifact, str | os.PathLike) else "artifact")
    if device is None:
        device = default_device()
    return Program(data, open_device(device) if isinstance(device, str) else device, progress)
