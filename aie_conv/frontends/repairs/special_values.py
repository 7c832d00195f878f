"""Functions that IREE 3.13's importer lacks, or gets wrong for NaN, near zero or far from it, written out.

Hardshrink and threshold lose NaN, isfinite takes it for finite, logsigmoid overflows below, sinh loses all
places near zero and sinc with it, GELU's tanh form has constants of three digits, fmod, hypot, erfc and
magnitudes of complex numbers are refused, and log10 is a function that IREE's linker does not find.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    return {
        aten.abs.default: _magnitude,
        aten.erfc.default: _erfc,
        aten.special_erfc.default: _erfc,
        aten.hardshrink.default: _hardshrink,
        aten.threshold.default: lambda x, bound, value: torch.where(x <= bound, value, x),
        aten.log_sigmoid.default: _log_sigmoid,
        aten.isfinite.default: _isfinite,
        aten.gelu.default: _gelu,
        aten.sinc.default: _sinc,
        aten.sinh.default: _sinh,
        aten.log10.default: lambda x: (
            x.log2() * math.log10(2) if x.is_floating_point() else NotImplemented
        ),
        aten.hypot.default: _hypot,
        aten.fmod.Scalar: _fmod,
        aten.fmod.Tensor: _fmod,
    }


def _magnitude(x: Tensor) -> Any:
    import torch

    return _hypot(torch.real(x), torch.imag(x)) if x.is_complex() else NotImplemented


_ERFC = (
    -1.26545298, 0.998733, 0.38577926, 0.03871951, -0.01083408,
    -0.05751488, -0.72375411, 1.17737627, -0.6895892, 0.14653717,
)  # fmt: skip
"""log(erfc(x) exp(x^2) / t) as a polynomial of t = 2 / (2 + x), lowest power first: by least squares at
400 Chebyshev points of 0 <= x <= 10.2, where f32 ends."""


def _erfc(x: Tensor) -> Any:
    """To 5e-7 of its value also where it is next to 0, which 1 - erf(x) is not."""
    import torch

    if not x.is_floating_point() or x.dtype == torch.float64:
        return NotImplemented
    wide = x.to(torch.float32)
    above = wide.abs().clamp(max=11.0)
    t = 2 / (2 + above)
    inner = torch.full_like(t, _ERFC[-1])
    for factor in _ERFC[-2::-1]:
        inner = inner * t + factor
    # The square of a number of few digits is exact.
    near = (above * 16).round() / 16
    power = (-near * near).exp() * (inner - (above - near) * (above + near)).exp()
    return torch.where(wide < 0, 2 - t * power, t * power).to(x.dtype)


def _hardshrink(x: Tensor, bound: float = 0.5) -> Any:
    import torch

    return torch.where(x.abs() <= bound, 0.0, x)


def _log_sigmoid(x: Tensor) -> Any:
    return x.clamp(max=0) - (-x.abs()).exp().log1p()


def _isfinite(x: Tensor) -> Any:
    return x.abs() < math.inf if x.is_floating_point() else NotImplemented


def _sinc(x: Tensor) -> Any:
    """By its series near zero, where a sine is off by as much as it is."""
    import torch

    if not x.is_floating_point():
        return NotImplemented
    angle = math.pi * x.to(torch.promote_types(x.dtype, torch.float32))
    square = angle * angle
    series = 1 - square / 6 + square * square / 120
    return torch.where(square < 0.1, series, angle.sin() / angle).to(x.dtype)


def _sinh(x: Tensor) -> Any:
    import torch

    if not x.is_floating_point():
        return NotImplemented
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    above = wide.abs().expm1()
    result = 0.5 * above + 0.5 * (above / (above + 1))
    # The power is infinite before its half is, which is a product of two powers there.
    root = (0.5 * wide.abs()).exp()
    result = torch.where(above == math.inf, 0.5 * root * root, result)
    return torch.where(wide < 0, -result, result).to(x.dtype)


def _hypot(x: Tensor, y: Tensor) -> Any:
    """By the larger of the two, so that no square overflows."""
    import torch

    dtype = torch.result_type(x, y)
    wide = torch.promote_types(dtype, torch.float32)
    a, b = x.to(wide).abs(), y.to(wide).abs()
    large, small = torch.maximum(a, b), torch.minimum(a, b)
    part = torch.where(large > 0, small / large, 0.0)
    result = large * (1 + part * part).sqrt()
    infinite = (a == math.inf) | (b == math.inf)
    return torch.where(infinite, math.inf, result).to(dtype)


def _fmod(x: Tensor, y: Any) -> Any:
    """The remainder with the sign of what is divided: of magnitudes, or of integers, whose least has none."""
    import torch

    divisor = y if isinstance(y, torch.Tensor) else torch.full((), y, dtype=torch.result_type(x, y))
    dtype = torch.result_type(x, y)
    if not dtype.is_floating_point:
        rest = torch.remainder(x, divisor)
        if not dtype.is_signed:
            return rest
        return torch.where((rest != 0) & ((x < 0) != (divisor < 0)), rest - divisor, rest)
    rest = torch.remainder(x.to(dtype).abs(), divisor.to(dtype).abs())
    rest = torch.where((divisor.abs() == math.inf) & (x.abs() < math.inf), x.abs(), rest)
    return torch.where(x < 0, -rest, rest).to(dtype)


def _gelu(x: Tensor, *, approximate: str = "none") -> Any:
    import torch

    if approximate != "tanh":
        return NotImplemented
    wide = x if x.dtype == torch.float64 else x.to(torch.float32)
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide * wide * wide)
    return (0.5 * wide * (1 + inner.tanh())).to(x.dtype)
