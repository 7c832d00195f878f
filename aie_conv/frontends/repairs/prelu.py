"""PReLU with a slope for each channel, which is dim 1.

IREE 3.13's importer walks the slopes along the last dim: where that has as many elements as there are
channels, the result is wrong without a word.
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
    return {aten.prelu.default: _prelu, aten._prelu_kernel.default: _kernel}


def _prelu(x: Tensor, slopes: Tensor) -> Any:
    import torch

    shape = [1, -1, *[1] * (x.dim() - 2)] if x.dim() > 1 else [-1]
    slopes = slopes.reshape(shape if slopes.numel() > 1 else [1] * max(x.dim(), 1))
    return torch.where(x > 0, x, x * slopes).reshape(x.shape)


def _kernel(x: Tensor, slopes: Tensor) -> Any:
    """The same in torch's inner form, whose slopes have x's rank already."""
    import torch

    return torch.where(x > 0, x, x * slopes)
