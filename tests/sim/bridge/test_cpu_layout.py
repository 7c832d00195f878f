"""Convolutions that stay on the CPU of a mixed module."""

import ml_dtypes
import numpy as np
import pytest

from aie_conv.bridge.calls.cpu_layout import filter_layout
from aie_conv.problem import conv2d


def test_output_channels_move_innermost() -> None:
    layout = filter_layout(conv2d(1, 6, 6, 8, 16, 3, 3))
    assert layout is not None
    assert layout.perm == (1, 2, 3, 0)


@pytest.mark.parametrize(
    "problem",
    [
        conv2d(1, 6, 6, 8, 16, 3, 3, filter_layout="hwio"),
        conv2d(1, 6, 6, 8, 16, 1, 1),
    ],
)
def test_a_filter_that_needs_no_move_is_left(problem: object) -> None:
    assert filter_layout(problem) is None  # pyright: ignore[reportArgumentType]


def test_a_mixed_module_computes_the_same() -> None:
    """One convolution on the NPU, one in f32 and a depthwise one on the CPU."""
    import torch

    import aie_conv

    class Mixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(8, 16, 3, padding=1)
            self.second = torch.nn.Conv2d(16, 16, 3, stride=2).to(torch.bfloat16)
            self.third = torch.nn.Conv2d(16, 16, 3, groups=16)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = torch.relu(self.first(x)).to(torch.bfloat16)
            return self.third(self.second(y).float())

    torch.manual_seed(5)
    model = Mixed().eval()
    x = torch.randn(1, 8, 12, 12)
    artifact = aie_conv.compile(model, example_inputs=(x,), route="im2col")
    routes = [e["route"] for e in artifact.report["dispatches"] if e["contraction"]]
    assert sorted(routes) == ["cpu", "cpu", "im2col"]
    with torch.no_grad():
        want = model(x).numpy()
    got = aie_conv.load(artifact, device="sim").main(x.numpy())
    assert got.dtype != ml_dtypes.bfloat16
    np.testing.assert_allclose(got, want, atol=2**-7 * float(np.abs(want).max()))
