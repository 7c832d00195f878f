"""Scatters as `aten.index_put`, with the place of each element in every dim.

IREE 3.13 halves constant indices of 64 bits on their way to a scatter: other numbers are written, or the
compiler ends its process.
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
    return {aten.scatter.value: _numbers, aten.scatter.src: _scatter}


def _numbers(x: Tensor, dim: int, index: Tensor, value: Any) -> Any:
    import torch

    return _scatter(x, dim, index, torch.full(index.shape, value, dtype=x.dtype))


def _scatter(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
    """Elements of ``src`` put into ``x``.

    Args:
        x: of any shape.
        dim: the dim along which ``index`` says where each goes.
        index: at most as large as x in other dims, and as src in each.
    """
    import torch

    if not x.dim() or not index.numel():
        return NotImplemented
    places: list[Tensor] = []
    for number, size in enumerate(index.shape):
        row = torch.arange(size).reshape([-1 if d == number else 1 for d in range(x.dim())])
        places.append(index if number == dim % x.dim() else row.expand(index.shape))
    taken = src[tuple(slice(0, size) for size in index.shape)]
    return torch.ops.aten.index_put(x, places, taken)
