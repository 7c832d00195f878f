"""Softshrink.

IREE 3.13's importer shifts to the wrong side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    return {torch.ops.aten.softshrink.default: _softshrink}


def _softshrink(x: Tensor, bound: float = 0.5) -> Any:
    import torch

    # x * 0 keeps NaN, as torch does.
    inner = torch.where(x < -bound, x + bound, x * 0)
    return torch.where(x > bound, x - bound, inner)
