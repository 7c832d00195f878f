"""Products of bf16 or f16 tensors and a number, or a tensor without dims, that these types do not hold.

torch computes them in f32, with the number in f32 (its sums take the number in the tensor's type). IREE
3.13's importer makes the number one of the tensor's type first: `x * 0.1` is 0.4 % off in bf16, `x * 70000`
infinite in f16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


_NARROW: dict[str, Any] = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16}


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    operations = (
        aten.mul.Tensor, aten.mul.Scalar, aten.div.Tensor, aten.div.Scalar, aten.leaky_relu.default,
        aten.elu.default, aten.celu.default, aten.floor_divide.default,
    )  # fmt: skip
    return {
        **{operation: _in_f32(operation) for operation in operations},
        aten.selu.default: _in_f32(aten.selu.default, (_ALPHA,)),
    }


_ALPHA = 1.6732632423543772
"""SELU's (Klambauer and others, Self-Normalizing Neural Networks, 2017): no narrow type holds it."""


def _in_f32(operation: Any, constants: tuple[float, ...] = ()) -> Rule:
    """The operation in f32, where a number is not one of the tensor's type; ``constants`` are its own."""

    def compute(x: Tensor, *arguments: Any, **options: Any) -> Any:
        import torch

        dtype = _NARROW.get(str(x.dtype).removeprefix("torch."))
        values = (*arguments, *options.values())
        tensors = [value for value in values if isinstance(value, torch.Tensor)]
        if dtype is None or (tensors and not x.dim()) or any(other.dim() for other in tensors):
            return NotImplemented
        numbers = np.array([*constants, *(v for v in values if isinstance(v, float | int))], float)
        with np.errstate(over="ignore"):
            is_exact = np.array_equal(numbers.astype(dtype).astype(float), numbers)
        if is_exact and all(other.dtype in (x.dtype, torch.bool) for other in tensors):
            return NotImplemented
        return operation(x.to(torch.float32), *arguments, **options).to(x.dtype)

    return compute
