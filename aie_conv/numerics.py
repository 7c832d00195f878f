"""What sums are off by, by how their products are computed (derived at ``aie_conv.problem.Arithmetic``)."""

from aie_conv.problem import BLOCK_FLOAT, ConvProblem

BF16_UNIT, F32_UNIT = 2.0**-8, 2.0**-24
"""Unit roundoffs."""

BLOCK_UNIT = 2.0**-6
"""A block's last place, of its largest magnitude, at most."""


def sum_growth(count: int, unit: float = F32_UNIT) -> float:
    """What adding so many terms loses, of their magnitudes; infinite where that says nothing."""
    return count * unit / (1 - count * unit) if count * unit < 0.5 else float("inf")


def error_share(arithmetic: str, count: int, *, rounded: bool, in_two: bool = False) -> float:
    """What a sum of so many products of floats may be off by.

    Args:
        arithmetic: of the products.
        count: of them.
        rounded: the operands were rounded to bf16 for it.
        in_two: two values of bf16 hold an operand, as they do of f16.

    Returns:
        A share of the sum of the products' magnitudes; for "bfp16" of ``count`` times the product of the
        operands' largest magnitudes.
    """
    u = BF16_UNIT
    if arithmetic == "bf16x3":
        left_out = u**2 if in_two else 3 * u**2 + 2 * u**3 + 2 * u**4
        return left_out + sum_growth(3 * count) * (1 + u) ** 2 * (1 + 2 * u)
    if arithmetic == "bf16":
        return 2 * u + u * u + sum_growth(count) * (1 + u) ** 2
    if arithmetic == BLOCK_FLOAT:
        rounding = u if rounded else 0.0
        d = BLOCK_UNIT * (1 + rounding) + rounding
        return 2 * d + d * d + sum_growth(count) * (1 + d) ** 2
    return sum_growth(count)


def error_bound(problem: ConvProblem, arithmetic: str) -> str:
    """The bound of one sum before its epilogue, for people: "0", or a number times S, or times A B.

    S is the sum of the magnitudes of its products, A and B are the operands' largest magnitudes.
    """
    if problem.accumulator != "f32":
        return "0"
    count = problem.extent("k")
    dtype = problem.lhs.dtype
    share = error_share(arithmetic, count, rounded=dtype == "f32", in_two=dtype == "f16")
    return f"{share * count:.3g} A B" if arithmetic == BLOCK_FLOAT else f"{share:.3g} S"
