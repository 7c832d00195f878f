"""Softmax, norms and reductions of what is computed: the emitted text, parsed back and run, for random rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import OperationProblem
from tests.support.operations.cases import operands, simulate
from tests.support.operations.rows import answer, check_rows, row_problems, rows

ABOUT_20 = settings(max_examples=max(20, settings().max_examples * 3 // 5))

REFUSED = (
    "a move that the DMA's units", "a broadcast operand", "lanes that are a part of a dimension",
    "its rows lie in no order", "rows of ", "an output that is no box", "everything is reduced",
    "elements for all lanes",
)  # fmt: skip
"""What may be refused, by how the reason begins."""


def plan_of(problem: OperationProblem, device: str) -> OperationPlan | None:
    """A plan; None where a reason that may be is given."""
    try:
        return OperationRoute().propose(problem, device)
    except Unsupported as refusal:
        known = str(refusal).startswith(REFUSED)
    except ConfigRefused:
        # Rows too long for a core, or operands whose runs are too short for the DMA.
        known = True
    assert known
    return None


def check(case: tuple[OperationProblem, str], device: str, *, special: bool) -> None:
    """A random operation on one device."""
    problem, name = case
    plan = plan_of(problem, device)
    if plan is None:
        return
    special = special and name in ("softmax", "largest") and problem.lhs.dtype != "i8"
    arrays = operands(problem, special=special)
    check_rows(problem, arrays, simulate(plan, arrays)[0])


@ABOUT_20
@given(row_problems(), st.sampled_from(device_names()), st.booleans())
def test_rows_equal_torch(case: tuple[OperationProblem, str], device: str, special: bool) -> None:
    check(case, device, special=special)


@pytest.mark.slow
@settings(max_examples=300)
@given(row_problems(), st.sampled_from(device_names()), st.booleans())
def test_many_rows_equal_torch(
    case: tuple[OperationProblem, str], device: str, special: bool
) -> None:
    check(case, device, special=special)


@pytest.mark.parametrize("device", device_names())
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype", ["bf16", "f32", "i8"])
def test_softmax_of_every_type_and_layout(dtype: str, last: bool, device: str) -> None:
    problem = rows("softmax", dtype, last=last)
    plan = OperationRoute().propose(problem, device)
    assert not plan.prologue
    assert not plan.finish
    arrays = operands(problem, special=dtype != "i8")
    check_rows(problem, arrays, simulate(plan, arrays)[0])


def test_a_row_that_no_core_holds_is_refused() -> None:
    with pytest.raises(ConfigRefused, match="no tiling of normalisation max add"):
        OperationRoute().propose(rows("softmax", "bf16", last=True, size=(8, 1 << 16)), "npu4")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arith.maximumf", "arith.minimumf"),
        ("arith.subf", "arith.addf"),
        ("dense<5.000000e-01>", "dense<6.000000e-01>"),
        ("aie.objectfifo.release @in_l1_0_0(Consume, 1)", ""),
    ],
)
def test_a_changed_program_is_noticed(old: str, new: str) -> None:
    problem = rows("softmax", "bf16", last=True)
    plan = OperationRoute().propose(problem, "npu1_4col")
    text, arrays = plan.emit(), operands(problem, special=False)
    assert old in text
    try:
        got, _ = simulate(plan, arrays, text.replace(old, new))
    except AieConvError:
        return
    want, error = answer(problem, arrays)
    assert not (np.abs(got.reshape(-1).astype(np.float64) - want) <= error).all()
