"""Transposed convolutions on the simulated NPU: no product by an inserted zero, torch's values."""

from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import aie_conv
from aie_conv.artifact import Artifact

CASES: dict[str, tuple[nn.ConvTranspose1d | nn.ConvTranspose2d, tuple[int, ...]]] = {
    "2x2, step 2": (nn.ConvTranspose2d(16, 8, 2, 2), (1, 16, 6, 7)),
    "4x4, step 2": (nn.ConvTranspose2d(16, 8, 4, 2, 1), (1, 16, 5, 6)),
    "3x3, odd result": (nn.ConvTranspose2d(16, 8, 3, 2, 1), (1, 16, 5, 5)),
    "row": (nn.ConvTranspose1d(16, 8, 5, 3, 1, 2), (1, 16, 9)),
}
"""By name: a transposed convolution and its input's shape."""


def _macs(artifact: Artifact) -> list[int]:
    dispatches: list[dict[str, Any]] = artifact.report["dispatches"]
    return [d["macs"] for d in dispatches if d["macs"]]


@pytest.mark.parametrize(
    ("name", "device"), [*((name, "npu1_4col") for name in CASES), ("2x2, step 2", "npu4")]
)
def test_torch(name: str, device: str) -> None:
    layer, shape = CASES[name]
    model = nn.Sequential(layer, nn.ReLU()).eval().to(torch.bfloat16)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    artifact = aie_conv.compile(model, example_inputs=(x,), device=device, route="direct")
    want = model.float()(x.float())
    model.to(torch.bfloat16)
    step = layer.stride[0]
    blocks = [-(-size // step) for size in want.shape[2:]]
    window = prod(layer.kernel_size)
    assert sum(_macs(artifact)) == prod(blocks) * window * shape[1] * want.shape[1]
    got = aie_conv.load(artifact, device="sim")(x).float()
    assert torch.allclose(got, want, rtol=2**-7, atol=2**-7)


@pytest.mark.parametrize("name", CASES)
def test_an_infinite_pixel_meets_no_zero(name: str) -> None:
    """What joins the pixels of a block in one convolution may put no zero into its filters."""
    layer, shape = CASES[name]
    model = layer.eval().to(torch.bfloat16)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    x.flatten()[::37] = torch.inf
    x.flatten()[5] = torch.nan
    artifact = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col", route="direct")
    got, want = aie_conv.load(artifact, device="sim")(x).float(), model(x).float()
    assert torch.equal(got.isnan(), want.isnan())
    assert torch.equal(got.isinf(), want.isinf())


@pytest.mark.parametrize(
    ("layer", "batch"),
    [
        (nn.ConvTranspose2d(8, 8, (1, 2), (1, 2), output_padding=(0, 1)), 2),
        (nn.ConvTranspose2d(8, 8, (1, 2), (4, 2), (0, 1), (2, 1), groups=8), 1),
    ],
)
def test_of_one_pixel(layer: nn.ConvTranspose2d, batch: int) -> None:
    """Its result is a slice of a larger one; dims of one element stand behind all others."""
    model = layer.eval()
    x = torch.randn((batch, 8, 1, 1), generator=torch.Generator().manual_seed(1))
    artifact = aie_conv.compile(model, example_inputs=(x,))
    got: Any = aie_conv.load(artifact, device="sim")(x)
    torch.testing.assert_close(got, model(x), rtol=2**-7, atol=2**-7)


def test_integers_meet_the_number_between_the_pixels() -> None:
    """A zero point lies between the pixels; each pixel of a block meets it with other taps."""
    fill, size, step, window = 5, 6, 2, 3
    outputs = 2 * size
    wide = outputs + window - 1
    text = f"""
func.func @main(%x: tensor<1x16x{size}x{size}xi8>, %w: tensor<8x16x{window}x{window}xi8>)
    -> tensor<1x8x{outputs}x{outputs}xi32> {{
  %f = arith.constant {fill} : i8
  %z = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x16x{wide}x{wide}xi8>
  %filled = linalg.fill ins(%f : i8) outs(%e : tensor<1x16x{wide}x{wide}xi8>) -> tensor<1x16x{wide}x{wide}xi8>
  %apart = tensor.insert_slice %x into %filled[0, 0, 1, 1] [1, 16, {size}, {size}] [1, 1, {step}, {step}]
    : tensor<1x16x{size}x{size}xi8> into tensor<1x16x{wide}x{wide}xi8>
  %o = tensor.empty() : tensor<1x8x{outputs}x{outputs}xi32>
  %s = linalg.fill ins(%z : i32) outs(%o : tensor<1x8x{outputs}x{outputs}xi32>)
    -> tensor<1x8x{outputs}x{outputs}xi32>
  %y = linalg.conv_2d_nchw_fchw {{dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}}
    ins(%apart, %w : tensor<1x16x{wide}x{wide}xi8>, tensor<8x16x{window}x{window}xi8>)
    outs(%s : tensor<1x8x{outputs}x{outputs}xi32>) -> tensor<1x8x{outputs}x{outputs}xi32>
  return %y : tensor<1x8x{outputs}x{outputs}xi32>
}}"""
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, (1, 16, size, size), np.int8)
    w = rng.integers(-128, 128, (8, 16, window, window), np.int8)
    apart = np.full((1, 16, wide, wide), fill, np.int64)
    apart[:, :, 1 : 1 + step * size : step, 1 : 1 + step * size : step] = x
    taps = np.lib.stride_tricks.sliding_window_view(apart, (window, window), (2, 3))
    want = np.einsum("nchwij,ocij->nohw", taps, w.astype(np.int64))

    artifact = aie_conv.compile(text.encode(), device="npu1_4col", route="direct")
    assert _macs(artifact) == [4 * outputs * outputs * 16 * 8]
    got = aie_conv.load(artifact, device="sim")(x, w)
    assert np.array_equal(np.asarray(got), want)
