"""Bounds and element-wise maxima that keep NaN, as torch's do.

IREE 3.13's importer compares so that a NaN becomes the bound (or, of two tensors, the other operand).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule

    Bound = float | Tensor | None


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    return {
        aten.relu6.default: lambda x: _clamp(x, 0, 6),
        aten.hardtanh.default: lambda x, low=-1, high=1: _clamp(x, low, high),
        aten.clamp.default: _clamp,
        aten.clamp.Tensor: _clamp,
        aten.clamp_min.default: lambda x, low: _clamp(x, low),
        aten.clamp_min.Tensor: lambda x, low: _clamp(x, low),
        aten.clamp_max.default: lambda x, high: _clamp(x, None, high),
        aten.clamp_max.Tensor: lambda x, high: _clamp(x, None, high),
        aten.maximum.default: lambda x, y: _pick(x, y, greater=True),
        aten.minimum.default: lambda x, y: _pick(x, y, greater=False),
    }


def _clamp(x: Tensor, low: Bound = None, high: Bound = None) -> Any:
    import torch

    if not x.is_floating_point():
        return NotImplemented
    if any(isinstance(bound, torch.Tensor) for bound in (low, high)):
        x = x if low is None else torch.maximum(x, _like(low, x))
        return x if high is None else torch.minimum(x, _like(high, x))
    if low == 0:
        x = x.relu()
    elif low is not None:
        x = torch.where(x < low, low, x)
    return x if high is None else torch.where(x > high, high, x)


def _like(bound: Bound, x: Tensor) -> Tensor:
    import torch

    if isinstance(bound, torch.Tensor):
        return bound.to(x.dtype)
    return torch.full((), float("nan") if bound is None else bound, dtype=x.dtype)


def _pick(x: Tensor, y: Tensor, *, greater: bool) -> Any:
    """The greater or the smaller one; NaN where either is."""
    import torch

    if not x.is_floating_point() or not y.is_floating_point():
        return NotImplemented
    better = x > y if greater else x < y
    return torch.where(better | (x != x), x, y)
