"""Programs for many shapes: the emitted text, parsed back and run, against torch."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.direct.frames import SteeredRoute
from aie_conv.direct.steered import SteeredTiling
from aie_conv.direct.steered_tile import Frame
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.streams import Wait, channels, schedule
from aie_conv.plan import blank_operands
from aie_conv.problem import conv2d
from tests.support.direct.strategies import Case, cases, simulate

FRAME = Frame(2048, 2304, 1024, 6144, 512, sevens=False)
"""A small one, which most small problems fit."""
ROUTE = SteeredRoute([FRAME])
LAST = (0, 2, 3, 1)


@st.composite
def dense(draw: st.DrawFn) -> Case:
    """Convolutions with as many rows of outputs as a tile has strips, and whole groups of channels."""
    tap, step = st.sampled_from([1, 3, 3, 5]), st.sampled_from([1, 1, 2])
    taps, stride, dilation = ((draw(each), draw(each)) for each in (tap, step, step))
    out = (draw(st.integers(8, 12)), draw(st.integers(2, 12)))
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


def plan_of(case: Case, device: str) -> tuple[ArrayPlan, SteeredTiling]:
    """The best plan in the small frame; hypothesis draws another case where there is none."""
    try:
        plan = ROUTE.propose(case.problem(), device)
    except (ConfigRefused, Unsupported):
        assume(False)
        raise
    tiling = plan.tiling
    assert isinstance(tiling, SteeredTiling)
    return plan, tiling


def tilings_of(case: Case, device: str, wanted: Callable[[SteeredTiling], bool]) -> list[ArrayPlan]:
    """The plans in the small frame that are worth a closer look and are as ``wanted``."""
    found: list[ArrayPlan] = []
    try:
        for tiling in ROUTE.plain(case.problem(), get_device(device)):
            if wanted(tiling):
                with suppress(ConfigRefused):
                    tiling.check()
                    found.append(ArrayPlan("direct", "steered", tiling, tiling.cycles))
    except Unsupported:
        pass
    return found


def image(side: int, channels: int, taps: int = 3, outputs: int = 64, dtype: str = "i8") -> Case:
    """A square one, with bias."""
    shape = ((side, side), (taps, taps), (1, 1), (1, 1))
    return Case(1, 1, channels, outputs, *shape, dtype, LAST, LAST, LAST, 0, "bias")


# -- strips that end behind the input --------------------------------------------------------------
DEVICES = st.sampled_from(["npu1_1col", "npu1_4col", "npu4"])


@settings(max_examples=settings.default.max_examples // 2)
@given(dense(), DEVICES)
def test_what_lies_behind_the_input_does_not_matter(case: Case, device: str) -> None:
    """There it is NaN, or -1; torch knows nothing of it."""
    plan, tiling = plan_of(case, device)
    assume(tiling.input_slack)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("dtype", ["i8", "bf16"])
@pytest.mark.parametrize(("side", "channels"), [(7, 64), (9, 64), (9, 512)])
def test_small_images_equal_torch(side: int, channels: int, dtype: str) -> None:
    case = image(side, channels, dtype=dtype)
    plan = tilings_of(case, "npu1_4col", lambda tiling: tiling.input_slack > 0)[0]
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


# -- who computes what -----------------------------------------------------------------------------
WAYS = {
    "rows of cores with pixels of their own": lambda tiling: tiling.phases > 1,
    "columns with fewer tiles": lambda tiling: tiling.tiles_of(tiling.columns - 1) < tiling.column_tiles,
    "strips that follow one another": lambda tiling: tiling.interleaved,
    "columns of a strip": lambda tiling: tiling.unit_shape[0] == tiling.height > 1 < tiling.units,
    "taps that are brought one by one": lambda tiling: not tiling.held and tiling.direct.rows.taps > 1,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=max(2, settings.default.max_examples // 6))
@given(dense(), DEVICES, st.randoms(use_true_random=False))
def test_every_way_equals_torch(way: str, case: Case, device: str, chance: Random) -> None:
    plans = tilings_of(case, device, WAYS[way])
    assume(plans)
    plan = chance.choice(plans)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@given(st.one_of(dense(), cases(["i8", "bf16"])), DEVICES)
def test_the_slack_ends_at_the_last_address(case: Case, device: str) -> None:
    plan, tiling = plan_of(case, device)
    lhs = plan.arguments[0]
    slices = [tiling.slice_of(0, row) for row in range(tiling.rows)]
    behind = max(
        pattern.offset + sum((size - 1) * stride for size, stride in pattern.dims) + 1
        for tile in range(tiling.tiles)
        for name, pattern in tiling.input_patterns(tile, slices)
        if name == lhs.name
    )
    assert lhs.slack == max(0, behind - lhs.elements)
    assert [a.slack for a in plan.arguments[1:]] == [0] * (len(plan.arguments) - 1)
    assert [b.size for b in blank_operands(plan)] == [a.elements + a.slack for a in plan.arguments]


def test_a_tile_at_the_end_takes_no_more_tasks_than_others() -> None:
    _, tiling = plan_of(image(9, 512), "npu1_1col")
    assert tiling.input_slack > 0
    each = len(channels(tiling, [0], 1)[0].parts)
    assert len(channels(tiling, [0])[0].parts) <= each * tiling.passes * tiling.column_tiles


def test_far_more_slack_than_input_is_refused() -> None:
    """Sixteen rows of pixels in a strip, three of which are needed, of a wide image of six rows."""
    case = Case(1, 1, 8, 128, (6, 66), (3, 3), (1, 1), (1, 1), "i8", LAST, LAST, LAST, 0, "bias")
    plan, _ = plan_of(case, "npu1_4col")
    sizes = {"n": 128, "share": 32, "kc": 8, "held": 2, "height": 1, "width": 2}
    known = ROUTE.propose(case.problem(), "npu1_4col", {**plan.parameters, **sizes, "wide": 16})
    assert known.arguments[0].slack > 0
    with pytest.raises(ConfigRefused, match=r"input slack: 6864 elements of 3168"):
        ROUTE.propose(case.problem(), "npu1_4col", {**plan.parameters, **sizes, "wide": 4})


# -- the order of tasks ----------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["npu1_1col", "npu1_4col", "npu4"])
@pytest.mark.parametrize("sizes", [(56, 64, 256, 1), (28, 128, 128, 1), (30, 128, 128, 3)])
def test_an_output_is_put_off_until_something_waits(
    sizes: tuple[int, int, int, int], device: str
) -> None:
    side, depth, outputs, taps = sizes
    problem = conv2d(1, side, side, depth, outputs, taps, taps, dtype="i8")
    made = channels(SteeredRoute().propose(problem, device).tiling)
    order = {channel.symbol: channel for channel in made}
    pushed: Counter[str] = Counter()
    waits = put_off = 0
    for op in schedule(made, 4):
        if isinstance(op, Wait):
            waits += 1
            continue
        channel = order[op.symbol]
        step = channel.chains[pushed[op.symbol]][0]
        pushed[op.symbol] += 1
        if channel.late:
            waits = 0
            continue
        # What is behind in its own order, of what may be late.
        behind = [
            other.symbol
            for other in made
            if other.late
            and pushed[other.symbol] < len(other.chains)
            and other.chains[pushed[other.symbol]][0] < step
        ]
        put_off += len(behind)
        assert not (waits and behind), (op.symbol, behind)
        waits = 0
    assert pushed == {channel.symbol: len(channel.chains) for channel in made}
    assert put_off or taps == 1
