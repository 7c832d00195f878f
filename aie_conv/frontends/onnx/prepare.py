"""From a model as people have it to one that the importer takes: a new opset, every type known."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx.branches import bring_constants
from aie_conv.frontends.onnx.order import order_nodes
from aie_conv.frontends.onnx.rewrites import FOREIGN, REWRITES, rewrite
from aie_conv.frontends.onnx.rewrites.graph import graphs_inside, opset_of
from aie_conv.frontends.onnx.shapes import fix_shapes
from aie_conv.frontends.onnx.sizes import fold_sizes

if TYPE_CHECKING:
    import onnx

OPSET = 17
"""The oldest that the importer takes for all operators; older models are converted to it."""


def function_name(graph_name: str) -> str:
    """A graph's name as an identifier; "main" where it has none."""
    name = re.sub(r"\W", "_", graph_name, flags=re.ASCII)
    if not name.strip("_"):
        return "main"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name


def prepare(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
    """The model in order and rewritten: shapes fixed, functions inlined, opset raised, sizes folded.

    Args:
        model: with its weights; changed.
        shapes: sizes of inputs by name.

    Raises:
        UsageError: an operator is not known, a size is open, or the model is not consistent.
    """
    from onnx import inliner

    order_nodes(model.graph)
    fix_shapes(model.graph, shapes)
    if model.functions:
        model = inliner.inline_local_functions(model, convert_version=True)
    model = rewrite(_upgrade(model), FOREIGN)
    _check_operators(model.graph, opset_of(model))
    model = rewrite(fold_sizes(model, _infer), REWRITES)
    # Values that a rewrite has given another type, or that follow from such, are inferred anew.
    del model.graph.value_info[:]
    model = _infer(model)
    _check_types(model)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
    return model


def _upgrade(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnx import shape_inference, version_converter

    if opset_of(model) >= OPSET:
        return model
    try:
        return version_converter.convert_version(model, OPSET)
    except (RuntimeError, version_converter.ConvertError, shape_inference.InferenceError):
        # It has no converter for an operator or a type; most forms of older opsets are taken as they are.
        # What is damaged is refused where types are inferred.
        return model


def _infer(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnx import shape_inference

    bring_constants(model)
    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, ValueError) as error:
        line = next((each.strip() for each in str(error).splitlines() if each.strip()), "")
        raise UsageError(f"its types cannot be inferred: {line}") from None


def _check_operators(graph: onnx.GraphProto, opset: int) -> None:
    """Raise UsageError for the first operator that is none of ONNX's own, or lacks an input."""
    for node in graph.node:
        name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        if not _has_schema(node):
            raise UsageError(f"operator {name}{_where(node)} is not supported: replace it")
        lack = _lack_of_inputs(node, opset)
        if lack:
            raise UsageError(f"operator {name}{_where(node)}: a damaged node: {lack}")


def _lack_of_inputs(node: onnx.NodeProto, opset: int) -> str:
    """What a node has too few or too many of, by its operator's schema; "" where it is complete."""
    from onnx import defs

    opset = max(1, min(opset, defs.onnx_opset_version()))
    if not defs.has(node.op_type, opset, ""):
        return ""
    schema = defs.get_schema(node.op_type, opset, "")
    single = defs.OpSchema.FormalParameterOption.Single
    count = len(node.input)
    if not schema.min_input <= count <= schema.max_input:
        return f"it has {count} inputs, and takes {schema.min_input} to {schema.max_input}"
    if not schema.min_output <= len(node.output) <= schema.max_output:
        return f"it has {len(node.output)} results, and gives {schema.min_output} to {schema.max_output}"
    for name, formal in zip(node.input, schema.inputs, strict=False):
        if not name and formal.option == single:
            return f"its input {formal.name} is not there"
    return ""


def _check_types(model: onnx.ModelProto) -> None:
    """Raise UsageError for the first operator whose result is used and has no type."""
    graph = model.graph
    known = {value.name for value in [*graph.value_info, *graph.output, *graph.input]}
    _check_results(graph, known)
    for node in graph.node:
        _check_inside(node)


def _check_inside(node: onnx.NodeProto) -> None:
    """The same in branches and bodies: of a value without a rank IREE's importer never ends."""
    for graph in graphs_inside(node):
        values = [*graph.value_info, *graph.output, *graph.input]
        known = {v.name for v in values if v.type.tensor_type.HasField("shape")}
        _check_results(graph, known)
        for inner in graph.node:
            _check_inside(inner)


def _check_results(graph: onnx.GraphProto, known: set[str]) -> None:
    used = {name for node in graph.node for name in node.input} | {v.name for v in graph.output}
    for node in graph.node:
        if any(output in used and output not in known for output in node.output):
            raise UsageError(
                f"operator {node.op_type}{_where(node)}: the type of its result is not known"
            )


def _where(node: onnx.NodeProto) -> str:
    return f" (node '{node.name}')" if node.name else ""


def _has_schema(node: onnx.NodeProto) -> bool:
    from onnx import defs

    return node.domain in ("", "ai.onnx") and defs.has(node.op_type)
