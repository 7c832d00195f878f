"""An artifact or an ONNX model behind the calls of ONNX Runtime's InferenceSession."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError
from aie_conv.report.overview import route_rows, route_table_html, route_table_text
from aie_conv.suggest import closest

if TYPE_CHECKING:
    from aie_conv.runtime.interface import RuntimeDevice
    from aie_conv.runtime.program import LoadedFunction
    from aie_conv.signature import Parameter

_TYPES = {
    "f32": "float", "f64": "double", "f16": "float16", "bf16": "bfloat16", "i1": "bool",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
    "ui8": "uint8", "ui16": "uint16", "ui32": "uint32", "ui64": "uint64",
}  # fmt: skip
"""ONNX Runtime's names of element types."""


@dataclass(frozen=True)
class NodeArg:
    """An input or output, as ONNX Runtime describes it.

    Attributes:
        name: its name in the model.
        shape: its sizes; None for one that is known at run time.
        type: "tensor(float)", "tensor(uint8)", …
    """

    name: str
    shape: list[int | None]
    type: str


class Session:
    """Runs a model as ``onnxruntime.InferenceSession`` does.

    Example:
        >>> session = aie_conv.Session("model.onnx", input_shapes={"images": (1, 3, 640, 640)})
        >>> scores = session.run(["scores"], {"images": x})[0]

    Args:
        source: the path of a .vmfb or .onnx file, the bytes of a .vmfb, what :func:`aie_conv.compile`
            gave, or an ``onnx.ModelProto``.
        device: what runs it: "sim", "xrt", "null" or a device of one's own; None for xrt where an NPU is
            found, else sim.
        input_shapes: sizes of an ONNX model's inputs by name, for those that it leaves open.
        compile_options: further arguments of :func:`aie_conv.compile` for an ONNX model, as
            ``{"device": "npu4", "f32": "bf16"}``.

    Attributes:
        report: what went where and why (docs/report-schema.md); {} for an artifact without one.

    Raises:
        UsageError: the model or artifact cannot be read or compiled, or has several functions.
        DeviceError: the device or the artifact cannot be used.
    """

    def __init__(
        self,
        source: Any,
        *,
        device: str | RuntimeDevice | None = None,
        input_shapes: Mapping[str, Sequence[int]] | None = None,
        compile_options: Mapping[str, Any] | None = None,
    ) -> None:
        import aie_conv
        from aie_conv.frontends.onnx import is_onnx
        from aie_conv.runtime.embedded import read_report
        from aie_conv.runtime.program import load_program

        if is_onnx(source):
            options = dict(compile_options or {})
            source = aie_conv.compile(source, input_shapes=input_shapes, **options)
        elif input_shapes or compile_options:
            raise UsageError("Session: input_shapes and compile_options are for ONNX models alone")
        program = load_program(source, device)
        if len(program.functions) != 1:
            names = ", ".join(program.functions)
            raise UsageError(f"Session: the artifact has {names}: use aie_conv.load")
        self._program = program
        self._function: LoadedFunction = program[program.functions[0]]
        self.report: dict[str, Any] = getattr(source, "report", None) or {}
        if not self.report:
            data = Path(source).read_bytes() if isinstance(source, str | os.PathLike) else source
            self.report = (read_report(data) if isinstance(data, bytes) else None) or {}

    def get_inputs(self) -> list[NodeArg]:
        """The inputs in order."""
        return _describe(self._function.parameters, "input")

    def get_outputs(self) -> list[NodeArg]:
        """The outputs in order."""
        return _describe(self._function.outputs, "output")

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any]) -> list[Any]:
        """Run the model.

        Args:
            output_names: the outputs that are wanted, in that order; None or [] for all.
            input_feed: an array for each input by name.

        Returns:
            A numpy array for each output.

        Raises:
            UsageError: a name is unknown or missing, or an array has another shape or type.
            DeviceError: the device refused or failed.
        """
        inputs = [each.name for each in self.get_inputs()]
        outputs = [each.name for each in self.get_outputs()]
        for name in input_feed:
            _check_name("input", name, inputs)
        for name in output_names or ():
            _check_name("output", name, outputs)
        missing = [name for name in inputs if name not in input_feed]
        if missing:
            raise UsageError(f"Session.run: no array for input {', '.join(missing)}")
        results = self._function.invoke([input_feed[name] for name in inputs])
        if not output_names:
            return results
        return [results[outputs.index(name)] for name in output_names]

    def __repr__(self) -> str:
        return f"{self._head()}\n{route_table_text(route_rows(self.report))}".rstrip()

    def _repr_html_(self) -> str:
        return route_table_html(self._head(), route_rows(self.report))

    def _head(self) -> str:
        sides = [
            ", ".join(f"{n.name}: {n.type} {n.shape}" for n in side)
            for side in (self.get_inputs(), self.get_outputs())
        ]
        return f"aie_conv.Session on {self._program.device.name}: {sides[0]} -> {sides[1]}"


def _check_name(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        names = ", ".join(known) or "none"
        raise UsageError(
            f"Session.run: no {kind} '{name}'{closest(name, known)}: there are {names}"
        )


def _describe(parameters: Sequence[Parameter] | None, what: str) -> list[NodeArg]:
    nodes: list[NodeArg] = []
    for number, each in enumerate(parameters or ()):
        shape = [size if size >= 0 else None for size in each.shape or ()]
        kind = _TYPES.get(each.dtype.removeprefix("s"), each.dtype)
        nodes.append(NodeArg(each.name or f"{what}_{number}", shape, f"tensor({kind})"))
    return nodes
