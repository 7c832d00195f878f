"""Scatters along a dim that is counted from the end, along the same counted from the start.

IREE 3.13's importer ends its process over a negative dim (``bridge/known_faults.py`` refuses MLIR's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    scatters = (
        aten.scatter.value,
        aten.scatter.src,
        aten.scatter_add.default,
        aten.scatter_reduce.two,
    )
    return {scatter: _count_from_the_start(scatter) for scatter in scatters}


def _count_from_the_start(scatter: Any) -> Rule:
    def rule(x: Tensor, dim: int, *rest: Any, **options: Any) -> Any:
        if dim >= 0 or not x.dim():
            return NotImplemented
        return scatter(x, dim + x.dim(), *rest, **options)

    return rule
