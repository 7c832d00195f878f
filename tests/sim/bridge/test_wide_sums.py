"""Sums of bf16 and f16 are added in f32 and rounded once, wherever they run."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

import aie_conv
from tests.support.frontends.models import Function

PIXELS = 24
"""A side: with 576 values a sum of bf16 that is rounded at each step loses all of its last bits."""


def layers(ending: Any) -> nn.Module:
    torch.manual_seed(0)
    first = nn.Conv2d(8, 16, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), Function(ending))


ENDINGS = {
    "mean": lambda x: x.mean((2, 3)),
    "sum": lambda x: x.sum((2, 3)),
    "squares": lambda x: torch.linalg.vector_norm(x, dim=(2, 3)),
    "adaptive": lambda x: functional.adaptive_avg_pool2d(x, 1),
    "uneven": lambda x: functional.adaptive_avg_pool2d(x, (1, 5)),
    "pool": lambda x: functional.avg_pool2d(x, PIXELS),
}


@pytest.mark.parametrize(
    ("dtype", "route"),
    [(torch.bfloat16, "cpu"), (torch.bfloat16, "direct"), (torch.float16, "cpu")],
    ids=str,
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sum_is_rounded_once(ending: str, dtype: torch.dtype, route: str) -> None:
    model, x = layers(ENDINGS[ending]).eval().to(dtype), torch.rand(1, 8, PIXELS, PIXELS)
    artifact = aie_conv.compile(
        model, example_inputs=(x.to(dtype),), device="npu1_4col", route=route
    )
    answer = aie_conv.load(artifact, device="sim")(x.to(dtype)).double()
    expected = model.double()(x.to(dtype).double())
    # The values that are added and their sum are rounded once each, a mean's division once more.
    unit = torch.finfo(dtype).eps
    assert (answer - expected).abs().max() <= 2 * unit * expected.abs().max()
