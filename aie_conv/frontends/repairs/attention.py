"""Encoder layers and self-attention that torch computes at once where nothing asks for gradients: in steps.

IREE 3.13's importer knows none of the two, and torch has no simpler form of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule

_NOTHING = (None, True, True, None)
"""A mask, whether weights are wanted, whether as an average, and the mask's kind, where they are left out."""


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten: Any = torch.ops.aten
    return {
        aten._transformer_encoder_layer_fwd.default: _encode,
        aten._native_multi_head_attention.default: _attend_to_self,
    }


def _encode(x: Tensor, width: int, heads: int, *rest: Any) -> Any:
    """nn.TransformerEncoderLayer: attention and two products, each beside what it reads, with norms."""
    import torch.nn.functional as F

    weights, (gelu, norm_first, eps) = rest[:4], rest[4:7]
    first, second, (up, up_bias, down, down_bias) = rest[7:9], rest[9:11], rest[11:15]

    def norm(y: Tensor, by: Any) -> Tensor:
        weight, bias = by
        return F.layer_norm(y, (width,), weight, bias, eps)

    def feed(y: Tensor) -> Tensor:
        inner = F.linear(y, up, up_bias)
        return F.linear(F.gelu(inner) if gelu else F.relu(inner), down, down_bias)

    if norm_first:
        x = x + _attend(norm(x, first), heads, weights, *rest[15:])
        return x + feed(norm(x, second))
    x = norm(x + _attend(x, heads, weights, *rest[15:]), first)
    return norm(x + feed(x), second)


def _attend_to_self(
    query: Tensor, key: Tensor, value: Tensor, width: int, heads: int, *rest: Any
) -> Any:
    """nn.MultiheadAttention of one tensor, without the weights of its sum."""
    options: tuple[Any, ...] = (*rest[4:], *_NOTHING[len(rest) - 4 :])
    mask, need_weights, _, mask_type = options
    if need_weights or query is not key or key is not value or query.size(2) != width:
        return NotImplemented
    return _attend(query, heads, rest[:4], mask, mask_type), None


def _attend(
    x: Tensor, heads: int, weights: Any, mask: Tensor | None = None, mask_type: int | None = None
) -> Tensor:
    """Self-attention: weights of the three products, their bias, the last product and its bias."""
    import torch.nn.functional as F

    products, products_bias, last, last_bias = weights
    count, length, width = x.shape
    parts = F.linear(x, products, products_bias).view(count, length, 3, heads, width // heads)
    query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
    scores = query @ key.mT * (width // heads) ** -0.5
    if mask is not None:
        # Of keys of each sequence, of positions, or of all.
        hidden = mask.bool()[:, None, None] if mask_type == 1 else mask.bool()
        scores = scores.masked_fill(hidden, float("-inf"))
    joined = (scores.softmax(-1) @ value).transpose(1, 2).reshape(count, length, width)
    return F.linear(joined, last, last_bias)
