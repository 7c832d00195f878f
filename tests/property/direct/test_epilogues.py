"""Random epilogues: what the cores make of a sum, in vector and in scalar code, against numpy."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.direct.scalar import ScalarRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.plan import Route
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Loop, Operand, Step
from aie_conv.sim import Simulator

Values = NDArray[Any]
PIXELS, CHANNELS = 32, 8

WHOLE = {
    "addi": np.add, "subi": np.subtract, "muli": np.multiply,
    "maxsi": np.maximum, "minsi": np.minimum,
}  # fmt: skip
SCALAR_WHOLE = {"andi": np.bitwise_and, "ori": np.bitwise_or, "xori": np.bitwise_xor}
REAL = {
    "addf": np.add, "subf": np.subtract, "mulf": np.multiply,
    "maximumf": np.maximum, "minimumf": np.minimum,
}  # fmt: skip
ORDERS: dict[str, Callable[[Values, Values], Values]] = {
    "slt": np.less, "sge": np.greater_equal, "eq": np.equal, "olt": np.less, "ogt": np.greater,
}  # fmt: skip


class Expression:
    """An epilogue as it grows: its steps, and what each value is in numpy."""

    def __init__(self, inputs: list[EpilogueInput], values: list[Values]) -> None:
        self.inputs, self.values, self.steps = inputs, values, list[Step]()

    def add(
        self, op: str, args: tuple[int, ...], dtype: str, value: Values, attr: Any = None
    ) -> int:
        self.steps.append(Step(op, args, dtype, attr))
        kind = np.bool_ if dtype == "i1" else NUMPY_DTYPE[dtype]
        self.values.append(np.asarray(value).astype(kind))
        return len(self.values) - 1

    def constant(self, value: float, dtype: str) -> int:
        number = np.full((PIXELS, CHANNELS), value)
        return self.add("arith.constant", (), dtype, number, value)


def whole_operations(*, scalar: bool) -> list[str]:
    """Names of the operations on i32."""
    more = [*SCALAR_WHOLE, "divsi", "remsi", "extui"] if scalar else []
    return [*WHOLE, "shli", "shrui", "shrsi", "select", "extsi", *more]


def whole_step(made: Expression, draw: st.DrawFn, at: int, op: str) -> int:
    """An operation on i32."""
    x = made.values[at]
    binary = WHOLE | SCALAR_WHOLE
    if op in ("extsi", "extui"):
        dtype = draw(st.sampled_from(["i8", "i16"]))
        at = made.add("arith.trunci", (at,), dtype, x)
        low = made.values[at]
        value = low.view(f"u{low.itemsize}") if op == "extui" else low
        return made.add(f"arith.{op}", (at,), "i32", value)
    if op in binary:
        other = draw(st.sampled_from(["constant", "same"]))
        c = at if other == "same" else made.constant(draw(st.integers(-(2**31), 2**31 - 1)), "i32")
        return made.add(f"arith.{op}", (at, c), "i32", binary[op](x, made.values[c]))
    if op == "select":
        word = draw(st.sampled_from(["slt", "sge", "eq"]))
        c = made.constant(draw(st.integers(-1000, 1000)), "i32")
        holds = ORDERS[word](x, made.values[c])
        is_ = made.add("arith.cmpi", (at, c), "i1", holds, word)
        return made.add("arith.select", (is_, at, c), "i32", np.where(holds, x, made.values[c]))
    if op in ("divsi", "remsi"):
        number = draw(st.integers(-100, 100).filter(lambda v: v not in (0, -1)))
        quotient = np.trunc(x / np.float64(number)).astype(np.int64)
        value = quotient if op == "divsi" else x - quotient * number
        return made.add(f"arith.{op}", (at, made.constant(number, "i32")), "i32", value)
    number = draw(st.integers(0, 31))
    value = {
        "shli": lambda: x << np.int32(number),
        "shrui": lambda: (x.view(np.uint32) >> np.uint32(number)).view(np.int32),
        "shrsi": lambda: x >> np.int32(number),
    }[op]()
    return made.add(f"arith.{op}", (at, made.constant(number, "i32")), "i32", value)


def real_operations(*, scalar: bool) -> list[str]:
    """Names of the operations on f32."""
    return [*REAL, "negf", "roundeven", "select", *(["divf"] * scalar)]


def real_step(made: Expression, draw: st.DrawFn, at: int, op: str) -> int:
    """An operation on f32."""
    x = made.values[at]
    if op == "negf":
        return made.add("arith.negf", (at,), "f32", -x)
    if op == "roundeven":
        return made.add("math.roundeven", (at,), "f32", np.rint(x))
    number = draw(st.floats(-1000, 1000, width=32).filter(lambda v: abs(v) > 2.0**-10))
    c = made.constant(number, "f32")
    if op == "select":
        word = draw(st.sampled_from(["olt", "ogt"]))
        holds = ORDERS[word](x, made.values[c])
        is_ = made.add("arith.cmpf", (at, c), "i1", holds, word)
        return made.add("arith.select", (is_, c, at), "f32", np.where(holds, made.values[c], x))
    value = x / made.values[c] if op == "divf" else REAL[op](x, made.values[c])
    return made.add(f"arith.{op}", (at, c), "f32", value)


def narrow(made: Expression, draw: st.DrawFn, at: int, dtype: str) -> int:
    """The result type, from i32 or f32."""
    x = made.values[at]
    if x.dtype == np.float32 and dtype == "bf16":
        return made.add("arith.truncf", (at,), "bf16", x.astype(ml_dtypes.bfloat16))
    if x.dtype == np.float32 and dtype != "f32":
        low, high = made.constant(-127.0, "f32"), made.constant(127.0, "f32")
        at = made.add("arith.maximumf", (at, low), "f32", np.maximum(x, np.float32(-127)))
        value = np.minimum(made.values[at], np.float32(127))
        at = made.add("arith.minimumf", (at, high), "f32", value)
        return made.add("arith.fptosi", (at,), dtype, np.trunc(made.values[at]))
    if dtype in ("i8", "i16"):
        return made.add("arith.trunci", (at,), dtype, x)
    return at


def some(operations: list[str]) -> st.SearchStrategy[list[str]]:
    """A few different operations in any order."""
    return st.permutations(operations).flatmap(
        lambda shuffled: st.integers(2, 5).map(lambda count: shuffled[:count])
    )


@st.composite
def epilogues(draw: st.DrawFn, *, scalar: bool) -> tuple[Expression, str]:
    """A random epilogue of i32 sums with a bias of their type; the result's type."""
    bias = draw(st.integers(0, 2**32 - 1).map(np.random.default_rng))
    wide = bias.integers(-(2**31), 2**31, CHANNELS, dtype=np.int32)
    given_bias = EpilogueInput(Operand("i32", (CHANNELS,)), (0, 1, 0))
    sums = bias.integers(-128, 128, (PIXELS, CHANNELS), dtype=np.int32) * np.int32(127)
    made = Expression([given_bias], [sums, np.broadcast_to(wide, sums.shape)])
    at = made.add("arith.addi", (0, 1), "i32", sums + wide)
    for op in draw(some(whole_operations(scalar=scalar))):
        at = whole_step(made, draw, at, op)
    dtypes = ["i8", "i16", "i32"]
    if draw(st.booleans()):
        convert = draw(st.sampled_from(["sitofp", "uitofp"] if scalar else ["sitofp"]))
        if draw(st.booleans()):
            at = made.add("arith.trunci", (at,), "i8", made.values[at])
        x = made.values[at]
        number = x.view(f"u{x.itemsize}") if convert == "uitofp" else x
        at = made.add(f"arith.{convert}", (at,), "f32", number.astype(np.float32))
        for op in draw(some(real_operations(scalar=scalar))):
            at = real_step(made, draw, at, op)
        dtypes = ["i8", "i16", "i32", "bf16", "f32"]
    dtype = draw(st.sampled_from(dtypes))
    narrow(made, draw, at, dtype)
    return made, dtype


def problem(made: Expression, dtype: str) -> ConvProblem:
    """One product a sum: pixel p, channel c is a[p][c] with the other factor 127 on the diagonal."""
    loops = (
        Loop("m", "m", PIXELS, CHANNELS, 0, CHANNELS),
        Loop("n", "n", CHANNELS, 0, 1, 1),
        Loop("k", "k", CHANNELS, 1, CHANNELS, 0),
    )
    return ConvProblem(
        "matmul",
        loops,
        Operand("i8", (PIXELS, CHANNELS)),
        Operand("i8", (CHANNELS, CHANNELS)),
        Operand(dtype, (PIXELS, CHANNELS)),
        "i32",
        Epilogue(tuple(made.inputs), tuple(made.steps), len(made.values) - 1),
    )


def check(route: Route, made: Expression, dtype: str, device: str) -> None:
    """The simulated text gives numpy's values to the bit, zeros of either sign alike."""
    plan = route.propose(problem(made, dtype), device)
    sums, bias = made.values[:2]
    arrays: dict[str, Values] = {
        "lhs": (sums // 127).astype(np.int8),
        "rhs": np.eye(CHANNELS, dtype=np.int8) * np.int8(127),
        "in0": np.ascontiguousarray(bias[0]),
        "out": np.zeros((PIXELS, CHANNELS), NUMPY_DTYPE[dtype]),
    }
    buffers = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    buffers["result"] = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    flat = [np.ascontiguousarray(buffers[a.name]).reshape(-1) for a in plan.arguments]
    Simulator(plan.emit()).run(flat)
    out = apply(plan.finish, {"result": flat[-1], "out": arrays["out"]})
    got = out["out"] if plan.finish else flat[-1]
    want = made.values[-1].astype(NUMPY_DTYPE[dtype])
    np.testing.assert_array_equal(got.reshape(want.shape), want)


@given(epilogues(scalar=True), st.sampled_from(["npu1_1col", "npu4"]))
def test_scalar_code_equals_numpy(made: tuple[Expression, str], device: str) -> None:
    check(ScalarRoute(), *made, device)


@given(epilogues(scalar=False), st.sampled_from(["npu1_1col", "npu4"]))
def test_vector_code_equals_numpy(made: tuple[Expression, str], device: str) -> None:
    check(VectorRoute(), *made, device)


@pytest.mark.parametrize("route", [ScalarRoute(), VectorRoute()])
def test_what_has_no_exact_form_is_refused(route: Route) -> None:
    sums = np.zeros((PIXELS, CHANNELS), np.int32)
    for op, dtype in (("math.tanh", "f32"), ("arith.truncf", "f16")):
        made = Expression([], [sums])
        at = made.add("arith.sitofp", (0,), "f32", sums)
        made.steps.append(Step(op, (at,), dtype, None))
        with pytest.raises(Unsupported, match=op):
            route.propose(problem(made, "f32"), "npu1_1col")
