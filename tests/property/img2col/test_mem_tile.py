"""What the mem tiles hold and send again: simulate(emit(p)) equals torch with every such parameter forced."""

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import AieConvError, ConfigRefused
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.img2col.view import make_view
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.sizes import divisors
from aie_conv.mapping.tiling import Tiling
from aie_conv.problem import ConvProblem
from aie_conv.sim import Simulator
from tests.property.img2col.test_simulated import assert_equal, simulate
from tests.support.direct import strategies as any_order
from tests.support.img2col.strategies import Case

DEVICES = ("npu1_1col", "npu1_4col", "npu4")


def problems(largest: int) -> st.SearchStrategy[Case]:
    """Convolutions with several steps of K and several slices of output channels."""

    @st.composite
    def build(draw: st.DrawFn) -> Case:
        taps = draw(st.sampled_from([(1, 1), (1, 1), (3, 3), (1, 2)]))
        size = tuple(t + draw(st.integers(5, 12)) for t in taps)
        channels = draw(st.sampled_from([16, 32, 48, 64]))
        outputs = draw(st.sampled_from([24, 64, largest]))
        epilogue = draw(st.sampled_from(["none", "bias", "bias", "residual"]))
        dtype = draw(st.sampled_from(["i8", "i8", "bf16"]))
        dims = (draw(st.integers(1, 2)), *size, channels, outputs, *taps)
        return Case(dims, (1, 1), (1, 1), dtype, "nhwc", "oyxc", "npqo", (0, 0, 0), epilogue)

    return build()


def holding(tiling: Tiling) -> list[Tiling]:
    """The tilings with the same work in the cores that hold more in the mem tiles, and fit."""
    found: list[Tiling] = []
    ways = product(
        tiling.stages(), divisors(tiling.passes_of_input), divisors(tiling.column_tiles), (1, 2)
    )
    for staged, a_repeat, b_repeat, out_depth in ways:
        held = replace(
            tiling, staged=staged, a_repeat=a_repeat, b_repeat=b_repeat, out_depth=out_depth
        )
        if (staged, a_repeat, b_repeat, out_depth) == (1, 1, 1, 2):
            continue
        try:
            held.check()
        except ConfigRefused:
            continue
        found.append(held)
    return found


def draw_plan(
    data: st.DataObject, route: ArrayRoute, problem: ConvProblem, device: str
) -> ArrayPlan:
    """A plan with several steps a column, whose mem tiles hold what they need not."""
    found = [t for t in route.ways(problem, get_device(device)).candidates if t.n <= 32]
    busy = [t for t in found if t.chunks > 1 or t.passes > 1]
    assume(busy)
    tiling = data.draw(st.sampled_from(busy))
    held = holding(tiling)
    assume(held)
    # Each kind about as often, however many of it there are.
    kinds = Counter((t.staged > 1, t.a_repeat > 1, t.b_repeat > 1) for t in held)
    kind = data.draw(st.sampled_from(sorted(kinds)))
    of_kind = [t for t in held if (t.staged > 1, t.a_repeat > 1, t.b_repeat > 1) == kind]
    return ArrayPlan(route.name, route.style, data.draw(st.sampled_from(of_kind)), 1)


@given(problems(160), st.sampled_from(DEVICES), st.data())
def test_implicit_products_equal_torch(case: Case, device: str, data: st.DataObject) -> None:
    plan = draw_plan(data, Im2colRoute(), case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    assert_equal(case, got, arrays)


LAST = (0, 2, 3, 1)


@given(problems(96), st.sampled_from(DEVICES), st.booleans(), st.data())
def test_direct_tiles_equal_torch(
    case: Case, device: str, grouped: bool, data: st.DataObject
) -> None:
    n, h, w, channels, outputs, *taps = case.dims
    groups = 2 if grouped else 1
    shape = ((h, w), tuple(taps), (1, 1), (1, 1))
    orders = (LAST, LAST, LAST)
    direct = any_order.Case(
        n, groups, channels // groups, outputs // groups, *shape, case.dtype, *orders, 0, case.epilogue
    )  # fmt: skip
    plan = draw_plan(data, VectorRoute(), direct.problem(), device)
    got, arrays = any_order.simulate(direct, plan, plan.emit())
    direct.check(got, arrays)


PRODUCT = Case(
    (1, 8, 16, 128, 96, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "bias"
)


def forced(**fields: int) -> ArrayPlan:
    """A product with 3 passes over 2 tiles a column in 4 steps of K."""
    plan = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col")
    sizes = {"n": 8, "kc": 32, "th": 1, "tw": 16, "rep": 1, "b_depth": 2}
    tiling = replace(plan.tiling, **{**sizes, **fields}, resident=False)
    tiling.check()
    return replace(plan, tiling=tiling)


@pytest.mark.parametrize("device", DEVICES)
def test_a_residual_is_staged_with_the_input(device: str) -> None:
    """Both come in objects of two steps: 32 channels of a slice's 64."""
    case = Case(
        (1, 6, 8, 64, 128, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "residual"
    )  # fmt: skip
    plan = Im2colRoute().propose(case.problem(), device)
    sizes = {"n": 64, "kc": 16, "th": 1, "tw": 8, "rep": 1, "b_depth": 2, "resident": False}
    tiling = replace(plan.tiling, **sizes, staged=2)
    tiling.check()
    assert tiling.residual_objects == 4 * tiling.rows
    plan = replace(plan, tiling=tiling)
    got, arrays = simulate(case, plan, plan.emit())
    assert_equal(case, got, arrays)
    with pytest.raises(ConfigRefused, match="staged input: 1 objects of the residual"):
        replace(tiling, n=16).check()


def shares(plan: ArrayPlan) -> tuple[int, int]:
    """How often input and filter cross the shim."""
    tiling = plan.tiling
    a, b, _ = tiling.streamed
    weights = (tiling.weight_elements + tiling.tail) * tiling.slices * tiling.size
    return a // (8 * 16 * 128), b // weights


def test_what_is_held_crosses_the_shim_once() -> None:
    assert shares(forced()) == (3, 2)
    assert shares(forced(staged=2)) == (3, 2)
    assert shares(forced(staged=4, a_repeat=3)) == (1, 2)
    assert shares(forced(b_repeat=2)) == (3, 1)


INPUT, FILTER = {"staged": 4, "a_repeat": 3}, {"staged": 2, "b_repeat": 2}


@pytest.mark.parametrize(
    ("fields", "old", "new"),
    [
        (INPUT, "repeat_count = 3", "repeat_count = 2"),
        (FILTER, "repeat_count = 2", "repeat_count = 1"),
        (INPUT, "<size = 16, stride = 128>", "<size = 16, stride = 64>"),
        (FILTER, "<size = 16, stride = 64>", "<size = 8, stride = 64>"),
    ],
)
def test_a_changed_program_is_noticed(fields: dict[str, int], old: str, new: str) -> None:
    plan = forced(**fields)
    text = plan.emit()
    assert old in text
    try:
        got, arrays = simulate(PRODUCT, plan, text.replace(old, new))
    except AieConvError:
        return
    assert not np.array_equal(got, PRODUCT.reference(arrays))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"staged": 3}, "3 of 4 steps"),
        ({"staged": 2, "a_repeat": 3}, "2 of 4 steps"),
        ({"staged": 4, "a_repeat": 2}, "2 of 3 passes"),
        ({"b_repeat": 3}, "3 of 2 tiles"),
        ({"staged": 4, "a_repeat": 3, "b_repeat": 2}, "input is repeated"),
        ({"out_depth": 3}, "give 1 or 2"),
        ({"staged": 0}, "at least 1"),
    ],
)
def test_what_does_not_fit_says_so(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigRefused, match=message):
        forced(**fields)


def test_descriptors_limit_how_often_a_mem_tile_sends() -> None:
    """The tools write one for every time; filter and output leave 16 of the 24 of a channel's half."""
    view = make_view(replace(PRODUCT, dims=(1, 8, 16, 128, 18 * 32, 1, 1)).problem())
    tiling = replace(forced().tiling, gemm=view)
    assert tiling.passes == 18
    with pytest.raises(ConfigRefused, match="mem tile descriptors: 26 of 24"):
        replace(tiling, staged=4, a_repeat=18).check()
    for times, depth in ((9, 1), (6, 2)):
        fits = replace(tiling, staged=4, a_repeat=times)
        fits.check()
        assert fits.a_l3_depth == depth
        # The simulator counts them too.
        Simulator(replace(forced(), tiling=fits).emit())


def test_parameters_with_a_usual_value_may_be_left_out() -> None:
    plan = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col")
    usual = {"staged", "a_repeat", "b_repeat", "out_depth"}
    old = {k: v for k, v in forced().parameters.items() if k not in usual}
    again = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col", old)
    assert again.tiling == forced().tiling
    whole = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col", plan.parameters)
    assert whole.tiling == plan.tiling
