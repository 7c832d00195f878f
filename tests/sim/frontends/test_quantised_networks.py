"""Networks of many kinds, quantised in every common form: their convolutions multiply integers on the array."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import aie_conv
from tests.support.onnx.models import runtime_results
from tests.support.onnx.networks import NETWORKS
from tests.support.onnx.quantiser import FORMS, POWERS_OF_TWO, quantise

PRODUCTS = {
    "Conv", "ConvTranspose", "Gemm", "MatMul", "QLinearConv", "QLinearMatMul", "QGemm",
}  # fmt: skip
INTEGERS = ("_i8xi8xi32", "_i16xi16xi32")


def _step(model: onnx.ModelProto) -> float:
    """What one unit in the last place of the result is."""
    (node,) = [n for n in model.graph.node if model.graph.output[0].name in n.output]
    assert node.op_type == "DequantizeLinear"
    scales = {t.name: t for t in model.graph.initializer}
    return float(numpy_helper.to_array(scales[node.input[1]]))


def check(network: str, form: str, device: str) -> None:
    """Every product on the array, in integers; onnxruntime's results but for rare single steps."""
    model = quantise(NETWORKS[network](), form)
    artifact = aie_conv.compile(model, device=device, route="direct", plan_cache=False)
    products = sum(node.op_type in PRODUCTS for node in model.graph.node)
    there = [
        entry["name"]
        for entry in artifact.report["dispatches"]
        if entry["route"] != "cpu" and any(kind in entry["name"] for kind in INTEGERS)
    ]
    assert len(there) == products, artifact.report["dispatches"]
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    got: Any = aie_conv.load(artifact, device="sim")(x)
    (want,) = runtime_results(model, {"x": x})
    steps = np.abs(np.asarray(got, np.float64) - want) / _step(model)
    assert steps.max() < 1.001
    assert (steps > 0.5).sum() <= steps.size // 1000


@pytest.mark.parametrize(
    ("network", "form"),
    [
        ("grouped", "default"),
        ("attention", "default"),
        ("inverted", "unsigned operators"),
        ("perceptron", "unsigned per channel"),
        ("unet", "powers of two"),
    ],
)
def test_a_sample(network: str, form: str) -> None:
    check(network, form, "npu1_4col")


@pytest.mark.slow
@pytest.mark.parametrize("form", [*FORMS, *POWERS_OF_TWO])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_form(network: str, form: str) -> None:
    check(network, form, "npu4")
