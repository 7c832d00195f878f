"""Blocks of networks, small, in bf16: what stands between two convolutions of detectors, classifiers and decoders."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BF16 = torch.bfloat16


def floats(*shape: int) -> Tensor:
    """Normal numbers of bf16, the same at every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(BF16)


def _unit(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    act: type[nn.Module] = nn.SiLU,
    *,
    groups: int = 1,
    dilation: int = 1,
) -> nn.Sequential:
    """A convolution that keeps the image's size, its norm, its activation."""
    border = dilation * (kernel // 2)
    convolution = nn.Conv2d(
        inputs, outputs, kernel, padding=border, dilation=dilation, groups=groups, bias=False
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), act())


class C2f(nn.Module):
    """YOLOv8's: half of the channels pass a bottleneck, all are joined."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        half = channels // 2
        self.first = _unit(channels, channels)
        self.bottleneck = nn.Sequential(_unit(half, half, 3), _unit(half, half, 3))
        self.last = _unit(3 * half, channels)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.first(x).chunk(2, 1)
        return self.last(torch.cat([left, right, right + self.bottleneck(right)], 1))


class SPPF(nn.Module):
    """Three max pools one behind the other, joined."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.first, self.last = _unit(channels, channels // 2), _unit(2 * channels, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        pooled = [self.first(x)]
        for _ in range(3):
            pooled.append(self.pool(pooled[-1]))
        return self.last(torch.cat(pooled, 1))


class InvertedResidual(nn.Module):
    """MobileNetV3's, with its squeeze-and-excitation gate."""

    def __init__(self, channels: int = 16, wide: int = 64) -> None:
        super().__init__()
        self.expand = _unit(channels, wide, act=nn.Hardswish)
        self.depthwise = _unit(wide, wide, 3, nn.Hardswish, groups=wide)
        self.squeeze, self.excite = nn.Conv2d(wide, 16, 1), nn.Conv2d(16, wide, 1)
        self.project = _unit(wide, channels, act=nn.Identity)

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(self.expand(x))
        gate = F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(y * gate)


class DenseLayer(nn.Module):
    """DenseNet's: norms in front of the convolutions, and the input joined to the result."""

    def __init__(self, channels: int = 32, growth: int = 16) -> None:
        super().__init__()
        wide = 4 * growth
        self.norm, self.first = nn.BatchNorm2d(channels), nn.Conv2d(channels, wide, 1, bias=False)
        self.inner, self.last = nn.BatchNorm2d(wide), nn.Conv2d(wide, growth, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(F.relu(self.norm(x)))
        return torch.cat([x, self.last(F.relu(self.inner(y)))], 1)


class ShuffleUnit(nn.Module):
    """ShuffleNetV2's: half of the channels pass, then both halves are dealt out."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            _unit(half, half, act=nn.ReLU),
            _unit(half, half, 3, nn.Identity, groups=half),
            _unit(half, half, act=nn.ReLU),
        )

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, 1)
        return F.channel_shuffle(torch.cat([left, self.branch(right)], 1), 2)


class Decoder(nn.Module):
    """A U-Net's step upwards: a bilinear resize, joined to what was kept."""

    def __init__(self, channels: int = 32, kept: int = 16) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            _unit(channels + kept, 16, 3, nn.ReLU), _unit(16, 16, 3, nn.ReLU)
        )

    def forward(self, x: Tensor, kept: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.convolutions(torch.cat([kept, x], 1))


class ASPP(nn.Module):
    """DeepLab's: dilated convolutions beside each other, and the image's mean, joined."""

    def __init__(self, channels: int = 32, outputs: int = 16) -> None:
        super().__init__()
        self.plain, self.pooled = (_unit(channels, outputs, act=nn.ReLU) for _ in range(2))
        self.dilated = nn.ModuleList(
            _unit(channels, outputs, 3, nn.ReLU, dilation=dilation) for dilation in (6, 12, 18)
        )
        self.last = _unit(5 * outputs, outputs, act=nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.pooled(F.adaptive_avg_pool2d(x, 1))
        mean = F.interpolate(mean, size=x.shape[2:], mode="bilinear", align_corners=False)
        return self.last(torch.cat([self.plain(x), *(m(x) for m in self.dilated), mean], 1))


BLOCKS: dict[str, tuple[Callable[[], nn.Module], Sequence[Tensor]]] = {
    "C2f": (C2f, [floats(1, 32, 8, 8)]),
    "SPPF": (SPPF, [floats(1, 32, 8, 8)]),
    "inverted residual": (InvertedResidual, [floats(1, 16, 8, 8)]),
    "DenseNet layer": (DenseLayer, [floats(1, 32, 8, 8)]),
    "ShuffleNet unit": (ShuffleUnit, [floats(1, 32, 8, 8)]),
    "U-Net step": (Decoder, [floats(1, 32, 4, 4), floats(1, 16, 8, 8)]),
    "ASPP": (ASPP, [floats(1, 32, 12, 12)]),
}
"""A block and its inputs, by a name for people."""


def build(name: str) -> nn.Module:
    """A block with statistics of its norms that make a difference."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BLOCKS[name][0]().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, low, high in (
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.5, 2.0),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.2, 0.2),
            ):
                assert value is not None
                with torch.no_grad():
                    value.uniform_(low, high, generator=generator)
    return model.to(BF16)
