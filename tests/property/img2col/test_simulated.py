"""simulate(emit(p)) equals torch: the emitted text, parsed back and run, for random problems."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.errors import AieConvError, ConfigRefused
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.sim import Simulator
from tests.support.direct import strategies as any_order
from tests.support.img2col.strategies import Case, cases

BF16_UNIT = 2.0**-8
"""Half a unit in the last place of bf16, relative."""

F32_UNIT = 2.0**-24


def simulate(case: Case, plan: ArrayPlan, text: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The output buffer after running ``text``, and the operands it ran on.

    It runs on other operands before: what they leave in the array must not matter.
    """
    simulator = Simulator(text)
    for seed in (1, 0):
        arrays = case.operands(seed)
        buffers = apply(plan.prologue, arrays)
        last = plan.arguments[-1]
        fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
        buffers["result"] = fresh if plan.finish else arrays["out"].reshape(-1).copy()
        flat = [np.ascontiguousarray(buffers[a.name]).reshape(-1) for a in plan.arguments]
        simulator.run(flat)
    if not plan.finish:
        return flat[-1].reshape(arrays["out"].shape), arrays
    out = {"result": flat[-1], "out": arrays["out"].copy()}
    return apply(plan.finish, out)["out"], arrays


def assert_equal(case: Case, got: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
    """Integers exactly; bf16 within the bound of its arithmetic.

    The sum of K products in f32, in any order, is off by at most (K + 2) units of f32 times the sum
    of the products' magnitudes; the epilogue adds and rounds to bf16 once. All operands are below
    6 in magnitude (normal deviates), so 36 K bounds that sum.
    """
    want = case.reference(arrays)
    if case.dtype == "i8":
        np.testing.assert_array_equal(got, want)
        return
    k = case.dims[3] * case.dims[5] * case.dims[6]
    bound = (k + 4) * F32_UNIT * 36 * (k + 2)
    if case.epilogue == "scaled":
        bound = 1.0  # a sum at a tie may fall to either side
    elif case.epilogue != "none":
        # The reference is rounded to bf16 as well, on the other side of the same value.
        bound = bound + 2 * BF16_UNIT * np.abs(want.astype(np.float64)) + 2 * BF16_UNIT
    error = np.abs(got.astype(np.float64) - want.astype(np.float64))
    assert (error <= bound).all(), f"largest error {error.max()}"


@given(cases(), st.sampled_from(device_names()))
def test_simulated_text_equals_torch(case: Case, device: str) -> None:
    plan = Im2colRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    assert_equal(case, got, arrays)


@given(any_order.cases(["i16"]).filter(lambda c: c.groups == 1), st.sampled_from(device_names()))
def test_int16_equals_torch(case: any_order.Case, device: str) -> None:
    try:
        plan = Im2colRoute().propose(case.problem(), device)
    except ConfigRefused as refused:
        # Half an object of the input holds no block of a residual of i32.
        if refused.limit != "residual object":
            raise
        return
    got, arrays = any_order.simulate(case, plan, plan.emit())
    case.check(got, arrays)


CASE = Case(
    (1, 10, 10, 16, 32, 3, 3), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "bias"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("aie.objectfifo.release @a_l1_0(Consume, 1)", ""),
        ("arith.constant 776 : i32", "arith.constant 264 : i32"),
        ("aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0]", "aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 16]"),
    ],
)
def test_a_changed_program_is_noticed(old: str, new: str) -> None:
    """Nothing but the text decides: each change is an error or a wrong result."""
    plan = Im2colRoute().propose(CASE.problem(), "npu1_4col")
    text = plan.emit()
    assert old in text
    try:
        got, arrays = simulate(CASE, plan, text.replace(old, new))
    except AieConvError:
        return
    assert not np.array_equal(got, CASE.reference(arrays))


def test_padded_channels_are_zeros() -> None:
    """Infinity beside a channel border stays in its own pixel."""
    case = Case(
        (1, 4, 4, 3, 8, 1, 1), (1, 1), (1, 1), "bf16", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
    )
    plan = Im2colRoute().propose(case.problem(), "npu1_1col")
    arrays = case.operands()
    arrays["lhs"][0, 1, 1, 2] = np.inf
    buffers = apply(plan.prologue, arrays)
    flat = [np.ascontiguousarray(buffers[a.name]).reshape(-1) for a in plan.arguments[:-1]]
    out = np.zeros(plan.arguments[-1].elements, np.float32)
    Simulator(plan.emit()).run([*flat, out])
    finite = np.isfinite(out.reshape(4, 4, 8)).all(axis=2)
    assert not finite[1, 1]
    assert finite.sum() == 15
