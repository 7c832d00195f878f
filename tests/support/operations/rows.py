"""Random operations by rows, and what they give in f64 with a bound of what f32 and bf16 make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.problem import REDUCE, Epilogue, EpilogueInput, Loop, Operand, OperationProblem, Step
from tests.support.operations.cases import Array, walk

F64 = NDArray[np.float64]

_UNIT = 2.0**-23
"""A rounding to f32, or half of it where the device rounds to the nearest."""
_SMALL = 2.0**-126
"""What may count as zero."""


@dataclass
class Steps:
    """Steps under construction; a value is its number."""

    inputs: int
    steps: list[Step] = field(default_factory=list[Step])

    def add(self, op: str, *args: int, dtype: str = "f32", attr: Any = None) -> int:
        """A step's value."""
        self.steps.append(Step(op, args, dtype, attr))
        return self.inputs + len(self.steps) - 1

    def number(self, value: float) -> int:
        """A constant."""
        return self.add("arith.constant", attr=value)

    def reduce(self, name: str, value: int, dtype: str = "f32") -> int:
        """A row's value."""
        return self.add(REDUCE, value, attr=f"arith.{name}", dtype=dtype)

    def wide(self, value: int, dtype: str) -> int:
        """A value of an input in f32."""
        if dtype == "i8":
            x = self.add("arith.sitofp", value)
            return self.add("arith.mulf", x, self.number(0.0625))
        return self.add("arith.extf", value) if dtype == "bf16" else value

    def stored(self, value: int, dtype: str) -> int:
        """A value of f32 as what is stored."""
        if dtype == "bf16":
            return self.add("arith.truncf", value, dtype="bf16")
        if dtype == "f32":
            return value
        scaled = self.add("arith.mulf", value, self.number(64.0))
        low = self.add("arith.maximumf", self.add("math.roundeven", scaled), self.number(-128.0))
        high = self.add("arith.minimumf", low, self.number(127.0))
        return self.add("arith.fptosi", high, dtype="i8")


def _softmax(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    power = s.add("math.exp", s.add("arith.subf", x, s.reduce("maximumf", x)))
    return s.add("arith.divf", power, s.reduce("addf", power))


def _log_softmax(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    y = s.add("arith.subf", x, s.reduce("maximumf", x))
    total = s.add("math.log", s.reduce("addf", s.add("math.exp", y)))
    return s.add("arith.subf", y, total)


def _norm(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    mean = s.add("arith.divf", s.reduce("addf", x), s.number(float(count)))
    y = s.add("arith.subf", x, mean)
    square = s.reduce("addf", s.add("arith.mulf", y, y))
    spread = s.add("arith.addf", s.add("arith.divf", square, s.number(float(count))), s.number(0.5))
    y = s.add("arith.mulf", y, s.add("math.rsqrt", spread))
    return s.add("arith.addf", s.add("arith.mulf", y, more[0]), more[1])


def _variance(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    y = s.add("arith.subf", x, more[0])
    return s.add("arith.divf", s.reduce("addf", s.add("arith.mulf", y, y)), s.number(float(count)))


def _length(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    return s.add("math.sqrt", s.reduce("addf", s.add("arith.mulf", x, x)))


def _largest(s: Steps, x: int, count: int, more: Sequence[int]) -> int:
    return s.reduce("maximumf", s.add("math.absf", x))


FUNCTIONS = {
    "softmax": (_softmax, (), True),
    "log softmax": (_log_softmax, (), True),
    "norm": (_norm, ("row", "row"), True),
    "variance": (_variance, ("narrow",), False),
    "length": (_length, (), False),
    "largest": (_largest, (), False),
}
"""What is computed, how its other operands walk, and whether it has an element for each of a row's."""


def _operand(
    dtype: str, shape: Sequence[int], order: Sequence[int], walked: Sequence[bool]
) -> EpilogueInput:
    """A dense buffer of the dimensions that are walked."""
    sizes = [size if walks else 1 for size, walks in zip(shape, walked, strict=True)]
    laid = [sizes[d] for d in order]
    steps = {d: prod(laid[i + 1 :]) for i, d in enumerate(order)}
    strides = tuple(steps[d] if walks else 0 for d, walks in enumerate(walked))
    return EpilogueInput(Operand(dtype, tuple(laid)), strides)


@st.composite
def row_problems(draw: st.DrawFn) -> tuple[OperationProblem, str]:
    """Any of the functions over one or two of two or three dimensions, in any layouts."""
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    function, others, is_wide = FUNCTIONS[name]
    dtype = draw(st.sampled_from(["bf16", "f32", "i8"]))
    rank = draw(st.integers(2, 3))
    shape = [draw(st.sampled_from([2, 3, 8, 16, 24, 32, 33, 64])) for _ in range(rank)]
    row = draw(st.permutations(range(rank)))[: draw(st.integers(1, rank - 1))]
    natural = tuple(range(rank))
    orders = st.one_of(st.just(natural), st.permutations(natural).map(tuple))
    along = [d in row for d in range(rank)]
    narrow = [not inside for inside in along]
    more = "bf16" if dtype == "i8" else draw(st.sampled_from([dtype, "f32"]))
    entries = [_operand(dtype, shape, draw(orders), [True] * rank)]
    entries += [_operand(more, shape, natural, along if how == "row" else narrow) for how in others]
    out = dtype if dtype != "i8" or name in ("softmax", "norm") else "bf16"
    result = _operand(out, shape, draw(orders), [True] * rank if is_wide else narrow)
    s = Steps(len(entries))
    extra = [s.wide(number, more) for number in range(1, len(entries))]
    count = prod(shape[d] for d in row)
    value = s.stored(function(s, s.wide(0, dtype), count, extra), out)
    loops = tuple(
        Loop("abc"[d], "k" if along[d] else "m", shape[d], entries[0].strides[d], 0, result.strides[d])
        for d in range(rank)
    )  # fmt: skip
    kind = "normalisation" if is_wide else "reduction"
    epilogue = Epilogue(tuple(entries[1:]), tuple(s.steps), value)
    return OperationProblem(kind, loops, entries[0].operand, result.operand, epilogue, dtype), name


def rows(
    name: str, dtype: str, *, last: bool, size: tuple[int, int] = (32, 64)
) -> OperationProblem:
    """A function of one operand, its rows' elements beside each other or far apart."""
    m, k = size
    function, _, is_wide = FUNCTIONS[name]
    strides = (k, 1) if last else (1, m)
    stored = strides if is_wide else (1, 0)
    loops = (
        Loop("a", "m", m, strides[0], 0, stored[0]),
        Loop("b", "k", k, strides[1], 0, stored[1]),
    )
    s = Steps(1)
    value = s.stored(function(s, s.wide(0, dtype), k, ()), dtype)
    out = Operand(dtype, ((m, k) if last else (k, m)) if is_wide else (m,))
    lhs = Operand(dtype, (m, k) if last else (k, m))
    kind = "normalisation" if is_wide else "reduction"
    return OperationProblem(kind, loops, lhs, out, Epilogue((), tuple(s.steps), value), dtype)


# -- answers --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Number:
    """A value in f64, and how far f32 may be off."""

    value: F64
    error: F64


def _rounded(value: F64, error: F64, units: float = 1.0) -> _Number:
    return _Number(value, error + units * _UNIT * np.abs(value) + _SMALL)


def _binary(op: str, a: _Number, b: _Number) -> _Number:
    if op in ("addf", "subf"):
        return _rounded(a.value + b.value if op == "addf" else a.value - b.value, a.error + b.error)
    if op == "mulf":
        error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
        return _rounded(a.value * b.value, error)
    if op == "divf":
        quotient = a.value / b.value
        error = (a.error + np.abs(quotient) * b.error) / np.maximum(
            np.abs(b.value) - b.error, _SMALL
        )
        return _rounded(quotient, error, 3)
    bound = np.maximum if op == "maximumf" else np.minimum
    return _Number(bound(a.value, b.value), np.maximum(a.error, b.error))


def _unary(op: str, x: _Number) -> _Number:
    v, e = x.value, x.error
    if op == "exp":
        return _rounded(np.exp(v), np.exp(v) * np.expm1(np.minimum(e, 700)), 4)
    if op == "log":
        return _rounded(np.log(v), e / np.maximum(v - e, _SMALL), 4)
    if op == "rsqrt":
        return _rounded(1 / np.sqrt(v), e / (2 * np.maximum(v - e, _SMALL) ** 1.5), 4)
    if op == "sqrt":
        return _rounded(np.sqrt(v), np.sqrt(v + e) - np.sqrt(np.maximum(v - e, 0)), 4)
    if op == "absf":
        return _Number(np.abs(v), e)
    if op == "roundeven":
        # A number that may be on the other side of a half may become the next one.
        near = np.abs(v - np.floor(v) - 0.5) <= e
        return _Number(np.rint(v), np.where(near, 1.0, 0.0) + np.floor(e))
    raise ValueError(op)


def answer(problem: OperationProblem, arrays: dict[str, Array]) -> tuple[F64, F64]:
    """The output buffer in f64, and how far each of its elements may be off."""
    sizes = [loop.size for loop in problem.loops]
    axes = tuple(i for i, loop in enumerate(problem.loops) if loop.role == "k")
    walks = [(problem.lhs, tuple(loop.lhs for loop in problem.loops))]
    walks += [(entry.operand, entry.strides) for entry in problem.epilogue.inputs]
    names = ["lhs", *(f"in{n}" for n in range(len(walks) - 1))]
    values: list[_Number] = []
    for name, (operand, strides) in zip(names, walks, strict=True):
        x = walk(arrays[name], operand, sizes, strides).astype(np.float64)
        values.append(_Number(x, np.zeros_like(x)))
    for step in problem.epilogue.steps:
        with np.errstate(all="ignore"):
            values.append(_step(step, values, axes, sizes))
    result = values[problem.epilogue.result]
    kept = tuple(
        0 if i in axes and not loop.out else slice(None) for i, loop in enumerate(problem.loops)
    )
    shape = [loop.size for loop in problem.stored]
    stored = [np.broadcast_to(x, sizes)[kept].reshape(shape) for x in (result.value, result.error)]
    base = np.zeros(problem.out.elements)
    flat = [_placed(problem, base, x) for x in stored]
    return flat[0], flat[1]


def _placed(problem: OperationProblem, base: F64, x: F64) -> F64:
    out = base.copy()
    loops = problem.stored
    walk(out, problem.out, [loop.size for loop in loops], [loop.out for loop in loops])[...] = x
    return out


def _step(
    step: Step, values: list[_Number], axes: tuple[int, ...], sizes: Sequence[int]
) -> _Number:
    op = step.op.split(".")[-1]
    if op == "constant":
        number = np.full(sizes, float(step.attr or 0))
        return _Number(number, np.zeros_like(number))
    x = values[step.args[0]]
    if step.op == REDUCE:
        full = _Number(np.broadcast_to(x.value, sizes), np.broadcast_to(x.error, sizes))
        if str(step.attr).endswith("addf"):
            total = full.value.sum(axes, keepdims=True)
            adding = np.abs(full.value).sum(axes, keepdims=True) * prod(sizes[a] for a in axes)
            return _Number(total, full.error.sum(axes, keepdims=True) + _UNIT * adding)
        return _Number(full.value.max(axes, keepdims=True), full.error.max(axes, keepdims=True))
    if op == "truncf":
        return _Number(x.value, x.error * (1 + 2.0**-8) + 2.0**-8 * np.abs(x.value) + _SMALL)
    if op in ("extf", "sitofp", "fptosi"):
        return x
    if len(step.args) == 2:
        return _binary(op, x, values[step.args[1]])
    return _unary(op, x)


def check_rows(problem: OperationProblem, arrays: dict[str, Array], got: Array) -> None:
    """What a program gave is as near as its arithmetic promises; what is no number is none."""
    want, error = answer(problem, arrays)
    found = got.reshape(-1).astype(np.float64)
    usual = np.isfinite(want) & np.isfinite(error)
    assert np.array_equal(np.isnan(found), np.isnan(want))
    assert (np.abs(found[usual] - want[usual]) <= error[usual]).all()
    infinite = np.isinf(want)
    assert np.array_equal(found[infinite], want[infinite])
