"""Every problem gets a route and a reason; the cheapest wins, the CPU included."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from aie_conv import partitioner
from aie_conv.errors import UsageError
from aie_conv.partitioner import Permission, Pricing, choose, route_names
from aie_conv.partitioner.cost import FIXED
from aie_conv.problem import ConvProblem, Epilogue, Loop, Operand, Step, conv2d

SMALL = conv2d(1, 10, 10, 16, 32, 3, 3)
CONV = conv2d(1, 58, 58, 64, 64, 3, 3)
DEVICE = "npu1_4col"
FAKES = "tests.support.partitioner.fakes"


def f32(problem: ConvProblem) -> ConvProblem:
    return replace(
        problem, lhs=Operand("f32", problem.lhs.shape), rhs=Operand("f32", problem.rhs.shape)
    )


def grouped() -> ConvProblem:
    """A depthwise 3x3 over 8 channels."""
    loops = (
        Loop("oh", "m", 8, 80, 0, 64),
        Loop("ow", "m", 8, 8, 0, 8),
        Loop("g", "g", 8, 1, 9, 1),
        Loop("kh", "k", 3, 80, 3, 0),
        Loop("kw", "k", 3, 8, 1, 0),
    )
    return ConvProblem(
        "conv",
        loops,
        Operand("bf16", (10, 10, 8)),
        Operand("bf16", (8, 3, 3)),
        Operand("f32", (8, 8, 8)),
        "f32",
    )


def use(monkeypatch: pytest.MonkeyPatch, routes: Mapping[str, Mapping[str, str]]) -> None:
    """Replace the registry by routes of the fakes, given as name -> style -> class."""
    made = {
        name: {style: f"{FAKES}:{cls}" for style, cls in styles.items()}
        for name, styles in routes.items()
    }
    monkeypatch.setattr(partitioner, "_ROUTES", made)


QUICK_AND_SLOW = {"slow": {"": "Slow"}, "quick": {"": "Quick"}}
DIRECT = {"direct": {"vector": "Vector", "scalar": "Scalar"}}


# -- the choice -----------------------------------------------------------------------------------
def test_the_cheapest_route_wins_and_the_line_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    decision = choose(CONV, device=DEVICE)
    assert decision.route == "quick"
    # 8 us of overhead are 14 400 cycles of 1.8 GHz on either side.
    assert decision.reason == (
        "quick: 55 600 cycles (cores); slow: 78 300 (input stream, 9.0 times the least bytes);"
        " cpu: 4 638 620 (MACs)"
    )
    assert [c.route for c in decision.candidates] == ["quick", "slow", "cpu"]
    assert [c.cost for c in decision.candidates] == sorted(c.cost for c in decision.candidates)


def test_what_is_cheaper_on_the_cpu_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    decision = choose(SMALL, device=DEVICE)
    assert decision.route == "cpu"
    assert decision.plan is None
    assert decision.reason.startswith("cpu: ")
    assert "; quick: 55 600 (cores)" in decision.reason


def test_a_faster_cpu_takes_more(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    fast = replace(FIXED, dense=dict.fromkeys(FIXED.dense, 1e13), bytes_per_second=1e13)
    assert choose(CONV, device=DEVICE).route == "quick"
    assert choose(CONV, device=DEVICE, pricing=Pricing(fast)).route == "cpu"


def test_a_route_that_is_asked_for_is_not_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    decision = choose(SMALL, device=DEVICE, route="slow")
    assert decision.route == "slow"
    assert [c.route for c in decision.candidates] == ["slow"]


def test_vector_code_comes_before_scalar(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DIRECT)
    decision = choose(CONV, device=DEVICE)
    assert decision.plan is not None
    assert decision.plan.style == "vector"
    assert "scalar" not in decision.reason
    integers = replace(CONV, lhs=Operand("i32", CONV.lhs.shape), rhs=Operand("i32", CONV.rhs.shape))
    scalar = choose(integers, device=DEVICE)
    assert scalar.plan is not None
    assert scalar.plan.style == "scalar"
    assert "direct vector: no vector kernel for i32" in scalar.reason


def test_scalar_code_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DIRECT)
    scalar = choose(CONV, device=DEVICE, route="direct", direct="scalar")
    assert scalar.plan is not None
    assert scalar.plan.style == "scalar"
    refused = choose(f32(CONV), device=DEVICE, route="direct", direct="scalar")
    assert refused.plan is not None
    assert refused.plan.problem.arithmetic == "native"


def test_a_style_that_refuses_leaves_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DIRECT)
    integers = replace(CONV, lhs=Operand("i16", CONV.lhs.shape))
    decision = choose(integers, device=DEVICE, route="direct", direct="vector")
    assert decision.route == "cpu"
    assert "no vector kernel for i16" in decision.reason


# -- f32 ------------------------------------------------------------------------------------------
def test_f32_needs_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    kept = choose(f32(CONV), device=DEVICE)
    assert kept.route == "cpu"
    assert "--amd-aie-f32=bf16 or bf16x3" in kept.reason
    # One plan that costs less is enough to say so: the other routes are not asked.
    assert [c.route for c in kept.candidates] == ["slow", "cpu"]
    assert all(c.cost > 0 for c in kept.candidates)


@pytest.mark.parametrize("mode", ["bf16", "bf16x3"])
def test_f32_moves_with_leave(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    moved = choose(f32(CONV), device=DEVICE, permission=Permission(mode))
    assert moved.plan is not None
    assert moved.plan.problem.arithmetic == mode
    assert moved.reason.endswith(f"; computed in {mode}")
    same = choose(CONV, device=DEVICE, permission=Permission(mode))
    assert same.plan is not None
    assert same.plan.problem.arithmetic == "native"


def test_f32_that_the_cpu_does_faster_needs_no_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    kept = choose(f32(SMALL), device=DEVICE)
    assert kept.route == "cpu"
    assert "--amd-aie-f32" not in kept.reason


# -- the routes that exist ------------------------------------------------------------------------
def test_a_convolution_goes_to_the_npu_with_its_cost() -> None:
    decision = choose(CONV, device=DEVICE)
    assert decision.plan is not None
    assert decision.route == decision.plan.route
    first = decision.candidates[0]
    assert first.plan is decision.plan
    assert first.run_cycles == decision.plan.predicted_cycles > 0
    assert first.bound == decision.plan.bound != ""


def test_the_same_problem_gives_the_same_text() -> None:
    first, again = (choose(CONV, device="npu4").plan for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.emit() == again.emit()


def test_the_cpu_can_be_asked_for() -> None:
    assert choose(CONV, device=DEVICE, route="cpu").plan is None


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (grouped(), "8 groups"),
        (replace(CONV, lhs=Operand("i16", CONV.lhs.shape)), "no matrix instruction"),
        (
            replace(CONV, epilogue=Epilogue((), (Step("math.log", (0,), "f32"),), 1)),
            "math.log",
        ),
        (
            replace(
                CONV,
                epilogue=Epilogue(
                    (),
                    (
                        Step("arith.constant", (), "f32", float("inf")),
                        Step("arith.minimumf", (0, 1), "f32"),
                    ),
                    2,
                ),
            ),
            "constant inf",
        ),
    ],
)
def test_what_a_route_refuses_goes_to_the_cpu_and_says_why(problem: ConvProblem, why: str) -> None:
    decision = choose(problem, device=DEVICE, route="im2col")
    assert decision.route == "cpu"
    assert why in decision.reason
    assert decision.candidates[-1].refused == decision.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"route": "fast"}, "use one of auto, cpu, im2col"),
        ({"permission": Permission("tf32")}, "use one of cpu, bf16, bf16x3"),
        ({"permission": Permission(bf16="fast")}, "use one of exact, bfp16"),
        ({"direct": "fast"}, "use one of auto, scalar, vector"),
        ({"device": "npu9"}, "use one of npu1_1col"),
    ],
)
def test_unknown_words_name_the_known_ones(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose(CONV, **{"device": DEVICE, **arguments})


def test_route_names_start_with_the_choosers() -> None:
    assert route_names()[:2] == ("auto", "cpu")
