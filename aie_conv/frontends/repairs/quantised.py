"""Quantisation with a scale and a zero point for a tensor, in torch's own arithmetic.

IREE 3.13's importer takes scales that are constants alone, not those that a model computes from its values
(dynamic quantisation), and no `choose_qparams` and `convert_element_type`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead; none where nothing has defined them."""
    import torch

    ops: Any = torch.ops.quantized_decomposed
    if not hasattr(ops, "quantize_per_tensor"):
        return {}
    return {
        ops.choose_qparams.tensor: _choose,
        ops.choose_qparams_symmetric.tensor: _choose_symmetric,
        ops.quantize_per_tensor.tensor: _quantise,
        ops.quantize_per_tensor.tensor2: _quantise,
        ops.dequantize_per_tensor.tensor: _dequantise,
        ops.dequantize_per_tensor.tensor2: _dequantise,
        ops.convert_element_type.no_fuse: lambda x, dtype: x.to(dtype),
    }


def _choose(x: Tensor, low: int, high: int, least: float, dtype: Any) -> Any:
    """A scale [1] and a zero point [1] from the least and the largest element."""
    import torch

    bottom, top = _ends(x)
    scale = ((top - bottom) / float(high - low)).clamp(min=least)
    zero = (low - torch.round(bottom / scale)).to(torch.int32).clamp(low, high)
    return scale, zero


def _choose_symmetric(x: Tensor, low: int, high: int, least: float, dtype: Any) -> Any:
    import torch

    bottom, top = _ends(x)
    scale = (torch.maximum(-bottom, top) / (float(high - low) / 2)).clamp(min=least)
    zero = 128 if dtype == torch.uint8 else 0
    return scale, torch.full((1,), zero, dtype=torch.int32)


def _ends(x: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    x = x.to(torch.float32)
    return x.amin().reshape(1).clamp(max=0), x.amax().reshape(1).clamp(min=0)


def _quantise(x: Tensor, scale: Tensor, zero: Tensor, low: Any, high: Any, dtype: Any) -> Any:
    import torch

    steps = torch.round(x.to(torch.float32) * (1 / scale.to(torch.float32)))
    return torch.clamp(steps + zero.to(torch.float32), low, high).to(dtype)


def _dequantise(
    x: Tensor,
    scale: Tensor,
    zero: Tensor,
    low: Any,
    high: Any,
    dtype: Any,
    *,
    out_dtype: Any = None,
) -> Any:
    import torch

    wide = out_dtype or torch.float32
    return (x.to(wide) - zero.to(wide)) * scale.to(wide)
