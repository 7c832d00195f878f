"""Torch models through the frontend and IREE's CPU code, and held against torch."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

import aie_conv
from aie_conv.runtime.program import Program


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)


def load(model: Any, *inputs: Any, **options: Any) -> Program:
    """The model's program for the CPU."""
    artifact = aie_conv.compile(model, example_inputs=inputs, route="cpu", **options)
    return aie_conv.load(artifact, device="null")


def leaves(value: Any) -> list[Any]:
    """The tensors and numbers of a nest, in order."""
    if isinstance(value, Mapping):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def assert_equal(found: Any, expected: Any) -> None:
    """Integers equal, floats within rounding, NaN and infinities where they belong."""
    left, right = leaves(found), leaves(expected)
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        if not isinstance(b, torch.Tensor):
            assert a == b
            continue
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        tolerance = {torch.bfloat16: 2e-2, torch.float16: 5e-3, torch.float32: 2e-5}
        limit = tolerance.get(b.dtype, 0)
        torch.testing.assert_close(a, b.detach(), rtol=limit, atol=limit, equal_nan=True)


def check(model: Any, *inputs: Any) -> Program:
    """The model compiles and gives what torch gives."""
    if isinstance(model, nn.Module):
        model = model.eval()
    with torch.no_grad(), warnings.catch_warnings():
        # torch says what is slow on its CPU.
        warnings.simplefilter("ignore", UserWarning)
        expected = model(*inputs)
    program = load(model, *inputs)
    assert_equal(program(*inputs), expected)
    return program


def with_statistics(model: nn.Module, seed: int = 0) -> nn.Module:
    """The model in evaluation mode, its norms' statistics and weights as if they had been trained."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            for name, low, high in (
                ("running_mean", -1, 1), ("running_var", 0.3, 3), ("weight", 0.5, 2), ("bias", -1, 1),
            ):  # fmt: skip
                value = getattr(module, name, None)
                norm = isinstance(module, nn.modules.batchnorm._NormBase)
                if norm and isinstance(value, torch.Tensor):
                    value.uniform_(low, high, generator=generator)
    return model.eval()


NAN, INF = float("nan"), float("inf")
SPECIAL = torch.tensor([[NAN, -2.0, 7.0, 0.5, -INF, INF, -0.25, 3.0]])
"""What bounds have to pass on."""


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    """Normal values."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
