"""Instance norms in arithmetic.

IREE 3.13's importer wants weights, and takes the input's statistics where the running ones are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aie_conv.frontends.repairs.batch_norm import normalise

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    return {torch.ops.aten.instance_norm.default: _instance_norm}


def _instance_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn: bool,
) -> Any:
    if use_input_stats or mean is None or variance is None:
        return normalise(x, weight, bias, list(range(2, x.dim())), eps)
    return normalise(x, weight, bias, (mean, variance), eps)
