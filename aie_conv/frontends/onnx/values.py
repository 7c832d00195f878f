"""The inputs and outputs of a graph: names, element types, shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.signature import Parameter, Signature

if TYPE_CHECKING:
    import onnx

DTYPES = {
    "FLOAT": "f32", "DOUBLE": "f64", "FLOAT16": "f16", "BFLOAT16": "bf16", "BOOL": "i1",
    "INT8": "si8", "INT16": "si16", "INT32": "si32", "INT64": "si64",
    "FLOAT8E4M3FN": "f8E4M3FN", "FLOAT8E5M2": "f8E5M2",
    "UINT8": "ui8", "UINT16": "ui16", "UINT32": "ui32", "UINT64": "ui64",
}  # fmt: skip
"""Element types that a function takes and gives, by ONNX's name."""


def graph_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a user gives: those without an initial value."""
    initial = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in initial]


def parameter(value: onnx.ValueInfoProto, what: str) -> Parameter:
    """An input or output as the artifact keeps it.

    Raises:
        UsageError: it is no tensor, or of a type that numpy has not.
    """
    import onnx

    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        word = (kind or "unknown type").removesuffix("_type").replace("_", " ")
        raise UsageError(f"{what} '{value.name}' is of kind {word}: only tensors are supported")
    tensor = value.type.tensor_type
    name = onnx.TensorProto.DataType.Name(tensor.elem_type)
    if name not in DTYPES:
        known = ", ".join(each.lower() for each in DTYPES)
        raise UsageError(
            f"{what} '{value.name}' has elements of {name.lower()}: supported are {known}"
        )
    sizes = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    return Parameter(DTYPES[name], tuple(sizes), value.name)


def signature(model: onnx.ModelProto) -> Signature:
    """What a model's function takes and gives.

    Raises:
        UsageError: an input or output is of an unsupported type.
    """
    graph = model.graph
    return Signature(
        tuple(parameter(value, "input") for value in graph_inputs(graph)),
        tuple(parameter(value, "output") for value in graph.output),
    )
