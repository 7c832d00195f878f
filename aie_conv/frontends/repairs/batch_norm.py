"""Batch norms in arithmetic, where :mod:`aie_conv.frontends.fold` has left them.

IREE 3.13's importer refuses parameters of another type than the input's, and statistics of the batch.
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
    return {
        aten.batch_norm.default: _batch_norm,
        aten._native_batch_norm_legit_no_training.default: _no_training,
        aten._native_batch_norm_legit_functional.default: _functional,
        aten._native_batch_norm_legit.no_stats: _no_stats,
    }


def normalise(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    statistics: tuple[Tensor, Tensor] | list[int],
    eps: float,
) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias, computed in f32 or f64 as torch does.

    Args:
        x: [n, c, ...].
        weight, bias: [c].
        statistics: mean and variance, [c] each; or the dims of x that they are taken over.
    """
    import torch

    kind = torch.float64 if x.dtype == torch.float64 else torch.float32
    wide = x.to(kind)
    channels = [1, -1, *[1] * (x.dim() - 2)]
    if isinstance(statistics, list):
        mean = wide.mean(statistics, keepdim=True)
        variance = (wide - mean).square().mean(statistics, keepdim=True)
    else:
        mean, variance = (value.to(kind).reshape(channels) for value in statistics)
    scale = (variance + eps).rsqrt()
    if weight is not None:
        scale = scale * weight.to(kind).reshape(channels)
    y = (wide - mean) * scale
    if bias is not None:
        y = y + bias.to(kind).reshape(channels)
    return y.to(x.dtype)


def _dims(x: Tensor) -> list[int]:
    return [0, *range(2, x.dim())]


def _batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn: bool,
) -> Any:
    known = not training and mean is not None and variance is not None
    return normalise(x, weight, bias, (mean, variance) if known else _dims(x), eps)  # pyright: ignore[reportArgumentType]


def _no_training(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    momentum: float,
    eps: float,
) -> Any:
    empty = mean.new_zeros([0])
    return normalise(x, weight, bias, (mean, variance), eps), empty, empty


def _functional(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """With what the running statistics become, which a compiled function has no use for."""
    statistics = _dims(x) if training else (mean, variance)
    empty = mean.new_zeros([0])
    return normalise(x, weight, bias, statistics, eps), empty, empty, mean, variance


def _no_stats(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    empty = x.new_zeros([0])
    return normalise(x, weight, bias, _dims(x), eps), empty, empty
