"""Operations of several steps on bf16 or f16 tensors, which torch computes in f32 and rounds once.

IREE 3.13's importer makes several operations of the tensors' own type of them, and numbers of that type of
the numbers beside: an interpolation by 0.3 is one by 0.30078125.
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
        aten.addcdiv.default: _in_f32(lambda x, a, b, *, value=1: x + value * a / b),
        aten.addcmul.default: _in_f32(lambda x, a, b, *, value=1: x + value * a * b),
        aten.lerp.Scalar: _in_f32(torch.lerp),
        aten.lerp.Tensor: _in_f32(torch.lerp),
    }


def _in_f32(compute: Any) -> Rule:
    def rule(*arguments: Any, **options: Any) -> Any:
        import torch

        def wide(each: Any) -> Any:
            return each.to(torch.float32) if isinstance(each, torch.Tensor) else each

        dtypes = {each.dtype for each in arguments if isinstance(each, torch.Tensor)}
        if dtypes not in ({torch.bfloat16}, {torch.float16}):
            return NotImplemented
        result: Tensor = compute(*map(wide, arguments), **options)
        return result.to(dtypes.pop())

    return rule
