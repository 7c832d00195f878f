"""Torch's operations compiled, sent to the simulated array, and equal to torch."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import aie_conv

BF16 = torch.bfloat16


class Of(torch.nn.Module):
    """A model of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: torch.Tensor) -> torch.Tensor:
        return self.function(*args)


def _floats(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(BF16)


def _bytes(*shape: int) -> torch.Tensor:
    return torch.randint(-128, 128, shape, generator=torch.Generator().manual_seed(0)).to(
        torch.int8
    )


def _quantised_sum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    total = ((a.float() - 3) * 0.05 + (b.float() + 5) * 0.02) / 0.07
    return torch.clamp(torch.round(total) + 1, -128, 127).to(torch.int8)


CASES: dict[str, tuple[Callable[..., torch.Tensor], Sequence[torch.Tensor]]] = {
    "max pool bf16": (lambda a: F.max_pool2d(a, 3, 2, 1), [_floats(1, 32, 14, 14)]),
    "max pool i8, ceil": (
        lambda a: F.max_pool2d(a, 3, 2, 1, ceil_mode=True),
        [_bytes(1, 32, 13, 13)],
    ),
    "max pool 5x5": (lambda a: F.max_pool2d(a, 5, 1, 2), [_floats(1, 32, 10, 10)]),
    "average pool": (lambda a: F.avg_pool2d(a, 2, 2), [_floats(1, 32, 12, 12)]),
    "average pool, border counted": (
        lambda a: F.avg_pool2d(a, 3, 2, 1),
        [_floats(1, 32, 12, 12)],
    ),
    "gate": (torch.mul, [_floats(1, 32, 8, 8), _floats(1, 32, 1, 1)]),
    "sum": (torch.add, [_floats(1, 16, 8, 8), _floats(1, 16, 8, 8) * 3]),
    "maximum i8": (torch.maximum, [_bytes(1, 16, 8, 8), _bytes(1, 16, 8, 8).flip(1)]),
    "quantised sum": (_quantised_sum, [_bytes(1, 16, 8, 8), _bytes(1, 16, 8, 8).flip(1)]),
    "quantise": (
        lambda a: torch.clamp(torch.round(a.float() / 0.0625) + 3, -128, 127).to(torch.int8),
        [_floats(1, 16, 8, 8)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_torch_operations_on_the_array(name: str) -> None:
    function, inputs = CASES[name]
    model = Of(function).eval()
    artifact = aie_conv.compile(
        model, example_inputs=tuple(inputs), device="npu1_4col", route="direct"
    )
    assert artifact.report["totals"]["npu_operations"] >= 1
    got = aie_conv.load(artifact, device="sim")(*inputs)
    want = model(*inputs)
    if want.dtype != BF16:
        assert torch.equal(got, want)
        return
    # Sums are of f32 and rounded before they are divided, as the model says; torch divides first.
    error = (got.double() - want.double()).abs()
    assert (error <= 2.0**-7 * want.double().abs()).all()


def _scaled(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.clamp(torch.round(a.float() * b), -128, 127).to(torch.int8)


TO_THE_BIT: dict[str, tuple[Callable[..., torch.Tensor], Sequence[torch.Tensor]]] = {
    "quantise f32": (
        lambda a: torch.clamp(torch.round(a / 0.0285) + 3, -128, 127).to(torch.int8),
        [torch.linspace(-4, 4, 1024).reshape(1, 16, 8, 8)],
    ),
    "quantise bf16": (
        lambda a: torch.clamp(torch.round(a.float() / 0.0285) + 3, -128, 127).to(torch.int8),
        [_floats(1, 16, 8, 8)],
    ),
    "divide f32": (lambda a: a / 0.3, [torch.linspace(-4, 4, 1024).reshape(1, 16, 8, 8)]),
    "f32 for all lanes of i8": (
        _scaled,
        [_bytes(1, 16, 8, 8), torch.linspace(-1, 1, 16).reshape(1, 16, 1, 1)],
    ),
}


@pytest.mark.parametrize("name", TO_THE_BIT)
def test_f32_and_what_becomes_integers_is_as_the_cpu_has_it(name: str) -> None:
    function, inputs = TO_THE_BIT[name]
    model = Of(function).eval()
    direct, cpu = (
        aie_conv.compile(model, example_inputs=tuple(inputs), device="npu1_4col", route=route)
        for route in ("direct", "cpu")
    )
    got = aie_conv.load(direct, device="sim")(*inputs)
    assert torch.equal(got, aie_conv.load(cpu, device="sim")(*inputs))


def test_alone_an_operation_stays_on_the_cpu() -> None:
    inputs = (_floats(1, 16, 8, 8), _floats(1, 16, 8, 8))
    artifact = aie_conv.compile(Of(torch.add).eval(), example_inputs=inputs, device="npu1_4col")
    (entry,) = artifact.report["dispatches"]
    assert entry["route"] == "cpu"
    cpu, npu = entry["candidates"]
    assert (cpu["route"], npu["route"], npu["style"]) == ("cpu", "direct", "elementwise")
    # Inside a region it would take its cycles, alone a launch and a change of configuration besides.
    assert npu["cost"] == npu["predicted_cycles"] + npu["host_cycles"]
    assert npu["host_cycles"] > 10 * npu["predicted_cycles"]
    assert f"{npu['predicted_cycles']:,}".replace(",", " ") + " of the array" in entry["reason"]


def test_a_report_pins_operations(tmp_path: Path) -> None:
    inputs = (_floats(1, 32, 14, 14),)
    model = Of(lambda a: F.max_pool2d(a, 3, 2, 1)).eval()
    report = tmp_path / "report.json"
    first = aie_conv.compile(
        model, example_inputs=inputs, device="npu1_4col", route="direct", report=report
    )
    again = aie_conv.compile(model, example_inputs=inputs, device="npu1_4col", route_file=report)
    assert again.modules == first.modules
    assert len(again.modules) == 1
