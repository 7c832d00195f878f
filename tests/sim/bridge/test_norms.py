"""Batch norms in front of convolutions, as onnxruntime quantises them: integers, in the convolutions' call."""

import re
from typing import Any

import numpy as np
import pytest

import aie_conv
from tests.support.onnx.models import Arrays, graph_of, runtime_results
from tests.support.onnx.shared import Block


def norm(block: Block, value: str, channels: int) -> str:
    """A batch norm of random numbers; some channels fall."""
    rng = np.random.default_rng(block.seed)
    gamma = rng.uniform(0.5, 1.5, channels) * rng.choice([-1, 1, 1], channels)
    ends = gamma, rng.normal(0, 1, channels), rng.normal(0, 0.5, channels)
    numbers = (*ends, rng.uniform(0.5, 2, channels))
    return block.op(
        "BatchNormalization", value, *(block.constant(n.astype(np.float32)) for n in numbers)
    )


@pytest.mark.parametrize("dtype", [np.int8, np.uint8], ids=["signed", "unsigned"])
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_norms_are_in_the_call_of_the_convolutions(device: str, dtype: type[np.integer]) -> None:
    block = Block(5, dtype)
    value = block.quantised("x")
    first = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 3))
    inner = block.quantised(block.op("Relu", norm(block, first, 32)))
    second = block.quantised(block.conv(inner, block.scale_of(inner), (32, 32), 3))
    rng = np.random.default_rng(0)
    inputs: Arrays = {"x": rng.standard_normal((1, 32, 8, 8)).astype(np.float32)}
    # The norm has a reader that is not the convolution's, as in a DenseNet.
    model = graph_of(block.nodes, inputs, block.constants, [second, first])
    options: dict[str, Any] = {"route": "direct", "direct": "parametric", "regions": "large"}
    artifact = aie_conv.compile(model, device=device, **options)
    dispatches = artifact.report["dispatches"]
    (between,) = (d for d in dispatches if "byte" in d["reason"])
    assert re.search(
        r"requantised in integers, (equal for every byte|one step off)", between["reason"]
    )
    joined = {d["name"] for d in dispatches if d["contraction"]} | {between["name"]}
    assert any(joined <= set(r["dispatches"]) for r in artifact.report["regions"])
    results: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    wanted = runtime_results(model, inputs)
    for result, want in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(result), want)
