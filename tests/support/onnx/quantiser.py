"""Float networks in the forms that quantisers write: onnxruntime's, and those with scales of powers of two."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime import quantization

_U8, _S8 = quantization.QuantType.QUInt8, quantization.QuantType.QInt8
_QDQ, _QOP = quantization.QuantFormat.QDQ, quantization.QuantFormat.QOperator


def _static(
    form: Any, activations: Any, weights: Any, channels: bool, **options: Any
) -> dict[str, Any]:
    reduced = options.pop("reduce_range", False)
    return {
        "quant_format": form, "activation_type": activations, "weight_type": weights,
        "per_channel": channels, "reduce_range": reduced, "extra_options": options,
    }  # fmt: skip


FORMS: dict[str, dict[str, Any]] = {
    "default": _static(_QDQ, _U8, _S8, True),
    "per tensor": _static(_QDQ, _U8, _S8, False),
    "signed": _static(_QDQ, _S8, _S8, True),
    "symmetric": _static(_QDQ, _S8, _S8, True, ActivationSymmetric=True),
    "unsigned": _static(_QDQ, _U8, _U8, False),
    "unsigned per channel": _static(_QDQ, _U8, _U8, True),
    "asymmetric weights": _static(_QDQ, _S8, _S8, True, WeightSymmetric=False),
    "reduced range": _static(_QDQ, _U8, _S8, True, reduce_range=True),
    "reduced unsigned": _static(_QDQ, _U8, _U8, False, reduce_range=True),
    "pairs": _static(_QDQ, _U8, _S8, True, DedicatedQDQPair=True, QDQKeepRemovableActivations=True),
    "float bias": _static(_QDQ, _U8, _S8, True, QuantizeBias=False),
    "operators": _static(_QOP, _U8, _S8, True),
    "signed operators": _static(_QOP, _S8, _S8, True),
    "unsigned operators": _static(_QOP, _U8, _U8, False),
}
"""Arguments of onnxruntime's quantize_static by name."""

POWERS_OF_TWO = ("powers of two", "powers of two, bias of bytes")
"""As AMD Quark's XINT8: int8, symmetric, every scale a power of two."""

DYNAMIC = ("dynamic", "dynamic signed")
"""onnxruntime's quantize_dynamic, with uint8 and int8 weights."""


class _Samples(quantization.CalibrationDataReader):
    def __init__(self, shape: tuple[int, ...]) -> None:
        rng = np.random.default_rng(5)
        self._samples = iter({"x": rng.standard_normal(shape).astype(np.float32)} for _ in range(3))

    def get_next(self) -> Any:
        """The next sample; None behind the last."""
        return next(self._samples, None)


def quantise(model: onnx.ModelProto, form: str) -> onnx.ModelProto:
    """A model, calibrated on random inputs, in one of the forms above."""
    shape = tuple(dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim)
    if form in POWERS_OF_TWO:
        return _powers_of_two(quantise(model, "symmetric"), bytes_only=form.endswith("bytes"))
    logging.getLogger().setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        source, target = str(Path(folder) / "float.onnx"), str(Path(folder) / "quantised.onnx")
        onnx.save(model, source)
        if form in DYNAMIC:
            kind = _S8 if form.endswith("signed") else _U8
            quantization.quantize_dynamic(source, target, weight_type=kind)
        else:
            quantization.quantize_static(source, target, _Samples(shape), **FORMS[form])
        return onnx.load(target)


def _power(value: Any) -> Any:
    """The next power of two."""
    return np.exp2(np.ceil(np.log2(np.maximum(value, 1e-30)))).astype(np.float32)


def _powers_of_two(model: onnx.ModelProto, bytes_only: bool) -> onnx.ModelProto:
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    scaled = [n for n in model.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    old = {node.input[1]: numpy_helper.to_array(tensors[node.input[1]]) for node in scaled}
    new = {name: _power(value) for name, value in old.items()}
    real = {
        node.output[0]: node
        for node in scaled
        if node.op_type == "DequantizeLinear" and node.input[0] in tensors
    }
    for node in real.values():
        integers = numpy_helper.to_array(tensors[node.input[0]])
        if integers.dtype == np.int8:
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
            _rescale(tensors[node.input[0]], old[node.input[1]], new[node.input[1]], axis)
    dequantised = {node.output[0]: node for node in scaled}
    for node in model.graph.node:
        bias = real.get(node.input[2]) if len(node.input) > 2 else None
        if node.op_type in ("Conv", "ConvTranspose", "Gemm") and bias is not None:
            scales = [new[dequantised[name].input[1]] for name in node.input[:2]]
            target = _power(scales[0] * scales[1])
            if bytes_only:
                values = numpy_helper.to_array(tensors[bias.input[0]]) * old[bias.input[1]]
                target = np.broadcast_to(_power(np.abs(values).max() / 127), values.shape)
            new[bias.input[1]] = np.broadcast_to(target, old[bias.input[1]].shape)
            _rescale(tensors[bias.input[0]], old[bias.input[1]], target, 0)
            if bytes_only:
                _as_bytes(tensors[bias.input[0]])
                _as_bytes(tensors[bias.input[2]])
    for name, value in new.items():
        tensors[name].CopyFrom(numpy_helper.from_array(np.array(value), name))
    return model


def _as_bytes(tensor: onnx.TensorProto) -> None:
    integers = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array(integers.astype(np.int8), tensor.name))


def _rescale(tensor: onnx.TensorProto, old: Any, new: Any, axis: int) -> None:
    """Integers of one scale as those of another."""
    integers = numpy_helper.to_array(tensor)
    ratio = np.asarray(old, np.float64) / new
    spread = [-1 if dim == axis else 1 for dim in range(integers.ndim)]
    limits = np.iinfo(integers.dtype)
    values = np.rint(integers * (ratio.reshape(spread) if ratio.size > 1 else ratio))
    values = values.clip(limits.min, limits.max).astype(integers.dtype)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
