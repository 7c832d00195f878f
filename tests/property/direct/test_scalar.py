"""Scalar code: simulate(emit(p)) equals torch for every type, and the rest is refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.direct.scalar import ScalarRoute
from aie_conv.errors import Unsupported
from aie_conv.problem import conv2d
from tests.support.direct.strategies import Case, cases, simulate


@given(cases(["i8", "i16", "i32", "bf16", "f32"]), st.sampled_from(device_names()))
def test_simulated_text_equals_torch(case: Case, device: str) -> None:
    plan = ScalarRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


def test_a_plan_comes_back_from_its_parameters() -> None:
    problem = conv2d(1, 9, 9, 8, 8, 3, 3, dtype="i8")
    plan = ScalarRoute().propose(problem, "npu1_4col")
    assert ScalarRoute().propose(problem, "npu1_4col", plan.parameters).emit() == plan.emit()


def test_other_types_are_refused() -> None:
    problem = conv2d(1, 9, 9, 8, 8, 3, 3, dtype="i8")
    mixed = replace(problem, rhs=replace(problem.rhs, dtype="i16"))
    with pytest.raises(Unsupported, match="i8 x i16 -> i32"):
        ScalarRoute().propose(mixed, "npu1_4col")
