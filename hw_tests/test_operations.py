"""Functions, tables, pools and sums with convolutions, transposed convolutions and f16, against torch."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from hw_tests.conftest import Runner
from tests.support.onnx.functions import convolution_with
from tests.support.onnx.models import runtime_results
from tests.support.regions.pooled import Inverted, Stem


def styles(artifact: Any) -> list[str]:
    """How the contractions are computed."""
    return [entry["style"] for entry in artifact.report["dispatches"] if entry["contraction"]]


class Activated(torch.nn.Module):
    """A convolution with a SiLU behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(8, 16, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.silu(self.conv(x))


def test_a_function_behind_a_product(runner: Runner) -> None:
    torch.manual_seed(0)
    model, x = Activated().eval().to(torch.bfloat16), torch.randn(1, 8, 8, 8).to(torch.bfloat16)
    with torch.no_grad():
        wanted = model(x).float().numpy()
    artifact = runner.compile(model, example_inputs=(x,), route="direct")
    assert not any(entry["split"] for entry in artifact.report["dispatches"])
    result = runner.run(artifact, x).astype(np.float32)
    np.testing.assert_allclose(result, wanted, rtol=0.04, atol=0.04)


@pytest.mark.parametrize("style", ["vector", "parametric"])
def test_a_table_of_bytes_behind_a_product(style: str, runner: Runner) -> None:
    """A quantised SiLU; a sum in a thousand may be requantised one step off."""
    model, inputs = convolution_with("silu", 0, np.int8)
    artifact = runner.compile(model, route="direct", direct=style)
    assert styles(artifact) == [style]
    result = runner.run(artifact, inputs["x"])
    (wanted,) = runtime_results(model, inputs)
    off = np.abs(result.astype(np.int32) - wanted.astype(np.int32))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01


def test_pools_and_sums_between_products_are_one_call(runner: Runner) -> None:
    torch.manual_seed(3)
    model = Stem().eval().to(torch.bfloat16)
    x = torch.randn(1, 8, 56, 56).to(torch.bfloat16)
    with torch.no_grad():
        wanted = model(x).float().numpy()
    artifact = runner.compile(model, example_inputs=(x,), route="direct", regions="large")
    others = [entry for entry in artifact.report["dispatches"] if not entry["contraction"]]
    assert any(entry["style"] == "parametric" for entry in others)
    result = runner.run(artifact, x).astype(np.float32)
    assert len(runner.timings) < artifact.report["totals"]["npu"], "several dispatches are one call"
    np.testing.assert_allclose(result, wanted, rtol=2**-6, atol=2**-5)


def test_a_depthwise_convolution_in_a_call(runner: Runner) -> None:
    torch.manual_seed(3)
    model, x = Inverted().eval().to(torch.bfloat16), torch.randn(1, 64, 28, 28).to(torch.bfloat16)
    with torch.no_grad():
        wanted = model(x).float().numpy()
    artifact = runner.compile(model, example_inputs=(x,), route="direct", regions="large")
    result = runner.run(artifact, x).astype(np.float32)
    assert len(runner.timings) == 1
    assert len(styles(artifact)) == 3
    np.testing.assert_allclose(result, wanted, rtol=2**-6, atol=2**-5)


def test_a_transposed_convolution_is_one_of_the_image(runner: Runner) -> None:
    torch.manual_seed(1)
    layer = torch.nn.ConvTranspose2d(16, 8, 2, 2).eval()
    x = torch.randn(1, 16, 5, 6).to(torch.bfloat16)
    model = layer.to(torch.bfloat16)
    with torch.no_grad():
        wanted = model(x).float().numpy()
    artifact = runner.compile(model, example_inputs=(x,), route="direct")
    (macs,) = [entry["macs"] for entry in artifact.report["dispatches"] if entry["macs"]]
    assert macs == 16 * 8 * 10 * 12, "no product by a zero between the pixels"
    result = runner.run(artifact, x).astype(np.float32)
    np.testing.assert_allclose(result, wanted, rtol=2**-6, atol=2**-6)


def test_f16_as_three_bf16_products(runner: Runner) -> None:
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(16, 16, 3, padding=1).eval()
    x = torch.randn(1, 16, 8, 8)
    with torch.no_grad():
        wanted = conv(x).numpy()
    artifact = runner.compile(conv.half(), example_inputs=(x.half(),), route="im2col", f16="bf16x3")
    (entry,) = [entry for entry in artifact.report["dispatches"] if entry["contraction"]]
    assert entry["arithmetic"] == "bf16x3"
    result = runner.run(artifact, x.half()).astype(np.float32)
    np.testing.assert_allclose(result, wanted, rtol=2**-8, atol=2**-8)
