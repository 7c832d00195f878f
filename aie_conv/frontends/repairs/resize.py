"""Resizing to the nearest element, counted from the elements' centres ("nearest-exact").

IREE 3.13's importer takes other elements where a scale is no whole number, without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule

Scales = Sequence[float | None]


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    rules: dict[Any, Rule] = {}
    for rank in (1, 2, 3):
        operation = getattr(torch.ops.aten, f"_upsample_nearest_exact{rank}d")
        rules[operation.vec] = _by_scales
        rules[operation.default] = _by_sizes
    return rules


def _by_scales(x: Tensor, sizes: Sequence[int] | None, scales: Scales | None) -> Tensor:
    rank = x.dim() - 2
    factors = list(scales or [None] * rank)
    if sizes is None:
        sizes = [int(size * (f or 1)) for size, f in zip(x.shape[2:], factors, strict=True)]
    return _resize(x, sizes, factors)


def _by_sizes(x: Tensor, sizes: Sequence[int], *scales: float | None) -> Tensor:
    return _resize(x, sizes, scales or [None] * len(sizes))


def _resize(x: Tensor, sizes: Sequence[int], scales: Scales) -> Tensor:
    """One dim after the other.

    Args:
        x: [n, c, ...].
        sizes: of the result's dims behind the channels.
        scales: result by input, where the model gives them; torch reads the place from them then.
    """
    for number, (size, scale) in enumerate(zip(sizes, scales, strict=True)):
        dim = number + 2
        step = 1 / scale if scale else x.shape[dim] / size
        x = _pick(x, dim, _places(size, step, x.shape[dim] - 1), step)
    return x


def _places(size: int, step: float, last: int) -> list[int]:
    """Which element each one of the result is, counted in f32 as torch does."""
    import numpy as np

    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return np.minimum((centres * np.float32(step)).astype(np.int64), last).tolist()


_BITS = 32


def _pick(x: Tensor, dim: int, places: list[int], step: float) -> Tensor:
    """The elements of a dim at these places, which are about ``step`` apart.

    IREE's CPU code rounds f32 otherwise, so they are counted in integers where that leads to the same.
    """
    import torch

    factor = round(step * 2**_BITS)
    counts = list(enumerate(places))
    start = max((place << _BITS) - number * factor for number, place in counts)
    if all((number * factor + start) >> _BITS == place for number, place in counts):
        return x.index_select(dim, (torch.arange(len(places)) * factor + start) >> _BITS)
    return torch.cat([x.narrow(dim, place, 1) for place in places], dim)
