"""How far a result is from torch's, and how far it may be.

With v = 2^-24 and g(n) = nv / (1 - nv), a sum of K products in f32, in any order, is off by at most
g(K) S, where S is the sum of the products' magnitudes; ``aie_conv.problem.Arithmetic`` has the bounds of
f32 computed by way of bf16. The result is then rounded once, by its type's unit roundoff at most; the
reference's own error is added where it is not f64. Integers are equal or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.frontends.miopen.shape import ConvShape
from aie_conv.numerics import error_share, sum_growth

UNIT = {"f64": 2.0**-53, "f32": 2.0**-24, "bf16": 2.0**-8, "f16": 2.0**-11}
"""Unit roundoff of each type."""

_LARGEST = {"f32": 3.4028234e38, "bf16": 3.3895314e38, "f16": 65504.0}
_SMALLEST = {"f32": 2.0**-126, "bf16": 2.0**-126, "f16": 2.0**-25}
"""What may be lost where a result is below the normal numbers (f16: half a subnormal step)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Numerics:
    """The comparison of one result.

    Attributes:
        max_abs, mean_abs, max_rel: errors; relative to the reference where it is not zero.
        share: the largest error as a share of what is allowed; at most 1 where all agree.
        wrong: elements beyond it.
        elements: of the result.
        against: what the reference is.
    """

    max_abs: float
    mean_abs: float
    max_rel: float
    share: float
    wrong: int
    elements: int
    against: str

    @property
    def ok(self) -> bool:
        """Whether every element agrees."""
        return self.wrong == 0

    def line(self) -> str:
        """The statistics in one line."""
        verdict = "ok" if self.ok else f"FAILED: {self.wrong} of {self.elements} elements"
        return (
            f"numerics: max abs {self.max_abs:.3g}, mean abs {self.mean_abs:.3g},"
            f" max rel {self.max_rel:.3g}, {self.share:.3g} of the tolerance"
            f" (torch {self.against}): {verdict}"
        )


def _terms(s: ConvShape) -> int:
    """At most this many terms are added for one element, zeros left out."""
    if s.mode == "bias":
        return prod(s.output_shape) // s.out_channels
    kernel = s.kernel_dims
    taps = prod(kernel[x] for x in s.letters)
    if s.walk == "gather":
        return taps * kernel["C"] + 1
    if s.walk == "scatter":
        return taps * kernel["N"] // s.groups + 1
    small = s.input_dims if s.transposed else s.output_dims
    return small["N"] * prod(small[x] for x in s.letters) + 1


def tolerance(
    s: ConvShape,
    exact: Floats,
    magnitudes: Floats,
    reference_dtype: str,
    arithmetic: str,
    largest: float = 0.0,
) -> Floats:
    """How far each element may be from the reference; zero for integers.

    Args:
        s: the signature.
        exact: the reference.
        magnitudes: for each element the sum of the magnitudes of its products.
        reference_dtype: the type that the reference was computed in.
        arithmetic: "native", "bf16" or "bf16x3" for f32 operands by way of bf16, or "bfp16".
        largest: the product of the operands' largest magnitudes, which bfp16 needs.
    """
    if s.dtype == "i8":
        return np.zeros_like(exact)
    count = _terms(s)
    share = error_share(arithmetic, count, rounded=s.dtype != "bf16")
    if arithmetic == "bfp16":
        allowed = np.full_like(magnitudes, share * count * largest)
    else:
        allowed = share * magnitudes
    result = s.result_dtype
    if result != "f32":
        allowed = allowed + UNIT[result] * (np.abs(exact) + allowed)
    allowed = allowed + _SMALLEST[result] + count * 2.0**-126
    unit = UNIT[reference_dtype]
    narrower = unit > UNIT[s.dtype]
    own_sum = sum_growth(count, max(UNIT["f64"], min(unit, UNIT["f32"])))
    return (
        allowed
        + (own_sum + (2 * unit + unit * unit) * narrower) * magnitudes
        + unit * np.abs(exact)
    )


def compare(
    s: ConvShape,
    result: NDArray[Any],
    reference: tuple[Floats, Floats],
    *,
    reference_dtype: str = "f64",
    arithmetic: str = "native",
    largest: float = 0.0,
    rtol: float | None = None,
    atol: float | None = None,
) -> Numerics:
    """Hold a result against a reference.

    Args:
        s: the signature.
        result: the result, in its layout.
        reference: the reference and its magnitudes.
        reference_dtype, arithmetic, largest: see :func:`tolerance`.
        rtol, atol: a tolerance of the user's own, ``atol + rtol * |reference|``.
    """
    exact, magnitudes = reference
    if rtol is None and atol is None:
        allowed = tolerance(s, exact, magnitudes, reference_dtype, arithmetic, largest)
    else:
        allowed = (atol or 0.0) + (rtol or 0.0) * np.abs(exact)
    wide = np.asarray(result).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(wide - exact)
        largest = _LARGEST.get(s.result_dtype, np.inf)
        overflown = np.isinf(wide) & (np.abs(exact) + allowed >= largest)
        error = np.where((wide == exact) | (overflown & (wide * exact > 0)), 0.0, error)
        within = error <= allowed
        shares = np.where(error == 0, 0.0, error / allowed)
        relative = np.where(exact != 0, error / np.abs(exact), 0.0)
    return Numerics(
        float(error.max()),
        float(error.mean()),
        float(relative.max()),
        float(shares.max()),
        int(np.count_nonzero(~within)),
        int(error.size),
        "exact integers" if s.dtype == "i8" else reference_dtype,
    )
