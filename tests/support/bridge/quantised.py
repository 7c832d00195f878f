"""Modules of dequantised bytes, as front ends leave them for IREE, and what they mean in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class QuantisedConv:
    """A 2-D convolution of bytes, NCHW, between a dequantisation and, if asked, a quantisation.

    Attributes:
        c, oc, size, window: channels, output channels, height and width, and the window's.
        stride, padding: of both dims; padding is 0.0, so the zero point.
        zero, filter_zero: zero points, as the module says them.
        unsigned, filter_unsigned: how the bytes are read.
        per_channel: whether each output channel has a scale.
        depthwise: one channel of the filter for each of the input.
        bias: a bias of i32 with the product of the scales.
        clipped: the biases of the first two channels are the ends of i32.
        out: scale and zero point of the result, signed; None leaves it in f32.
    """

    c: int = 8
    oc: int = 16
    size: int = 7
    window: int = 3
    stride: int = 1
    padding: int = 1
    zero: int = 3
    filter_zero: int = 0
    unsigned: bool = False
    filter_unsigned: bool = False
    per_channel: bool = True
    depthwise: bool = False
    bias: bool = True
    clipped: bool = False
    out: tuple[float, int] | None = None
    seed: int = 0

    @property
    def channels(self) -> int:
        """Output channels."""
        return self.c if self.depthwise else self.oc

    @property
    def filter(self) -> Array:
        """The filter's bytes, the extremes among them."""
        rng = np.random.default_rng(self.seed)
        shape = (self.channels, *(() if self.depthwise else (self.c,)), self.window, self.window)
        low, high = (0, 256) if self.filter_unsigned else (-128, 128)
        found = rng.integers(low, high, shape)
        found.flat[0], found.flat[-1] = low, high - 1
        return found

    @property
    def scales(self) -> Array:
        """The filter's scales."""
        rng = np.random.default_rng(self.seed + 1)
        count = self.channels if self.per_channel else 1
        return rng.uniform(0.001, 0.02, count).astype(np.float32)

    scale: float = 0.03125

    @property
    def bias_values(self) -> Array:
        """The bias."""
        rng = np.random.default_rng(self.seed + 2)
        values = rng.integers(-3000, 3000, self.channels).astype(np.int32)
        if self.clipped:
            values[:2] = 2**31 - 1, -(2**31)
        return values

    @property
    def out_size(self) -> int:
        """Height and width of the result."""
        return (self.size + 2 * self.padding - self.window) // self.stride + 1

    def sums(self, x: Array) -> Array:
        """The sums with zero points and bias, in integers; ``x`` holds the bytes as i8."""
        if self.unsigned:
            x = x.view(np.uint8)
        p = self.padding
        inner = np.pad(x.astype(np.int64) - self.zero, ((0, 0), (0, 0), (p, p), (p, p)))
        taps = self.filter.astype(np.int64) - self.filter_zero
        out = np.zeros((1, self.channels, self.out_size, self.out_size), np.int64)
        last = self.stride * (self.out_size - 1) + 1
        for y in range(self.window):
            for z in range(self.window):
                part = inner[:, :, y : y + last : self.stride, z : z + last : self.stride]
                if self.depthwise:
                    out += part * taps[:, y, z][None, :, None, None]
                else:
                    out += np.einsum("nchw,oc->nohw", part, taps[:, :, y, z])
        return out + self.bias_values[None, :, None, None] * self.bias

    def expected(self, x: Array) -> Array:
        """The result: f32, or i8 rounded half to even."""
        scale = (np.float32(self.scale) * self.scales)[None, :, None, None]
        real = self.sums(x).astype(np.float32) * scale
        if self.out is None:
            return real
        step, zero = self.out
        whole = np.rint(real / np.float32(step)) + np.float32(zero)
        return np.clip(whole, -128, 127).astype(np.int8)

    def text(self) -> str:
        """The module."""
        n, c, s, o, oc, k = 1, self.c, self.size, self.out_size, self.channels, self.window
        padded = s + 2 * self.padding
        taps = f"{oc}x{k}x{k}" if self.depthwise else f"{oc}x{c}x{k}x{k}"
        rank = 3 if self.depthwise else 4
        dims = ", ".join(f"d{i}" for i in range(rank))
        name = "linalg.depthwise_conv_2d_nchw_chw" if self.depthwise else "linalg.conv_2d_nchw_fchw"
        scales = _dense(self.scales) if self.per_channel else f"{float(self.scales[0]):.9e}"
        scale_type = f"tensor<{oc}xf32>" if self.per_channel else "f32"
        bias_scales = np.float32(self.scale) * self.scales
        bias_scale = _dense(bias_scales) if self.per_channel else f"{float(bias_scales[0]):.9e}"
        flag = ", input_unsigned"
        walked = "d0" if self.per_channel else ""
        result = f"tensor<{n}x{oc}x{o}x{o}x{'i8' if self.out else 'f32'}>"
        same4 = "affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>"
        none4 = "affine_map<(d0, d1, d2, d3) -> ()>"
        bytes_ = self.filter.astype(np.uint8).view(np.int8)
        start = (
            f"%b = arith.constant dense<{self.bias_values.tolist()}> : tensor<{oc}xi32>\n"
            f"%sb = arith.constant {bias_scale} : {scale_type}\n"
            f"%be = tensor.empty() : tensor<{oc}xf32>\n"
            f"%bf = iree_linalg_ext.dequantize_affine <indexing_maps = [affine_map<(d0) -> (d0)>, "
            f"affine_map<(d0) -> ({walked})>, affine_map<(d0) -> (d0)>], quant_min = -2147483648, "
            f"quant_max = 2147483647> ins(%b, %sb : tensor<{oc}xi32>, {scale_type}) "
            f"outs(%be : tensor<{oc}xf32>) -> tensor<{oc}xf32>\n"
            f"%i = linalg.broadcast ins(%bf : tensor<{oc}xf32>) outs(%e : tensor<{n}x{oc}x{o}x{o}xf32>) "
            "dimensions = [0, 2, 3]\n"
            if self.bias
            else f"%i = linalg.fill ins(%f0 : f32) outs(%e : tensor<{n}x{oc}x{o}x{o}xf32>) "
            f"-> tensor<{n}x{oc}x{o}x{o}xf32>\n"
        )
        end = f"return %y : {result}"
        if self.out is not None:
            end = (
                f"%so = arith.constant {self.out[0]:.9e} : f32\n%zo = arith.constant {self.out[1]} : i64\n"
                f"%qe = tensor.empty() : {result}\n"
                f"%q = iree_linalg_ext.quantize_affine <indexing_maps = [{same4}, {none4}, {none4}, "
                f"{same4}], quant_min = -128, quant_max = 127> ins(%y, %so, %zo : "
                f"tensor<{n}x{oc}x{o}x{o}xf32>, f32, i64) outs(%qe : {result}) -> {result}\n"
                f"return %q : {result}"
            )
        pad = (
            f"%x1 = tensor.pad %x0 low[0, 0, {self.padding}, {self.padding}] "
            f"high[0, 0, {self.padding}, {self.padding}] {{\n^bb0(%p: index, %q1: index, %r: index, "
            f"%s1: index):\n  tensor.yield %f0 : f32\n}} : tensor<{n}x{c}x{s}x{s}xf32> to "
            f"tensor<{n}x{c}x{padded}x{padded}xf32>"
        )
        return f"""func.func @main(%x: tensor<{n}x{c}x{s}x{s}xi8>) -> {result} {{
%f0 = arith.constant 0.0 : f32
%w = arith.constant dense<{bytes_.tolist()}> : tensor<{taps}xi8>
%sx = arith.constant {self.scale:.9e} : f32
%zx = arith.constant {self.zero} : i64
%sw = arith.constant {scales} : {scale_type}
%zw = arith.constant {self.filter_zero} : i64
%xe = tensor.empty() : tensor<{n}x{c}x{s}x{s}xf32>
%x0 = iree_linalg_ext.dequantize_affine <indexing_maps = [{same4}, {none4}, {none4}, {same4}],
  quant_min = {-128 + 128 * self.unsigned}, quant_max = {127 + 128 * self.unsigned}\
{flag * self.unsigned}> ins(%x, %sx, %zx : tensor<{n}x{c}x{s}x{s}xi8>, f32, i64)
  outs(%xe : tensor<{n}x{c}x{s}x{s}xf32>) -> tensor<{n}x{c}x{s}x{s}xf32>
{pad}
%we = tensor.empty() : tensor<{taps}xf32>
%w0 = iree_linalg_ext.dequantize_affine <indexing_maps = [affine_map<({dims}) -> ({dims})>,
  affine_map<({dims}) -> ({walked})>, affine_map<({dims}) -> ()>, affine_map<({dims}) -> ({dims})>],
  quant_min = {-128 + 128 * self.filter_unsigned}, quant_max = {127 + 128 * self.filter_unsigned}\
{flag * self.filter_unsigned}> ins(%w, %sw, %zw : tensor<{taps}xi8>, {scale_type}, i64)
  outs(%we : tensor<{taps}xf32>) -> tensor<{taps}xf32>
%e = tensor.empty() : tensor<{n}x{oc}x{o}x{o}xf32>
{start}%y = {name} {{dilations = dense<1> : vector<2xi64>, strides = dense<{self.stride}> : vector<2xi64>}}
  ins(%x1, %w0 : tensor<{n}x{c}x{padded}x{padded}xf32>, tensor<{taps}xf32>)
  outs(%i : tensor<{n}x{oc}x{o}x{o}xf32>) -> tensor<{n}x{oc}x{o}x{o}xf32>
{end}
}}"""

    def bytes_in(self) -> Array:
        """Activations, the extremes among them."""
        rng = np.random.default_rng(self.seed + 3)
        x = rng.integers(-128, 128, (1, self.c, self.size, self.size)).astype(np.int8)
        x.flat[0], x.flat[-1] = -128, 127
        return x


def _dense(values: Array) -> str:
    return f"dense<[{', '.join(f'{float(v):.9e}' for v in values)}]>"
