"""Every convolution of torch's as `aten.convolution`, so that the other repairs know one form of it.

No fault of the importer's: it does the same itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule

PerDim = int | Sequence[int]


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    return {
        aten.conv1d.default: _plain(1),
        aten.conv2d.default: _plain(2),
        aten.conv3d.default: _plain(3),
        aten.conv_transpose1d.default: _transpose(1),
        aten.conv_transpose2d.input: _transpose(2),
        aten.conv_transpose3d.input: _transpose(3),
    }


def each(values: PerDim, rank: int) -> list[int]:
    """One value a dim."""
    numbers = [values] if isinstance(values, int) else list(values)
    return numbers if len(numbers) == rank else numbers[:1] * rank


def _plain(rank: int) -> Rule:
    import torch

    def convolution(
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: PerDim = 1,
        padding: PerDim = 0,
        dilation: PerDim = 1,
        groups: int = 1,
    ) -> Any:
        if x.dim() != weight.dim():
            return NotImplemented
        sizes = [each(values, rank) for values in (stride, padding, dilation)]
        zeros = [0] * rank
        return torch.ops.aten.convolution(x, weight, bias, *sizes, False, zeros, groups)

    return convolution


def _transpose(rank: int) -> Rule:
    import torch

    def convolution(
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: PerDim = 1,
        padding: PerDim = 0,
        output_padding: PerDim = 0,
        groups: int = 1,
        dilation: PerDim = 1,
    ) -> Any:
        if x.dim() != weight.dim():
            return NotImplemented
        sizes = [each(values, rank) for values in (stride, padding, dilation)]
        beyond = each(output_padding, rank)
        return torch.ops.aten.convolution(x, weight, bias, *sizes, True, beyond, groups)

    return convolution
