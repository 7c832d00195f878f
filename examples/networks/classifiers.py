"""Image classifiers: residual, inverted residual, dense and ConvNeXt."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Activation = Callable[[], nn.Module]


def unit(
    cin: int,
    cout: int,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: Activation = nn.ReLU,
    dilation: int = 1,
) -> nn.Sequential:
    """A convolution that keeps the size (but for its stride), its batch norm and its activation."""
    reach = dilation * (kernel // 2)
    conv = nn.Conv2d(cin, cout, kernel, stride, reach, dilation, groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(cout), activation())


class Residual(nn.Module):
    """A body, and the input or a projection of it beside."""

    def __init__(self, body: nn.Module, beside: nn.Module, behind: nn.Module) -> None:
        super().__init__()
        self.body, self.beside, self.behind = body, beside, behind

    def forward(self, x: Tensor) -> Tensor:
        return self.behind(self.body(x) + self.beside(x))


def head(channels: int, classes: int = 1000) -> list[nn.Module]:
    """Mean over the image and one product."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


_DEPTHS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


def resnet(depth: int) -> nn.Module:
    """ResNet v1.5."""
    wide = 4 if depth == 50 else 1
    layers: list[nn.Module] = [unit(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    cin = 64
    for stage, count in enumerate(_DEPTHS[depth]):
        inner, cout = 64 << stage, (64 << stage) * wide
        for number in range(count):
            stride = 2 if stage and not number else 1
            body = [unit(cin, inner, 3, stride), unit(inner, cout, activation=nn.Identity)]
            if wide > 1:
                body = [unit(cin, inner, 1), unit(inner, inner, 3, stride)]
                body.append(unit(inner, cout, 1, activation=nn.Identity))
            same = stride == 1 and cin == cout
            beside = nn.Identity() if same else unit(cin, cout, 1, stride, 1, nn.Identity)
            layers.append(Residual(nn.Sequential(*body), beside, nn.ReLU()))
            cin = cout
    return nn.Sequential(*layers, *head(cin))


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels: int, inner: int, first: Activation, last: Activation) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1),
            first(),
            nn.Conv2d(inner, channels, 1),
            last(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.body(x)


def inverted(
    cin: int,
    wide: int,
    cout: int,
    kernel: int,
    stride: int,
    activation: Activation,
    gate: nn.Module | None = None,
) -> nn.Module:
    """A convolution that widens, a depthwise one, a gate or none, one that narrows."""
    body: list[nn.Module] = [unit(cin, wide, 1, activation=activation)] if wide != cin else []
    body.append(unit(wide, wide, kernel, stride, wide, activation))
    body += [gate] if gate is not None else []
    body.append(unit(wide, cout, 1, activation=nn.Identity))
    inner = nn.Sequential(*body)
    return Residual(inner, nn.Identity(), nn.Identity()) if stride == 1 and cin == cout else inner


_V2 = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
       (6, 160, 3, 2, 3), (6, 320, 1, 1, 3))  # fmt: skip
_B0 = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
       (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))  # fmt: skip
"""Expansion, channels, blocks, first stride and kernel of each stage."""


def _stages(
    stages: tuple[tuple[int, ...], ...], activation: Activation, *, gates: bool
) -> nn.Module:
    layers: list[nn.Module] = [unit(3, 32, 3, 2, 1, activation)]
    cin = 32
    for expansion, cout, count, first, kernel in stages:
        for number in range(count):
            wide = cin * expansion
            gate = Gate(wide, max(cin // 4, 1), activation, nn.Sigmoid) if gates else None
            stride = 1 if number else first
            layers.append(inverted(cin, wide, cout, kernel, stride, activation, gate))
            cin = cout
    return nn.Sequential(*layers, unit(cin, 1280, 1, activation=activation), *head(1280))


def mobilenet_v2() -> nn.Module:
    """MobileNetV2, width 1."""
    return _stages(_V2, nn.ReLU6, gates=False)


def lite0() -> nn.Module:
    """EfficientNet-Lite0: B0 without gates, with ReLU6."""
    return _stages(_B0, nn.ReLU6, gates=False)


def b0() -> nn.Module:
    """EfficientNet-B0."""
    return _stages(_B0, nn.SiLU, gates=True)


_V3 = (
    (16, 16, 3, 1, 0, 0), (64, 24, 3, 2, 0, 0), (72, 24, 3, 1, 0, 0), (72, 40, 5, 2, 1, 0),
    (120, 40, 5, 1, 1, 0), (120, 40, 5, 1, 1, 0), (240, 80, 3, 2, 0, 1), (200, 80, 3, 1, 0, 1),
    (184, 80, 3, 1, 0, 1), (184, 80, 3, 1, 0, 1), (480, 112, 3, 1, 1, 1), (672, 112, 3, 1, 1, 1),
    (672, 160, 5, 2, 1, 1), (960, 160, 5, 1, 1, 1), (960, 160, 5, 1, 1, 1),
)  # fmt: skip
"""Inner channels, channels, kernel, stride, whether it has a gate, whether it is a hard-swish."""


def mobilenet_v3() -> nn.Module:
    """MobileNetV3-Large."""
    layers: list[nn.Module] = [unit(3, 16, 3, 2, 1, nn.Hardswish)]
    cin = 16
    for wide, cout, kernel, stride, gated, swish in _V3:
        activation: Activation = nn.Hardswish if swish else nn.ReLU
        gate = Gate(wide, max(wide // 4, 8), nn.ReLU, nn.Hardsigmoid) if gated else None
        layers.append(inverted(cin, wide, cout, kernel, stride, activation, gate))
        cin = cout
    last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(960, 1280), nn.Hardswish()]
    return nn.Sequential(
        *layers, unit(cin, 960, 1, activation=nn.Hardswish), *last, nn.Linear(1280, 1000)
    )


class _Grown(nn.Module):
    """A dense layer: its input, and 32 channels more."""

    def __init__(self, cin: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(cin),
            nn.ReLU(),
            unit(cin, 128, 1),
            nn.Conv2d(128, 32, 3, 1, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.body(x)], 1)


class DenseNet(nn.Module):
    """DenseNet-121."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [unit(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
        channels = 64
        for number, count in enumerate((6, 12, 24, 16)):
            layers += [_Grown(channels + 32 * i) for i in range(count)]
            channels += 32 * count
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            if number < 3:
                layers += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
                channels //= 2
        self.body = nn.Sequential(*layers, *head(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class _ChannelNorm(nn.Module):
    """A layer norm over the channels of an image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """ConvNeXt-T."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), _ChannelNorm(96)]
        for stage, count in enumerate((3, 3, 9, 3)):
            channels = 96 << stage
            if stage:
                layers += [_ChannelNorm(channels // 2), nn.Conv2d(channels // 2, channels, 2, 2)]
            layers += [_convnext_block(channels) for _ in range(count)]
        self.body = nn.Sequential(*layers, *head(768))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


def _convnext_block(channels: int) -> nn.Module:
    body = nn.Sequential(
        nn.Conv2d(channels, channels, 7, 1, 3, groups=channels),
        _ChannelNorm(channels),
        nn.Conv2d(channels, 4 * channels, 1),
        nn.GELU(),
        nn.Conv2d(4 * channels, channels, 1),
    )
    return Residual(body, nn.Identity(), nn.Identity())
