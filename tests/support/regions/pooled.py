"""Small networks with pools, element-wise operations and depthwise convolutions between convolutions."""

import torch
from torch import nn
from torch.nn import functional


class Stem(nn.Module):
    """A convolution, a max-pool, and a residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(8, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.inner, self.last = nn.Conv2d(64, 64, 1), nn.Conv2d(64, 64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(torch.relu(self.first(x)))
        return torch.relu(self.last(torch.relu(self.inner(x))) + x)


class Joined(nn.Module):
    """Two branches whose larger elements go on."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(64, 64, 1), nn.Conv2d(64, 64, 1)
        self.last = nn.Conv2d(64, 64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.max_pool2d(self.first(x), 3, 1, 1)
        return self.last(torch.maximum(y, self.second(y)))


class Inverted(nn.Module):
    """An inverted residual block: a depthwise convolution between two of single pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(64, 128, 1), nn.Conv2d(128, 64, 1)
        self.inner = nn.Conv2d(128, 128, 3, padding=1, groups=128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu6(self.inner(functional.relu6(self.wide(x))))
        return self.narrow(y) + x


CASES = {"stem": (Stem, (1, 8, 56, 56)), "joined": (Joined, (1, 64, 28, 28))}
"""By name: the network and its input's shape."""
