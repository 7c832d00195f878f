"""Small ONNX models, what onnxruntime makes of them, and what plain IREE does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Arrays = dict[str, np.ndarray]


def one_node(
    op: str,
    inputs: Arrays,
    constants: Arrays | None = None,
    outputs: int = 1,
    opset: int = 17,
    domain: str = "",
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node: its inputs in order, then its constants (an array of no elements leaves one out)."""
    constants = constants or {}
    names = [*inputs, *(name if array.size else "" for name, array in constants.items())]
    node = helper.make_node(
        op, names, [f"y{n}" for n in range(outputs)], domain=domain, **attributes
    )
    return graph_of([node], inputs, constants, [f"y{n}" for n in range(outputs)], opset)


def graph_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Arrays,
    constants: Arrays,
    outputs: Sequence[str],
    opset: int = 17,
    name: str = "g",
) -> onnx.ModelProto:
    """A model whose outputs' types are left to inference."""
    graph = helper.make_graph(
        list(nodes),
        name,
        [
            helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for key, a in inputs.items()
        ],
        [onnx.ValueInfoProto(name=key) for key in outputs],
        [numpy_helper.from_array(a, key) for key, a in constants.items() if a.size],
    )
    versions = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=8)


def runtime_results(model: onnx.ModelProto, inputs: Arrays) -> list[np.ndarray]:
    """What onnxruntime computes, its graph optimisations off."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return [np.asarray(each) for each in session.run(None, inputs)]


def importer_bytecode(model: onnx.ModelProto) -> bytes:
    """The model through IREE's importer as it comes, opset raised and types inferred as its own tool does."""
    from onnx import shape_inference, version_converter

    from aie_conv.bridge.onnx_import import import_graph
    from aie_conv.frontends.onnx.values import signature

    if model.opset_import[0].version < 17:
        model = version_converter.convert_version(model, 17)
    model = shape_inference.infer_shapes(model, data_prop=True)
    return import_graph(model, signature(model).to_text())
