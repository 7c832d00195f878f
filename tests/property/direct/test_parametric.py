"""Programs for many shapes: the emitted text, parsed back and run, against torch."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice, product
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.direct.parametric.addresses import StripAddresses
from aie_conv.direct.parametric.layout import LAYOUTS, L1Layout, group_strips
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.mapping import emit
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.streams import Channel, channels, tasks_of
from aie_conv.plan import blank_operands
from aie_conv.problem import DTYPE_BYTES, conv2d
from aie_conv.sim import Simulator
from tests.support.direct.strategies import Case, cases, flat_operands, simulate
from tests.support.mappings import plans_of

LAYOUT = L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)
"""A small one, which most small problems fit."""
ROUTE = ParametricRoute([LAYOUT])
LAST = (0, 2, 3, 1)


@st.composite
def dense(draw: st.DrawFn) -> Case:
    """Convolutions with about as many rows of outputs as a tile has strips, and whole groups of channels."""
    tap, step = st.sampled_from([1, 3, 3, 5]), st.sampled_from([1, 1, 2])
    taps, stride, dilation = ((draw(each), draw(each)) for each in (tap, step, step))
    out = (draw(st.integers(8, 12) | st.integers(5, 7)), draw(st.integers(2, 12)))
    spatial = tuple(
        (size - 1) * s + (k - 1) * d + 1 + draw(st.integers(0, s - 1))
        for size, k, s, d in zip(out, taps, stride, dilation, strict=True)
    )
    order = st.sampled_from([LAST, LAST, (0, 1, 2, 3)])
    return Case(
        batch=draw(st.integers(1, 2)),
        groups=1,
        channels=draw(st.sampled_from([8, 16, 32, 64])),
        outputs=draw(st.sampled_from([32, 64, 96])),
        spatial=spatial,
        taps=taps,
        stride=stride,
        dilation=dilation,
        dtype=draw(st.sampled_from(["i8", "bf16"])),
        input_order=draw(order),
        filter_order=LAST,
        output_order=draw(order),
        border=draw(st.sampled_from([0, 0, 1])),
        epilogue=draw(st.sampled_from(["none", "bias", "residual"])),
    )


def plan_of(case: Case, device: str) -> ArrayPlan:
    """The best plan in the small layout; hypothesis draws another case where there is none."""
    try:
        return ROUTE.propose(case.problem(), device)
    except (ConfigRefused, Unsupported):
        assume(False)
        raise


def strips(mapping: Mapping) -> StripAddresses:
    addresses = mapping.addresses
    assert isinstance(addresses, StripAddresses)
    return addresses


def plans_in(case: Case, device: str, wanted: Callable[[Mapping], bool]) -> list[ArrayPlan]:
    """The plans in the small layout that are worth a closer look and are as ``wanted``."""
    try:
        return list(plans_of(ROUTE, case.problem(), device, wanted))
    except Unsupported:
        return []


def image(side: int, channels: int, taps: int = 3, outputs: int = 64, dtype: str = "i8") -> Case:
    """A square one, with bias."""
    shape = ((side, side), (taps, taps), (1, 1), (1, 1))
    return Case(1, 1, channels, outputs, *shape, dtype, LAST, LAST, LAST, 0, "bias")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_equals_torch(layout: L1Layout) -> None:
    """Rows of five by a power of two pixels, 80 channels that 16 divide and no longer tile does."""
    case = replace(image(20, 80, outputs=80), epilogue="residual")
    plan = ParametricRoute([layout]).propose(case.problem(), "npu1_4col")
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("name", ["filter_buffers", "output_buffers"])
def test_all_that_share_a_program_have_its_buffers(name: str) -> None:
    """Else two texts would pass for one."""
    problem = image(14, 64).problem()
    plan = ParametricRoute().propose(problem, "npu1_4col")
    with pytest.raises(ConfigRefused, match="core buffers"):
        ParametricRoute().propose(problem, "npu1_4col", {**plan.parameters, name: 1})


# -- strips that end behind the input --------------------------------------------------------------
DEVICES = st.sampled_from(["npu1_1col", "npu1_4col", "npu4"])


@settings(max_examples=settings.default.max_examples // 2)
@given(dense(), DEVICES)
def test_what_lies_behind_the_input_does_not_matter(case: Case, device: str) -> None:
    """There it is NaN, or -1; torch knows nothing of it."""
    plan = plan_of(case, device)
    assume(plan.mapping.addresses.over_read)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("dtype", ["i8", "bf16"])
@pytest.mark.parametrize(("side", "channels"), [(7, 64), (9, 64), (9, 512)])
def test_small_images_equal_torch(side: int, channels: int, dtype: str) -> None:
    case = image(side, channels, dtype=dtype)
    plan = plans_in(case, "npu1_4col", lambda m: m.addresses.over_read > 0)[0]
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@given(st.sampled_from([4, 8]), st.integers(1, 9), st.integers(1, 70))
def test_strips_that_overlap_cover_all_rows(strips: int, height: int, rows: int) -> None:
    groups, apart = group_strips(strips, height, rows)
    first = [g * apart + i * height for g in range(groups) for i in range(strips // groups)]
    covered = {row + i for row in first for i in range(height)}
    if groups > 1:
        assert covered == set(range(rows))
        assert strips * height > rows
    assert apart > 0 or groups == 1


@pytest.mark.parametrize("epilogue", ["bias", "residual"])
@pytest.mark.parametrize("taps", [1, 3])
def test_images_with_fewer_rows_than_the_instruction_equal_torch(taps: int, epilogue: str) -> None:
    """Seven rows for the eight of npu4's matrix unit, in the layouts that are tried for networks."""
    case = replace(image(6 + taps, 64, taps, outputs=256), epilogue=epilogue, border=1)
    plan = ParametricRoute().propose(case.problem(), "npu4")
    assert strips(plan.mapping).tile.groups == 2
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize(("side", "taps"), [(7, 1), (9, 3)])
def test_columns_with_channels_of_their_own_take_residuals(side: int, taps: int) -> None:
    """Of an image that is one tile of pixels, half of npu4's columns have half of the channels."""
    case = replace(image(side, 64, taps, outputs=512), epilogue="residual")
    plans = plans_of(ParametricRoute(), case.problem(), "npu4", lambda m: m.grid.column_shares == 2)
    plan = next(iter(plans))
    assert plan.mapping.residual.objects
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


# -- who computes what -----------------------------------------------------------------------------
WAYS = {
    "rows of cores with pixels of their own": lambda m: strips(m).p.time_shared > 1,
    "columns with fewer tiles": lambda m: m.grid.tiles_of(m.grid.columns - 1) < m.grid.column_tiles,
    "strips that follow one another": lambda m: strips(m).p.interleaved,
    "columns of a strip": lambda m: (
        strips(m).tile.output_shape[0] == strips(m).p.height > 1 < m.tile.output_objects
    ),
    "strips that overlap": lambda m: strips(m).tile.groups > 1,
    "columns with N tiles of their own": lambda m: m.grid.column_shares > 1,
    "columns to which no filters are sent": lambda m: (
        m.grid.filter_turns(False) < m.grid.filter_groups * m.grid.column_tiles
    ),
    "a filter that stays for several tiles": lambda m: m.l1.resident and m.grid.column_tiles > 1,
    "per-channel operands in an object of their own": lambda m: m.filters.tail_objects > 0,
    "taps that are brought one by one": lambda m: (
        not strips(m).p.window and strips(m).view.rows.taps > 1
    ),
}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=max(2, settings.default.max_examples // 6))
@given(dense(), DEVICES, st.randoms(use_true_random=False))
def test_every_way_equals_torch(way: str, case: Case, device: str, chance: Random) -> None:
    plans = plans_in(case, device, WAYS[way])
    assume(plans)
    plan = chance.choice(plans)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("dtype", ["i8", "bf16"])
def test_strips_that_follow_one_another_are_filled_up(dtype: str) -> None:
    """Of 16 rows of an object's share of the input its outputs need fourteen."""
    case = replace(image(28, 64, 1, outputs=256, dtype=dtype), epilogue="residual")

    def wanted(m: Mapping) -> bool:
        return strips(m).p.interleaved and strips(m).tile.part_rows > strips(m).tile.output_shape[0]

    plan = next(plans_of(ParametricRoute(), case.problem(), "npu1_4col", wanted))
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize("stays", [True, False])
def test_a_filter_of_one_object_crosses_once_a_round(stays: bool, device: str) -> None:
    """Of more objects it comes for every tile; the simulator counts what the cost says."""
    case = image(20, 32 if stays else 64, taps=1 if stays else 3, outputs=512)

    def wanted(m: Mapping) -> bool:
        several = m.grid.column_tiles > 1 < m.grid.rounds and m.grid.filter_groups == 1
        return several and m.l1.resident == stays

    plan = plans_in(case, device, wanted)[0]
    m = plan.mapping
    turns = 1 if stays else m.grid.sent_tiles(0)
    objects = m.grid.rounds * m.grid.rows * m.filters.objects * turns
    # Each row's parameters come in front.
    assert m.cost.streamed[1] == (objects + m.grid.rows) * m.l1.filter * DTYPE_BYTES[m.view.dtype]
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)
    stats = Simulator(plan.emit()).run(flat_operands(plan, case.operands(1)))
    assert stats.shim_bytes == m.cost.shim_bytes


@given(st.one_of(dense(), cases(["i8", "bf16"])), DEVICES)
def test_the_over_read_ends_at_the_last_address(case: Case, device: str) -> None:
    plan = plan_of(case, device)
    grid, addresses = plan.mapping.grid, plan.mapping.addresses
    behind = dict.fromkeys((argument.name for argument in plan.arguments), 0)
    for tile, round_ in product(range(grid.tiles), range(grid.rounds)):
        for name, pattern in addresses.input_patterns(tile, grid.row_n_tiles(round_)):
            last = pattern.offset + sum((size - 1) * stride for size, stride in pattern.dims)
            behind[name] = max(behind[name], last + 1)
    for argument in plan.arguments:
        assert argument.slack == max(0, behind[argument.name] - argument.elements)
    assert [b.size for b in blank_operands(plan)] == [a.elements + a.slack for a in plan.arguments]


def test_a_tile_at_the_end_takes_no_more_tasks_than_others() -> None:
    mapping = plan_of(image(9, 512), "npu1_1col").mapping
    assert mapping.addresses.over_read > 0
    each = len(tasks_of(mapping, 0, [], 1)[0])
    assert len(tasks_of(mapping, 0, [])[0]) <= each * mapping.grid.steps


def test_far_more_over_read_than_input_is_refused() -> None:
    """Sixteen rows of pixels in a strip, three of which are needed, of a wide image of six rows."""
    case = Case(1, 1, 8, 128, (6, 66), (3, 3), (1, 1), (1, 1), "i8", LAST, LAST, LAST, 0, "bias")
    plan = plan_of(case, "npu1_4col")
    sizes = {
        "tile_n": 128,
        "object_channels": 32,
        "tile_k": 8,
        "window": 2,
        "height": 1,
        "width": 2,
    }
    known = ROUTE.propose(
        case.problem(), "npu1_4col", {**plan.parameters, **sizes, "input_width": 16}
    )
    assert known.arguments[0].slack > 0
    with pytest.raises(ConfigRefused, match=r"over-read: 6864 elements of 3168"):
        ROUTE.propose(case.problem(), "npu1_4col", {**plan.parameters, **sizes, "input_width": 4})


# -- the order of tasks ----------------------------------------------------------------------------


def simulated(plan: ArrayPlan, text: str) -> tuple[int, bytes]:
    """Cycles and result of a program over zeros."""
    buffers = blank_operands(plan)
    cycles = Simulator(text).run(buffers).cycles
    return cycles, buffers[-1].tobytes()


@pytest.mark.parametrize("sizes", [(28, 128, 128, 1), (30, 128, 128, 3)])
def test_outputs_in_front_of_what_cores_need_only_cost_time(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, int, int, int]
) -> None:
    """The sequence puts outputs behind what cores need sooner: it takes no longer, and computes the same."""
    side, depth, outputs, taps = sizes
    problem = conv2d(1, side, side, depth, outputs, taps, taps, dtype="i8")
    plan = ParametricRoute().propose(problem, "npu1_4col")
    late = simulated(plan, plan.emit())

    def at_once(*arguments: Any) -> list[Channel]:
        return [replace(channel, late=0) for channel in channels(*arguments)]

    monkeypatch.setattr(emit, "channels", at_once)
    early = simulated(plan, plan.emit())
    assert late[1] == early[1]
    assert late[0] <= early[0]


# -- channels that are no whole rounds -----------------------------------------------------------------
@pytest.mark.parametrize("epilogue", ["bias", "residual"])
@pytest.mark.parametrize(("outputs", "channels"), [(24, 96), (96, 64), (160, 24)])
def test_any_number_of_channels_equals_torch(outputs: int, channels: int, epilogue: str) -> None:
    """N tiles overlap, or their last round does; a residual's objects are filled up with further pixels."""
    case = replace(image(14, channels, 1, outputs), epilogue=epilogue)
    plan = ParametricRoute().propose(case.problem(), "npu1_4col")
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("dtype", ["i8", "bf16"])
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_objects_of_some_channels_of_a_residual_are_filled_up(device: str, dtype: str) -> None:
    """Where no number of output pixels fills an object with channels that rows of cores share out."""
    case = replace(image(14, 64, 1, outputs=128, dtype=dtype), epilogue="residual")

    def wanted(mapping: Mapping) -> bool:
        residual = strips(mapping).residual
        return residual.brought > residual.pixels and residual.objects > 1

    plans = plans_of(ParametricRoute(), case.problem(), device, wanted)
    for plan in islice(plans, 2):
        got, arrays = simulate(case, plan, plan.emit())
        case.check(got, arrays)
    assert plans
