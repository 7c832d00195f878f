"""Random small networks of convolutions whose arithmetic is exact, as torch modules.

Weights and inputs are small whole numbers, so that every sum is a whole number below 2^24: exact in f32,
and in products of bf16 parts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Layer:
    """One convolution: its filters, window, border (left, right, top, bottom) and what follows it."""

    filters: int
    window: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    border: tuple[int, int, int, int]
    groups: int
    bias: bool
    relu: bool


class Net(nn.Module):
    """Layers in a row; ``residual`` adds the first layer's result to the last's, where shapes agree."""

    def __init__(self, channels: int, layers: list[Layer], residual: bool, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.layers, self.residual = layers, residual
        self.convs = nn.ModuleList()
        for layer in layers:
            conv = nn.Conv2d(
                channels, layer.filters, layer.window, layer.stride, 0, layer.dilation, layer.groups,
                layer.bias,
            )  # fmt: skip
            for parameter in conv.parameters():
                whole = torch.randint(-2, 3, parameter.shape, generator=generator)
                parameter.data = whole.to(torch.float32)
            self.convs.append(conv)
            channels = layer.filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = None
        for layer, conv in zip(self.layers, self.convs, strict=True):
            x = conv(functional.pad(x, layer.border) if any(layer.border) else x)
            if layer.relu:
                x = torch.relu(x)
            first = x if first is None else first
        if self.residual and first is not None and first.shape == x.shape:
            x = x + first
        return x


@dataclass(frozen=True)
class Case:
    """A network and its input's shape."""

    shape: tuple[int, int, int, int]
    layers: tuple[Layer, ...]
    residual: bool

    def net(self) -> Net:
        return Net(self.shape[1], list(self.layers), self.residual, seed=7).eval()

    def image(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        rng = np.random.default_rng(3)
        return rng.integers(-2, 3, self.shape).astype(np.float32)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two or three convolutions with groups, dilations, strides, uneven borders, bias and ReLU, or not."""
    channels = draw(st.sampled_from([1, 3, 4, 8]))
    height, width = draw(st.integers(4, 9)), draw(st.integers(4, 9))
    shape = (draw(st.integers(1, 2)), channels, height, width)
    layers: list[Layer] = []
    for _ in range(draw(st.integers(2, 3))):
        groups = draw(st.sampled_from([g for g in (1, 1, 2, channels) if channels % g == 0]))
        window = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        border = [draw(st.integers(0, 2)) for _ in range(4)]
        for axis, size in ((0, height), (1, width)):
            reach = dilation[axis] * (window[axis] - 1) + 1
            at = 2 - 2 * axis
            border[at] += max(0, reach - size - border[at] - border[at + 1])
        filters = groups * draw(st.sampled_from([1, 2, 4, 8]))
        layers.append(
            Layer(filters, window, stride, dilation, (*border,), groups, draw(st.booleans()),
                  draw(st.booleans()))
        )  # fmt: skip
        channels = filters
        height, width = (
            (size + border[2 - 2 * axis] + border[3 - 2 * axis] - dilation[axis] * (window[axis] - 1) - 1)
            // stride[axis] + 1
            for axis, size in ((0, height), (1, width))
        )  # fmt: skip
    return Case(shape, tuple(layers), draw(st.booleans()))
