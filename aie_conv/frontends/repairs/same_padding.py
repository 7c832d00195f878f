"""Convolutions whose padding is a word: "same" or "valid".

IREE 3.13's importer pads both sides alike, which is too little for a window of even reach.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from aie_conv.frontends.repairs.forms import PerDim, each

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    return {
        op: _convolution for op in (aten.conv1d.padding, aten.conv2d.padding, aten.conv3d.padding)
    }


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: PerDim = 1,
    padding: str = "valid",
    dilation: PerDim = 1,
    groups: int = 1,
) -> Any:
    import torch
    from torch.nn import functional

    rank = weight.dim() - 2
    if x.dim() != weight.dim():
        return NotImplemented
    steps = each(dilation, rank)
    reach = [d * (taps - 1) for d, taps in zip(steps, weight.shape[2:], strict=True)]
    if padding == "valid":
        reach = [0] * rank
    low = [r // 2 for r in reach]
    if any(r % 2 for r in reach):
        # What one side has more is the high one's.
        beyond = [(0, r % 2) for r in reach]
        x = functional.pad(x, tuple(chain(*reversed(beyond))))
    sizes = [each(stride, rank), low, steps]
    return torch.ops.aten.convolution(x, weight, bias, *sizes, False, [0] * rank, groups)
