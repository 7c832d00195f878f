"""An integer network as an MLIR module of linalg operations on tensors."""

from dataclasses import dataclass, field

import int8_network
import numpy as np
from imagenet import CLASSES
from int8_network import Layer, Network, Walk
from numpy.typing import NDArray

_NHWC = "affine_map<(n, h, w, c) -> (n, h, w, c)>"
_CHANNEL = "affine_map<(n, h, w, c) -> (c)>"
_PARALLEL = '["parallel", "parallel", "parallel", "parallel"]'


@dataclass(frozen=True)
class Activation:
    """An int8 tensor of the module: its SSA name and its NHWC shape."""

    name: str
    shape: tuple[int, int, int, int]

    def type(self, dtype: str = "i8") -> str:
        return f"tensor<{'x'.join(map(str, self.shape))}x{dtype}>"


@dataclass
class _Emitter:
    """Walks the integer network and writes it down."""

    network: Network
    lines: list[str] = field(default_factory=list)
    blobs: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    count: int = 0

    def value(self, text: str) -> str:
        name = f"%{self.count}"
        self.count += 1
        self.lines.append(f"    {name} = {text}")
        return name

    def scalar(self, value: float, dtype: str) -> str:
        return self.value(f"arith.constant {value} : {dtype}")

    def resource(self, name: str, array: NDArray[np.generic]) -> tuple[str, str]:
        """A constant tensor kept in the module's resource section; its value and its type."""
        dtype = f"i{array.itemsize * 8}"
        kind = f"tensor<{'x'.join(map(str, array.shape))}x{dtype}>"
        self.blobs[name] = array
        return self.value(f"arith.constant dense_resource<{name}> : {kind}"), kind

    def filled(self, shape: tuple[int, ...], value: int, dtype: str) -> str:
        kind = f"tensor<{'x'.join(map(str, shape))}x{dtype}>"
        empty, fill = self.value(f"tensor.empty() : {kind}"), self.scalar(value, dtype)
        return self.value(f"linalg.fill ins({fill} : {dtype}) outs({empty} : {kind}) -> {kind}")

    def generic(
        self,
        maps: list[str],
        ins: list[tuple[str, str]],
        out: Activation,
        dtype: str,
        body: list[str],
        iterators: str = _PARALLEL,
    ) -> str:
        """A linalg.generic with inputs %a, %b, …; its body's last line must yield."""
        kind = out.type(dtype)
        empty = self.value(f"tensor.empty() : {kind}")
        scalars = [kind_.rsplit("x", 1)[1].rstrip(">") for _, kind_ in ins]
        args = [f"%{'abcd'[i]}: {scalar}" for i, scalar in enumerate(scalars)]
        names, kinds = ", ".join(n for n, _ in ins), ", ".join(k for _, k in ins)
        return self.value(
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], "
            f"iterator_types = {iterators}}} ins({names} : {kinds}) outs({empty} : {kind}) {{\n"
            f"    ^bb0({', '.join([*args, f'%out: {dtype}'])}):\n"
            + "\n".join(f"      {line}" for line in body)
            + f"\n    }} -> {kind}"
        )

    def clamp(self, value: str, shift: int, low: int, high: int) -> list[str]:
        """Shift an i32 right, bound it, and yield it as i8."""
        amount, least, most = (self.scalar(v, "i32") for v in (shift, low, high))
        return [
            f"%s = arith.shrsi {value}, {amount} : i32",
            f"%l = arith.maxsi %s, {least} : i32",
            f"%m = arith.minsi %l, {most} : i32",
            "%y = arith.trunci %m : i32 to i8",
            "linalg.yield %y : i8",
        ]

    def image(self) -> Activation:
        n, c, h, w = image_shape(self.network)
        out = Activation("", (n, h, w, c))
        scale = self.scalar(float(2.0**self.network.image_exponent), "f32")
        least, most = self.scalar(-128.0, "f32"), self.scalar(127.0, "f32")
        body = [
            f"%p = arith.mulf %a, {scale} : f32",
            "%r = math.roundeven %p : f32",
            f"%l = arith.maximumf %r, {least} : f32",
            f"%m = arith.minimumf %l, {most} : f32",
            "%y = arith.fptosi %m : f32 to i8",
            "linalg.yield %y : i8",
        ]
        maps = ["affine_map<(n, h, w, c) -> (n, c, h, w)>", _NHWC]
        kind = f"tensor<{n}x{c}x{h}x{w}xf32>"
        return Activation(self.generic(maps, [("%image", kind)], out, "i8", body), out.shape)

    def padded(self, x: Activation, by: int, value: int) -> Activation:
        if by == 0:
            return x
        n, h, w, c = x.shape
        y = Activation("", (n, h + 2 * by, w + 2 * by, c))
        fill = self.scalar(value, "i8")
        name = self.value(
            f"tensor.pad {x.name} low[0, {by}, {by}, 0] high[0, {by}, {by}, 0] {{\n"
            f"    ^bb0(%i: index, %j: index, %k: index, %l: index):\n"
            f"      tensor.yield {fill} : i8\n    }} : {x.type()} to {y.type()}"
        )
        return Activation(name, y.shape)

    def accumulate(self, name: str, layer: Layer, x: Activation) -> Activation:
        """The bare convolution, in i32."""
        x = self.padded(x, layer.padding, 0)
        kh, kw, cin, cout = layer.weight.shape
        n, h, w, channels = x.shape
        depthwise = layer.groups > 1
        if depthwise and (cin, cout, layer.groups) != (1, channels, channels):
            raise ValueError(
                f"{name}: {layer.groups} groups of {cin}: only depthwise ones are written"
            )
        weights = layer.weight[:, :, 0] if depthwise else layer.weight
        weight, kind = self.resource(f"{name}.weight", weights)
        shape = (n, (h - kh) // layer.stride + 1, (w - kw) // layer.stride + 1, cout)
        out = Activation("", shape)
        zero = self.filled(shape, 0, "i32")
        attributes = (
            f"dilations = dense<1> : vector<2xi64>, strides = dense<{layer.stride}> : vector<2xi64>"
        )
        operation = "conv_2d_nhwc_hwcf" if not depthwise else "depthwise_conv_2d_nhwc_hwc"
        acc = self.value(
            f"linalg.{operation} {{{attributes}}} ins({x.name}, {weight} : {x.type()}, "
            f"{kind}) outs({zero} : {out.type('i32')}) -> {out.type('i32')}"
        )
        return Activation(acc, shape)

    def conv(
        self,
        name: str,
        x: Activation,
        residual: Activation | None = None,
        *,
        activation: int8_network.Activation = "none",
    ) -> Activation:
        layer = self.network.layers[name]
        acc = self.accumulate(name, layer, x)
        bias, bias_kind = self.resource(f"{name}.bias", layer.bias)
        maps, ins = [_NHWC, _CHANNEL], [(acc.name, acc.type("i32")), (bias, bias_kind)]
        body, total = ["%t = arith.addi %a, %b : i32"], "%t"
        if residual is not None:
            maps.append(_NHWC)
            ins.append((residual.name, residual.type()))
            align = self.scalar(layer.align, "i32")
            body += [
                "%e = arith.extsi %c : i8 to i32",
                f"%f = arith.shli %e, {align} : i32",
                "%u = arith.addi %t, %f : i32",
            ]
            total = "%u"
        body += self.clamp(total, layer.shift, layer.low, layer.high)
        y = Activation(self.generic([*maps, _NHWC], ins, acc, "i8", body), acc.shape)
        return self.kept_apart(y) if activation == "none" else y

    def kept_apart(self, x: Activation) -> Activation:
        """Keep IREE from fusing what makes x with what reads it.

        The requantisation of a convolution whose one reader is a residual addition would else move
        behind the addition's convolution, and four times as many bytes, the raw accumulators, between
        the two.
        """
        kind = x.type()
        return Activation(
            self.value(f"iree_tensor_ext.compute_barrier.start {x.name} : {kind} -> {kind}"),
            x.shape,
        )

    def max_pool(self, x: Activation) -> Activation:
        x = self.padded(x, 1, -128)
        n, h, w, c = x.shape
        shape = (n, (h - 3) // 2 + 1, (w - 3) // 2 + 1, c)
        out = Activation("", shape)
        least = self.filled(shape, -128, "i8")
        window = self.value("tensor.empty() : tensor<3x3xi8>")
        name = self.value(
            "linalg.pooling_nhwc_max {dilations = dense<1> : vector<2xi64>, "
            f"strides = dense<2> : vector<2xi64>}} ins({x.name}, {window} : {x.type()}, "
            f"tensor<3x3xi8>) outs({least} : {out.type()}) -> {out.type()}"
        )
        return Activation(name, shape)

    def average(self, x: Activation) -> Activation:
        out = Activation("", (x.shape[0], 1, 1, x.shape[3]))
        window = self.value(f"tensor.empty() : tensor<{x.shape[1]}x{x.shape[2]}xi32>")
        zero = self.filled(out.shape, 0, "i32")
        total = self.value(
            "linalg.pooling_nhwc_sum {dilations = dense<1> : vector<2xi64>, "
            f"strides = dense<1> : vector<2xi64>}} ins({x.name}, {window} : {x.type()}, "
            f"tensor<{x.shape[1]}x{x.shape[2]}xi32>) outs({zero} : {out.type('i32')}) "
            f"-> {out.type('i32')}"
        )
        shift = self.network.pool_shift
        factor = self.scalar(self.network.pool_multiplier, "i32")
        half = self.scalar(2 ** (shift - 1), "i32")
        body = [f"%p = arith.muli %a, {factor} : i32", f"%h = arith.addi %p, {half} : i32"]
        body += self.clamp("%h", shift, -128, 127)
        ins = [(total, out.type("i32"))]
        return Activation(self.generic([_NHWC, _NHWC], ins, out, "i8", body), out.shape)

    def classify(self, name: str, x: Activation) -> Activation:
        layer = self.network.layers[name]
        n, cin = x.shape[0], x.shape[3]
        flat = self.value(
            f"tensor.collapse_shape {x.name} [[0, 1, 2], [3]] : {x.type()} into tensor<{n}x{cin}xi8>"
        )
        weight, kind = self.resource(f"{name}.weight", layer.weight.reshape(cin, CLASSES))
        zero = self.filled((n, CLASSES), 0, "i32")
        out = f"tensor<{n}x{CLASSES}xi32>"
        acc = self.value(
            f"linalg.matmul ins({flat}, {weight} : tensor<{n}x{cin}xi8>, {kind}) "
            f"outs({zero} : {out}) -> {out}"
        )
        bias, bias_kind = self.resource(f"{name}.bias", layer.bias)
        empty = self.value(f"tensor.empty() : {out}")
        logits = self.value(
            "linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, "
            "affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (n, c)>], "
            'iterator_types = ["parallel", "parallel"]} '
            f"ins({acc}, {bias} : {out}, {bias_kind}) outs({empty} : {out}) {{\n"
            "    ^bb0(%a: i32, %b: i32, %out: i32):\n"
            "      %y = arith.addi %a, %b : i32\n"
            f"      linalg.yield %y : i32\n    }} -> {out}"
        )
        return Activation(logits, (n, 1, 1, CLASSES))


def image_shape(network: Network) -> tuple[int, int, int, int]:
    """Shape of a network's input: one image in torch's order."""
    return 1, 3, network.image_size, network.image_size


def module_text(walk: Walk, network: Network) -> str:
    """The module: ``main(tensor<1x3xSIZExSIZExf32>) -> tensor<1x1000xi32>``, weights inside."""
    emitter = _Emitter(network)
    result = walk(emitter).name
    image = f"tensor<{'x'.join(map(str, image_shape(network)))}xf32>"
    logits = f"tensor<1x{CLASSES}xi32>"
    alignment = (64).to_bytes(4, "little").hex()
    blobs = ",\n".join(
        f'      {name}: "0x{alignment}{array.tobytes().hex()}"'
        for name, array in emitter.blobs.items()
    )
    body = "\n".join(emitter.lines)
    return (
        f"module {{\n  func.func @main(%image: {image}) -> {logits} {{\n{body}\n"
        f"    return {result} : {logits}\n  }}\n}}\n"
        f"{{-#\n  dialect_resources: {{\n    builtin: {{\n{blobs}\n    }}\n  }}\n#-}}\n"
    )
