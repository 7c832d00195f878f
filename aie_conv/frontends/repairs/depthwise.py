"""Depthwise convolutions that IREE 3.13's importer refuses, in a form that it takes.

It knows depthwise convolutions of one and two dims alone, and no transposed one at all. A third dim is
unrolled: its taps become the input channels of a grouped 2-D convolution, so that each result is still
one sum, rounded once. A transposed convolution becomes one of the input with zeros between its elements.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from aie_conv.frontends.repairs.forms import each

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    return {torch.ops.aten.convolution.default: _convolution}


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
) -> Any:
    rank = weight.dim() - 2
    if x.dim() != weight.dim() or weight.shape[1] != 1:
        return NotImplemented
    if not x.shape[1] == weight.shape[0] == groups > 1:
        return NotImplemented
    stride, padding, dilation = (each(v, rank) for v in (stride, padding, dilation))
    if transposed:
        return _transpose(x, weight, bias, stride, padding, dilation, each(output_padding, rank))
    return _depthwise3d(x, weight, bias, stride, padding, dilation) if rank == 3 else NotImplemented


def _transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    output_padding: list[int],
) -> Tensor:
    """A depthwise transposed convolution as a plain one."""
    import torch
    from torch.nn import functional

    rank = weight.dim() - 2
    borders: list[tuple[int, int]] = []
    for dim in range(rank):
        x = _spread(x, dim + 2, stride[dim])
        wide = dilation[dim] * (weight.shape[dim + 2] - 1) - padding[dim]
        borders.append((wide, wide + output_padding[dim]))
    x = functional.pad(x, tuple(chain(*reversed(borders))))
    flipped = weight.flip(list(range(2, rank + 2)))
    zeros = [0] * rank
    return torch.ops.aten.convolution(
        x, flipped, bias, [1] * rank, zeros, dilation, False, zeros, weight.shape[0]
    )


def _spread(x: Tensor, dim: int, step: int) -> Tensor:
    """The elements of a dim ``step`` apart, zeros between them."""
    from torch.nn import functional

    size = x.shape[dim]
    apart = functional.pad(x.movedim(dim, -1).unsqueeze(-1), (0, step - 1)).flatten(-2)
    return apart.narrow(-1, 0, (size - 1) * step + 1).movedim(-1, dim)


def _depthwise3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
) -> Tensor:
    """A depthwise convolution of three dims as a grouped one of two.

    Args:
        x: [n, c, d, h, w]; weight [c, 1, taps...].
    """
    import torch
    from torch.nn import functional

    channels = weight.shape[0]
    x = functional.pad(x, (0, 0, 0, 0, padding[0], padding[0]))
    count, taps, step = x.shape[0], weight.shape[2], dilation[0]
    depth = (x.shape[2] - step * (taps - 1) - 1) // stride[0] + 1
    last = (depth - 1) * stride[0] + 1
    slices = [x[:, :, tap * step : tap * step + last : stride[0]] for tap in range(taps)]
    # [n, c, taps, depth, h, w] -> images of one depth, whose channels are those of x by the taps
    images = torch.stack(slices, 2).permute(0, 3, 1, 2, 4, 5)
    images = images.reshape(count * depth, channels * taps, *x.shape[3:])
    y = functional.conv2d(
        images, weight[:, 0], bias, stride[1:], padding[1:], dilation[1:], channels
    )
    return y.reshape(count, depth, channels, *y.shape[2:]).transpose(1, 2)
