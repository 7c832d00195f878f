"""Gives every dim of a model's inputs its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx.rewrites.graph import graphs_inside
from aie_conv.frontends.onnx.values import graph_inputs
from aie_conv.suggest import closest

if TYPE_CHECKING:
    import onnx


def fix_shapes(graph: onnx.GraphProto, shapes: Mapping[str, Sequence[int]]) -> None:
    """Write sizes into a graph's inputs, and wherever a dim of the same name stands.

    Raises:
        UsageError: a shape of no input, one that the model does not take, or a size that stays open.
    """
    for value in [*graph.input, *graph.output]:
        _open_negative(value)
    inputs = {value.name: value for value in graph_inputs(graph)}
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        if name not in inputs:
            hint = closest(name, inputs)
            raise UsageError(
                f"--input-shape={name}: no such input{hint}: it takes {', '.join(inputs)}"
            )
        _fix_input(inputs[name], shape, sizes)
    for value in inputs.values():
        _bind(value, sizes)
    open_inputs = [value for value in inputs.values() if _open(value)]
    if open_inputs:
        first = open_inputs[0]
        wanted = "x".join(
            str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?"
            for dim in first.type.tensor_type.shape.dim
        )
        shape = "x".join(
            str(dim.dim_value) if dim.HasField("dim_value") else "N"
            for dim in first.type.tensor_type.shape.dim
        )
        others = f" (and {', '.join(v.name for v in open_inputs[1:])})" if open_inputs[1:] else ""
        raise UsageError(
            f"input '{first.name}'{others} has open sizes, {wanted}: fix them with"
            f" --input-shape={first.name}:{shape}, in Python input_shapes={{'{first.name}': (…)}}"
        )
    # What was inferred for other sizes is inferred anew.
    del graph.value_info[:]
    _bind_inside(graph, sizes)
    for value in graph.output:
        _bind(value, sizes)
        for dim in value.type.tensor_type.shape.dim:
            if dim.HasField("dim_param"):
                dim.ClearField("dim_param")


def _open_negative(value: onnx.ValueInfoProto) -> None:
    """Take away sizes below 0, as some converters write those that they leave open."""
    for dim in value.type.tensor_type.shape.dim:
        if dim.dim_value < 0:
            dim.ClearField("dim_value")


def _open(value: onnx.ValueInfoProto) -> bool:
    tensor = value.type.tensor_type
    if value.type.WhichOneof("value") != "tensor_type":
        return False
    return not tensor.HasField("shape") or any(
        not dim.HasField("dim_value") for dim in tensor.shape.dim
    )


def _fix_input(value: onnx.ValueInfoProto, shape: Sequence[int], sizes: dict[str, int]) -> None:
    text = "x".join(map(str, shape))
    flag = f"--input-shape={value.name}:{text}"
    if any(size < 1 for size in shape):
        raise UsageError(f"{flag}: sizes are 1 or more")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        for size in shape:
            tensor.shape.dim.add().dim_value = size
        return
    dims = tensor.shape.dim
    wanted = "x".join(
        str(d.dim_value) if d.HasField("dim_value") else d.dim_param or "?" for d in dims
    )
    fits = len(dims) == len(shape) and all(
        not d.HasField("dim_value") or d.dim_value == size
        for d, size in zip(dims, shape, strict=True)
    )
    if not fits:
        raise UsageError(f"{flag}: the model takes {wanted}")
    for dim, size in zip(dims, shape, strict=True):
        name = dim.dim_param
        if name and sizes.setdefault(name, size) != size:
            raise UsageError(f"{flag}: {name} is {sizes[name]} by another shape, and {size} here")
        dim.dim_value = size


def _bind(value: onnx.ValueInfoProto, sizes: Mapping[str, int]) -> None:
    for dim in value.type.tensor_type.shape.dim:
        if dim.HasField("dim_param") and dim.dim_param in sizes:
            dim.dim_value = sizes[dim.dim_param]


def _bind_inside(graph: onnx.GraphProto, sizes: Mapping[str, int]) -> None:
    """Write sizes into branches and bodies, whose types onnx does not infer."""
    for node in graph.node:
        for inner in graphs_inside(node):
            for value in [*inner.value_info, *inner.output]:
                _bind(value, sizes)
            _bind_inside(inner, sizes)
