"""Infinities and NaNs: what packing adds never meets an element of the model (rewrites/made_up_zeros.py)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.direct.parametric.layout import L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import apply
from aie_conv.partitioner import routes
from aie_conv.plan import Plan
from aie_conv.problem import Arithmetic
from aie_conv.rewrites.bundle_groups import bundle_groups
from aie_conv.rewrites.made_up_zeros import zeros_vanish
from aie_conv.sim import Simulator
from tests.support.direct.strategies import Case, cases, flat_operands

LAST, FIRST = (0, 2, 3, 1), (0, 1, 2, 3)
TYPES: dict[str, tuple[str, Arithmetic]] = {
    "bf16": ("bf16", "native"),
    "f32": ("f32", "native"),
    "f32 in bf16": ("f32", "bf16"),
    "f32 in bf16x3": ("f32", "bf16x3"),
}
ROUTES: dict[str, Any] = {f"{route.name}-{route.style}": route for route in routes()}
ROUTES["direct-parametric"] = ParametricRoute(
    [L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)]
)
BF16 = ("bf16", "f32 in bf16", "f32 in bf16x3")
NUMBERS = {"direct-scalar": ("bf16", "f32"), "direct-sliding": ()}
"""Types of a route, where they are others than those of the matrix unit."""
SHAPES = {
    # groups, channels and outputs of each, taps
    "dense": (1, 5, 11, (3, 3)),
    "bundle of all": (2, 3, 3, (3, 3)),
    "bundles of two": (4, 4, 4, (3, 2)),
    "whole groups": (2, 8, 8, (2, 3)),
    "multiplier": (6, 1, 2, (3, 3)),
    "depthwise": (36, 1, 1, (3, 3)),
    "few depthwise": (5, 1, 1, (1, 3)),
}


def special(case: Case, name: str, value: float, at: float) -> dict[str, NDArray[np.generic]]:
    """Random operands, one element of one of them replaced, ``at`` of the way through it."""
    arrays = case.operands()
    flat = arrays[name].reshape(-1)
    flat[int(at * flat.size)] = value
    return arrays


def compare(case: Case, plan: Plan, simulator: Simulator, arrays: dict[str, NDArray[np.generic]], arithmetic: Arithmetic) -> None:  # fmt: skip
    """NaNs and infinities stand where torch has them, and the rest is near."""
    flat = flat_operands(plan, arrays)
    simulator.run(flat)
    got = flat[-1].reshape(-1)
    if plan.finish:
        got = apply(plan.finish, {"result": got, "out": arrays["out"].copy()})["out"].reshape(-1)
    got = got.astype(np.float64)
    with np.errstate(invalid="ignore"):
        want = case.reference(arrays).reshape(-1).astype(np.float64)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_array_equal(np.isposinf(got), np.isposinf(want))
    np.testing.assert_array_equal(np.isneginf(got), np.isneginf(want))
    near = 2.0**-6 * (case.depth + 2) if "bf16" in (arithmetic, case.out_dtype) else 2.0**-10
    finite = np.isfinite(want)
    np.testing.assert_allclose(got[finite], want[finite], rtol=near, atol=near)


def values() -> Iterator[tuple[str, float, float]]:
    """Operand, value and place of what is put in."""
    yield from product(("lhs", "rhs"), (np.inf, -np.inf, np.nan), (0.0, 0.43, 0.999))


def plan_of(case: Case, route: str, numbers: str, device: str) -> Plan:
    """The route's plan; ConfigRefused or Unsupported where it has none."""
    arithmetic = TYPES[numbers][1]
    return ROUTES[route].propose(replace(case.problem(), arithmetic=arithmetic), device)


def combinations() -> Iterator[tuple[str, str, str]]:
    """Route, numbers and shape of all that a route takes; im2col and programs to share take no groups."""
    for route in ROUTES:
        for numbers in NUMBERS.get(route, BF16):
            for kind, (groups, *_) in SHAPES.items():
                if groups == 1 or route in ("direct-vector", "direct-scalar"):
                    yield route, numbers, kind


def long_and_short() -> Iterator[object]:
    """Every combination on two devices; all but one type of each route on the small one are long."""
    for device, (route, numbers, kind) in product(("npu1_1col", "npu4"), combinations()):
        short = device == "npu1_1col" and numbers in ("bf16", "f32")
        yield pytest.param(route, numbers, kind, device, marks=() if short else (pytest.mark.slow,))


@pytest.mark.parametrize(("route", "numbers", "kind", "device"), list(long_and_short()))
def test_an_element_changes_its_own_sums_alone(
    route: str, numbers: str, kind: str, device: str
) -> None:
    dtype, arithmetic = TYPES[numbers]
    groups, channels, outputs, taps = SHAPES[kind]
    size = (5, 6)
    if route == "direct-parametric":
        outputs, size = 32, (12, 7)
    order = FIRST if kind == "multiplier" else LAST
    case = Case(1, groups, channels, outputs, size, taps, (1, 1), (1, 1), dtype, order, order, order, 0, "none")  # fmt: skip
    plan = plan_of(case, route, numbers, device)
    simulator = Simulator(plan.emit())
    for name, value, at in values():
        compare(case, plan, simulator, special(case, name, value, at), arithmetic)


@settings(max_examples=max(8, settings.default.max_examples // 4))
@given(st.data(), st.sampled_from(["npu1_1col", "npu4"]))
def test_strides_borders_and_epilogues_as_well(data: st.DataObject, device: str) -> None:
    numbers = data.draw(st.sampled_from(list(TYPES)))
    fitting = [route for route in ROUTES if numbers in NUMBERS.get(route, BF16)]
    route = data.draw(st.sampled_from([each for each in fitting if each != "direct-parametric"]))
    dtype, arithmetic = TYPES[numbers]
    case = data.draw(cases([dtype]))
    try:
        plan = plan_of(case, route, numbers, device)
    except (ConfigRefused, Unsupported):
        assume(False)
        raise
    simulator = Simulator(plan.emit())
    value, at = (
        data.draw(st.sampled_from([np.inf, -np.inf, np.nan])),
        data.draw(st.floats(0, 0.999)),
    )
    for name in ("lhs", "rhs"):
        compare(case, plan, simulator, special(case, name, value, at), arithmetic)


def test_integers_alone_are_bundled() -> None:
    """Two groups of four channels are one block of integers; of real numbers each is padded."""
    shape = ((6, 6), (3, 3), (1, 1), (1, 1))
    for dtype, bundles, channels in (("i8", 2, 8), ("bf16", 4, 8)):
        case = Case(1, 4, 4, 4, *shape, dtype, LAST, LAST, LAST, 0, "none")
        made = bundle_groups(case.problem(), len(case.problem().loops) - 1, 8, dtype)
        assert (made.groups, made.channels, made.n) == (bundles, channels, 8)
        assert made.bundle == 1 or zeros_vanish(dtype)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_depthwise_windows_in_programs_for_many_shapes(device: str) -> None:
    """In the layouts of networks: the windows' lanes beyond the taps meet no element."""
    case = Case(1, 64, 1, 1, (13, 13), (5, 5), (1, 1), (1, 1), "bf16", LAST, LAST, LAST, 0, "bias")
    plan = ParametricRoute().propose(case.problem(), device)
    simulator = Simulator(plan.emit())
    for name, value, at in values():
        compare(case, plan, simulator, special(case, name, value, at), "native")
