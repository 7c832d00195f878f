"""bf16 as bfp16, on every route: within the bound that the mode states, and only where the user allows it."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import ConfigRefused, Unsupported, UsageError
from aie_conv.layout.block_float import from_blocks, to_blocks
from aie_conv.options import Options
from aie_conv.partitioner import Permission, choose
from aie_conv.plan import Route
from aie_conv.problem import ConvProblem, conv2d
from tests.property.img2col.test_f32_modes import ROUTES, exact, f32, grown, operands, simulate
from tests.support.img2col.strategies import Case, cases


def bound(problem: ConvProblem, lhs: np.ndarray, rhs: np.ndarray) -> float:
    """The error of each sum; see ``aie_conv.problem``."""
    u = 2.0**-8 if problem.lhs.dtype == "f32" else 0.0
    d, k = 2.0**-6 * (1 + u) + u, problem.extent("k")
    largest = float(np.abs(lhs).max()) * float(np.abs(rhs).max())
    return (2 * d + d * d + grown(k) * (1 + d) ** 2) * k * largest


@pytest.mark.parametrize("route", ROUTES)
@settings(max_examples=10)
@given(case=cases(largest=12), dtype=st.sampled_from(["bf16", "f32"]), seed=st.integers(0, 2**16))
def test_the_error_stays_within_the_stated_bound(
    route: Route, case: Case, dtype: str, seed: int
) -> None:
    problem = f32(case)
    if dtype == "bf16":
        problem = replace(
            problem,
            lhs=replace(problem.lhs, dtype="bf16"),
            rhs=replace(problem.rhs, dtype="bf16"),
        )
    assume(problem.macs < 2**17)
    try:
        plan = route.propose(replace(problem, arithmetic="bfp16"), "npu4")
    except (Unsupported, ConfigRefused):
        assume(False)
        raise
    arrays = operands(problem, seed)
    if dtype == "bf16":
        for name in ("lhs", "rhs"):
            arrays[name] = arrays[name].astype(ml_dtypes.bfloat16)
    wide = {name: arrays[name].astype(np.float64) for name in ("lhs", "rhs")}
    error = np.abs(
        simulate(plan, arrays).astype(np.float64) - exact(problem, wide["lhs"], wide["rhs"])
    )
    assert error.max() <= bound(problem, wide["lhs"], wide["rhs"])


PROBLEM = conv2d(1, 14, 14, 32, 32, 3, 3)

PARAMETRIC = [
    conv2d(1, 18, 18, 32, 64, 3, 3),
    conv2d(1, 16, 16, 256, 64, 1, 1),
    conv2d(1, 15, 15, 64, 128, 1, 1, stride=(2, 2)),
    conv2d(1, 10, 10, 256, 32, 3, 3),
]


@pytest.mark.parametrize("problem", PARAMETRIC, ids=ConvProblem.describe)
def test_a_parametric_program_multiplies_the_converted_operands(problem: ConvProblem) -> None:
    plan = ParametricRoute().propose(replace(problem, arithmetic="bfp16"), "npu4")
    assert plan.arithmetic == "bfp16"
    arrays = operands(problem, 0)
    for name in ("lhs", "rhs"):
        arrays[name] = arrays[name].astype(ml_dtypes.bfloat16)
    lhs = from_blocks(*to_blocks(arrays["lhs"], "down"))
    rhs = from_blocks(*to_blocks(arrays["rhs"]))
    error = np.abs(simulate(plan, arrays).astype(np.float64) - exact(problem, lhs, rhs))
    sums = exact(problem, np.abs(lhs), np.abs(rhs))
    assert (error <= grown(problem.extent("k")) * sums).all()


@pytest.mark.parametrize(
    ("f32_mode", "bf16_mode", "device", "expected"),
    [
        ("cpu", "exact", "npu4", "native"),
        ("cpu", "bfp16", "npu4", "bfp16"),
        ("cpu", "bfp16", "npu1_4col", "native"),
        ("bf16", "bfp16", "npu4", "bfp16"),
        ("bf16", "exact", "npu4", "bf16"),
        # Three products are asked for to lose less.
        ("bf16x3", "bfp16", "npu4", "bf16x3"),
    ],
)
def test_products_are_computed_as_allowed(
    f32_mode: str, bf16_mode: str, device: str, expected: str
) -> None:
    problem = PROBLEM
    if f32_mode != "cpu":
        parts = (replace(operand, dtype="f32") for operand in (problem.lhs, problem.rhs))
        lhs, rhs = parts
        problem = replace(problem, lhs=lhs, rhs=rhs)
    for route in ("im2col", "direct"):
        decision = choose(
            problem, device=device, route=route, permission=Permission(f32_mode, bf16_mode)
        )
        assert decision.plan is not None
        assert decision.plan.arithmetic == expected
        assert ("computed in bfp16" in decision.reason) == (expected == "bfp16")


def test_integers_and_depthwise_products_stay_as_they_are() -> None:
    integers = conv2d(1, 14, 14, 32, 32, 3, 3, dtype="i8")
    plan = choose(integers, device="npu4", route="im2col", permission=Permission(bf16="bfp16")).plan
    assert plan is not None
    assert plan.arithmetic == "native"
    scalar = choose(
        PROBLEM, device="npu4", route="direct", direct="scalar", permission=Permission(bf16="bfp16")
    ).plan
    assert scalar is not None
    assert scalar.arithmetic == "native"


def test_a_device_without_it_is_refused() -> None:
    with pytest.raises(
        UsageError, match="npu1_4col multiplies no bfp16: use --amd-aie-device=npu4"
    ):
        Options(device="npu1_4col", bf16="bfp16")
    with pytest.raises(UsageError, match="--amd-aie-bf16=fast: unknown"):
        Options(device="npu4", bf16="fast")


def test_less_crosses_the_shim() -> None:
    problem = conv2d(1, 1, 64, 512, 512, 1, 1)
    plans = [
        choose(problem, device="npu4", route="im2col", permission=Permission(bf16=mode)).plan
        for mode in ("exact", "bfp16")
    ]
    exact_plan, blocks = plans
    assert exact_plan is not None
    assert blocks is not None
    assert blocks.shim_bytes < exact_plan.shim_bytes
    assert blocks.predicted_cycles < exact_plan.predicted_cycles
