"""Activation functions behind products, from torch, on the simulated NPU."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import aie_conv

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": F.silu,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,
    "mish": F.mish,
    "exp": torch.exp,
    "sqrt": lambda x: torch.sqrt(torch.abs(x)),
}


class Block(nn.Module):
    """A convolution, a function and a product with another one."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(8, 16, 3, padding=1)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.first(x))


X = torch.randn((1, 8, 8, 8), generator=torch.manual_seed(1)) * 2


def _check(name: str, dtype: torch.dtype, **options: Any) -> None:
    model = Block(FUNCTIONS[name]).eval().to(dtype)
    artifact = aie_conv.compile(model, example_inputs=X.to(dtype), **options)
    (convolution,) = [d for d in artifact.report["dispatches"] if d["contraction"]]
    assert convolution["route"] == options["route"]
    assert not convolution["split"]
    result = aie_conv.load(artifact, device="sim")(X.to(dtype))
    # The sum is rounded to bf16 before the function in both.
    torch.testing.assert_close(result.float(), model(X.to(dtype)).float(), rtol=0.04, atol=0.04)


@pytest.mark.parametrize("name", ["silu", "gelu_tanh", "softplus"])
def test_a_function_goes_with_its_convolution(name: str) -> None:
    _check(name, torch.bfloat16, route="direct")


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize("direct", ["vector", "parametric"])
def test_functions_in_every_program(name: str, device: str, direct: str) -> None:
    _check(name, torch.bfloat16, route="direct", device=device, direct=direct)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_behind_im2col(name: str) -> None:
    _check(name, torch.bfloat16, route="im2col")


def test_f32_as_bf16_has_functions() -> None:
    _check("silu", torch.float32, route="direct", f32="bf16")
