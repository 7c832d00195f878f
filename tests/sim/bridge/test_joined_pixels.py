"""A quantised detector's heads: pixels of several sizes behind one another, requantised where they are computed."""

import numpy as np
import torch
from networks.quantise import to_onnx
from torch import nn

import aie_conv
from tests.support.onnx.quantiser import quantise


class Heads(nn.Module):
    """What convolutions of two sizes give, pixel by pixel behind one another."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.near = nn.Conv2d(16, 32, 1), nn.Conv2d(32, 16, 1)
        self.far = nn.Conv2d(32, 16, 3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return torch.cat((2 * self.near(x).flatten(2), 3 * self.far(x).flatten(2)), 2)


def test_joined_pixels_are_transposed_once_at_the_end() -> None:
    """Each part was, and requantised by the CPU, when its pixels had become one axis."""
    torch.manual_seed(0)
    x = torch.randn(1, 16, 16, 16)
    model = quantise(to_onnx(Heads().eval(), x), "signed")
    answers: list[np.ndarray] = []
    for route in ("cpu", "direct"):
        artifact = aie_conv.compile(model, device="npu1_4col", route=route)
        names = [entry["name"] for entry in artifact.report["dispatches"]]
        # The image's and the result's.
        assert sum("transpose" in name for name in names) == 2, names
        answers.append(np.asarray(aie_conv.load(artifact, device="sim")(x.numpy())))
    np.testing.assert_array_equal(*answers)
