"""f16 as three products of bf16: the parts are exact, and every route stays within the stated bound."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import HostCopy, apply
from aie_conv.partitioner import routes
from aie_conv.plan import Route
from aie_conv.problem import Arithmetic
from tests.property.img2col.test_f32_modes import U, exact, f32, grown, operands, simulate
from tests.support.img2col.strategies import Case, cases

EVERY = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
COPY = HostCopy(
    source="lhs",
    view=(1 << 16,),
    view_dtype="f16",
    offsets=(0,),
    sizes=(1 << 16,),
    perm=(0,),
    dest="parts",
    dest_shape=(1 << 16,),
    dest_dtype="bf16",
    dest_offsets=(0,),
)
ROUTES = [
    pytest.param(route, id=f"{route.name}-{route.style}")
    for route in routes()
    if route.style in ("", "vector")
]


def test_two_parts_hold_every_finite_value() -> None:
    hi, lo = (
        apply([replace(COPY, part=part)], {"lhs": EVERY})["parts"].astype(np.float64)
        for part in ("hi", "lo")
    )
    finite = np.isfinite(EVERY)
    np.testing.assert_array_equal((hi + lo)[finite], EVERY[finite].astype(np.float64))
    assert (np.abs(lo) <= U * np.abs(EVERY, where=finite, out=np.zeros_like(hi))).all()
    assert not hi[~finite].any()
    rounded = apply([COPY], {"lhs": EVERY})["parts"].astype(np.float64)
    np.testing.assert_array_equal(rounded[~finite], EVERY[~finite].astype(np.float64))


@pytest.mark.parametrize("route", ROUTES)
@given(case=cases(largest=12), device=st.sampled_from(device_names()), seed=st.integers(0, 2**16))
def test_the_error_stays_within_the_stated_bound(
    route: Route, case: Case, device: str, seed: int
) -> None:
    wide = f32(case)
    assume(wide.macs < 2**17)
    lhs, rhs = (replace(operand, dtype="f16") for operand in (wide.lhs, wide.rhs))
    problem = replace(wide, lhs=lhs, rhs=rhs, arithmetic="bf16x3")
    try:
        plan = route.propose(problem, device)
    except (Unsupported, ConfigRefused):
        assume(False)
        raise
    arrays = operands(wide, seed)
    halves = {name: arrays[name].astype(np.float16) for name in ("lhs", "rhs")}
    got = simulate(plan, {**halves, "out": arrays["out"]}).astype(np.float64)
    want = exact(problem, halves["lhs"], halves["rhs"])
    magnitudes = exact(problem, np.abs(halves["lhs"]), np.abs(halves["rhs"]))
    share = U**2 + grown(3 * problem.extent("k")) * (1 + U) ** 2 * (1 + 2 * U)
    assert (np.abs(got - want) <= share * magnitudes).all()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("arithmetic", ["native", "bf16"])
def test_no_other_arithmetic_takes_it(route: Route, arithmetic: Arithmetic) -> None:
    case = Case(
        (1, 6, 6, 8, 8, 3, 3), (1, 1), (1, 1), "bf16", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
    )
    wide = f32(case)
    lhs, rhs = (replace(operand, dtype="f16") for operand in (wide.lhs, wide.rhs))
    with pytest.raises(Unsupported, match="f16"):
        route.propose(replace(wide, lhs=lhs, rhs=rhs, arithmetic=arithmetic), "npu1_4col")
