"""Groups and batched matmuls as implicit GEMMs: the emitted text, parsed back and run, equals torch."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import device_names
from aie_conv.errors import AieConvError
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem, Loop, Operand
from aie_conv.sim import Simulator
from tests.support.direct.strategies import Case, cases, flat_operands, simulate

LAST = (0, 2, 3, 1)


def case_of(
    groups: int, channels: int, outputs: int, dtype: str = "i8", fused: str = "bias"
) -> Case:
    """A 3x3 window over 10x10 pixels."""
    shape = ((10, 10), (3, 3), (1, 1), (1, 1))
    return Case(1, groups, channels, outputs, *shape, dtype, LAST, LAST, LAST, 0, fused)


@given(cases(["i8", "bf16"]), st.sampled_from(device_names()))
def test_simulated_text_equals_torch(case: Case, device: str) -> None:
    assume(case.groups > 1 and case.channels * case.outputs > 1)
    plan = Im2colRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize(
    ("groups", "channels", "outputs", "dtype"),
    [(2, 64, 128, "i8"), (4, 16, 16, "bf16"), (8, 8, 8, "i8"), (32, 2, 2, "i8"), (3, 5, 9, "bf16")],
)
@pytest.mark.parametrize("device", ["npu1_1col", "npu4"])
def test_groups_of_every_kind(
    groups: int, channels: int, outputs: int, dtype: str, device: str
) -> None:
    case = case_of(groups, channels, outputs, dtype)
    plan = Im2colRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


def test_another_groups_input_is_noticed() -> None:
    case = case_of(2, 64, 128)
    plan = Im2colRoute().propose(case.problem(), "npu1_4col")
    assert plan.mapping.grid.rows > 1
    text = plan.emit()
    changed = text.replace("[0, 0, 0, 64]", "[0, 0, 0, 0]")
    assert changed != text
    try:
        got, arrays = simulate(case, plan, changed)
    except AieConvError:
        return
    assert not np.array_equal(got, case.reference(arrays))


@dataclass(frozen=True)
class Batch:
    """Products of a batch of matrices, the right ones with their columns innermost or outermost."""

    count: int
    m: int
    n: int
    k: int
    dtype: str
    turned: bool

    def problem(self) -> ConvProblem:
        b, m, n, k = self.count, self.m, self.n, self.k
        acc = "i32" if self.dtype == "i8" else "f32"
        by_n, by_k = (k, 1) if self.turned else (1, n)
        loops = (
            Loop("g", "g", b, m * k, k * n, m * n),
            Loop("m", "m", m, k, 0, n),
            Loop("n", "n", n, 0, by_n, 1),
            Loop("k", "k", k, 1, by_k, 0),
        )
        rhs = (b, n, k) if self.turned else (b, k, n)
        lhs, out = Operand(self.dtype, (b, m, k)), Operand(acc, (b, m, n))
        return ConvProblem("matmul", loops, lhs, Operand(self.dtype, rhs), out, acc)

    def run(self, plan: Plan) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        """What the program computes on whole numbers, and what numpy does."""
        rng = np.random.default_rng(0)
        lhs = rng.integers(-9, 10, (self.count, self.m, self.k))
        rhs = rng.integers(-9, 10, (self.count, self.k, self.n))
        stored = rhs.transpose(0, 2, 1) if self.turned else rhs
        kind = NUMPY_DTYPE[self.dtype]
        out = np.zeros((self.count, self.m, self.n), NUMPY_DTYPE[plan.problem.out.dtype])
        arrays = {
            "lhs": lhs.astype(kind), "rhs": np.ascontiguousarray(stored).astype(kind), "out": out
        }  # fmt: skip
        flat = flat_operands(plan, arrays)
        Simulator(plan.emit()).run(flat)
        got = flat[-1]
        if plan.finish:
            got = apply(plan.finish, {"result": got, "out": out})["out"]
        return got.reshape(out.shape), (lhs @ rhs).astype(out.dtype)


@given(
    st.builds(
        Batch,
        st.integers(2, 7), st.integers(1, 30), st.integers(1, 40), st.integers(1, 40),
        st.sampled_from(["i8", "bf16"]), st.booleans(),
    ),
    st.sampled_from(device_names()),
)  # fmt: skip
def test_batches_of_matrices(batch: Batch, device: str) -> None:
    assume(batch.n > 1 or batch.k > 1)
    got, want = batch.run(Im2colRoute().propose(batch.problem(), device))
    np.testing.assert_array_equal(got, want)
