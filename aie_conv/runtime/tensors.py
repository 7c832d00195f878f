"""numpy's arrays as torch's tensors, where a caller gave tensors; torch is imported by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch


def is_tensor(value: Any) -> bool:
    """Whether a value is torch's tensor, without importing torch."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def any_tensor(values: Iterable[Any]) -> bool:
    """Whether a nest of tuples, lists and dicts has one of torch's tensors in it."""
    for value in values:
        if isinstance(value, dict):
            if any_tensor(value.values()):
                return True
        elif isinstance(value, list | tuple):
            if any_tensor(value):
                return True
        elif is_tensor(value):
            return True
    return False


def as_tensor(array: Any) -> torch.Tensor:
    """A tensor on an array's memory; bf16 arrays keep their type."""
    import torch

    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def as_tensors(value: Any) -> Any:
    """A nest of arrays as one of tensors; what is no array stays."""
    if isinstance(value, dict):
        return {key: as_tensors(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(as_tensors, value))
    if isinstance(value, tuple | list):
        return type(value)(map(as_tensors, value))
    return as_tensor(value) if isinstance(value, np.ndarray) else value
