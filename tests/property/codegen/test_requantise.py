"""Requantisation in core code: shift, bounds and truncation, exact for every sum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.requantise import requantisations
from aie_conv.problem import Epilogue, Step
from tests.support.codegen.run import run_function

DTYPES = {"i8": np.int8, "i16": np.int16}
EDGES = (-(2**31), -(2**31) + 1, -1, 0, 1, 2**31 - 2, 2**31 - 1)


def kernel(device: str, dtype: str, epilogue: Epilogue) -> EpilogueKernel:
    """The epilogue on one block of accumulators."""
    arch = get_device(device).arch
    r, s, t = arch.matmul["i8"]
    return EpilogueKernel(
        arch, epilogue, "i32", dtype, "i8", (r, s, t), r, t, t, {}, None,
        ResidualBlocks(1, 1, 0, 1, 1), r * s, s * t, arch.vector_load_bytes,
    )  # fmt: skip


@st.composite
def bounds(draw: st.DrawFn, dtype: str) -> list[tuple[str, int]]:
    """Maxima and minima in some order, most of them within the type."""
    info = np.iinfo(DTYPES[dtype])
    number = st.one_of(
        st.sampled_from([int(info.min), int(info.max), 0]),
        st.integers(int(info.min) - 3, int(info.max) + 3),
    )
    ops = draw(st.lists(st.sampled_from(["maxsi", "minsi"]), max_size=3))
    return [(op, draw(number)) for op in ("maxsi", "minsi", *ops)]


def requantise(amount: int, limits: list[tuple[str, int]], dtype: str) -> Epilogue:
    steps = [Step("arith.constant", (), "i32", amount), Step("arith.shrsi", (0, 1), "i32")]
    for op, limit in limits:
        value = len(steps)
        steps.append(Step("arith.constant", (), "i32", limit))
        steps.append(Step(f"arith.{op}", (value, value + 1), "i32"))
    steps.append(Step("arith.trunci", (len(steps),), dtype))
    return Epilogue((), tuple(steps), len(steps))


@given(data=st.data())
def test_every_sum_is_shifted_bounded_and_truncated(data: st.DataObject) -> None:
    device = data.draw(st.sampled_from(["npu1_4col", "npu4"]))
    dtype = data.draw(st.sampled_from(["i8", "i16"]))
    amount, limits = data.draw(st.integers(0, 31)), data.draw(bounds(dtype))
    made = kernel(device, dtype, requantise(amount, limits, dtype))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    sums = rng.integers(-(2**31), 2**31, made.m * made.n).astype(np.int32)
    sums >>= rng.integers(0, 31, sums.shape).astype(np.int32)
    sums[: len(EDGES)] = EDGES
    # Where rounding and bounds meet.
    near = np.array([limit << amount for _, limit in limits], np.int64)
    near = np.concatenate([near - 1, near, near + 1]).clip(-(2**31), 2**31 - 1)
    sums[8 : 8 + len(near)] = near
    out = np.zeros(made.m * made.n, DTYPES[dtype])
    run_function(device, made.text("kernel"), [sums, out])
    wanted = sums >> amount
    for op, limit in limits:
        wanted = {"maxsi": np.maximum, "minsi": np.minimum}[op](wanted, limit)
    np.testing.assert_array_equal(out, wanted.astype(DTYPES[dtype]))


@pytest.mark.parametrize(
    ("amount", "dtype", "limits", "holds"),
    [
        (7, "i8", [("maxsi", 0), ("minsi", 127)], True),
        (24, "i8", [("maxsi", -128), ("minsi", 127)], True),
        (25, "i8", [("maxsi", -128), ("minsi", 127)], False),
        (16, "i16", [("minsi", 32767), ("maxsi", -32768)], True),
        (7, "i8", [("maxsi", 0), ("minsi", 128)], False),
        (7, "i8", [("minsi", 127)], False),
    ],
)
def test_only_what_the_result_can_hold_is_one(
    amount: int, dtype: str, limits: list[tuple[str, int]], holds: bool
) -> None:
    assert bool(requantisations(requantise(amount, limits, dtype), "i32")) == holds


def test_a_value_that_is_used_elsewhere_is_kept() -> None:
    base = requantise(7, [("maxsi", 0), ("minsi", 127)], "i8")
    more = Step("arith.addi", (6, 6), "i32")
    assert not requantisations(Epilogue((), (*base.steps, more), base.result), "i32")
