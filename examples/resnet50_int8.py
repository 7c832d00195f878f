"""ResNet-50 in integers: quantiser, exact integer reference and MLIR of one and the same network.

Everything is symmetric int8 with one power of two as the scale of each tensor, so a value v stands
for v * 2**-exponent and no multiplication is needed between two scales. A convolution is

    y = clamp((acc + bias + (residual << align)) >> shift, low, 127)

in 32-bit integers: ``bias`` has the rounding constant 2**(shift - 1) in it, ``low`` is 0 behind a
ReLU and -128 elsewhere, and ``residual << align`` brings the other input of the block's addition
to the accumulator's scale. The network is walked once by :func:`walk`, for three readers: the
calibration, the reference and the MLIR.
"""

import math
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from resnet50_model import STAGES
from torch import Tensor, nn

V = TypeVar("V")
_CANDIDATES = 3
_POOL_BITS = 16


@dataclass(frozen=True)
class Layer:
    """A quantised convolution, or the last layer as a 1x1 one.

    Attributes:
        weight: int8, [kh, kw, in, out].
        bias: int32 [out], the rounding constant included.
        stride, padding: the same in both directions.
        shift: right shift of the accumulator; 0 where the accumulator is the result.
        align: left shift of the residual.
        low: lower bound of the result.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    stride: int
    padding: int
    shift: int
    align: int
    low: int


@dataclass
class Network:
    """All numbers of the integer network.

    Attributes:
        image_exponent: the input is rounded to multiples of 2**-image_exponent.
        layers: the 53 convolutions and "fc", by parameter name.
        pool_multiplier, pool_shift: the mean of 49 values as (sum * multiplier + half) >> shift.
        logit_exponent: a result v stands for v * 2**-logit_exponent.
    """

    image_exponent: int = 0
    layers: dict[str, Layer] = field(default_factory=dict)
    pool_multiplier: int = 0
    pool_shift: int = 0
    logit_exponent: int = 0


class Walker(Protocol, Generic[V]):
    """One meaning of the network's operations; V is what stands for an activation."""

    def image(self) -> V: ...
    def conv(self, name: str, x: V, residual: V | None = None, *, relu: bool = True) -> V: ...
    def max_pool(self, x: V) -> V: ...
    def average(self, x: V) -> V: ...
    def classify(self, x: V) -> V: ...


def walk(net: Walker[V]) -> V:
    """The network, operation by operation."""
    x = net.max_pool(net.conv("conv1", net.image()))
    for stage, (_, blocks, _) in enumerate(STAGES, 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            identity = x if block else net.conv(f"{name}.downsample.0", x, relu=False)
            y = net.conv(f"{name}.conv1", x)
            y = net.conv(f"{name}.conv2", y)
            x = net.conv(f"{name}.conv3", y, identity)
    return net.classify(net.average(x))


def exponent_of(values: Tensor) -> int:
    """The power of two that quantises the values to int8 with the least squared error."""
    largest = float(values.abs().max())
    if largest == 0:
        return 0
    first = math.floor(math.log2(127 / largest))

    def error(exponent: int) -> float:
        scale = 2.0**exponent
        return float(((values * scale).round().clamp(-128, 127) / scale - values).square().mean())

    return min(range(first, first + _CANDIDATES), key=error)


@dataclass
class _Calibration:
    """Walks the folded network in f32 and quantises it on the way; V is (values, exponent)."""

    modules: dict[str, nn.Module]
    images: Tensor
    network: Network = field(default_factory=Network)

    def image(self) -> tuple[Tensor, int]:
        self.network.image_exponent = exponent_of(self.images)
        return self.images, self.network.image_exponent

    def conv(
        self,
        name: str,
        x: tuple[Tensor, int],
        residual: tuple[Tensor, int] | None = None,
        *,
        relu: bool = True,
    ) -> tuple[Tensor, int]:
        conv = self.modules[name]
        y = conv(x[0])
        if residual is not None:
            y = y + residual[0]
        if relu:
            y = y.relu()
        out = exponent_of(y)
        scale = x[1] + exponent_of(conv.weight)
        align = scale - residual[1] if residual is not None else 0
        self._add(name, conv, scale, out, align, 0 if relu else -128)
        return y, out

    def _add(
        self, name: str, module: nn.Module, scale: int, out: int | None, align: int, low: int
    ) -> None:
        weight, bias = module.weight, module.bias
        exponent = exponent_of(weight)
        if weight.dim() == 2:
            weight = weight[:, :, None, None]
        quantised = (weight * 2.0**exponent).round().clamp(-128, 127).to(torch.int8)
        shift = 0 if out is None else scale - out
        if align < 0 or (out is not None and shift < 1):
            raise ValueError(f"quantiser: {name}: scales too far apart: use other weights")
        whole = (bias.double() * 2.0**scale).round().long() + (2 ** (shift - 1) if shift else 0)
        stride = module.stride[0] if isinstance(module, nn.Conv2d) else 1
        padding = int(module.padding[0]) if isinstance(module, nn.Conv2d) else 0
        self.network.layers[name] = Layer(
            np.ascontiguousarray(quantised.permute(2, 3, 1, 0).numpy()),
            whole.to(torch.int32).numpy(),
            stride,
            padding,
            shift,
            align,
            low,
        )

    def max_pool(self, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        return nn.functional.max_pool2d(x[0], 3, 2, 1), x[1]

    def average(self, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        y = x[0].mean((2, 3), keepdim=True)
        out = exponent_of(y)
        area = x[0].shape[2] * x[0].shape[3]
        self.network.pool_multiplier = round(2**_POOL_BITS / area)
        self.network.pool_shift = _POOL_BITS + x[1] - out
        return y, out

    def classify(self, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        fc = self.modules["fc"]
        scale = x[1] + exponent_of(fc.weight)
        self._add("fc", fc, scale, None, 0, -128)
        self.network.logit_exponent = scale
        return fc(x[0].flatten(1)), scale


@torch.no_grad()
def quantise(folded: nn.Module, images: Tensor) -> Network:
    """The integer form of a ResNet-50 without batch norms.

    Args:
        folded: the network, batch norms folded; every convolution has a bias.
        images: [n, 3, 224, 224] f32, what the activations' scales are chosen on.

    Raises:
        ValueError: the weights cannot be quantised so.
    """
    calibration = _Calibration(dict(folded.named_modules()), images)
    walk(calibration)
    return calibration.network


@dataclass(frozen=True)
class _Reference:
    """Walks the integer network in exact arithmetic; V is an int64 NCHW tensor.

    The products are summed in f64, which is exact: no sum reaches 2**53, nor, as is checked, 2**31.
    """

    network: Network
    input: Tensor

    def image(self) -> Tensor:
        scaled = (self.input * 2.0**self.network.image_exponent).round()  # half to even
        return scaled.clamp(-128, 127).long()

    def _accumulate(self, layer: Layer, x: Tensor) -> Tensor:
        weight = torch.from_numpy(layer.weight).permute(3, 2, 0, 1).double()
        acc = nn.functional.conv2d(x.double(), weight, None, layer.stride, layer.padding).long()
        return acc + torch.from_numpy(layer.bias).long().reshape(-1, 1, 1)

    def conv(
        self, name: str, x: Tensor, residual: Tensor | None = None, *, relu: bool = True
    ) -> Tensor:
        layer = self.network.layers[name]
        acc = self._accumulate(layer, x)
        if residual is not None:
            acc = acc + (residual << layer.align)
        if int(acc.abs().max()) >= 2**31:
            raise ValueError(f"reference: {name}: the accumulator leaves 32 bits")
        return (acc >> layer.shift).clamp(layer.low, 127)

    def max_pool(self, x: Tensor) -> Tensor:
        return nn.functional.max_pool2d(x.double(), 3, 2, 1).long()

    def average(self, x: Tensor) -> Tensor:
        shift = self.network.pool_shift
        total = x.sum((2, 3), keepdim=True) * self.network.pool_multiplier
        return ((total + 2 ** (shift - 1)) >> shift).clamp(-128, 127)

    def classify(self, x: Tensor) -> Tensor:
        return self._accumulate(self.network.layers["fc"], x).flatten(1)


@torch.no_grad()
def reference(network: Network, image: Tensor) -> NDArray[np.int32]:
    """The network's exact result for f32 images [n, 3, 224, 224]: int32 [n, 1000]."""
    return walk(_Reference(network, image)).to(torch.int32).numpy()
