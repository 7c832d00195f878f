"""MobileNetV2 (width 1.0) in plain torch, with torchvision's parameter names, and weights from a seed.

A block widens its input with a 1x1 convolution, filters each channel with a depthwise 3x3 one, and
narrows the result with a 1x1 one, which no activation follows.
"""

from collections.abc import Iterator
from pathlib import Path

from imagenet import CLASSES, SIZE, ConvShape, load_weights, seed_weights
from torch import Tensor, nn

STEM, LAST = 32, 1280
"""Channels of the first and the last convolution."""
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks and first stride of each stage."""


def blocks() -> Iterator[tuple[str, int, int, int, int]]:
    """(name, input channels, expansion, channels, stride) of each block, in order."""
    number, cin = 1, STEM
    for expansion, channels, count, first in STAGES:
        for index in range(count):
            yield f"features.{number}", cin, expansion, channels, 1 if index else first
            number, cin = number + 1, channels


def conv_shapes(image: int = SIZE) -> Iterator[ConvShape]:
    """The 52 convolutions in the order of the forward pass; the image's size is a multiple of 32."""
    size = image // 2
    yield ConvShape("features.0.0", size, 3, STEM, 3, 2)
    last = 0
    for name, cin, expansion, channels, stride in blocks():
        wide, depthwise = cin * expansion, 0
        if expansion > 1:
            yield ConvShape(f"{name}.conv.0.0", size, cin, wide, 1, 1)
            depthwise = 1
        size //= stride
        yield ConvShape(f"{name}.conv.{depthwise}.0", size, wide, wide, 3, stride, wide)
        yield ConvShape(f"{name}.conv.{depthwise + 1}", size, wide, channels, 1, 1)
        last = channels
    yield ConvShape(f"features.{sum(s[2] for s in STAGES) + 1}.0", size, last, LAST, 1, 1)


def _activated(cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(cout), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, cin: int, expansion: int, cout: int, stride: int) -> None:
        super().__init__()
        wide = cin * expansion
        layers: list[nn.Module] = [_activated(cin, wide, 1)] if expansion > 1 else []
        layers.append(_activated(wide, wide, 3, stride, wide))
        layers += [nn.Conv2d(wide, cout, 1, bias=False), nn.BatchNorm2d(cout)]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_activated(3, STEM, 3, 2)]
        layers += [InvertedResidual(cin, t, cout, s) for _, cin, t, cout, s in blocks()]
        layers.append(_activated(STAGES[-1][1], LAST, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(LAST, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def build(seed: int, weights: Path | None = None, size: int = SIZE) -> MobileNetV2:
    """The network in evaluation mode.

    Args:
        seed: of the weights, where no file gives them.
        weights: a state dict with torchvision's parameter names, as `torch.save` writes it.
        size: of the images on which seeded weights are measured.

    Raises:
        ValueError: the file is not such a state dict.
    """
    model = MobileNetV2()
    if weights is None:
        last = [m.conv[-1] for m in model.modules() if isinstance(m, InvertedResidual)]
        seed_weights(model, [norm for norm in last if isinstance(norm, nn.BatchNorm2d)], seed, size)
    else:
        load_weights(model, weights, "mobilenet_v2")
    return model.eval()
