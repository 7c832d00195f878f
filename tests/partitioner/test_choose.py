"""Every problem gets a route and a reason."""

from dataclasses import replace

import pytest

from aie_conv.errors import UsageError
from aie_conv.partitioner import choose, route_names
from aie_conv.problem import ConvProblem, Epilogue, Loop, Operand, Step, conv2d

CONV = conv2d(1, 10, 10, 16, 32, 3, 3)
F32 = replace(
    CONV,
    lhs=Operand("f32", CONV.lhs.shape),
    rhs=Operand("f32", CONV.rhs.shape),
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


def test_a_convolution_goes_to_the_npu_with_its_cost() -> None:
    decision = choose(CONV, device="npu1_4col")
    assert decision.route == "im2col"
    assert decision.plan is not None
    (candidate,) = decision.candidates
    assert candidate["predicted_cycles"] == decision.plan.predicted_cycles > 0
    assert str(decision.plan.cores) in decision.reason


def test_the_same_problem_gives_the_same_text() -> None:
    first, again = (choose(CONV, device="npu4").plan for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.emit() == again.emit()


def test_the_cpu_can_be_asked_for() -> None:
    assert choose(CONV, device="npu1_4col", route="cpu").plan is None


def test_f32_needs_leave() -> None:
    kept = choose(F32, device="npu1_4col")
    assert kept.route == "cpu"
    assert "--amd-aie-f32=bf16" in kept.reason
    assert kept.candidates[0]["predicted_cycles"] > 0
    moved = choose(F32, device="npu1_4col", f32="bf16")
    assert moved.route == "im2col"
    assert "bf16" in moved.reason


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (grouped(), "8 groups"),
        (replace(CONV, lhs=Operand("i16", CONV.lhs.shape)), "no matrix instruction"),
        (
            replace(CONV, epilogue=Epilogue((), (Step("math.tanh", (0,), "f32"),), 1)),
            "math.tanh",
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
def test_what_no_route_takes_goes_to_the_cpu_and_says_why(problem: ConvProblem, why: str) -> None:
    decision = choose(problem, device="npu1_4col")
    assert decision.route == "cpu"
    assert why in decision.reason
    assert decision.candidates[-1]["refused"] == decision.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"route": "fast"}, "use one of auto, cpu, im2col"),
        ({"f32": "tf32"}, "use cpu or bf16"),
        ({"device": "npu9"}, "use one of npu1_1col"),
    ],
)
def test_unknown_words_name_the_known_ones(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose(CONV, **{"device": "npu1_4col", **arguments})


def test_route_names_start_with_the_choosers() -> None:
    assert route_names()[:2] == ("auto", "cpu")
