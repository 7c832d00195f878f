"""f32 by way of bf16: every route's simulated text stays within the bound that its mode states."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import device_names
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply, lengthened
from aie_conv.partitioner import routes
from aie_conv.plan import Plan, Route
from aie_conv.problem import Arithmetic, ConvProblem, Loop, Operand
from aie_conv.sim import Simulator
from tests.support.img2col.strategies import Case, cases

U, V = 2.0**-8, 2.0**-24
ROUTES = [
    pytest.param(route, id=f"{route.name}-{route.style}")
    for route in routes()
    # Sliding instructions are integer ones; parametric programs are for larger problems.
    if route.style not in ("sliding", "parametric")
]


def grown(terms: int) -> float:
    """How much a sum of terms grows by rounding to f32, relative to the terms' magnitudes."""
    return terms * V / (1 - terms * V)


def bound(mode: Arithmetic, k: int) -> float:
    """The error, relative to the sum of the products' magnitudes; see ``aie_conv.problem``."""
    if mode == "bf16":
        return 2 * U + U**2 + grown(k) * (1 + U) ** 2
    return 3 * U**2 + 2 * U**3 + 2 * U**4 + grown(3 * k) * (1 + U) ** 2 * (1 + 2 * U)


def f32(case: Case) -> ConvProblem:
    """The case's convolution over f32 with an f32 result, and nothing behind it."""
    problem = replace(case, dtype="bf16", epilogue="none").problem()
    return replace(
        problem,
        lhs=replace(problem.lhs, dtype="f32"),
        rhs=replace(problem.rhs, dtype="f32"),
    )


def simulate(plan: Plan, arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """The flat output buffer after running a plan's text."""
    buffers = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else arrays["out"].copy()
    flat = [
        lengthened(np.ascontiguousarray(buffers[a.name]).reshape(-1), a.slack)
        for a in plan.arguments
    ]
    simulator = Simulator(plan.emit())
    simulator.run([np.ascontiguousarray(buffer) for buffer in (*flat[:-1], flat[-1].copy())])
    simulator.run(flat)
    if not plan.finish:
        return flat[-1]
    return apply(plan.finish, {"result": flat[-1], "out": arrays["out"].copy()})["out"].reshape(-1)


def operands(problem: ConvProblem, seed: int) -> dict[str, NDArray[np.float32]]:
    """Random operands over many magnitudes, and a result of zeros."""
    rng = np.random.default_rng(seed)

    def make(elements: int) -> NDArray[np.float32]:
        scale = 2.0 ** rng.integers(-12, 13, elements)
        return (rng.standard_normal(elements) * scale).astype(np.float32)

    return {
        "lhs": make(problem.lhs.elements),
        "rhs": make(problem.rhs.elements),
        "out": np.zeros(problem.out.elements, np.float32),
    }


def exact(
    problem: ConvProblem, lhs: NDArray[np.generic], rhs: NDArray[np.generic]
) -> NDArray[np.float64]:
    """The sums in f64, at their places in the flat output."""
    loops = sorted(problem.loops, key=lambda loop: loop.role == "k")
    kept = [loop for loop in loops if loop.role != "k"]

    def index(strides: list[int], offset: int = 0) -> NDArray[np.int64]:
        """Element index over the grid of the loops."""
        at = np.array(offset, np.int64)
        for loop, stride in zip(loops, strides, strict=False):
            at = at[..., None] + np.arange(loop.size) * stride
        return at

    x = lhs.astype(np.float64)[index([loop.lhs for loop in loops])]
    w = rhs.astype(np.float64)[index([loop.rhs for loop in loops])]
    out = np.zeros(problem.out.elements, np.float64)
    place = index([loop.out for loop in kept], problem.out.offset)
    out[place] = (x * w).sum(axis=tuple(range(len(kept), len(loops))))
    return out


def assert_bounded(problem: ConvProblem, mode: Arithmetic, plan: Plan, seed: int) -> None:
    """A plan of an f32 problem computes it as exactly as its mode says."""
    arrays = operands(problem, seed)
    got = simulate(plan, arrays).astype(np.float64)
    want = exact(problem, arrays["lhs"], arrays["rhs"])
    magnitudes = exact(problem, np.abs(arrays["lhs"]), np.abs(arrays["rhs"]))
    error = np.abs(got - want)
    assert (error <= bound(mode, problem.extent("k")) * magnitudes).all()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("mode", ["bf16", "bf16x3"])
@given(case=cases(largest=12), device=st.sampled_from(device_names()), seed=st.integers(0, 2**16))
def test_the_error_stays_within_the_stated_bound(
    route: Route, mode: Arithmetic, case: Case, device: str, seed: int
) -> None:
    problem = f32(case)
    assume(problem.macs < 2**17)
    try:
        plan = route.propose(replace(problem, arithmetic=mode), device)
    except (Unsupported, ConfigRefused):
        assume(False)
        raise
    assert_bounded(problem, mode, plan, seed)


def grouped(groups: int, c: int, n: int, size: int) -> ConvProblem:
    """A 3x3 convolution of ``groups`` groups of c input and n output channels, channels last."""
    out, image, result = size - 2, groups * c, groups * n
    loops = (
        Loop("oh", "m", out, size * image, 0, out * result),
        Loop("ow", "m", out, image, 0, result),
        Loop("g", "g", groups, c, n * 9 * c, n),
        Loop("oc", "n", n, 0, 9 * c, 1),
        Loop("kh", "k", 3, size * image, 3 * c, 0),
        Loop("kw", "k", 3, image, c, 0),
        Loop("ic", "k", c, 1, 1, 0),
    )
    return ConvProblem(
        "conv",
        loops,
        Operand("f32", (size, size, image)),
        Operand("f32", (groups, n, 3, 3, c)),
        Operand("f32", (out, out, result)),
        "f32",
    )


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("mode", ["bf16", "bf16x3"])
@pytest.mark.parametrize("groups", [(2, 8, 8), (4, 3, 2), (2, 1, 4), (16, 1, 1)])
def test_groups_stay_within_the_stated_bound(
    route: Route, mode: Arithmetic, groups: tuple[int, int, int]
) -> None:
    problem = grouped(*groups, size=7)
    asked = replace(problem, arithmetic=mode)
    if route.name == "im2col" and groups[1:] == (1, 1) and mode == "bf16":
        with pytest.raises(Unsupported, match="one channel"):
            route.propose(asked, "npu1_4col")
        return
    plan = route.propose(asked, "npu1_4col")
    assert_bounded(problem, mode, plan, seed=5)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("where", ["lhs", "rhs"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_infinities_and_nans_go_where_f32_has_them(route: Route, where: str, value: float) -> None:
    problem = f32(
        Case(
            (1, 6, 6, 3, 8, 3, 3), (1, 1), (1, 1), "bf16", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
        )
    )
    arrays = operands(problem, 7)
    other = arrays["rhs" if where == "lhs" else "lhs"]
    # What bf16 holds exactly leaves nothing over: infinity times that zero would be a NaN.
    other[:] = np.round(other) + np.float32(0.5)
    other[::5] += np.float32(0.001)
    arrays[where][5 * 6 * 3 + 2] = value
    plan = route.propose(replace(problem, arithmetic="bf16x3"), "npu1_4col")
    got = simulate(plan, arrays)
    with np.errstate(invalid="ignore"):
        want = exact(problem, arrays["lhs"], arrays["rhs"])
    wild = ~np.isfinite(want)
    assert wild.any()
    np.testing.assert_array_equal(got[wild], want[wild].astype(np.float32))
    assert np.isfinite(got[~wild]).all()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("operand", ["lhs", "rhs"])
def test_f32_with_another_type_is_refused(route: Route, operand: str) -> None:
    problem = f32(
        Case(
            (1, 6, 6, 8, 8, 3, 3), (1, 1), (1, 1), "bf16", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
        )
    )
    mixed = replace(problem, **{operand: replace(problem.lhs, dtype="bf16")}, arithmetic="bf16x3")
    with pytest.raises(Unsupported):
        route.propose(mixed, "npu1_4col")
