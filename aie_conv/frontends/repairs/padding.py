"""Padding that takes elements off, and padding with the input's own elements, in slices and joins.

IREE 3.13's importer lacks circular padding and reflection in three dims, and refuses or miscounts negative
sizes in every mode.
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
    modes = {
        f"{mode}_pad{rank}d": _mode(words)
        for mode, words in (("reflection", "reflect"), ("replication", "replicate"))
        for rank in (1, 2, 3)
    }
    return {
        aten.pad.default: _pad,
        aten.constant_pad_nd.default: lambda x, sizes, value=0: _pad(x, sizes, "constant", value),
        **{getattr(aten, name).default: rule for name, rule in modes.items()},
    }


def _mode(word: str) -> Rule:
    return lambda x, sizes: _pad(x, sizes, word)


def _pad(
    x: Tensor, sizes: Sequence[int], mode: str = "constant", value: float | None = None
) -> Any:
    import torch

    if mode == "constant" and min(sizes, default=0) >= 0:
        return NotImplemented
    if mode == "constant":
        x = _cut(x, sizes)
        rest = [max(size, 0) for size in sizes]
        return torch.constant_pad_nd(x, rest, value or 0) if any(rest) else x
    if mode == "circular":
        # What is taken off does not come round again; the other modes read it first.
        x, sizes = _cut(x, sizes), [max(size, 0) for size in sizes]
    for number in range(len(sizes) // 2):
        low, high = sizes[2 * number : 2 * number + 2]
        x = _along(x, x.dim() - 1 - number, low, high, mode)
    return x


def _cut(x: Tensor, sizes: Sequence[int]) -> Tensor:
    for number in range(len(sizes) // 2):
        dim = x.dim() - 1 - number
        low, high = (max(-size, 0) for size in sizes[2 * number : 2 * number + 2])
        if low or high:
            x = x.narrow(dim, low, x.shape[dim] - low - high)
    return x


def _along(x: Tensor, dim: int, low: int, high: int, mode: str) -> Tensor:
    """One dim padded with elements of its own, of which negative sizes take some off afterwards."""
    import torch

    size = x.shape[dim]
    parts: list[Tensor] = [x]
    if low > 0:
        parts.insert(0, _border(x, dim, low, mode, first=True))
    if high > 0:
        parts.append(_border(x, dim, high, mode, first=False))
    joined = torch.cat(parts, dim) if len(parts) > 1 else x
    start = max(-low, 0)
    length = size + low + high
    return joined if length == joined.shape[dim] else joined.narrow(dim, start, length)


def _border(x: Tensor, dim: int, count: int, mode: str, *, first: bool) -> Tensor:
    size = x.shape[dim]
    if mode == "circular":
        return x.narrow(dim, size - count if first else 0, count)
    if mode == "reflect":
        return x.narrow(dim, 1 if first else size - 1 - count, count).flip(dim)
    shape = list(x.shape)
    shape[dim] = count
    return x.narrow(dim, 0 if first else size - 1, 1).expand(shape)
