"""Averages of bytes of one scale, many of which are ties: onnxruntime's bytes, all of them."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

import aie_conv
from aie_conv.frontends.onnx.prepare import prepare
from tests.support.onnx.models import Arrays, graph_of, one_node, runtime_results

SCALE = np.float32(0.0371)
WINDOWS: dict[str, dict[str, Any]] = {
    "whole": {"kernel_shape": [6, 7]},
    "columns": {"kernel_shape": [2, 2], "strides": [2, 2]},
    "padded columns": {"kernel_shape": [3, 4], "strides": [1, 2], "pads": [1, 0, 1, 2]},
    "padding counts": {"kernel_shape": [2, 3], "pads": [1, 1, 0, 1], "count_include_pad": 1},
    "rows": {"kernel_shape": [2, 3], "strides": [2, 3]},
}


def _average(
    op: str, shape: tuple[int, ...], opset: int = 17, scale: np.float32 = SCALE, **attributes: Any
) -> tuple[onnx.ModelProto, Arrays]:
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["r"]),
        helper.make_node(op, ["r"], ["p"], **attributes),
        helper.make_node("QuantizeLinear", ["p", "t", "z"], ["y"]),
    ]
    x = {"x": np.random.default_rng(3).integers(-128, 128, shape).astype(np.int8)}
    constants: Arrays = {
        "s": np.asarray(SCALE),
        "t": np.asarray(scale),
        "z": np.asarray(np.int8(3)),
    }
    return graph_of(nodes, x, constants, ["y"], opset), x


def _check(model: onnx.ModelProto, inputs: Arrays) -> None:
    artifact = aie_conv.compile(model, plan_cache=False, route="cpu")
    program = aie_conv.load(artifact, device="null")
    (result,) = program[program.functions[0]].invoke(list(inputs.values()))
    (want,) = runtime_results(model, inputs)
    np.testing.assert_array_equal(result, want)


@pytest.mark.parametrize("opset", [17, 19])
@pytest.mark.parametrize("window", WINDOWS)
def test_average_pool(window: str, opset: int) -> None:
    _check(*_average("AveragePool", (2, 128, 6, 7), opset, **WINDOWS[window]))


@pytest.mark.parametrize("shape", [(2, 128, 6, 7), (1, 256, 10), (1, 128, 2, 3, 4)])
def test_global_average_pool(shape: tuple[int, ...]) -> None:
    _check(*_average("GlobalAveragePool", shape))


def test_average_pool_of_one_and_three_axes() -> None:
    _check(*_average("AveragePool", (2, 64, 20), kernel_shape=[4], strides=[2], pads=[1, 1]))
    _check(*_average("AveragePool", (1, 32, 4, 4, 6), kernel_shape=[2] * 3, strides=[2] * 3))


@pytest.mark.parametrize("zero", [3, 4])
def test_onnxruntime_adds_the_zero_point_before_it_rounds(zero: int) -> None:
    x = {"x": np.random.default_rng(5).integers(0, 256, (1, 16, 16, 16)).astype(np.uint8)}
    point = np.asarray(np.uint8(zero))
    constants: Arrays = {"s": np.asarray(SCALE), "z": point, "t": np.asarray(SCALE), "u": point}
    window = {"kernel_shape": [2, 2], "strides": [2, 2]}
    _check(one_node("QLinearAveragePool", x, constants, domain="com.microsoft", **window), x)


@pytest.mark.parametrize(
    ("shape", "scale", "window"),
    [
        ((1, 8, 9, 9), SCALE, {"kernel_shape": [3, 3]}),
        ((1, 8, 8, 8), np.float32(0.05), {"kernel_shape": [2, 2]}),
    ],
    ids=["no ties", "another scale"],
)
def test_what_has_no_ties_stays(shape: Any, scale: np.float32, window: dict[str, Any]) -> None:
    model, _ = _average("AveragePool", shape, scale=scale, **window)
    operators = [node.op_type for node in prepare(model, {}).graph.node]
    assert operators == ["DequantizeLinear", "AveragePool", "QuantizeLinear"]
