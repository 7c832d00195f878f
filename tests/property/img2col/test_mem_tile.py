"""What the mem tiles hold and send again: simulate(emit(p)) equals torch with every such parameter forced."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import AieConvError, ConfigRefused
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.sizes import divisors
from aie_conv.problem import ConvProblem
from aie_conv.sim import Simulator
from tests.property.img2col.test_simulated import assert_equal, simulate
from tests.support.direct import strategies as any_order
from tests.support.img2col.strategies import Case
from tests.support.mappings import plans_of, remade

DEVICES = ("npu1_1col", "npu1_4col", "npu4")


def problems(largest: int) -> st.SearchStrategy[Case]:
    """Convolutions with several steps of K and several N tiles."""

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


Kind = tuple[bool, bool, bool]


def kind_of(plan: ArrayPlan) -> Kind:
    """What of a plan's mem tiles is held for longer."""
    p = plan.mapping.parameters
    return p.k_chunks > 1, p.input_reuse > 1, p.filter_reuse > 1


def holding(route: ArrayRoute, plan: ArrayPlan) -> list[ArrayPlan]:
    """Plans with the same work in the cores that hold more in the mem tiles, and fit."""
    found: list[ArrayPlan] = []
    m = plan.mapping
    stages = route.scheme(plan.problem, m.device).stages(m.parameters, m.sizes)
    ways = product(
        stages, divisors(m.memtile.reusable_rounds), divisors(m.grid.column_tiles), (1, 2)
    )
    for chunks, input_reuse, filter_reuse, outputs in ways:
        if (chunks, input_reuse, filter_reuse, outputs) == (1, 1, 1, 2):
            continue
        with suppress(ConfigRefused):
            found.append(
                remade(
                    route, plan, k_chunks=chunks, input_reuse=input_reuse, filter_reuse=filter_reuse,
                    output_buffers=outputs,
                )
            )  # fmt: skip
    return found


def draw_plan(
    data: st.DataObject, route: ArrayRoute, problem: ConvProblem, device: str
) -> ArrayPlan:
    """A plan with several steps a column, whose mem tiles hold what they need not."""

    def busy(mapping: Mapping) -> bool:
        return mapping.tile.n <= 32 and (mapping.tile.k_steps > 1 or mapping.grid.rounds > 1)

    found = list(plans_of(route, problem, device, busy))
    assume(found)
    held = holding(route, data.draw(st.sampled_from(found)))
    assume(held)
    # Each kind about as often, however many of it there are.
    kind = data.draw(st.sampled_from(sorted(Counter(map(kind_of, held)))))
    return data.draw(st.sampled_from([plan for plan in held if kind_of(plan) == kind]))


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


def forced(**parameters: int) -> ArrayPlan:
    """A product with 3 rounds over 2 tiles a column in 4 steps of K."""
    plan = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col")
    sizes = {"tile_n": 8, "tile_k": 32, "tile_h": 1, "tile_w": 16, "pixel_repeats": 1}
    usual = {"k_chunks": 1, "input_reuse": 1, "filter_reuse": 1, "output_buffers": 2}
    sizes |= {**usual, "filter_buffers": 2, "resident": False, **parameters}
    return remade(Im2colRoute(), plan, **sizes)


@pytest.mark.parametrize("device", DEVICES)
def test_a_residual_is_staged_with_the_input(device: str) -> None:
    """Both come in objects of two steps: 32 channels of an N tile's 64."""
    case = Case(
        (1, 6, 8, 64, 128, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "residual"
    )  # fmt: skip
    plan = Im2colRoute().propose(case.problem(), device)
    sizes = {"tile_n": 64, "tile_k": 16, "tile_h": 1, "tile_w": 8, "pixel_repeats": 1}
    sizes |= {"filter_buffers": 2, "resident": False, "k_chunks": 2, "input_reuse": 1}
    plan = remade(Im2colRoute(), plan, **sizes, filter_reuse=1)
    assert plan.mapping.residual.objects == 4 * plan.mapping.grid.rows
    got, arrays = simulate(case, plan, plan.emit())
    assert_equal(case, got, arrays)
    with pytest.raises(ConfigRefused, match="mem tile K chunks: 1 objects of the residual"):
        remade(Im2colRoute(), plan, tile_n=16)


def shares(plan: ArrayPlan) -> tuple[int, int]:
    """How often input and filter cross the shim."""
    filters = plan.mapping.filters
    a, b, _ = plan.mapping.cost.streamed
    weights = (filters.weights + filters.tail) * plan.mapping.grid.n_tiles
    return a // (8 * 16 * 128), b // weights


def test_what_is_held_crosses_the_shim_once() -> None:
    assert shares(forced()) == (3, 2)
    assert shares(forced(k_chunks=2)) == (3, 2)
    assert shares(forced(k_chunks=4, input_reuse=3)) == (1, 2)
    assert shares(forced(filter_reuse=2)) == (3, 1)


INPUT, FILTER = {"k_chunks": 4, "input_reuse": 3}, {"k_chunks": 2, "filter_reuse": 2}


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
        ({"k_chunks": 3}, "3 of 4 steps"),
        ({"k_chunks": 2, "input_reuse": 3}, "2 of 4 steps"),
        ({"k_chunks": 4, "input_reuse": 2}, "2 of 3 rounds"),
        ({"filter_reuse": 3}, "3 of 2 tiles"),
        ({"k_chunks": 4, "input_reuse": 3, "filter_reuse": 2}, "input is repeated"),
        ({"output_buffers": 3}, "give 1 or 2"),
        ({"k_chunks": 0}, "at least 1"),
    ],
)
def test_what_does_not_fit_says_so(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigRefused, match=message):
        forced(**fields)


def test_descriptors_limit_how_often_a_mem_tile_sends() -> None:
    """The tools write one for every time; filter and output leave 16 of the 24 of a channel's half."""
    wide = replace(PRODUCT, dims=(1, 8, 16, 128, 18 * 32, 1, 1)).problem()
    same = forced().parameters
    assert Im2colRoute().propose(wide, "npu1_4col", same).mapping.grid.rounds == 18
    with pytest.raises(ConfigRefused, match="mem tile descriptors: 26 of 24"):
        Im2colRoute().propose(wide, "npu1_4col", {**same, "k_chunks": 4, "input_reuse": 18})
    for times, depth in ((9, 1), (6, 2)):
        more = {**same, "k_chunks": 4, "input_reuse": times}
        fits = Im2colRoute().propose(wide, "npu1_4col", more)
        assert fits.mapping.memtile.input_depth == depth
        # The simulator counts them too.
        Simulator(fits.emit())


def test_parameters_with_a_usual_value_may_be_left_out() -> None:
    plan = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col")
    usual = {"k_chunks", "input_reuse", "filter_reuse", "output_buffers"}
    old = {k: v for k, v in forced().parameters.items() if k not in usual}
    again = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col", old)
    assert again.mapping.sizes == forced().mapping.sizes
    whole = Im2colRoute().propose(PRODUCT.problem(), "npu1_4col", plan.parameters)
    assert whole.mapping.sizes == plan.mapping.sizes
