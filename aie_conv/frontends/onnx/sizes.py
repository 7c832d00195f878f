"""What a model computes from sizes alone, computed: paddings, shapes, and which branch of an If is taken.

Exporters write sizes as operations (Shape, Gather, Mul, Concat in front of a Reshape), also where all of them
are fixed. What such operations give is a constant then, which the rewrites and the importer have to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import (
    Graph,
    attributes,
    defined,
    graphs_inside,
    opset_of,
)

if TYPE_CHECKING:
    import onnx

_COMPUTED = frozenset((
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal", "Expand", "Flatten",
    "Floor", "Gather", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod",
    "Mul", "Neg", "Not", "Or", "Range", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape",
    "Slice", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
))  # fmt: skip
"""Operators of ONNX's that sizes are computed with."""

_ELEMENTS = 1 << 16
"""Elements up to which a tensor is one of sizes, not a weight."""

_REFUSED = (
    ArithmeticError, IndexError, MemoryError, NotImplementedError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What onnx raises of a node that it cannot compute."""


def fold_sizes(
    model: onnx.ModelProto, infer: Callable[[onnx.ModelProto], onnx.ModelProto]
) -> onnx.ModelProto:
    """The model without operations on sizes alone, and without Ifs whose branch is known; types inferred.

    Args:
        model: of one opset; changed.
        infer: infers the types of a model.
    """
    model = infer(model)
    while _fold(Graph(model.graph, opset_of(model)), model.graph):
        # A branch that is taken may have another shape than both of an If's.
        del model.graph.value_info[:]
        model = infer(model)
    return model


def _fold(graph: Graph, proto: onnx.GraphProto) -> bool:
    """Fold what is known by now; whether anything was."""
    results = {value.name for value in proto.output}
    nodes: list[onnx.NodeProto] = []
    folded = False
    for node in proto.node:
        branch = _branch(graph, node)
        value = None if results.intersection(node.output) else _value(graph, node)
        if branch is not None:
            nodes += _inline(graph, node, branch)
        elif value is not None:
            nodes.append(graph.constant_node(node.output[0], value))
        else:
            nodes.append(node)
            inside = [_fold(graph.inside(inner), inner) for inner in graphs_inside(node)]
            folded |= any(inside)
            continue
        folded = True
    del proto.node[:]
    proto.node.extend(nodes)
    return folded


def _value(graph: Graph, node: onnx.NodeProto) -> Any:
    """What a node on sizes gives; None where it is another, or not known."""
    if node.op_type in ("Shape", "Size") and node.domain in ("", "ai.onnx"):
        shape = graph.shape(node.input[0])
        if shape is None:
            return None
        if node.op_type == "Size":
            return np.array(np.prod(shape, dtype=np.int64))
        ends = attributes(node)
        return np.array(shape[ends.get("start", 0) : ends.get("end", len(shape))], np.int64)
    if node.op_type not in _COMPUTED or node.domain not in ("", "ai.onnx") or not node.input:
        return None
    arrays = {name: graph.constant(name) for name in node.input if name}
    if any(array is None or array.size > _ELEMENTS for array in arrays.values()):
        return None
    return _compute(node, arrays, graph.opset)


def _compute(node: onnx.NodeProto, arrays: dict[str, Any], opset: int) -> Any:
    """A node's result of constants by onnx's own reference; None where that has none, or a large one."""
    from onnx import helper, numpy_helper, reference, shape_inference

    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    outputs = [helper.make_empty_tensor_value_info(node.output[0])]
    alone = helper.make_model(
        helper.make_graph([node], "sizes", [], outputs, tensors),
        opset_imports=[helper.make_opsetid("", opset)],
    )
    try:
        # A few numbers say how large a result is: it is not computed to learn its size.
        inferred = shape_inference.infer_shapes(alone, data_prop=True).graph
        shape = Graph(inferred, opset).shape(node.output[0])
        if shape is not None and np.prod(shape, dtype=np.float64) > _ELEMENTS:
            return None
        with np.errstate(all="ignore"):
            results: Any = reference.ReferenceEvaluator(alone).run(None, {})
    except _REFUSED:
        # The importer, or the check of types, says what is wrong with it.
        return None
    result = np.asarray(results[0])
    return result if result.size <= _ELEMENTS else None


def _branch(graph: Graph, node: onnx.NodeProto) -> onnx.GraphProto | None:
    """The branch that an If takes; None of any other node, or where it is not known."""
    if node.op_type != "If" or node.domain not in ("", "ai.onnx"):
        return None
    condition = graph.constant(node.input[0])
    if condition is None or condition.size != 1:
        return None
    wanted = "then_branch" if condition.item() else "else_branch"
    return next((each.g for each in node.attribute if each.name == wanted), None)


def _inline(graph: Graph, node: onnx.NodeProto, branch: onnx.GraphProto) -> list[onnx.NodeProto]:
    """A branch's nodes in the place of an If, under names that nothing else has."""
    from onnx import numpy_helper

    names = {
        tensor.name: graph.add_constant(numpy_helper.to_array(tensor), tensor.name)
        for tensor in branch.initializer
    }
    names |= {name: graph.fresh(name) for inner in branch.node for name in inner.output if name}
    nodes = [_rename(inner, names) for inner in branch.node]
    ends = zip(branch.output, node.output, strict=True)
    nodes += [
        graph.node("Identity", [names.get(inside.name, inside.name)], [outside])
        for inside, outside in ends
        if outside
    ]
    return nodes


def _rename(node: onnx.NodeProto, names: Mapping[str, str]) -> onnx.NodeProto:
    """A copy of a node that reads and gives values under other names, in its own graphs too."""
    from onnx import NodeProto

    copy = NodeProto()
    copy.CopyFrom(node)
    for values in (copy.input, copy.output):
        values[:] = [names.get(name, name) for name in values]
    for graph in graphs_inside(copy):
        # What it calls so itself hides the value around it.
        seen = {name: new for name, new in names.items() if name not in defined(graph)}
        inside = [_rename(inner, seen) for inner in graph.node]
        del graph.node[:]
        graph.node.extend(inside)
        for value in graph.output:
            value.name = seen.get(value.name, value.name)
    return copy
