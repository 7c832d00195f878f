"""A network in int8 as onnxruntime quantises it statically: QDQ, signed activations, a scale a channel."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime import quantization
from torch import nn

from aie_conv.frontends.onnx.values import graph_inputs

Array = NDArray[Any]


class _Reader(quantization.CalibrationDataReader):
    """The inputs that ranges are taken from."""

    def __init__(self, name: str, inputs: Sequence[Array]) -> None:
        self.name = name
        self.inputs: Iterator[Array] = iter(inputs)

    def get_next(self) -> dict[str, Array] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        value = next(self.inputs, None)
        return None if value is None else {self.name: value}


def to_onnx(model: nn.Module, x: torch.Tensor) -> onnx.ModelProto:
    """The network as ONNX, of one input "x" and one output "y"."""
    file: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (x,), file, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"]
        )
    return onnx.load_from_string(file.getvalue())


def input_of(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    """The input of a network that has one.

    Raises:
        ValueError: it has none or several.
    """
    inputs = graph_inputs(model.graph)
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs)
        raise ValueError(
            f"the network has {len(inputs)} inputs, {names}: one of one picture is run"
        )
    return inputs[0]


def quantise(model: onnx.ModelProto, inputs: Sequence[Array], **options: Any) -> onnx.ModelProto:
    """The network quantised, with onnxruntime's defaults but for a scale for each channel.

    Args:
        model: of one input.
        inputs: what the ranges of activations are taken from.
        options: for ``onnxruntime.quantization.quantize_static``.
    """
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "f32.onnx"), Path(folder, "int8.onnx")
        onnx.save(onnx.shape_inference.infer_shapes(model), source)
        reader = _Reader(input_of(model).name, inputs)
        wanted: dict[str, Any] = {"per_channel": True, **options}
        quantization.quantize_static(source, target, reader, **wanted)
        return onnx.load(target)


def behind_convolutions(model: onnx.ModelProto) -> list[str]:
    """The nodes that lead to no convolution, each given a name where it has none."""
    leading: set[str] = set()
    behind: list[str] = []
    for number, node in reversed(list(enumerate(model.graph.node))):
        node.name = node.name or f"node_{number}"
        if node.op_type in ("Conv", "ConvTranspose") or not leading.isdisjoint(node.output):
            leading.update(node.input)
        else:
            behind.append(node.name)
    return behind


def reference(model: onnx.ModelProto, x: Array) -> Array:
    """What onnxruntime computes, its graph optimisations off."""
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {input_of(model).name: x})[0])
