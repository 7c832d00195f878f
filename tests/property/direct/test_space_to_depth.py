"""Strides folded into channels: the emitted text, parsed back and run, against torch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aie_conv.direct.vector import VectorRoute
from aie_conv.direct.view import find_windows, make_view
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import NUMPY_DTYPE, HostCopy, apply
from aie_conv.mapping.loops import matrix_dtype
from aie_conv.mapping.operands import K_BLOCK, channel_loop
from aie_conv.problem import BLOCK_FLOAT, ConvProblem, conv2d
from aie_conv.rewrites.drop_unit_loops import drop_unit_loops
from aie_conv.rewrites.space_to_depth import NAMES, space_to_depth
from aie_conv.sim import Simulator
from tests.property.img2col.test_f32_modes import exact, operands
from tests.property.img2col.test_f32_modes import simulate as run_plan
from tests.support.direct.strategies import Case, simulate

LAST, FIRST = (0, 2, 3, 1), (0, 1, 2, 3)


@st.composite
def few_channels(draw: st.DrawFn) -> Case:
    """Convolutions with strides over few channels, in every layout, borders at any place of a stride."""
    taps, stride = ((draw(st.integers(1, most)), draw(st.integers(1, most))) for most in (7, 4))
    out = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    spatial = tuple(
        (size - 1) * s + k + draw(st.integers(0, s - 1))
        for size, k, s in zip(out, taps, stride, strict=True)
    )
    order = st.sampled_from([LAST, FIRST])
    return Case(
        batch=draw(st.integers(1, 2)),
        groups=1,
        channels=draw(st.integers(1, 7)),
        outputs=draw(st.sampled_from([8, 16])),
        spatial=spatial,
        taps=taps,
        stride=stride,
        dilation=(1, 1),
        dtype=draw(st.sampled_from(["i8", "bf16"])),
        input_order=draw(order),
        filter_order=draw(order),
        output_order=LAST,
        border=draw(st.sampled_from([0, 0, 1])),
        epilogue=draw(st.sampled_from(["none", "bias"])),
    )


def fold_of(problem: ConvProblem) -> tuple[ConvProblem, ConvProblem, tuple[HostCopy, ...]]:
    """A problem before and after, and the copies."""
    before = drop_unit_loops(problem)
    windows = find_windows(before)
    dtype = matrix_dtype(problem)
    unit = BLOCK_FLOAT if problem.arithmetic == BLOCK_FLOAT else dtype
    return before, *space_to_depth(before, windows, dtype, K_BLOCK, unit)


def products(problem: ConvProblem) -> int:
    """Products of an output, channels in whole blocks."""
    total, channel = 1, channel_loop(problem)
    for number, loop in enumerate(problem.loops):
        if loop.role == "k":
            whole = -(-loop.size // K_BLOCK) * K_BLOCK if number == channel else loop.size
            total *= whole
    return total


@given(few_channels(), st.sampled_from(["npu1_1col", "npu4"]))
def test_a_folded_convolution_equals_torch(case: Case, device: str) -> None:
    assume(fold_of(case.problem())[2])
    try:
        plan = VectorRoute().propose(case.problem(), device)
    except (ConfigRefused, Unsupported):
        assume(False)
        raise
    assert NAMES["lhs"] in {copy.dest for copy in plan.prologue}
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@given(few_channels())
def test_a_fold_makes_sums_shorter_and_is_left_where_it_does_not(case: Case) -> None:
    before, after, copies = fold_of(case.problem())
    if copies:
        assert products(after) < products(before)
    else:
        assert after is before


@pytest.mark.parametrize("channels", [8, 16, 24])
def test_whole_blocks_of_channels_are_not_folded(channels: int) -> None:
    shape = ((9, 9), (3, 3), (2, 2), (1, 1))
    case = Case(1, 1, channels, 16, *shape, "i8", LAST, LAST, LAST, 0, "none")
    assert not fold_of(case.problem())[2]


@pytest.mark.parametrize(("taps", "stride"), [(7, 2), (4, 2), (3, 4), (6, 3)])
def test_an_infinity_beside_a_window_does_not_reach_it(taps: int, stride: int) -> None:
    """Where it would meet a made-up tap there is no fold."""
    side = 3 * stride + taps + stride
    shape = ((side, side), (taps, taps), (stride, stride), (1, 1))
    case = Case(1, 1, 3, 8, *shape, "bf16", LAST, LAST, LAST, 0, "none")
    problem = case.problem()
    assert bool(fold_of(problem)[2]) == (taps % stride == 0)
    plan = VectorRoute().propose(problem, "npu1_1col")
    arrays = case.operands()
    x = arrays["lhs"].reshape(side, side, 3)
    x[:, taps:] = np.inf
    buffers = apply(plan.prologue, arrays)
    flat = [np.zeros(a.elements, NUMPY_DTYPE[a.dtype]) for a in plan.arguments]
    for a, buffer in zip(plan.arguments, flat, strict=True):
        if a.name in buffers:
            buffer[:] = buffers[a.name].reshape(-1)
    Simulator(plan.emit()).run(flat)
    assert np.isfinite(flat[-1][:8].astype(np.float32)).all()


def test_block_floats_are_folded_where_a_made_up_tap_meets_a_pixel() -> None:
    """Such a pixel is one more of a block's values: an infinity two pixels beside a window stays out."""
    problem = replace(conv2d(1, 21, 21, 3, 16, 7, 7, stride=(2, 2)), arithmetic=BLOCK_FLOAT)
    assert fold_of(problem)[2]
    assert not fold_of(replace(problem, arithmetic="native"))[2]
    plan = VectorRoute().propose(problem, "npu4")
    assert plan.arithmetic == BLOCK_FLOAT
    arrays = operands(problem, 3)
    x, w = (arrays[name].astype(NUMPY_DTYPE["bf16"]) for name in ("lhs", "rhs"))
    x.reshape(21, 21, 3)[:, 8:] = np.inf
    out = arrays["out"].astype(NUMPY_DTYPE[problem.out.dtype])
    got = run_plan(plan, {"lhs": x, "rhs": w, "out": out}).reshape(8, 8, 16).astype(np.float64)
    clean = np.where(np.isfinite(x.astype(np.float64)), x.astype(np.float64), 0)
    expected = exact(problem, clean, w.astype(np.float64)).reshape(8, 8, 16)
    largest = np.abs(clean).max() * np.abs(w.astype(np.float64)).max()
    assert np.abs(got[:, 0] - expected[:, 0]).max() <= 2.0**-4 * problem.extent("k") * largest
    assert np.isnan(got[:, 1:]).all()


def test_an_image_of_three_channels_is_read_as_pairs_of_pixels() -> None:
    """7x7 with stride 2: seven taps of four pairs, and half as many bytes as eight channels take."""
    shape = ((230, 230), (7, 7), (2, 2), (1, 1))
    problem = Case(1, 1, 3, 64, *shape, "i8", LAST, LAST, LAST, 0, "none").problem()
    view = make_view(problem, matrix_dtype(problem), K_BLOCK, None)
    assert (view.channels, view.rows.taps, view.columns.taps, view.columns.step) == (8, 7, 4, 1)
    assert view.lhs.elements == 230 * 115 * 8
