"""Convolutions and poolings of one image without a batch dim.

IREE 3.13's library ends its process over the convolutions, and refuses the poolings.
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
    rules: dict[Any, Rule] = {}
    for rank in (1, 2, 3):
        transposed = getattr(aten, f"conv_transpose{rank}d")
        plain = getattr(aten, f"conv{rank}d")
        for operation in (
            plain.default,
            plain.padding,
            transposed.default if rank == 1 else transposed.input,
        ):
            rules[operation] = _add_batch(operation, rank)
        for word in ("max_pool", "avg_pool"):
            operation = getattr(aten, f"{word}{rank}d").default
            rules[operation] = _add_batch(operation, rank)
    return rules


def _add_batch(operation: Any, rank: int) -> Rule:
    def call(x: Tensor, *arguments: Any, **options: Any) -> Any:
        if x.dim() == rank + 2:
            return NotImplemented
        return operation(x.unsqueeze(0), *arguments, **options).squeeze(0)

    return call
