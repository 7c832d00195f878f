"""Depthwise convolutions in programs for many shapes: the emitted text, parsed back and run, against torch."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.direct.parametric.addresses import StripAddresses
from aie_conv.direct.parametric.layout import LAYOUTS, L1Layout, has_channel_turns
from aie_conv.direct.parametric.program import instead_of
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.sim import Simulator
from tests.support.direct.strategies import Case, flat_operands, simulate
from tests.support.mappings import plans_of

ROUTE = ParametricRoute([L1Layout(4096, 2304, 1024, 6144, 512, seven_pixels=False)])
"""A small layout, which most small problems fit."""
LAST = (0, 2, 3, 1)
DEVICES = st.sampled_from(["npu1_1col", "npu1_4col", "npu4"])


@st.composite
def depthwise(draw: st.DrawFn, dtype: str = "i8") -> Case:
    """Depthwise convolutions of about as many rows of outputs as a tile has strips."""
    taps = draw(st.sampled_from([(3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2)]))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (2, 1)]))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2)]))
    out = (draw(st.integers(4, 12)), draw(st.integers(2, 12)))
    spatial = tuple(
        (size - 1) * s + (k - 1) * d + 1 + draw(st.integers(0, s - 1))
        for size, k, s, d in zip(out, taps, stride, dilation, strict=True)
    )
    return Case(
        batch=draw(st.integers(1, 2)),
        groups=draw(st.sampled_from([12, 16, 24, 32, 48, 64, 80, 144])),
        channels=1,
        outputs=1,
        spatial=spatial,
        taps=taps,
        stride=stride,
        dilation=dilation,
        dtype=dtype,
        input_order=LAST,
        filter_order=LAST,
        output_order=LAST,
        border=draw(st.sampled_from([0, 0, 1])),
        epilogue=draw(st.sampled_from(["none", "bias", "bias", "residual"])),
    )


def image(outputs: int, channels: int, taps: int = 3, stride: int = 1, dtype: str = "i8") -> Case:
    """A square one, with bias."""
    side = (outputs - 1) * stride + taps
    shape = ((side, side), (taps, taps), (stride, stride), (1, 1))
    return Case(1, channels, 1, 1, *shape, dtype, LAST, LAST, LAST, 0, "bias")


def plans_in(case: Case, device: str, wanted: Callable[[Mapping], bool]) -> list[ArrayPlan]:
    """The plans in the small layout that are worth a closer look and are as ``wanted``."""
    return list(plans_of(ROUTE, case.problem(), device, wanted))


@settings(max_examples=max(20, settings().max_examples * 3 // 5))
@given(depthwise(), DEVICES, st.randoms(use_true_random=False))
def test_depthwise_equals_torch(case: Case, device: str, chance: Random) -> None:
    plans = plans_in(case, device, lambda m: True)
    assume(plans)
    plan = chance.choice(plans)
    assert instead_of(plan.mapping) is not None
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


def strips(mapping: Mapping) -> StripAddresses:
    addresses = mapping.addresses
    assert isinstance(addresses, StripAddresses)
    return addresses


WAYS = {
    "rows of cores that take turns with channels": lambda m: has_channel_turns(
        strips(m).view, strips(m).p
    ),
    "rows of cores that take turns with pixels": lambda m: (
        strips(m).p.time_shared > 1 and not has_channel_turns(strips(m).view, strips(m).p)
    ),
    "rows of cores that share an object": lambda m: strips(m).p.tile_k > strips(m).p.tile_n,
    "N tiles that overlap": lambda m: len(strips(m).n_tile_runs) > 1,
    "taps that are brought one by one": lambda m: not strips(m).p.window,
    "rows of a window one by one": lambda m: strips(m).p.window == 1,
}


IMAGES = [
    (20, 32, 3, 1),
    (34, 32, 3, 1),
    (8, 128, 3, 2),
    (12, 80, 3, 1),
    (9, 64, 5, 1),
    (9, 72, 3, 2),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_every_way_equals_torch(way: str, device: str) -> None:
    """The first two plans among those of some images."""
    wanted = [
        (case, plan)
        for case in (image(*sizes) for sizes in IMAGES)
        for plan in islice(plans_in(case, device, WAYS[way]), 1)
    ]
    assert wanted
    for case, plan in wanted[:2]:
        got, arrays = simulate(case, plan, plan.emit())
        case.check(got, arrays)


@pytest.mark.parametrize("turns", [True, False])
def test_columns_with_channels_of_their_own_equal_torch(turns: bool) -> None:
    def wanted(mapping: Mapping) -> bool:
        p = strips(mapping).p
        return (
            mapping.grid.column_shares == 2 and has_channel_turns(strips(mapping).view, p) == turns
        )

    cases = [image(*sizes) for sizes in [*IMAGES, (8, 256, 3, 1)]]
    plans = [(case, plan) for case in cases for plan in islice(plans_in(case, "npu4", wanted), 1)]
    assert plans
    for case, plan in plans[:2]:
        got, arrays = simulate(case, plan, plan.emit())
        case.check(got, arrays)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize(
    ("outputs", "channels", "taps", "stride"),
    [(14, 96, 3, 1), (14, 144, 3, 2), (7, 128, 5, 1), (14, 72, 5, 2), (16, 64, 3, 1)],
)
def test_networks_layers_equal_torch(
    device: str, outputs: int, channels: int, taps: int, stride: int
) -> None:
    """In the layouts that are tried for networks."""
    case = image(outputs, channels, taps, stride)
    plan = ParametricRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize("bias", [-(2**31), 2**31 - 1, 0])
def test_sums_of_the_least_numbers_wrap(device: str, bias: int) -> None:
    """All operands are -128; with a bias at the end of its range the sum goes over it."""
    case = image(8, 64)
    case = replace(case, epilogue="none")
    plan = ROUTE.propose(case.problem(), device)
    arrays = case.operands()
    arrays["lhs"], arrays["rhs"] = (
        np.full_like(arrays["lhs"], -128),
        np.full_like(arrays["rhs"], -128),
    )
    flat = flat_operands(plan, arrays)
    Simulator(plan.emit()).run(flat)
    assert (flat[-1] == 9 * 128 * 128).all()
    wide = image(8, 64)
    plan = ROUTE.propose(wide.problem(), device)
    arrays = wide.operands()
    arrays["in0"] = np.full_like(arrays["in0"], bias)
    flat = flat_operands(plan, arrays)
    Simulator(plan.emit()).run(flat)
    got = flat[-1].reshape(arrays["out"].shape)
    wide.check(got, arrays)


def test_a_changed_program_is_noticed() -> None:
    """Another signedness, and an accumulator that begins with what an earlier tile left."""
    case = image(14, 64)
    plan = ParametricRoute().propose(case.problem(), "npu1_4col")
    text = plan.emit()
    case.check(*simulate(case, plan, text))
    name = "@multiply_channels("
    assert name in text
    head, _, body = text.partition(f"func.func private {name}")
    for old, new in (
        ("arith.constant 808", "arith.constant 40"),
        ("arith.cmpi ne", "arith.cmpi eq"),
    ):
        changed = body.replace(old, new, 1)
        assert changed != body
        with pytest.raises((AssertionError, AieConvError)):
            case.check(*simulate(case, plan, f"{head}func.func private {name}{changed}"))


def test_depthwise_shares_the_configuration_of_products() -> None:
    """One array serves both: its text has both functions, and a parameter tells which is meant."""
    dense = replace(image(14, 1, 1), channels=64, outputs=64)
    device = "npu1_4col"
    both = [ParametricRoute().shareable(c.problem(), device) for c in (image(14, 64), dense)]
    ones, others = ({p.configuration for p in plans} for plans in both)
    assert len(ones & others) >= len(LAYOUTS) - 1


@pytest.mark.parametrize("outputs", [1, 2])
def test_what_does_not_fit_is_refused(outputs: int) -> None:
    with pytest.raises((ConfigRefused, Unsupported)):
        ParametricRoute().propose(image(outputs, 16).problem(), "npu1_4col")
