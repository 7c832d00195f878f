"""Random convolution problems for property tests, as numpy-checkable pieces."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.layout.hostcopy import NUMPY_DTYPE
from aie_conv.problem import (
    ConvProblem,
    Epilogue,
    EpilogueInput,
    Loop,
    Operand,
    Step,
)

SCALE = 2.0**-7 * 1.1
"""Scale of the float requantisation; no power of two, so that its product rounds."""


@dataclass(frozen=True)
class Case:
    """A convolution in any order of dimensions, groups left out.

    ``dims``: n, h, w (padded input), c, oc, kh, kw; orders are permutations of the letters.
    """

    dims: tuple[int, int, int, int, int, int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    dtype: str
    input_order: str
    filter_order: str
    output_order: str
    border: tuple[int, int, int]
    epilogue: str

    @property
    def out_hw(self) -> tuple[int, int]:
        _, h, w, _, _, kh, kw = self.dims
        return (
            (h - self.dilation[0] * (kh - 1) - 1) // self.stride[0] + 1,
            (w - self.dilation[1] * (kw - 1) - 1) // self.stride[1] + 1,
        )

    def shape(self, order: str) -> tuple[int, ...]:
        n, h, w, c, oc, kh, kw = self.dims
        oh, ow = self.out_hw
        sizes = dict(n=n, h=h, w=w, c=c, o=oc, y=kh, x=kw, p=oh, q=ow)
        return tuple(sizes[letter] for letter in order)

    def strides(self, order: str, shape: tuple[int, ...] | None = None) -> dict[str, int]:
        shape = shape or self.shape(order)
        return {
            letter: int(np.prod(shape[i + 1 :], dtype=np.int64)) for i, letter in enumerate(order)
        }

    @property
    def out_shape(self) -> tuple[int, ...]:
        """The output buffer: the result with a border before and after p, q and o."""
        extra = dict(zip("pqo", self.border, strict=True))
        shape = self.shape(self.output_order)
        return tuple(
            s + 2 * extra.get(letter, 0) for s, letter in zip(shape, self.output_order, strict=True)
        )

    @property
    def out_offset(self) -> int:
        strides = self.strides(self.output_order, self.out_shape)
        return sum(strides[letter] * b for letter, b in zip("pqo", self.border, strict=True))

    @property
    def out_dtype(self) -> str:
        if self.epilogue == "none":
            return "i32" if self.dtype == "i8" else "f32"
        return self.dtype

    def problem(self) -> ConvProblem:
        n, _, _, c, oc, kh, kw = self.dims
        oh, ow = self.out_hw
        i, f = self.strides(self.input_order), self.strides(self.filter_order)
        o = self.strides(self.output_order, self.out_shape)
        loops = (
            Loop("n", "m", n, i["n"], 0, o["n"]),
            Loop("oh", "m", oh, i["h"] * self.stride[0], 0, o["p"]),
            Loop("ow", "m", ow, i["w"] * self.stride[1], 0, o["q"]),
            Loop("oc", "n", oc, 0, f["o"], o["o"]),
            Loop("kh", "k", kh, i["h"] * self.dilation[0], f["y"], 0),
            Loop("kw", "k", kw, i["w"] * self.dilation[1], f["x"], 0),
            Loop("ic", "k", c, i["c"], f["c"], 0),
        )
        return ConvProblem(
            kind="conv",
            loops=loops,
            lhs=Operand(self.dtype, self.shape(self.input_order)),
            rhs=Operand(self.dtype, self.shape(self.filter_order)),
            out=Operand(self.out_dtype, self.out_shape, self.out_offset),
            accumulator="i32" if self.dtype == "i8" else "f32",
            epilogue=self._epilogue(),
            keeps_base=any(self.border),
        )

    def _epilogue(self) -> Epilogue:
        if self.epilogue == "none":
            return Epilogue()
        n, _, _, _, oc, _, _ = self.dims
        oh, ow = self.out_hw
        bias = EpilogueInput(
            Operand("i32" if self.dtype == "i8" else "f32", (oc,)), (0, 0, 0, 1, 0, 0, 0)
        )
        residual = EpilogueInput(
            Operand(self.dtype, (n, oh, ow, oc)), (oh * ow * oc, ow * oc, oc, 1, 0, 0, 0)
        )
        with_residual = self.epilogue == "residual"
        inputs = (bias, residual) if with_residual else (bias,)
        steps: list[Step] = []

        def add(op: str, args: tuple[int, ...], dtype: str, attr: float | str | None = None) -> int:
            steps.append(Step(op, args, dtype, attr))
            return len(inputs) + len(steps)

        if self.epilogue == "scaled":
            return self._scaled(inputs, steps, add)
        if self.dtype == "i8":
            value = add("arith.addi", (0, 1), "i32")
            if with_residual:
                wide = add("arith.extsi", (2,), "i32")
                shift = add("arith.constant", (), "i32", 3)
                value = add("arith.addi", (value, add("arith.shli", (wide, shift), "i32")), "i32")
            value = add("arith.addi", (value, add("arith.constant", (), "i32", 32)), "i32")
            value = add("arith.shrsi", (value, add("arith.constant", (), "i32", 6)), "i32")
            value = add("arith.maxsi", (value, add("arith.constant", (), "i32", -100)), "i32")
            value = add("arith.minsi", (value, add("arith.constant", (), "i32", 127)), "i32")
            value = add("arith.trunci", (value,), "i8")
            return Epilogue(inputs, tuple(steps), value)
        value = add("arith.addf", (0, 1), "f32")
        if with_residual:
            value = add("arith.addf", (value, add("arith.extf", (2,), "f32")), "f32")
        value = add("arith.truncf", (value,), "bf16")
        zero = add("arith.constant", (), "bf16", 0.0)
        positive = add("arith.cmpf", (value, zero), "i1", "ugt")
        value = add("arith.select", (positive, value, zero), "bf16")
        return Epilogue(inputs, tuple(steps), value)

    def _scaled(
        self, inputs: tuple[EpilogueInput, ...], steps: list[Step], add: Callable[..., int]
    ) -> Epilogue:
        """Requantisation in f32, as QDQ models have it: scale, round to even, clamp."""
        value = add("arith.addi" if self.dtype == "i8" else "arith.addf", (0, 1), self.accumulator)
        if self.dtype == "i8":
            value = add("arith.sitofp", (value,), "f32")
        value = add("arith.mulf", (value, add("arith.constant", (), "f32", SCALE)), "f32")
        value = add("math.roundeven", (value,), "f32")
        low, high = (add("arith.constant", (), "f32", v) for v in (-100.0, 127.0))
        value = add("arith.maximumf", (value, low), "f32")
        value = add("arith.minimumf", (value, high), "f32")
        op = "arith.fptosi" if self.dtype == "i8" else "arith.truncf"
        value = add(op, (value,), self.dtype)
        return Epilogue(inputs, tuple(steps), value)

    @property
    def accumulator(self) -> str:
        return "i32" if self.dtype == "i8" else "f32"

    def operands(self, seed: int = 0) -> dict[str, NDArray[np.generic]]:
        """Random operands by the names that host copies use, and "out" as the base."""
        rng = np.random.default_rng(seed)
        problem = self.problem()

        def make(operand: Operand) -> NDArray[np.generic]:
            if operand.dtype == "i8":
                return rng.integers(-128, 128, operand.shape, dtype=np.int8)
            if operand.dtype == "i32":
                return rng.integers(-(2**14), 2**14, operand.shape, dtype=np.int32)
            return rng.standard_normal(operand.shape).astype(NUMPY_DTYPE[operand.dtype])

        arrays = {"lhs": make(problem.lhs), "rhs": make(problem.rhs), "out": make(problem.out)}
        for index, given in enumerate(problem.epilogue.inputs):
            arrays[f"in{index}"] = make(given.operand)
        return arrays

    def reference(self, arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
        """The output buffer by torch, in float64 where exact, bf16 rounded once."""
        import torch

        x = arrays["lhs"].astype(np.float64).transpose([self.input_order.index(a) for a in "nchw"])
        f = arrays["rhs"].astype(np.float64).transpose([self.filter_order.index(a) for a in "ocyx"])
        y = torch.nn.functional.conv2d(
            torch.from_numpy(np.ascontiguousarray(x)),
            torch.from_numpy(np.ascontiguousarray(f)),
            stride=self.stride,
            dilation=self.dilation,
        )
        acc = y.numpy().transpose(0, 2, 3, 1)  # n p q o
        if self.epilogue != "none":
            acc = acc + arrays["in0"].astype(np.float64)
        if self.epilogue == "residual":
            scale = 8 if self.dtype == "i8" else 1
            acc = acc + scale * arrays["in1"].astype(np.float64)
        if self.epilogue != "none":
            if self.epilogue == "scaled":
                scaled = np.round(acc.astype(np.float32) * np.float32(SCALE))
                acc = np.clip(scaled, -100, 127)
            elif self.dtype == "i8":
                acc = np.clip((acc.astype(np.int64) + 32) >> 6, -100, 127)
            else:
                acc = np.maximum(acc, 0)
        out = arrays["out"].copy()
        view = out[
            tuple(
                slice(b, b + s)
                for b, s in zip(
                    [
                        dict(zip("pqo", self.border, strict=True)).get(a, 0)
                        for a in self.output_order
                    ],
                    self.shape(self.output_order),
                    strict=True,
                )
            )
        ]
        view[...] = acc.transpose(["npqo".index(a) for a in self.output_order]).astype(out.dtype)
        return out


def cases(*, largest: int = 20) -> st.SearchStrategy[Case]:
    """Small convolutions of every kind that the route takes."""
    side = st.integers(1, 3)

    @st.composite
    def build(draw: st.DrawFn) -> Case:
        kh, kw = draw(side), draw(side)
        stride = (draw(side), draw(side))
        dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        h = dilation[0] * (kh - 1) + draw(st.integers(1, 12))
        w = dilation[1] * (kw - 1) + draw(st.integers(1, 14))
        channels = st.one_of(st.integers(1, largest), st.sampled_from([8, 16, 32, 40, 64]))
        plain = draw(st.booleans())
        return Case(
            dims=(draw(st.integers(1, 2)), h, w, draw(channels), draw(channels), kh, kw),
            stride=stride,
            dilation=dilation,
            dtype=draw(st.sampled_from(["i8", "bf16"])),
            input_order="nhwc" if plain else "".join(draw(st.permutations("nhwc"))),
            filter_order="oyxc" if plain else "".join(draw(st.permutations("oyxc"))),
            output_order="npqo" if plain else "".join(draw(st.permutations("npqo"))),
            border=draw(st.sampled_from([(0, 0, 0), (0, 0, 0), (1, 1, 0), (0, 1, 0), (1, 0, 8)])),
            epilogue=draw(st.sampled_from(["none", "bias", "residual", "scaled"])),
        )

    return build()
