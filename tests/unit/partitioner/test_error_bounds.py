"""The bound of an arithmetic, as a number and as the report says it."""

from dataclasses import replace

import pytest

from aie_conv.numerics import error_bound, error_share
from aie_conv.problem import ConvProblem, conv2d


def f32(problem: ConvProblem) -> ConvProblem:
    lhs, rhs = (replace(operand, dtype="f32") for operand in (problem.lhs, problem.rhs))
    return replace(problem, lhs=lhs, rhs=rhs)


def f16(problem: ConvProblem) -> ConvProblem:
    lhs, rhs = (replace(operand, dtype="f16") for operand in (problem.lhs, problem.rhs))
    return replace(problem, lhs=lhs, rhs=rhs)


CONV = conv2d(1, 16, 16, 64, 64, 3, 3)
"""Sums of 576 products."""


@pytest.mark.parametrize(
    ("problem", "arithmetic", "expected"),
    [
        (conv2d(1, 16, 16, 64, 64, 3, 3, dtype="i8"), "native", "0"),
        (CONV, "native", "3.43e-05 S"),
        (f32(CONV), "bf16", "0.00786 S"),
        (f32(CONV), "bf16x3", "0.000151 S"),
        (f16(CONV), "bf16x3", "0.00012 S"),
        (CONV, "bfp16", "18.2 A B"),
        (f32(CONV), "bfp16", "22.8 A B"),
    ],
)
def test_the_report_says_it(problem: ConvProblem, arithmetic: str, expected: str) -> None:
    assert error_bound(problem, arithmetic) == expected


def test_operands_that_were_rounded_before_lose_more() -> None:
    assert error_share("bfp16", 8, rounded=True) > error_share("bfp16", 8, rounded=False)
    assert error_share("bfp16", 8, rounded=False) == pytest.approx(2 / 64 + 1 / 64**2, rel=1e-4)
