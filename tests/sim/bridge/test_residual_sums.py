"""Residual blocks as onnxruntime quantises them: sums with scales of their own, in the call of the convolutions."""

from typing import Any

import numpy as np
import pytest

import aie_conv
from tests.support.onnx.models import Arrays, graph_of, runtime_results
from tests.support.onnx.shared import Block


@pytest.mark.parametrize("dtype", [np.int8, np.uint8], ids=["signed", "unsigned"])
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_blocks_of_other_scales_are_one_call(device: str, dtype: type[np.integer]) -> None:
    block = Block(11, dtype)
    value = block.quantised("x")
    for _ in range(2):
        inner = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 3))
        inner = block.quantised(block.conv(inner, block.scale_of(inner), (32, 32), 3))
        value = block.quantised(block.op("Relu", block.op("Add", inner, value)))
    rng = np.random.default_rng(0)
    inputs: Arrays = {"x": rng.standard_normal((1, 32, 8, 8)).astype(np.float32)}
    model = graph_of(block.nodes, inputs, block.constants, [value])
    options: dict[str, Any] = {"route": "direct", "direct": "parametric", "regions": "large"}
    artifact = aie_conv.compile(model, device=device, **options)
    convolutions = [d for d in artifact.report["dispatches"] if d["contraction"]]
    sums = [d for d in convolutions if "summed in integers, equal for every pair" in d["reason"]]
    assert len(sums) == 2
    names = [d["name"] for d in convolutions]
    assert any(r["dispatches"] == names for r in artifact.report["regions"])
    result: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    (wanted,) = runtime_results(model, inputs)
    np.testing.assert_array_equal(np.asarray(result), wanted)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_sum_behind_a_table_is_an_operation_of_its_own(device: str) -> None:
    """A program's epilogue ends with a table: SiLU between bytes, and a residual sum behind it."""
    block = Block(12, np.int8)
    value = block.quantised("x")
    inner = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 3))
    inner = block.quantised(block.op("Mul", inner, block.quantised(block.op("Sigmoid", inner))))
    value = block.quantised(block.op("Add", inner, value))
    result = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 3))
    rng = np.random.default_rng(0)
    inputs: Arrays = {"x": rng.standard_normal((1, 32, 8, 8)).astype(np.float32)}
    model = graph_of(block.nodes, inputs, block.constants, [result])
    options: dict[str, Any] = {"route": "direct", "direct": "parametric", "regions": "large"}
    artifact = aie_conv.compile(model, device=device, **options)
    dispatches = artifact.report["dispatches"]
    first, second = (d["name"] for d in dispatches if d["contraction"])
    (middle,) = (d["name"] for d in dispatches if "summed in integers" in d["reason"])
    together = [first, middle, second]
    assert any(set(together) <= set(r["dispatches"]) for r in artifact.report["regions"])
    answer: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    (wanted,) = runtime_results(model, inputs)
    np.testing.assert_array_equal(np.asarray(answer), wanted)
