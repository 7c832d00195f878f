"""Residual blocks: what is read padded and plain is stored once, in its border, and no copy lies between."""

from typing import Any

import pytest
import torch
from torch import nn

import aie_conv


class Blocks(nn.Module):
    """Two residual blocks of 3x3 convolutions, the second with a step: sums are read padded and plain."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1) for _ in range(5))
        self.down = nn.Conv2d(16, 16, 1, stride=2)
        self.step = nn.Conv2d(16, 16, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.convs[0](x))
        x = torch.relu(self.convs[2](torch.relu(self.convs[1](x))) + x)
        return torch.relu(self.convs[3](torch.relu(self.step(x))) + self.down(x))


@pytest.mark.parametrize("regions", ["single", "large"])
def test_no_copy_lies_between(regions: str) -> None:
    torch.manual_seed(3)
    model = Blocks().eval().to(torch.bfloat16)
    x = torch.randn(1, 16, 10, 8).to(torch.bfloat16)
    artifact = aie_conv.compile(
        model, example_inputs=(x,), device="npu1_4col", route="direct", regions=regions
    )
    dispatches: list[dict[str, Any]] = artifact.report["dispatches"]
    assert [d["name"] for d in dispatches if "memcpy" in d["name"]] == []
    if regions == "large":
        assert max(len(region["dispatches"]) for region in artifact.report["regions"]) > 1
    got, want = aie_conv.load(artifact, device="sim")(x).float(), model.float()(x.float())
    assert (got - want).abs().max() <= 2**-6 * want.abs().max()
