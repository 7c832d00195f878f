"""Windows that move once along a dim though the input is larger: the rest is cut off, the stride is 1.

IREE 3.13 drops the loop of one step and then wants an input of exactly the window's size.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        aten.convolution.default: _convolution,
        aten.max_pool1d.default: _max_pool(1),
        aten.max_pool2d.default: _max_pool(2),
        aten.max_pool3d.default: _max_pool(3),
        aten.avg_pool1d.default: _average_pool(1),
        aten.avg_pool2d.default: _average_pool(2),
        aten.avg_pool3d.default: _average_pool(3),
    }


def _surplus(
    sizes: Sequence[int], reach: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> list[int] | None:
    """What the input has too much at the high end of each dim; None where no dim has one step and a rest."""
    rest = [size + 2 * p - r for size, r, p in zip(sizes, reach, padding, strict=True)]
    if any(left < 0 for left in rest):
        return None
    once = [left if 0 < left < step else 0 for left, step in zip(rest, stride, strict=True)]
    return once if any(once) else None


def _cut(x: Tensor, surplus: Sequence[int], padding: Sequence[int], value: float) -> Tensor:
    """The input with its padding written out, less what is too much."""
    from torch.nn import functional

    first = x.dim() - len(surplus)
    borders: list[tuple[int, int]] = []
    for dim, (more, pad) in enumerate(zip(surplus, padding, strict=True)):
        x = x.narrow(first + dim, 0, x.shape[first + dim] - max(more - pad, 0))
        borders.append((pad, max(pad - more, 0)))
    flat = tuple(chain(*reversed(borders)))
    return functional.pad(x, flat, value=value) if any(flat) else x


def _strides(surplus: Sequence[int], stride: Sequence[int]) -> list[int]:
    return [1 if more else step for more, step in zip(surplus, stride, strict=True)]


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
    import torch

    if transposed or x.dim() != weight.dim():
        return NotImplemented
    rank = weight.dim() - 2
    stride, padding, dilation = (each(v, rank) for v in (stride, padding, dilation))
    reach = [d * (taps - 1) + 1 for d, taps in zip(dilation, weight.shape[2:], strict=True)]
    surplus = _surplus(x.shape[2:], reach, stride, padding)
    if surplus is None:
        return NotImplemented
    x = _cut(x, surplus, padding, 0)
    sizes = [_strides(surplus, stride), [0] * rank, dilation]
    return torch.ops.aten.convolution(x, weight, bias, *sizes, False, [0] * rank, groups)


def _max_pool(rank: int) -> Rule:
    import torch

    operation = getattr(torch.ops.aten, f"max_pool{rank}d")

    def pool(
        x: Tensor,
        kernel: PerDim,
        stride: PerDim = (),
        padding: PerDim = 0,
        dilation: PerDim = 1,
        ceil_mode: bool = False,
    ) -> Any:
        taps, pads, steps = each(kernel, rank), each(padding, rank), each(dilation, rank)
        moves = each(stride, rank) if stride else taps
        reach = [d * (k - 1) + 1 for d, k in zip(steps, taps, strict=True)]
        surplus = None if ceil_mode else _surplus(x.shape[-rank:], reach, moves, pads)
        if surplus is None or not x.is_floating_point():
            return NotImplemented
        x = _cut(x, surplus, pads, float("-inf"))
        return operation(x, taps, _strides(surplus, moves), [0] * rank, steps)

    return pool


def _average_pool(rank: int) -> Rule:
    import torch

    operation = getattr(torch.ops.aten, f"avg_pool{rank}d")

    def pool(
        x: Tensor,
        kernel: PerDim,
        stride: PerDim = (),
        padding: PerDim = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        *divisor: int | None,
    ) -> Any:
        taps, pads = each(kernel, rank), each(padding, rank)
        moves = each(stride, rank) if stride else taps
        surplus = None if ceil_mode else _surplus(x.shape[-rank:], taps, moves, pads)
        if surplus is None or (any(pads) and not count_include_pad):
            return NotImplemented
        x = _cut(x, surplus, pads, 0)
        return operation(x, taps, _strides(surplus, moves), [0] * rank, False, True, *divisor)

    return pool
