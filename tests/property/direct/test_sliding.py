"""Sliding-window code: the emitted text, parsed back and run, against torch on planar operands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.codegen.sliding import InstructionRow
from aie_conv.direct.sliding import SlidingRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from tests.support.direct.strategies import Case, cases, simulate

DEVICES = ["npu1_1col", "npu1_2col", "npu1_3col", "npu1_4col"]
PLANAR = (0, 1, 2, 3)


def planar(case: Case) -> Case:
    """The case with the pixels of a row side by side in the input, a window along them, no residual."""
    last = len(case.spatial) + 1
    taps = (*case.taps[:-1], max(2, case.taps[-1]))
    spatial = (*case.spatial[:-1], case.spatial[-1] + case.dilation[-1])
    order = (*(d for d in case.input_order if d != last), last)
    bias = "bias" if case.epilogue == "residual" else case.epilogue
    return replace(case, taps=taps, spatial=spatial, input_order=order, epilogue=bias)


@given(cases(["i8", "i16"]).map(planar), st.integers(0, 60), st.sampled_from(DEVICES))
def test_simulated_text_equals_torch(case: Case, wider: int, device: str) -> None:
    case = replace(case, spatial=(*case.spatial[:-1], case.spatial[-1] + wider))
    if case.out_spatial[-1] == 1:
        return  # a row of one pixel is no loop
    plan = SlidingRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


def case_of(groups: int, taps: int = 3, dtype: str = "i8") -> Case:
    """Depthwise windows over planes of 24 x 130 pixels, with bias."""
    shape = ((24, 130), (taps, taps), (1, 1), (1, 1))
    return Case(1, groups, 1, 1, *shape, dtype, PLANAR, PLANAR, PLANAR, 0, "bias")


@pytest.mark.parametrize(
    ("case", "old", "new"),
    [
        (case_of(8), "arith.constant 904 : i32", "arith.constant 808 : i32"),
        (case_of(8, dtype="i16"), "arith.constant 890 : i32", "arith.constant 826 : i32"),
        (case_of(8), "([] [0, ", "([] [64, "),
        (case_of(1), "%lhs_planes[0, 0, 0, 0]", "%lhs_planes[0, 0, 0, 16]"),
    ],
)
def test_a_changed_program_is_noticed(case: Case, old: str, new: str) -> None:
    """Nothing but the text decides: each change is an error or a wrong result."""
    plan = SlidingRoute().propose(case.problem(), "npu1_4col")
    text = plan.emit()
    assert old in text
    try:
        got, arrays = simulate(case, plan, text.replace(old, new))
    except AieConvError:
        return
    assert not np.array_equal(got, case.reference(arrays))


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 4))
def test_every_tap_has_one_place_in_an_instruction(taps: int, step: int, dilation: int) -> None:
    row = InstructionRow(32, 8, taps, step, dilation)
    places = {phase + step * (part * 8 + k) for phase, part in row.used for k in range(8)}
    assert {k * dilation for k in range(taps)} <= places
    assert max(part for _, part in row.used) == row.parts - 1


def test_long_planes_of_few_channels_are_faster_than_padded_channels() -> None:
    """One plane: the matrix unit would multiply seven channels of zeros."""
    problem = replace(case_of(1), epilogue="none").problem()
    sliding = SlidingRoute().propose(problem, "npu1_4col")
    padded = VectorRoute().propose(problem, "npu1_4col")
    assert sliding.mapping.cost.loads["cores"] * sliding.cores < (
        padded.mapping.cost.loads["cores"] * padded.cores
    )


def test_a_plan_comes_back_from_its_parameters() -> None:
    problem = case_of(8).problem()
    plan = SlidingRoute().propose(problem, "npu1_4col")
    assert SlidingRoute().propose(problem, "npu1_4col", plan.parameters).emit() == plan.emit()
    with pytest.raises(ConfigRefused, match="planes"):
        SlidingRoute().propose(problem, "npu1_4col", {**plan.parameters, "tile_k": 99})


def test_what_has_no_such_instruction_is_refused() -> None:
    for case, device, why in (
        (case_of(8), "npu4", "no sliding-window instruction on aie2p"),
        (case_of(8, dtype="bf16"), "npu1_4col", "bf16 has no sliding-window"),
        (replace(case_of(8), input_order=(0, 2, 3, 1)), "npu1_4col", "side by side"),
        (replace(case_of(8), epilogue="residual"), "npu1_4col", "residual"),
        (case_of(8, taps=1), "npu1_4col", "side by side"),
    ):
        with pytest.raises(Unsupported, match=why):
            SlidingRoute().propose(case.problem(), get_device(device).name)
