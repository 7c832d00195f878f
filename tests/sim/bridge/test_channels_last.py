"""Pooling, its padding, and concatenations between convolutions: no transposition in between, torch's values."""

import pytest
import torch
from torch import nn

import aie_conv
from aie_conv import pipeline
from aie_conv.frontends.torch import import_model
from aie_conv.options import Options
from aie_conv.problem import OperationProblem, Problem


class Pooled(nn.Module):
    """A pooling between two convolutions."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        kind = nn.Conv1d if isinstance(pool, nn.MaxPool1d) else nn.Conv2d
        self.first, self.pool, self.last = kind(16, 32, 3, padding=1), pool, kind(32, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.pool(torch.relu(self.first(x))))


class Pyramid(nn.Module):
    """YOLO's SPPF: poolings of poolings, and all of them side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(16, 32, 1), nn.Conv2d(96, 16, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        y = self.pool(x)
        return self.last(torch.cat((x, y, self.pool(y)), 1))


NETWORKS = {
    "max": (Pooled(nn.MaxPool2d(3, 2, 1)), (1, 16, 14, 14)),
    "max, dilated, ceiling": (Pooled(nn.MaxPool2d(2, 2, 0, 2, ceil_mode=True)), (1, 16, 9, 11)),
    "average": (Pooled(nn.AvgPool2d(2)), (1, 16, 12, 12)),
    "axis": (Pooled(nn.MaxPool1d(3, 2, 1)), (1, 16, 33)),
    "pyramid": (Pyramid(), (1, 16, 10, 10)),
}


def _is_transposed(problem: Problem | None) -> bool:
    """Whether an operation reads its innermost elements apart from each other."""
    if not isinstance(problem, OperationProblem):
        return False
    return all(loop.lhs != 1 or loop.out != 1 for loop in problem.loops if loop.role == "m")


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_between_convolutions_is_transposed(name: str) -> None:
    model, shape = NETWORKS[name]
    model = model.eval().to(torch.bfloat16)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    state = pipeline.start(import_model(model, (x,)), Options(device="npu1_4col"))
    pipeline.import_module(state)
    pipeline.recognise(state)
    between = [c for c in state.calls if not c.recognised.contraction]
    turned = [c.name for c in between[1:] if _is_transposed(c.recognised.problem)]
    assert not turned, turned

    if name not in ("max", "pyramid"):
        return
    artifact = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col", regions="single")
    got, want = aie_conv.load(artifact, device="sim")(x), model(x)
    assert got.shape == want.shape
    # Sums of bf16 products, in another order.
    assert torch.allclose(got.float(), want.float(), rtol=2**-6, atol=2**-6)


def test_a_module_without_convolutions_stays_as_it_is() -> None:
    x = torch.zeros(1, 8, 12, 12, dtype=torch.bfloat16)
    source = import_model(nn.MaxPool2d(3, 2, 1).eval(), (x,))
    state = pipeline.start(source, Options(device="npu1_4col"))
    pipeline.import_module(state)
    pipeline.recognise(state)
    problems = [c.recognised.problem for c in state.calls]
    assert [p.kind for p in problems if isinstance(p, OperationProblem)].count("window") == 1
    (pool,) = [p for p in problems if isinstance(p, OperationProblem) and p.kind == "window"]
    channel = next(loop for loop in pool.parallel if loop.size == x.shape[1])
    assert channel.out != 1
