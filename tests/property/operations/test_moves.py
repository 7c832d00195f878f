"""Moves on the array, by addresses or by elements: what is written is what was read, to the bit."""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.errors import AieConvError, ConfigRefused
from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import DTYPE_BYTES, Epilogue, Loop, Operand, OperationProblem
from tests.support.operations.cases import (
    FUNCTIONS,
    answer,
    check_elementwise,
    check_equal,
    operands,
    simulate,
)
from tests.support.operations.moves import gathered, gathers, moves
from tests.support.operations.samples import transposition

_MOVE = FUNCTIONS["move i8"]


def plan_of(problem: OperationProblem, device: str) -> OperationPlan:
    """The plan; there may be none where no tile is whole vectors of 32 bytes, as the DMA's objects are."""
    try:
        return OperationRoute().propose(problem, device)
    except ConfigRefused:
        moved = prod(loop.size for loop in problem.loops) * DTYPE_BYTES[problem.out.dtype]
        assume(moved % 32 == 0)
        raise


def _check(problem: OperationProblem, device: str) -> None:
    check_elementwise(plan_of(problem, device), problem, _MOVE)


@settings(max_examples=20)
@given(moves(), st.sampled_from(device_names()))
def test_moves_equal_torch(problem: OperationProblem, device: str) -> None:
    _check(problem, device)


@pytest.mark.slow
@settings(max_examples=300)
@given(moves(), st.sampled_from(device_names()))
def test_many_moves_equal_torch(problem: OperationProblem, device: str) -> None:
    _check(problem, device)


def _check_gathers(problem: OperationProblem, device: str) -> None:
    plan = plan_of(problem, device)
    arrays = operands(problem)
    got, _ = simulate(plan, arrays)
    check_equal(got, gathered(problem, arrays))


@settings(max_examples=20)
@given(gathers(), st.sampled_from(device_names()))
def test_gathers_equal_numpy(problem: OperationProblem, device: str) -> None:
    _check_gathers(problem, device)


@pytest.mark.slow
@settings(max_examples=300)
@given(gathers(), st.sampled_from(device_names()))
def test_many_gathers_equal_numpy(problem: OperationProblem, device: str) -> None:
    _check_gathers(problem, device)


@pytest.mark.parametrize("dtype", ["i8", "bf16", "f32"])
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_transposition_takes_about_what_is_predicted(dtype: str, device: str) -> None:
    plan = OperationRoute().propose(transposition(64, 512, dtype), device)
    _, cycles = simulate(plan, operands(plan.problem))
    assert plan.predicted_cycles == pytest.approx(cycles, rel=0.5)


@pytest.mark.parametrize(
    ("old", "new"), [("memref.store", ""), ("([] [0, ", "([] [32, "), ("constant 64 ", "constant 66 ")]
)  # fmt: skip
def test_a_changed_transposition_is_noticed(old: str, new: str) -> None:
    """Nothing but the text decides."""
    problem = transposition(32, 64, "i16")
    plan = OperationRoute().propose(problem, "npu1_4col")
    lines = plan.emit().splitlines()
    at = next(number for number, line in enumerate(lines) if old in line)
    lines[at] = lines[at].replace(old, new) if new else ""
    arrays = operands(problem)
    try:
        got, _ = simulate(plan, arrays, "\n".join(lines))
    except AieConvError:
        return
    assert not np.array_equal(got, answer(problem, arrays, _MOVE))


def test_what_begins_off_4_bytes_is_refused() -> None:
    loops = (Loop("a", "m", 8, 11, 0, 11), Loop("b", "m", 9, 1, 0, 1))
    buffer = Operand("i8", (8, 11), 1)
    problem = OperationProblem("move", loops, buffer, buffer, Epilogue(), "i8", keeps_base=True)
    with pytest.raises(ConfigRefused, match="tile: no tiling of move a8 b9 i8->i8"):
        OperationRoute().propose(problem, "npu1_4col")
