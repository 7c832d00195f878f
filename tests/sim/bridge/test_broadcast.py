"""Operands behind a product that are the same for all channels, all pixels, or all of both."""

import pytest
import torch
from torch import nn

import aie_conv

SHAPES = {
    "gate of a channel": (1, 24, 1, 1),
    "map of a pixel": (1, 1, 9, 7),
    "row": (1, 1, 1, 7),
    "column of a channel": (1, 24, 9, 1),
    "one number": (1, 1, 1, 1),
}
"""Of the second input of a convolution whose result is 24 channels of 9 x 7."""


class Gated(nn.Module):
    """A convolution times what comes at run time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(16, 24, 3, padding=1)

    def forward(self, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return self.conv(x) * gate


@pytest.mark.parametrize("name", SHAPES)
def test_a_factor_at_run_time(name: str) -> None:
    torch.manual_seed(1)
    model = Gated().eval().to(torch.bfloat16)
    x, gate = (torch.randn(s).to(torch.bfloat16) for s in ((1, 16, 9, 7), SHAPES[name]))
    artifact = aie_conv.compile(
        model, example_inputs=(x, gate), device="npu1_4col", route="direct", regions="single"
    )
    product = next(d for d in artifact.report["dispatches"] if d["macs"])
    assert product["route"] == "direct", product["reason"]
    assert not product["split"]
    got, want = aie_conv.load(artifact, device="sim")(x, gate), model(x, gate)
    assert torch.allclose(got.float(), want.float(), rtol=2**-6, atol=2**-6)
