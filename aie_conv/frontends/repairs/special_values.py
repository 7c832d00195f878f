"""Functions of one number that IREE 3.13's importer gets wrong for NaN or far from zero, written out.

Hardshrink and threshold lose NaN, isfinite takes it for finite, logsigmoid overflows below, and GELU's tanh
form has constants of three digits.
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
        aten.hardshrink.default: _hardshrink,
        aten.threshold.default: lambda x, bound, value: torch.where(x <= bound, value, x),
        aten.log_sigmoid.default: _log_sigmoid,
        aten.isfinite.default: _isfinite,
        aten.gelu.default: _gelu,
    }


def _hardshrink(x: Tensor, bound: float = 0.5) -> Any:
    import torch

    return torch.where(x.abs() <= bound, 0.0, x)


def _log_sigmoid(x: Tensor) -> Any:
    return x.clamp(max=0) - (-x.abs()).exp().log1p()


def _isfinite(x: Tensor) -> Any:
    return x.abs() < math.inf if x.is_floating_point() else NotImplemented


def _gelu(x: Tensor, *, approximate: str = "none") -> Any:
    import torch

    if approximate != "tanh":
        return NotImplemented
    wide = x if x.dtype == torch.float64 else x.to(torch.float32)
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide * wide * wide)
    return (0.5 * wide * (1 + inner.tanh())).to(x.dtype)
