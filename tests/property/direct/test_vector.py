"""simulate(emit(p)) equals torch: the emitted text, parsed back and run, for random problems."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import device_names, get_device
from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.ir.text import read_module
from aie_conv.layout.hostcopy import NUMPY_DTYPE
from aie_conv.mapping.build import PARAMETER_WORDS
from aie_conv.mapping.check import COUNTER_BYTES, STACK_BYTES
from aie_conv.plan import blank_operands
from aie_conv.problem import ConvProblem, conv2d
from aie_conv.sim import Simulator
from aie_conv.sim.model.module import build_model
from aie_conv.sim.model.program_size import ProgramSizes
from aie_conv.sim.model.verifier import tile_use
from tests.support.direct.strategies import Case, cases, simulate


@given(cases(["i8", "i16", "bf16"]), st.sampled_from(device_names()))
def test_simulated_text_equals_torch(case: Case, device: str) -> None:
    plan = VectorRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


LAST = (0, 2, 3, 1)


def case_of(groups: int, channels: int, outputs: int, side: int = 12) -> Case:
    """A 3x3 window over int8 pixels, with bias."""
    shape = ((side, side), (3, 3), (1, 1), (1, 1))
    return Case(1, groups, channels, outputs, *shape, "i8", LAST, LAST, LAST, 0, "bias")


@pytest.mark.parametrize(
    ("case", "old", "new"),
    [
        (case_of(1, 64, 16, 40), "aie.objectfifo.release @a_l1_0(Consume, 1)", ""),
        (case_of(1, 16, 16), "arith.constant 776 : i32", "arith.constant 264 : i32"),
        (case_of(1, 16, 16), "%lhs[0, 0, 0, 0]", "%lhs[0, 0, 0, 16]"),
        (case_of(1, 16, 16), " {padDimensions = ", " {unknown = "),
        (case_of(64, 1, 1), "arith.constant 808 : i32", "arith.constant 904 : i32"),
        (case_of(4, 8, 8), "([] [0, ", "([] [64, "),
        (replace(case_of(1, 16, 16), dtype="i16"), "constant 826 : i32", "constant 794 : i32"),
    ],
)
def test_a_changed_program_is_noticed(case: Case, old: str, new: str) -> None:
    """Nothing but the text decides: each change is an error or a wrong result."""
    plan = VectorRoute().propose(case.problem(), "npu1_4col")
    text = plan.emit()
    assert old in text
    try:
        got, arrays = simulate(case, plan, text.replace(old, new))
    except AieConvError:
        return
    assert not np.array_equal(got, case.reference(arrays))


def test_groups_are_spread_over_the_rows() -> None:
    for case in (case_of(64, 1, 1, 40), case_of(8, 8, 8, 40)):
        plan = VectorRoute().propose(case.problem(), "npu1_4col")
        assert plan.mapping.grid.unicast
        assert plan.mapping.grid.rows > 1


def test_a_plan_comes_back_from_its_parameters() -> None:
    for case in (case_of(1, 16, 24), case_of(40, 1, 1)):
        problem = case.problem()
        plan = VectorRoute().propose(problem, "npu1_4col")
        again = VectorRoute().propose(problem, "npu1_4col", plan.parameters)
        assert again.emit() == plan.emit()
        with pytest.raises(ConfigRefused, match="parameters"):
            VectorRoute().propose(problem, "npu1_4col", {"n": 8})


def test_types_without_instructions_are_refused() -> None:
    problem = case_of(1, 16, 16).problem()
    wide = replace(
        problem,
        lhs=replace(problem.lhs, dtype="i32"),
        rhs=replace(problem.rhs, dtype="i32"),
    )
    with pytest.raises(Unsupported, match="i32 x i32"):
        VectorRoute().propose(wide, "npu1_4col")


def resnet50_windows() -> list[ConvProblem]:
    """The distinct 3x3 convolutions of ResNet-50, borders included."""
    shapes = [(58, 64, 1), (58, 128, 2), (30, 128, 1), (30, 256, 2), (16, 256, 1), (16, 512, 2)]
    return [
        conv2d(1, side, side, c, c, 3, 3, stride=(s, s), dtype="i8", out_dtype="i32")
        for side, c, s in [*shapes, (9, 512, 1)]
    ]


@pytest.mark.parametrize("problem", resnet50_windows(), ids=ConvProblem.describe)
def test_resnet50_windows_keep_the_matrix_unit_busy(problem: ConvProblem) -> None:
    """At least half of the peak in the cores' time, unless the plan says that they wait; fewer bytes over
    the shim than im2col, unless the host's memory binds, for which longer runs are worth more bytes."""
    device = get_device("npu1_4col")
    plan = VectorRoute().propose(problem, device.name)
    stats = Simulator(plan.emit()).run(blank_operands(plan))
    share = stats.macs / sum(stats.core_cycles.values()) / device.arch.macs_per_cycle["i8"]
    assert share >= 0.5 or plan.bound in ("filter stream", "input stream", "host memory")
    assert stats.shim_bytes == plan.shim_bytes
    fewer = plan.shim_bytes < Im2colRoute().propose(problem, device.name).shim_bytes
    assert fewer or plan.bound == "host memory"


def test_planner_and_simulator_agree_on_a_cores_memory() -> None:
    """Stack, FIFO counters and objects: a tile that fits by the one fits by the other, to the byte."""
    plan = VectorRoute().propose(case_of(1, 64, 64, 30).problem(), "npu1_4col")
    view, l1 = plan.mapping.view, plan.mapping.l1
    size, out = (NUMPY_DTYPE[ty].itemsize for ty in (view.dtype, view.problem.out.dtype))
    model = build_model(read_module(plan.emit()))
    uses = tile_use(model, ProgramSizes(model))
    objects = 2 * l1.input + l1.filter_depth * l1.filter
    results = l1.output * 2 * out + l1.accumulators * 4
    most = objects * size + results + STACK_BYTES + COUNTER_BYTES + 4 * PARAMETER_WORDS
    cores = [sum(size for _, size in use.memory) for tile, use in uses.items() if tile.row > 1]
    assert cores == [most] * len(cores)


def test_the_least_bytes_count_the_fused_operands() -> None:
    """What a plan with bias and residual moves at least, beside the same without: both, once."""
    fused = replace(case_of(1, 16, 32), epilogue="residual").problem()
    plain = replace(case_of(1, 16, 32), epilogue="none").problem()
    pixels, channels = 10 * 10, 32
    wider = pixels * channels * (4 - 1)  # the plain one stores sums
    added = pixels * channels + 4 * channels
    assert fused.minimum_bytes + wider == plain.minimum_bytes + added
