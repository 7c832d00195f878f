"""Small linalg modules for the tests of the bridge."""

from __future__ import annotations

from dataclasses import dataclass

_ACC = {"bf16": "f32", "f16": "f32", "f32": "f32", "i8": "i32", "i16": "i32", "i32": "i32"}


def tensor(*parts: int | str) -> str:
    return f"tensor<{'x'.join(map(str, parts))}>"


def zero(dtype: str) -> str:
    return f"0.0 : {dtype}" if dtype[0] in "bf" else f"0 : {dtype}"


@dataclass(frozen=True)
class Conv:
    """A 2-D convolution of a padded input."""

    n: int = 1
    h: int = 6
    w: int = 7
    c: int = 4
    oc: int = 8
    kh: int = 3
    kw: int = 3
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    dtype: str = "bf16"
    layout: str = "nhwc_hwcf"

    @property
    def out(self) -> tuple[int, int]:
        oh, ow = (
            (size + 2 * self.padding - self.dilation * (k - 1) - 1) // self.stride + 1
            for size, k in ((self.h, self.kh), (self.w, self.kw))
        )
        return oh, ow

    def shapes(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """Input, padded input, filter, output."""
        p = 2 * self.padding
        oh, ow = self.out
        if self.layout == "nchw_fchw":
            return (
                [self.n, self.c, self.h, self.w],
                [self.n, self.c, self.h + p, self.w + p],
                [self.oc, self.c, self.kh, self.kw],
                [self.n, self.oc, oh, ow],
            )
        kernel = (
            [self.kh, self.kw, self.c, self.oc]
            if self.layout == "nhwc_hwcf"
            else [self.oc, self.kh, self.kw, self.c]
        )
        return (
            [self.n, self.h, self.w, self.c],
            [self.n, self.h + p, self.w + p, self.c],
            kernel,
            [self.n, oh, ow, self.oc],
        )


def pad(name: str, source: str, shape: list[int], wide: list[int], dtype: str) -> str:
    amounts = [(b - a) // 2 for a, b in zip(shape, wide, strict=True)]
    text = ", ".join(map(str, amounts))
    return f"""
    %{name}_zero = arith.constant {zero(dtype)}
    %{name} = tensor.pad %{source} low[{text}] high[{text}] {{
    ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
      tensor.yield %{name}_zero : {dtype}
    }} : {tensor(*shape, dtype)} to {tensor(*wide, dtype)}"""


def conv_op(name: str, conv: Conv, image: str, kernel: str) -> str:
    acc = _ACC[conv.dtype]
    _, wide, filters, out = conv.shapes()
    return f"""
    %{name}_zero = arith.constant {zero(acc)}
    %{name}_empty = tensor.empty() : {tensor(*out, acc)}
    %{name}_init = linalg.fill ins(%{name}_zero : {acc}) outs(%{name}_empty : {tensor(*out, acc)})
      -> {tensor(*out, acc)}
    %{name} = linalg.conv_2d_{conv.layout} {{
      dilations = dense<{conv.dilation}> : vector<2xi64>, strides = dense<{conv.stride}> : vector<2xi64>
    }} ins(%{image}, %{kernel} : {tensor(*wide, conv.dtype)}, {tensor(*filters, conv.dtype)})
      outs(%{name}_init : {tensor(*out, acc)}) -> {tensor(*out, acc)}"""


def elementwise(
    name: str, out: list[int], dtype: str, inputs: list[tuple[str, str, str]], body: str
) -> str:
    """inputs: (value, type, affine results); the block's arguments are %a0, %a1, …"""
    dims = ", ".join(f"d{i}" for i in range(len(out)))
    maps = ", ".join(f"affine_map<({dims}) -> ({m})>" for _, _, m in inputs)
    every = f"affine_map<({dims}) -> ({dims})>"
    names = ", ".join(f"%{value}" for value, _, _ in inputs)
    types = ", ".join(kind for _, kind, _ in inputs)
    arguments = "".join(
        f"%a{i}: {kind.rpartition('x')[2].rstrip('>')}, " for i, (_, kind, _) in enumerate(inputs)
    )
    iterators = ", ".join(['"parallel"'] * len(out))
    return f"""
    %{name}_empty = tensor.empty() : {tensor(*out, dtype)}
    %{name} = linalg.generic {{indexing_maps = [{maps}, {every}], iterator_types = [{iterators}]}}
      ins({names} : {types}) outs(%{name}_empty : {tensor(*out, dtype)}) {{
    ^bb0({arguments}%o: {dtype}):
      {body}
    }} -> {tensor(*out, dtype)}"""


def function(arguments: list[tuple[str, str]], body: str, result: str, kind: str) -> str:
    given = ", ".join(f"%{name}: {type_}" for name, type_ in arguments)
    return f"func.func @main({given}) -> {kind} {{{body}\n    return %{result} : {kind}\n}}\n"


def plain(conv: Conv) -> str:
    """A convolution and nothing else."""
    shape, wide, filters, out = conv.shapes()
    body = pad("p", "x", shape, wide, conv.dtype) + conv_op("y", conv, "p", "f")
    arguments = [("x", tensor(*shape, conv.dtype)), ("f", tensor(*filters, conv.dtype))]
    return function(arguments, body, "y", tensor(*out, _ACC[conv.dtype]))


_FUSED_BF16 = """%b = arith.extf %a1 : bf16 to f32
      %s = arith.addf %a0, %b : f32
      %t = arith.truncf %s : f32 to bf16
      %r = arith.addf %t, %a2 : bf16
      %c = arith.cmpf ugt, %r, %zero : bf16
      %v = arith.select %c, %r, %zero : bf16
      linalg.yield %v : bf16"""
_FUSED_I8 = """%b = arith.extsi %a2 : i8 to i32
      %s = arith.addi %a0, %a1 : i32
      %r = arith.addi %s, %b : i32
      %q = arith.shrsi %r, %shift : i32
      %l = arith.maxsi %q, %zero : i32
      %h = arith.minsi %l, %top : i32
      %v = arith.trunci %h : i32 to i8
      linalg.yield %v : i8"""


def fused(conv: Conv) -> str:
    """Convolution, bias, residual, ReLU; in integers with a requantisation."""
    shape, wide, filters, out = conv.shapes()
    integer = conv.dtype == "i8"
    bias = tensor(conv.oc, "i32" if integer else "bf16")
    channel = "d1" if conv.layout == "nchw_fchw" else "d3"
    every = "d0, d1, d2, d3"
    body = pad("p", "x", shape, wide, conv.dtype) + conv_op("acc", conv, "p", "f")
    if integer:
        body += """
    %zero = arith.constant 0 : i32
    %shift = arith.constant 2 : i32
    %top = arith.constant 127 : i32"""
    else:
        body += "\n    %zero = arith.constant 0.0 : bf16"
    inputs = [
        ("acc", tensor(*out, _ACC[conv.dtype]), every),
        ("bias", bias, channel),
        ("res", tensor(*out, conv.dtype), every),
    ]
    body += elementwise("y", out, conv.dtype, inputs, _FUSED_I8 if integer else _FUSED_BF16)
    arguments = [
        ("x", tensor(*shape, conv.dtype)),
        ("f", tensor(*filters, conv.dtype)),
        ("bias", bias),
        ("res", tensor(*out, conv.dtype)),
    ]
    return function(arguments, body, "y", tensor(*out, conv.dtype))


def named(op: str, x: list[int], f: list[int], y: list[int], dtype: str, stride: int = 1) -> str:
    """One of linalg's named convolutions by itself; its rank is that of its windows."""
    acc, rank = _ACC[dtype], int(op[op.index("conv_") + len("conv_")])
    result = tensor(*y, acc)
    body = f"""
    %zero = arith.constant {zero(acc)}
    %empty = tensor.empty() : {result}
    %init = linalg.fill ins(%zero : {acc}) outs(%empty : {result}) -> {result}
    %y = linalg.{op} {{
      dilations = dense<1> : vector<{rank}xi64>, strides = dense<{stride}> : vector<{rank}xi64>
    }} ins(%x, %f : {tensor(*x, dtype)}, {tensor(*f, dtype)}) outs(%init : {result}) -> {result}"""
    return function([("x", tensor(*x, dtype)), ("f", tensor(*f, dtype))], body, "y", result)


def matmul(op: str, lhs: list[int], rhs: list[int], out: list[int], dtype: str = "bf16") -> str:
    acc = _ACC[dtype]
    body = f"""
    %zero = arith.constant {zero(acc)}
    %empty = tensor.empty() : {tensor(*out, acc)}
    %init = linalg.fill ins(%zero : {acc}) outs(%empty : {tensor(*out, acc)}) -> {tensor(*out, acc)}
    %y = linalg.{op} ins(%a, %b : {tensor(*lhs, dtype)}, {tensor(*rhs, dtype)})
      outs(%init : {tensor(*out, acc)}) -> {tensor(*out, acc)}"""
    arguments = [("a", tensor(*lhs, dtype)), ("b", tensor(*rhs, dtype))]
    return function(arguments, body, "y", tensor(*out, acc))
