"""A zero in an epilogue keeps its sign, also beside one of the other sign."""

import math

import pytest
import torch

import aie_conv
from aie_conv.problem import Step


class Scaled(torch.nn.Module):
    """Two products of an image [1, 16, 8, 8], alike but for what scales them: zeros of both signs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(16, 16, 1, bias=False)
        self.second = torch.nn.Conv2d(16, 16, 1, bias=False)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.first(image) * 0.0, self.second(image) * -0.0


@pytest.mark.parametrize("direct", ["vector", "scalar", "parametric"])
def test_signs_are_those_of_torch(direct: str) -> None:
    torch.manual_seed(0)
    model = Scaled().eval().to(torch.bfloat16)
    image = torch.randn(1, 16, 8, 8).to(torch.bfloat16)
    artifact = aie_conv.compile(
        model, example_inputs=(image,), device="npu1_1col", route="direct", direct=direct
    )
    results = aie_conv.load(artifact, device="sim")(image)
    for result, expected in zip(results, model(image), strict=True):
        assert torch.equal(torch.signbit(result), torch.signbit(expected))


def test_equal_steps_have_equal_bits() -> None:
    def constant(value: float) -> Step:
        return Step("arith.constant", (), "f32", value)

    assert constant(0.0) != constant(-0.0)
    assert len({constant(0.0), constant(-0.0), constant(0.0)}) == 2
    assert constant(math.nan) == constant(float("nan"))
    assert constant(1.0) != constant(1)
