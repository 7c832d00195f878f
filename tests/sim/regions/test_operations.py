"""Pooling and element-wise operations in one call with the convolutions around them, against torch."""

import json
from pathlib import Path

import pytest
import torch

import aie_conv
from tests.support.regions.pooled import CASES, Inverted, Stem


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_depthwise_convolution_is_inside_a_call(device: str) -> None:
    torch.manual_seed(3)
    model = Inverted().eval().to(torch.bfloat16)
    x = torch.randn(1, 64, 28, 28).to(torch.bfloat16)
    artifact = aie_conv.compile(model, example_inputs=(x,), device=device, route="direct")
    (region,) = artifact.report["regions"]
    assert len(region["dispatches"]) == 3
    program = aie_conv.load(artifact, device="sim")
    for seed in (0, 1):
        image = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x.dtype)
        got, want = program(image), model(image)
        assert torch.allclose(got.float(), want.float(), rtol=2**-6, atol=2**-5)


@pytest.mark.parametrize(
    ("name", "device"), [("stem", "npu1_4col"), ("stem", "npu4"), ("joined", "npu1_4col")]
)
def test_a_pool_is_inside_a_call(name: str, device: str) -> None:
    torch.manual_seed(3)
    kind, shape = CASES[name]
    model = kind().eval().to(torch.bfloat16)
    x = torch.randn(shape).to(torch.bfloat16)
    artifact = aie_conv.compile(model, example_inputs=(x,), device=device, route="direct")
    (region,) = artifact.report["regions"]
    pooled = [
        d for d in artifact.report["dispatches"] if not d["contraction"] and d["route"] != "cpu"
    ]
    assert pooled
    assert all(d["name"] in region["dispatches"] and d["style"] == "parametric" for d in pooled)
    program = aie_conv.load(artifact, device="sim")
    for seed in (0, 1):
        # What a call leaves in the arena does not matter to the next one.
        image = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(torch.bfloat16)
        got, want = program(image), model(image)
        assert torch.allclose(got.float(), want.float(), rtol=2**-6, atol=2**-5)


def test_a_route_file_puts_it_there_again(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = Stem().eval().to(torch.bfloat16)
    x = torch.randn(1, 8, 56, 56).to(torch.bfloat16)
    first = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col", route="direct")
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps(first.report))
    again = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col", route_file=pins)
    assert again.modules == first.modules
