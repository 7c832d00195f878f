"""Concatenations, slices and repetitions: their parts lie in one buffer, and results are as before."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.nn import functional

import aie_conv
from tests.support.onnx.models import runtime_results
from tests.support.onnx.networks import Network
from tests.support.onnx.quantiser import quantise


class Joined(nn.Module):
    """What two convolutions give, side by side, and a part of it once more."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(64, 64, 1), nn.Conv2d(64, 64, 1)
        self.last = nn.Conv2d(128, 64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return self.last(torch.cat([functional.relu(y), self.second(x)], 1))


def test_what_is_joined_stays_in_the_arena_of_a_call() -> None:
    torch.manual_seed(3)
    model = Joined().eval().to(torch.bfloat16)
    x = torch.randn(1, 64, 16, 16).to(torch.bfloat16)
    artifact = aie_conv.compile(
        model, example_inputs=(x,), device="npu1_4col", route="direct", direct="parametric",
        regions="large",
    )  # fmt: skip
    (region,) = artifact.report["regions"]
    assert len(region["dispatches"]) == 3
    assert len(region["results"]) == 1
    assert region["arena_bytes"] >= 16 * 16 * 128 * 2
    assert not [d["name"] for d in artifact.report["dispatches"] if "memcpy" in d["name"]]
    program = aie_conv.load(artifact, device="sim")
    for seed in (0, 1):
        image = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x.dtype)
        assert torch.allclose(program(image).float(), model(image).float(), rtol=2**-6, atol=2**-5)


class Gathered(nn.Module):
    """Convolutions of five inputs side by side; each but the first is a result too."""

    def __init__(self) -> None:
        super().__init__()
        self.firsts = nn.ModuleList([nn.Conv2d(64, 64, 1) for _ in range(5)])
        self.last = nn.Conv2d(320, 64, 1)

    def forward(self, *images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parts = [first(x) for first, x in zip(self.firsts, images, strict=True)]
        return self.last(torch.cat(parts, 1)), *parts[1:]


def test_many_inputs_and_results_share_buffers_of_one_call() -> None:
    torch.manual_seed(5)
    model = Gathered().eval().to(torch.bfloat16)
    images = tuple(torch.randn(1, 64, 8, 8).to(torch.bfloat16) for _ in range(5))
    artifact = aie_conv.compile(
        model, example_inputs=images, device="npu1_4col", route="direct", direct="parametric",
        regions="large",
    )  # fmt: skip
    widest = max(artifact.report["regions"], key=lambda region: len(region["dispatches"]))
    assert len(widest["dispatches"]) >= 5
    assert widest["buffers"] <= 5
    program = aie_conv.load(artifact, device="sim")
    for scale in (1, -2):
        inputs = [x * scale for x in images]
        for got, wanted in zip(program(*inputs), model(*inputs), strict=True):
            assert torch.allclose(got.float(), wanted.float(), rtol=2**-6, atol=2**-5)


def _split() -> onnx.ModelProto:
    """A C2f block: halves of the channels, one convolved with a residual, all joined."""
    n = Network(1)
    x = n.relu_conv("x", 8, 32)
    first = n.op("Split", n.relu_conv(x, 32, 32, 1), n.shape_of(16, 16), count=2, axis=1)
    second = f"{first[:-1]}1"
    added = n.op("Add", second, n.relu_conv(n.relu_conv(second, 16, 16), 16, 16))
    joined = n.op("Concat", first, second, added, axis=1)
    return n.model(n.conv(joined, 48, 16, 1), (1, 8, 16, 16))


def _pools() -> onnx.ModelProto:
    """SPPF: pools of pools, joined."""
    n = Network(2)
    images = [n.relu_conv("x", 8, 16, 1)]
    for _ in range(3):
        images.append(n.op("MaxPool", images[-1], kernel_shape=[5, 5], pads=[2] * 4))
    return n.model(n.conv(n.op("Concat", *images, axis=1), 64, 16, 1), (1, 8, 12, 12))


def _upsampled() -> onnx.ModelProto:
    """A step of a U-Net: a small image repeated beside a large one, read by a 3x3 convolution."""
    n = Network(3)
    large = n.relu_conv("x", 8, 16)
    small = n.relu_conv(large, 16, 32, strides=[2, 2])
    wide = n.op(
        "Resize", small, "", n.constant(np.array([1, 1, 2, 2], np.float32)),
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    return n.model(n.conv(n.op("Concat", wide, large, axis=1), 48, 16), (1, 8, 16, 16))


def _inverted() -> onnx.ModelProto:
    """A block of MobileNetV2: channels are widened, convolved one by one and summed, with a residual."""
    n = Network(4)
    x = n.conv("x", 8, 32, 1)
    wide = n.clipped(n.conv(x, 32, 64, 1))
    wide = n.clipped(n.conv(wide, 64, 64, group=64))
    added = n.op("Add", x, n.conv(wide, 64, 32, 1))
    return n.model(n.conv(added, 32, 32, 1), (1, 8, 16, 16))


@pytest.mark.parametrize("block", [_split, _pools, _upsampled, _inverted])
def test_quantised_blocks_are_of_bytes_and_channels_last(
    block: Callable[[], onnx.ModelProto],
) -> None:
    model = quantise(block(), "symmetric")
    artifact = aie_conv.compile(
        model, device="npu1_4col", route="direct", direct="parametric", regions="large"
    )
    inner = artifact.report["dispatches"][1:-1]
    assert not [d["name"] for d in inner if "transpose" in d["name"]]
    types = {t for d in inner if d["problem"] for t in d["problem"]["dtypes"][:1]}
    assert types == {"i8"}
    program = aie_conv.load(artifact, device="sim")
    for seed in (0, 1):
        shape = (1, 8, 12, 12) if block is _pools else (1, 8, 16, 16)
        image = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
        (wanted,) = runtime_results(model, {"x": image})
        values = np.unique(wanted)
        step = np.diff(values)[np.diff(values) > 1e-6].min()
        off = np.abs(np.asarray(program(image)) - wanted) / step
        assert off.max() < 1.01
        assert (off > 0.5).mean() <= 0.002
