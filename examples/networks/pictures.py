"""Networks that find things in pictures: a detector, and two that label every pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from networks.classifiers import Residual, resnet, unit


def _silu(cin: int, cout: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    return unit(cin, cout, kernel, stride, 1, nn.SiLU)


class Split(nn.Module):
    """YOLOv8's C2f: every step of half the channels is kept, and all are joined."""

    def __init__(self, cin: int, cout: int, count: int, *, residual: bool) -> None:
        super().__init__()
        inner = cout // 2
        self.first = _silu(cin, cout, 1)
        steps: list[nn.Module] = []
        for _ in range(count):
            step = nn.Sequential(_silu(inner, inner), _silu(inner, inner))
            steps.append(Residual(step, nn.Identity(), nn.Identity()) if residual else step)
        self.steps = nn.ModuleList(steps)
        self.last = _silu(inner * (2 + count), cout, 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.first(x).chunk(2, 1))
        for step in self.steps:
            parts.append(step(parts[-1]))
        return self.last(torch.cat(parts, 1))


class Pyramid(nn.Module):
    """YOLOv8's SPPF: three poolings of one another, joined."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _silu(channels, channels // 2, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.last = _silu(channels * 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.first(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.last(torch.cat(parts, 1))


class Detect(nn.Module):
    """One head of a scale: 64 numbers of a box, and a score for each class."""

    def __init__(self, cin: int, classes: int = 80) -> None:
        super().__init__()
        self.box = nn.Sequential(_silu(cin, 64), _silu(64, 64), nn.Conv2d(64, 64, 1))
        self.score = nn.Sequential(
            _silu(cin, classes), _silu(classes, classes), nn.Conv2d(classes, classes, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.box(x), self.score(x)], 1).flatten(2)


class Yolo(nn.Module):
    """A detector of YOLOv8n's layers; [n, 144, places] of three scales."""

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Sequential(
            _silu(3, 16, 3, 2),
            _silu(16, 32, 3, 2),
            Split(32, 32, 1, residual=True),
            _silu(32, 64, 3, 2),
            Split(64, 64, 2, residual=True),
        )
        self.middle = nn.Sequential(_silu(64, 128, 3, 2), Split(128, 128, 2, residual=True))
        self.high = nn.Sequential(
            _silu(128, 256, 3, 2), Split(256, 256, 1, residual=True), Pyramid(256)
        )
        self.up = nn.Upsample(scale_factor=2)
        self.down4 = Split(384, 128, 1, residual=False)
        self.down3 = Split(192, 64, 1, residual=False)
        self.step4, self.step5 = _silu(64, 64, 3, 2), _silu(128, 128, 3, 2)
        self.up4 = Split(192, 128, 1, residual=False)
        self.up5 = Split(384, 256, 1, residual=False)
        self.heads = nn.ModuleList([Detect(64), Detect(128), Detect(256)])

    def forward(self, x: Tensor) -> Tensor:
        c3 = self.low(x)
        c4 = self.middle(c3)
        c5 = self.high(c4)
        p4 = self.down4(torch.cat([self.up(c5), c4], 1))
        p3 = self.down3(torch.cat([self.up(p4), c3], 1))
        n4 = self.up4(torch.cat([self.step4(p3), p4], 1))
        n5 = self.up5(torch.cat([self.step5(n4), c5], 1))
        return torch.cat([head(y) for head, y in zip(self.heads, (p3, n4, n5), strict=True)], 2)


class UNet(nn.Module):
    """U-Net with a quarter of its first widths; a score for each of two classes and pixel."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64, 128, 256)
        self.pool = nn.MaxPool2d(2)
        pairs = zip((3, *widths), widths, strict=False)
        self.downs = nn.ModuleList([_double(cin, cout) for cin, cout in pairs])
        self.ups = nn.ModuleList([nn.ConvTranspose2d(w * 2, w, 2, 2) for w in widths[-2::-1]])
        self.joins = nn.ModuleList([_double(w * 2, w) for w in widths[-2::-1]])
        self.last = nn.Conv2d(widths[0], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept: list[Tensor] = []
        for number, down in enumerate(self.downs):
            x = down(self.pool(x) if number else x)
            kept.append(x)
        for up, join, beside in zip(self.ups, self.joins, kept[-2::-1], strict=True):
            x = join(torch.cat([beside, up(x)], 1))
        return self.last(x)


def _double(cin: int, cout: int) -> nn.Module:
    return nn.Sequential(unit(cin, cout), unit(cout, cout))


class DeepLab(nn.Module):
    """DeepLab: ResNet-18 to its third stage, windows dilated by 6, 12 and 18, a label a pixel."""

    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        self.body = nn.Sequential(*list(resnet(18).children())[:8])
        self.windows = nn.ModuleList([unit(256, 64, 3, dilation=d) for d in (6, 12, 18)])
        self.point = unit(256, 64, 1)
        self.last = nn.Sequential(unit(256, 64, 1), nn.Conv2d(64, classes, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        y = torch.cat([self.point(y), *(window(y) for window in self.windows)], 1)
        return nn.functional.interpolate(
            self.last(y), x.shape[2:], mode="bilinear", align_corners=False
        )
