"""Squeeze-and-excitation: what multiplies each channel with a number known at run time is in the convolutions' call."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

import aie_conv
from tests.support.onnx.models import Arrays, graph_of, runtime_results
from tests.support.onnx.shared import Block

FORCED: dict[str, Any] = {"route": "direct", "direct": "parametric", "regions": "large"}


def quantised(dtype: type[np.integer]) -> tuple[onnx.ModelProto, Arrays]:
    """A gate between two convolutions as onnxruntime quantises it, and its input."""
    block = Block(7, dtype)
    value = block.quantised("x")
    value = block.quantised(block.op("Relu", block.conv(value, block.scale_of(value), (32, 48), 3)))
    gate = block.quantised(block.op("GlobalAveragePool", value))
    for kind, channels in (("Relu", (48, 16)), ("HardSigmoid", (16, 48))):
        product = block.conv(gate, block.scale_of(gate), channels, 1)
        gate = block.quantised(block.op(kind, product))
    value = block.quantised(block.op("Mul", value, gate))
    result = block.quantised(block.conv(value, block.scale_of(value), (48, 32), 1))
    rng = np.random.default_rng(0)
    inputs: Arrays = {"x": rng.standard_normal((1, 32, 14, 14)).astype(np.float32)}
    return graph_of(block.nodes, inputs, block.constants, [result]), inputs


@pytest.mark.parametrize("dtype", [np.int8, np.uint8], ids=["signed", "unsigned"])
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_quantised_gate_is_in_the_call_of_what_reads_it(
    device: str, dtype: type[np.integer]
) -> None:
    model, inputs = quantised(dtype)
    artifact = aie_conv.compile(model, device=device, **FORCED)
    dispatches = artifact.report["dispatches"]
    (factor,) = (d["name"] for d in dispatches if "multiplied in integers, equal" in d["reason"])
    last = [d["name"] for d in dispatches if d["contraction"]][-1]
    assert any({factor, last} <= set(r["dispatches"]) for r in artifact.report["regions"])
    answer: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    (wanted,) = runtime_results(model, inputs)
    np.testing.assert_array_equal(np.asarray(answer), wanted)


class Gated(nn.Module):
    """A gate between two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(32, 48, 3, padding=1), nn.Conv2d(48, 32, 1)
        self.squeeze, self.excite = nn.Conv2d(48, 16, 1), nn.Conv2d(16, 48, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = torch.relu(self.first(x))
        gate = torch.relu(self.squeeze(value.mean((2, 3), keepdim=True)))
        return self.second(value * torch.sigmoid(self.excite(gate)))


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_gate_of_bf16_is_in_the_call_of_what_reads_it(device: str) -> None:
    torch.manual_seed(0)
    model = Gated().eval().to(torch.bfloat16)
    x = torch.rand(1, 32, 14, 14).to(torch.bfloat16)
    artifact = aie_conv.compile(model, example_inputs=(x,), device=device, **FORCED)
    last = [d["name"] for d in artifact.report["dispatches"] if d["contraction"]][-1]
    region = next(r for r in artifact.report["regions"] if last in r["dispatches"])
    assert any("elementwise" in name for name in region["dispatches"])
    answer, wanted = aie_conv.load(artifact, device="sim")(x), model(x)
    assert torch.allclose(answer.float(), wanted.float(), rtol=2**-6, atol=2**-6)


def test_a_route_file_sends_the_factors_again(tmp_path: Path) -> None:
    model, _ = quantised(np.int8)
    first = aie_conv.compile(model, device="npu4", **FORCED)
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps(first.report))
    again = aie_conv.compile(model, device="npu4", route_file=pins)
    assert again.modules == first.modules
