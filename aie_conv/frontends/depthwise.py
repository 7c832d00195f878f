"""Depthwise convolutions that IREE 3.13's importer refuses, in a form that it takes.

It knows depthwise convolutions of one and two dims alone, and no transposed one at all. A third dim is
unrolled: its taps become the input channels of a grouped 2-D convolution, so that each result is still
one sum, rounded once. A transposed convolution becomes one of the input with zeros between its elements.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def importable(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """The program as it is, or an equal one where it has depthwise convolutions that IREE refuses."""
    table = _table()
    if not any(node.target in table and _is_depthwise(node) for node in program.graph.nodes):
        return program
    with warnings.catch_warnings():
        # torch 2.13 uses what it deprecates itself.
        warnings.simplefilter("ignore", FutureWarning)
        return program.run_decompositions(table)


def _is_depthwise(node: torch.fx.Node) -> bool:
    """Whether a convolution has as many groups as its input has channels, and its filter."""
    shapes = [_shape(node.args[number]) for number in (0, 1)]
    return shapes[0][1] == shapes[1][0] and shapes[1][1] == 1 and shapes[0][1] > 1


def _shape(value: Any) -> Sequence[int]:
    return value.meta["val"].shape


def _table() -> dict[Any, Callable[..., Any]]:
    """For each operation that may have to change: what to do instead, or NotImplemented."""
    import torch

    aten = torch.ops.aten
    return {
        aten.conv3d.default: _conv3d,
        aten.conv_transpose1d.default: _transposed,
        aten.conv_transpose2d.input: _transposed,
        aten.conv_transpose3d.input: _transposed,
    }


def _conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> Any:
    if not x.shape[1] == weight.shape[0] == groups > 1:
        return NotImplemented
    return _depthwise(x, weight, bias, _each(stride, 3), _each(padding, 3), _each(dilation, 3))


def _transposed(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    output_padding: Sequence[int] = (0,),
    groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> Any:
    """A depthwise transposed convolution as a plain one; arguments as torch's."""
    from torch.nn import functional

    if not x.shape[1] == weight.shape[0] == groups > 1 or weight.shape[1] != 1:
        return NotImplemented
    rank = x.dim() - 2
    strides, dilations = _each(stride, rank), _each(dilation, rank)
    borders: list[tuple[int, int]] = []
    for dim in range(rank):
        x = _spread(x, dim + 2, strides[dim])
        wide = dilations[dim] * (weight.shape[dim + 2] - 1) - _each(padding, rank)[dim]
        borders.append((wide, wide + _each(output_padding, rank)[dim]))
    x = functional.pad(x, tuple(chain(*reversed(borders))))
    flipped = weight.flip(list(range(2, rank + 2)))
    return _depthwise(x, flipped, bias, (1,) * rank, (0,) * rank, dilations)


def _each(values: Sequence[int], rank: int) -> tuple[int, ...]:
    """One value a dim."""
    return tuple(values) if len(values) == rank else (values[0],) * rank


def _spread(x: Tensor, dim: int, step: int) -> Tensor:
    """The elements of a dim ``step`` apart, zeros between them."""
    from torch.nn import functional

    size = x.shape[dim]
    apart = functional.pad(x.movedim(dim, -1).unsqueeze(-1), (0, step - 1)).flatten(-2)
    return apart.narrow(-1, 0, (size - 1) * step + 1).movedim(-1, dim)


def _depthwise(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Tensor:
    """A depthwise convolution of one to three dims by operations that IREE takes.

    Args:
        x: [n, c, size...]; weight [c, 1, taps...].
    """
    import torch
    from torch.nn import functional

    channels = weight.shape[0]
    if len(stride) < 3:
        plain = functional.conv1d if len(stride) == 1 else functional.conv2d
        return plain(x, weight, bias, stride, padding, dilation, channels)
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
