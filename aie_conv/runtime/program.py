"""A loaded artifact: its functions as callables on numpy arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from iree import runtime as rt
from numpy.typing import NDArray

from aie_conv.errors import DeviceError, UsageError
from aie_conv.files import reason
from aie_conv.runtime.devices import default_device, open_device
from aie_conv.runtime.embedded import read_binaries, read_report
from aie_conv.runtime.interface import PreparedDevice, RuntimeDevice
from aie_conv.runtime.tensors import any_tensor, as_tensors
from aie_conv.runtime.vm_module import (
    DTYPES,
    ModuleState,
    Progress,
    amd_aie_module,
    from_ref,
    to_view,
)
from aie_conv.seal import check_seal
from aie_conv.signature import (
    KEY,
    Parameter,
    Signature,
    as_compiled,
    read_declaration,
    read_signature,
)
from aie_conv.structure import NOTE, CallForm, build
from aie_conv.suggest import closest

Array = NDArray[Any]

# IREE's binding counts a module written in Python as a leak and says so on stderr at exit.
rt._binding.disable_leak_checker()  # pyright: ignore[reportPrivateUsage]


class LoadedFunction:
    """A function of a loaded artifact; called with numpy arrays, it returns numpy arrays.

    Inputs are given in order or by their names, as ``f(x, mask=m)``; those that are no identifiers go
    in by ``f(**{"input.1": x})``. One result comes back as it is, several as a tuple. bf16 arrays are
    ``ml_dtypes.bfloat16``; anything that ``numpy.asarray`` takes will do, torch tensors (bf16 too) included.

    Attributes:
        name: its name.
        parameters: what it takes; None where the artifact does not say.
        outputs: what it gives; None where the artifact does not say.
    """

    def __init__(self, program: Program, function: rt.VmFunction) -> None:
        self.name: str = function.name
        self._program = program
        self._function = function
        reflection = dict(function.reflection)
        signature = _signature(reflection)
        self._form = CallForm.from_json(reflection[NOTE]) if NOTE in reflection else None
        self.parameters: tuple[Parameter, ...] | None = signature and signature.inputs
        self.outputs: tuple[Parameter, ...] | None = signature and signature.outputs

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs in order, "" for one without; () where the artifact does not say."""
        return tuple(parameter.name for parameter in self.parameters or ())

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the outputs in order, "" for one without; () where the artifact does not say."""
        return tuple(parameter.name for parameter in self.outputs or ())

    def __repr__(self) -> str:
        if self.parameters is None:
            return f"<aie_conv function {self.name}>"
        inputs, outputs = (
            ", ".join(f"{p.name}: {p}" if p.name else str(p) for p in side)
            for side in (self.parameters, self.outputs or ())
        )
        return f"<aie_conv function {self.name}({inputs}) -> ({outputs})>"

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run it.

        Raises:
            UsageError: an argument has another shape or type than the function takes.
            DeviceError: the device refused or failed.
        """
        if self._form is not None:
            results = self.invoke(self._flatten(self._form, arguments, named))
            return build(self._form.result, results)
        results = self.invoke(self.bind(arguments, named))
        return results[0] if len(results) == 1 else tuple(results)

    def _flatten(
        self, form: CallForm, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> list[Any]:
        """The arrays of a call as its model takes it, or given one by one."""
        try:
            return form.arguments(arguments, named, self.name)
        except UsageError:
            one_by_one = len(arguments) == len(self.parameters or ()) and not named
            if not one_by_one or any(isinstance(a, list | tuple | dict) for a in arguments):
                raise
            return list(arguments)

    def bind(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """The arguments in order, those given by name behind those that are not.

        Raises:
            UsageError: a name is not an input's, was given already, or one is missing.
        """
        bound = list(arguments)
        if not named:
            return bound
        names = self.input_names
        for name in named:
            if not name or name not in names:
                known = ", ".join(filter(None, names)) or "inputs without names"
                hint = closest(name, names)
                raise UsageError(f"{self.name}: no input '{name}'{hint}: it takes {known}")
            if names.index(name) < len(bound):
                raise UsageError(f"{self.name}: input '{name}' given twice, in order and by name")
        for name in names[len(bound) :]:
            if name not in named:
                raise UsageError(f"{self.name}: input '{name}' is missing")
            bound.append(named[name])
        return bound

    def invoke(self, arguments: Sequence[Any]) -> list[Any]:
        """Run it; always a list of results."""
        return self._program._invoke(self, self._function, arguments)  # pyright: ignore[reportPrivateUsage]


def _signature(reflection: Mapping[str, str]) -> Signature | None:
    declared = read_declaration(reflection.get("iree.abi.declaration", ""))
    if KEY in reflection:
        return as_compiled(read_signature(reflection[KEY]), declared)
    return declared


class Program:
    """A loaded artifact; its functions are attributes, and items by name.

    Attributes:
        device: the device that runs the NPU's part.
        functions: the names of its functions.
        records: figures of each NPU dispatch of the last call, in order.

    Threads may share it; their calls run one after the other.
    """

    def __init__(
        self, data: bytes, device: RuntimeDevice, progress: Progress | None = None
    ) -> None:
        self._instance = rt.VmInstance()
        self._hal = rt.get_device("local-task")
        self.device = device
        self.records: list[dict[str, Any]] = []
        binaries = read_binaries(data)
        self._state = ModuleState(self._hal, device, progress, binaries)
        if binaries and isinstance(device, PreparedDevice):
            device.prepare(str((read_report(data) or {}).get("device")), binaries)
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
        self.functions: tuple[str, ...] = _public(module.function_names)
        # A function refers to its program, and the program to no function: dropped, it is freed at once.
        self._functions = {
            name: function
            for name in self.functions
            if (function := module.lookup_function(name)) is not None
        }

    def __getitem__(self, name: str) -> LoadedFunction:
        function = self._find(name)
        if function is None:
            hint = closest(name, self.functions)
            raise UsageError(
                f"function '{name}': not in the module{hint}: it has {', '.join(self.functions)}"
            )
        return function

    def __getattr__(self, name: str) -> LoadedFunction:
        function = None if name.startswith("_") else self._find(name)
        if function is None:
            names = ", ".join(self.__dict__.get("_functions", {}))
            raise AttributeError(f"no function '{name}': it has {names}")
        return function

    def _find(self, name: str) -> LoadedFunction | None:
        """The function of that name; the only one is called "main" as well."""
        functions: dict[str, rt.VmFunction] = self.__dict__.get("_functions", {})
        only = next(iter(functions.values())) if len(functions) == 1 else None
        function = functions.get(name, only if name == "main" else None)
        return LoadedFunction(self, function) if function is not None else None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the only function, or "main"; torch tensors are answered by torch tensors.

        Raises:
            UsageError: there are several functions; or as the function raises.
            DeviceError: the device refused or failed.
        """
        function = self._find("main")
        if function is None:
            names = ", ".join(self.functions)
            raise UsageError(f"program: several functions: call one of {names} by its name")
        result = function(*arguments, **named)
        return as_tensors(result) if any_tensor((*arguments, *named.values())) else result

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.functions]

    def __repr__(self) -> str:
        functions = ", ".join(repr(self[name])[19:-1] for name in self._functions)
        return f"<aie_conv program on {self.device.name}: {functions}>"

    def _invoke(
        self, function: LoadedFunction, target: rt.VmFunction, arguments: Sequence[Any]
    ) -> list[Any]:
        parameters = function.parameters
        if parameters is not None and len(parameters) != len(arguments):
            raise UsageError(
                f"{function.name}: takes {len(parameters)} inputs, {len(arguments)} given"
            )
        inputs = rt.VmVariantList(len(arguments))
        for number, argument in enumerate(arguments):
            parameter = parameters[number] if parameters is not None else None
            named = f" '{parameter.name}'" if parameter is not None and parameter.name else ""
            self._push(inputs, argument, parameter, f"{function.name}: input {number}{named}")
        outputs = rt.VmVariantList(4)
        with self._lock, self._state.call() as call:
            self.records = call.records
            try:
                self._context.invoke(target, inputs, outputs)
            except (ValueError, RuntimeError) as error:
                reason = call.reason() or DeviceError(f"{function.name}: {_reason(error)}")
                raise reason from reason.__cause__
        kinds = function.outputs or ()
        return [
            _result(outputs, number, kinds[number] if number < len(kinds) else None)
            for number in range(len(outputs))
        ]

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
        described = "x".join([*map(str, array.shape), dtype or str(array.dtype)])
        if dtype is None or (
            parameter is not None
            and not (parameter.takes(array.shape) and dtype in _list_accepted(parameter.dtype))
        ):
            asked = f", the function takes {parameter}" if parameter is not None else ""
            raise UsageError(f"{where}: {described} given{asked}")
        inputs.push_ref(to_view(self._hal, array, dtype).ref)


def _public(names: Sequence[str]) -> tuple[str, ...]:
    """The functions that the source has: not initializers, nor the second form of torch's."""
    return tuple(
        name
        for name in names
        if not name.startswith("__")
        and not (name.endswith("$async") and name.removesuffix("$async") in names)
    )


def _list_accepted(dtype: str) -> tuple[str, ...]:
    """The array types that an element type takes: both, where the source does not tell a sign."""
    if dtype.startswith("si"):
        return (dtype[1:],)
    if dtype[:1] == "i" and dtype != "i1":
        return (dtype, f"u{dtype}")
    return (dtype,)


def as_array(value: Any) -> Array:
    """An array of numpy's of anything array-like; torch's bf16 tensors keep their type."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        tensor = value.detach().cpu().contiguous()
        if str(tensor.dtype) == "torch.bfloat16":
            import torch

            return tensor.view(torch.int16).numpy().view(DTYPES["bf16"])
        return tensor.numpy()
    return np.asarray(value)


def _result(outputs: rt.VmVariantList, number: int, kind: Parameter | None) -> Any:
    value = outputs.get_variant(number)
    if not isinstance(value, rt.VmRef):
        return value
    array = from_ref(value).copy()
    if kind is None or array.dtype.kind not in "iu":
        return array
    return array.view(DTYPES[kind.dtype.removeprefix("s")])


def _reason(error: Exception) -> str:
    """IREE's message, its first line, without where in IREE's sources it arose."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    return re.sub(r"^.*?\.(?:c|cc|h):\d+: ", "", first).split("; while")[0].strip()


def load_program(
    artifact: Any,
    device: str | RuntimeDevice | None = None,
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
