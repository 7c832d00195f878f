"""Adaptive average pooling whose windows are all equal: a mean, or plain average pooling.

IREE 3.13's importer makes a gather of it that pads the image and asks for each pixel whether it lies in the
window: right, but no reduction that a planner could read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    return {
        aten.adaptive_avg_pool1d.default: _plain(1),
        aten.adaptive_avg_pool2d.default: _plain(2),
        aten._adaptive_avg_pool2d.default: _plain(2),
        aten.adaptive_avg_pool3d.default: _plain(3),
        aten._adaptive_avg_pool3d.default: _plain(3),
    }


def _plain(rank: int) -> Rule:
    import torch

    aten = torch.ops.aten
    pool: Any = (aten.avg_pool1d, aten.avg_pool2d, aten.avg_pool3d)[rank - 1]

    def average(x: Tensor, sizes: Sequence[int]) -> Any:
        image = list(x.shape)[-rank:]
        if all(size == 1 for size in sizes):
            return x.mean(list(range(-rank, 0)), keepdim=True)
        if any(size % count for size, count in zip(image, sizes, strict=True)):
            return NotImplemented
        window = [size // count for size, count in zip(image, sizes, strict=True)]
        return pool(x, window, window)

    return average
