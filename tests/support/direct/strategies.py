"""Random convolutions of one, two or three dimensions, grouped or not, in any order of dimensions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Loop, Operand, Step
from aie_conv.sim import Simulator

F32_UNIT = 2.0**-24
BF16_UNIT = 2.0**-8

INTEGERS = {"i8": 127, "i16": 2**15 - 1, "i32": 2**31 - 1}


@dataclass(frozen=True)
class Case:
    """A convolution of ``len(taps)`` spatial dimensions.

    Attributes:
        batch, groups, channels, outputs: the last two of one group.
        spatial: the (already padded) input's size in each spatial dimension.
        taps, stride, dilation: one number a spatial dimension.
        dtype: of both operands.
        input_order, filter_order, output_order: permutations of the dimensions (batch or output
            channels, spatial …, channels).
        border: pixels around the output that keep their values, in every spatial dimension.
        epilogue: "none", "bias" (with relu, and requantisation for i8), or "residual".
    """

    batch: int
    groups: int
    channels: int
    outputs: int
    spatial: tuple[int, ...]
    taps: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    dtype: str
    input_order: tuple[int, ...]
    filter_order: tuple[int, ...]
    output_order: tuple[int, ...]
    border: int
    epilogue: str

    @property
    def out_spatial(self) -> tuple[int, ...]:
        sizes = zip(self.spatial, self.taps, self.stride, self.dilation, strict=True)
        return tuple((i - d * (k - 1) - 1) // s + 1 for i, k, s, d in sizes)

    @property
    def accumulator(self) -> str:
        return "i32" if self.dtype.startswith("i") else "f32"

    @property
    def out_dtype(self) -> str:
        if self.epilogue == "none" or self.dtype in ("i16", "i32"):
            return self.accumulator
        return self.dtype

    @property
    def depth(self) -> int:
        """Products in one sum."""
        return self.channels * prod(self.taps)

    def _strides(self, shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
        """Element strides of the dimensions of ``shape`` in a buffer that has them in ``order``."""
        lying = [shape[d] for d in order]
        return tuple(prod(lying[order.index(d) + 1 :]) for d in range(len(shape)))

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Input, filter and output (border included) as torch has them, channels second."""
        wide = tuple(size + 2 * self.border for size in self.out_spatial)
        return (
            (self.batch, self.groups * self.channels, *self.spatial),
            (self.groups * self.outputs, self.channels, *self.taps),
            (self.batch, self.groups * self.outputs, *wide),
        )

    def problem(self) -> ConvProblem:
        x, f, y = self.shapes
        xs, fs, ys = (
            self._strides(x, self.input_order),
            self._strides(f, self.filter_order),
            self._strides(y, self.output_order),
        )
        names = "dhw"[-len(self.taps) :]
        loops = {0: [Loop("n", "m", self.batch, xs[0], 0, ys[0])]}
        loops[1] = [
            Loop("g", "g", self.groups, xs[1] * self.channels, fs[0] * self.outputs, ys[1] * self.outputs),
            Loop("oc", "n", self.outputs, 0, fs[0], ys[1]),
        ]  # fmt: skip
        for i, name in enumerate(names):
            size = self.out_spatial[i]
            loops[2 + i] = [Loop(f"o{name}", "m", size, xs[2 + i] * self.stride[i], 0, ys[2 + i])]
        ordered = [loop for d in self.output_order for loop in loops[d]]
        for i, name in enumerate(names):
            step = xs[2 + i] * self.dilation[i]
            ordered.append(Loop(f"k{name}", "k", self.taps[i], step, fs[2 + i], 0))
        ordered.append(Loop("ic", "k", self.channels, xs[1], fs[1], 0))
        offset = self.border * sum(ys[2:])
        return ConvProblem(
            kind="conv",
            loops=tuple(ordered),
            lhs=Operand(self.dtype, tuple(x[d] for d in self.input_order)),
            rhs=Operand(self.dtype, tuple(f[d] for d in self.filter_order)),
            out=Operand(self.out_dtype, tuple(y[d] for d in self.output_order), offset),
            accumulator=self.accumulator,
            epilogue=self._epilogue(ordered),
            keeps_base=self.border > 0,
        )

    def _epilogue(self, loops: list[Loop]) -> Epilogue:
        if self.epilogue == "none":
            return Epilogue()
        names = [loop.name for loop in loops]
        total = self.groups * self.outputs
        walk = {"g": self.outputs, "oc": 1}
        bias = EpilogueInput(
            Operand(self.accumulator, (total,)), tuple(walk.get(name, 0) for name in names)
        )
        shape = (self.batch, *self.out_spatial, total)
        inside = {"n": prod(shape[1:]), **walk}
        for i, name in enumerate("dhw"[-len(self.taps) :]):
            inside[f"o{name}"] = prod(shape[2 + i :])
        residual = EpilogueInput(
            Operand(self.out_dtype, shape), tuple(inside.get(name, 0) for name in names)
        )
        with_residual = self.epilogue == "residual"
        inputs = (bias, residual) if with_residual else (bias,)
        steps: list[Step] = []

        def add(op: str, args: tuple[int, ...], dtype: str, attr: float | str | None = None) -> int:
            steps.append(Step(op, args, dtype, attr))
            return len(inputs) + len(steps)

        value = add("arith.addi" if self.accumulator == "i32" else "arith.addf", (0, 1), self.accumulator)  # fmt: skip
        value = self._after_bias(value, with_residual, add)
        return Epilogue(inputs, tuple(steps), value)

    def _after_bias(self, value: int, with_residual: bool, add: Callable[..., int]) -> int:
        if self.accumulator == "i32":
            if with_residual:
                more = 2 if self.out_dtype == "i32" else add("arith.extsi", (2,), "i32")
                value = add("arith.addi", (value, more), "i32")
            if self.out_dtype == "i32":
                return add("arith.maxsi", (value, add("arith.constant", (), "i32", 0)), "i32")
            value = add("arith.addi", (value, add("arith.constant", (), "i32", 32)), "i32")
            value = add("arith.shrsi", (value, add("arith.constant", (), "i32", 6)), "i32")
            value = add("arith.maxsi", (value, add("arith.constant", (), "i32", -100)), "i32")
            value = add("arith.minsi", (value, add("arith.constant", (), "i32", 127)), "i32")
            return add("arith.trunci", (value,), "i8")
        if with_residual:
            more = 2 if self.out_dtype == "f32" else add("arith.extf", (2,), "f32")
            value = add("arith.addf", (value, more), "f32")
        if self.out_dtype == "bf16":
            value = add("arith.truncf", (value,), "bf16")
        zero = add("arith.constant", (), self.out_dtype, 0.0)
        positive = add("arith.cmpf", (value, zero), "i1", "ugt")
        return add("arith.select", (positive, value, zero), self.out_dtype)

    def operands(self, seed: int = 0) -> dict[str, NDArray[np.generic]]:
        """Random operands by the names that host copies use, and "out" as the base."""
        rng = np.random.default_rng(seed)
        problem = self.problem()

        def make(operand: Operand) -> NDArray[np.generic]:
            if operand.dtype in INTEGERS:
                # The accumulator wraps in 32 bits; sums are compared modulo 2^32.
                most = INTEGERS[operand.dtype]
                return rng.integers(-most - 1, most, operand.shape, endpoint=True).astype(
                    NUMPY_DTYPE[operand.dtype]
                )
            return rng.standard_normal(operand.shape).astype(NUMPY_DTYPE[operand.dtype])

        arrays = {"lhs": make(problem.lhs), "rhs": make(problem.rhs), "out": make(problem.out)}
        for index, given in enumerate(problem.epilogue.inputs):
            arrays[f"in{index}"] = make(given.operand)
        if self.dtype == "i8" and self.epilogue != "none":
            arrays["in0"] = (arrays["in0"] >> np.int32(16)).astype(np.int32)
        return arrays

    def sums(self, arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
        """The accumulator, channels second: integers wrapped to 32 bits, floats as float64."""
        import torch

        wide = np.int64 if self.accumulator == "i32" else np.float64
        x = arrays["lhs"].astype(wide).transpose(np.argsort(self.input_order))
        f = arrays["rhs"].astype(wide).transpose(np.argsort(self.filter_order))
        convolve = (
            torch.nn.functional.conv1d,
            torch.nn.functional.conv2d,
            torch.nn.functional.conv3d,
        )[len(self.taps) - 1]

        def run(a: NDArray[np.generic], b: NDArray[np.generic]) -> NDArray[np.generic]:
            return convolve(
                torch.from_numpy(np.ascontiguousarray(a, np.float64)),
                torch.from_numpy(np.ascontiguousarray(b, np.float64)),
                stride=self.stride,
                dilation=self.dilation,
                groups=self.groups,
            ).numpy()

        if wide is np.float64:
            return run(x, f)
        # Halves of 16 bits keep every sum exact in float64; what wraps away is left out.
        low_x, low_f = x & 0xFFFF, f & 0xFFFF
        high = run(x >> 16, low_f).astype(np.int64) + run(low_x, f >> 16).astype(np.int64)
        total = run(low_x, low_f).astype(np.int64) + (high << 16)
        return total.astype(np.int32)

    def reference(self, arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
        """The output buffer by torch."""
        rank = len(self.taps)
        acc = self.sums(arrays).transpose(0, *range(2, 2 + rank), 1)
        if self.epilogue != "none":
            acc = acc + arrays["in0"].astype(acc.dtype)
            if self.epilogue == "residual":
                acc = acc + arrays["in1"].astype(acc.dtype)
            if self.accumulator == "f32" or self.out_dtype == "i32":
                acc = np.maximum(acc, 0)
            else:
                acc = np.clip((acc + np.int32(32)) >> 6, -100, 127)
        out = arrays["out"].copy()
        b = self.border
        torch_like = out.transpose(np.argsort(self.output_order))
        inside = torch_like[(..., *(slice(b, b + size) for size in self.out_spatial))]
        inside[...] = acc.transpose(0, 1 + rank, *range(1, 1 + rank)).astype(out.dtype)
        return out

    def check(self, got: NDArray[np.generic], arrays: dict[str, NDArray[np.generic]]) -> None:
        """Integers exactly; floats within the bound of their arithmetic.

        A sum of K products in f32, in any order, is off by at most (K + 2) units of f32 times the
        sum of the products' magnitudes; normal deviates are below 6, so 36 K bounds that sum. bf16
        results are rounded once, as the reference is.
        """
        want = self.reference(arrays)
        if self.accumulator == "i32":
            np.testing.assert_array_equal(got, want)
            return
        k = self.depth
        bound = (k + 4) * F32_UNIT * 36 * (k + 2) + 4 * F32_UNIT * np.abs(want.astype(np.float64))
        if self.out_dtype == "bf16":
            bound = bound + 2 * BF16_UNIT * np.abs(want.astype(np.float64)) + 2 * BF16_UNIT
        error = np.abs(got.astype(np.float64) - want.astype(np.float64))
        assert (error <= bound).all(), f"largest error {error.max()}"


def simulate(case: Case, plan: Plan, text: str) -> tuple[NDArray[np.generic], dict[str, NDArray[np.generic]]]:  # fmt: skip
    """The output buffer after running ``text``, and the operands it ran on.

    It runs on other operands before: what they leave in the array must not matter.
    """
    simulator = Simulator(text)
    simulator.run(flat_operands(plan, case.operands(1)))
    arrays = case.operands()
    flat = flat_operands(plan, arrays)
    simulator.run(flat)
    if not plan.finish:
        return flat[-1].reshape(arrays["out"].shape), arrays
    out = {"result": flat[-1], "out": arrays["out"].copy()}
    return apply(plan.finish, out)["out"].reshape(arrays["out"].shape), arrays


def flat_operands(plan: Plan, arrays: dict[str, NDArray[np.generic]]) -> list[NDArray[np.generic]]:
    """A plan's arguments with these operands."""
    buffers = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else arrays["out"].reshape(-1).copy()
    # What lies in the slack must not matter: NaN, or -1.
    return [
        np.concatenate((given, np.full(a.slack * given.itemsize, 0xFF, np.uint8).view(given.dtype)))
        for a, given in ((a, buffers[a.name].reshape(-1)) for a in plan.arguments)
    ]


def cases(dtypes: Sequence[str]) -> st.SearchStrategy[Case]:
    """Small convolutions of every kind, strides and dilations 1 to 3."""

    @st.composite
    def build(draw: st.DrawFn) -> Case:
        rank = draw(st.sampled_from([1, 2, 2, 2, 3]))
        side = st.integers(1, 3)
        taps = tuple(draw(st.integers(1, 5 if rank == 1 else 3)) for _ in range(rank))
        stride = tuple(draw(side) for _ in range(rank))
        dilation = tuple(draw(side) for _ in range(rank))
        most = {1: 40, 2: 12, 3: 5}[rank]
        spatial = tuple(
            d * (k - 1) + draw(st.integers(1, most)) for k, d in zip(taps, dilation, strict=True)
        )
        kind = draw(st.sampled_from(["plain", "plain", "grouped", "depthwise", "multiplier"]))
        few = st.one_of(st.integers(1, 12), st.sampled_from([8, 16, 24, 32, 40]))
        groups, channels, outputs = {
            "plain": lambda: (1, draw(few), draw(few)),
            "grouped": lambda: (draw(st.integers(2, 6)), draw(few), draw(few)),
            "depthwise": lambda: (draw(st.integers(2, 70)), 1, 1),
            "multiplier": lambda: (draw(st.integers(2, 20)), 1, draw(st.integers(2, 4))),
        }[kind]()
        last = (0, *range(2, 2 + rank), 1)
        plain = draw(st.booleans())

        def order() -> tuple[int, ...]:
            return last if plain else tuple(draw(st.permutations(last)))

        return Case(
            batch=draw(st.integers(1, 2)),
            groups=groups,
            channels=channels,
            outputs=outputs,
            spatial=spatial,
            taps=taps,
            stride=stride,
            dilation=dilation,
            dtype=draw(st.sampled_from(list(dtypes))),
            input_order=order(),
            filter_order=order(),
            output_order=order(),
            border=draw(st.sampled_from([0, 0, 1])),
            epilogue=draw(st.sampled_from(["none", "bias", "residual"])),
        )

    return build()
