"""Networks over a time or a line of text."""

from __future__ import annotations

from torch import Tensor, nn

from networks.classifiers import unit


def _wave(cin: int, cout: int, kernel: int, stride: int) -> nn.Module:
    conv = nn.Conv1d(cin, cout, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm1d(cout), nn.ReLU())


class Audio(nn.Module):
    """A classifier of one second of sound at 16 kHz, in one dim throughout (after M5)."""

    def __init__(self, classes: int = 35) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _wave(1, 64, 80, 4),
            nn.MaxPool1d(4),
            _wave(64, 64, 3, 1),
            nn.MaxPool1d(4),
            _wave(64, 128, 3, 1),
            nn.MaxPool1d(4),
            _wave(128, 256, 3, 1),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(256, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Recogniser(nn.Module):
    """A line of text, 48 pixels high, to a score for each character and column of 8 pixels."""

    def __init__(self, characters: int = 96) -> None:
        super().__init__()
        layers: list[nn.Module] = [unit(3, 32, 3, 2, activation=nn.Hardswish)]
        cin = 32
        for cout, down in ((64, (2, 2)), (128, (2, 1)), (256, (2, 2)), (256, (3, 1))):
            depthwise = nn.Conv2d(cin, cin, 3, down, 1, groups=cin, bias=False)
            layers += [depthwise, nn.BatchNorm2d(cin), nn.Hardswish()]
            layers += [unit(cin, cout, 1, activation=nn.Hardswish), unit(cout, cout)]
            cin = cout
        self.body = nn.Sequential(*layers)
        self.last = nn.Linear(cin, characters)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.body(x).mean(2).transpose(1, 2)).softmax(-1)
