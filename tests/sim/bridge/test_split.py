"""A convolution whose activation no core has goes to the NPU all the same; the rest follows on the CPU."""

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

import aie_conv
from aie_conv.arch import get_device
from aie_conv.cli.main import main
from aie_conv.errors import UsageError
from aie_conv.frontends.source import read_source
from aie_conv.options import Options
from aie_conv.report.explain import explain

WHY = "math.cosh is not one of the cores' operations"


class Odd(nn.Module):
    """A convolution with a function behind it that no core computes, and one that all do."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(16, 32, 3, padding=1)
        self.second = nn.Conv2d(32, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.cosh(self.first(x))))


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return Odd().eval().to(torch.bfloat16)


X = torch.randn((1, 16, 14, 14), generator=torch.manual_seed(1)).to(torch.bfloat16)


@pytest.mark.parametrize("route", ["direct", "im2col"])
def test_a_route_splits_what_it_cannot_do(model: nn.Module, route: str) -> None:
    artifact = aie_conv.compile(model, example_inputs=X, route=route)
    convolutions = [d for d in artifact.report["dispatches"] if d["contraction"]]
    assert [d["route"] for d in convolutions] == [route, route]
    assert [d["split"] for d in convolutions] == [WHY, ""]
    assert f"split behind the product: {WHY}" in convolutions[0]["reason"]
    rest = artifact.report["dispatches"][artifact.report["dispatches"].index(convolutions[0]) + 1]
    assert rest["name"] == f"{convolutions[0]['name']}_rest"
    assert (rest["route"], rest["contraction"]) == ("cpu", False)
    result = aie_conv.load(artifact, device="sim")(X)
    torch.testing.assert_close(result, model(X), rtol=0.02, atol=0.02)


def test_the_rest_is_priced(model: nn.Module) -> None:
    report = aie_conv.compile(model, example_inputs=X[..., :5, :5]).report
    first = next(d for d in report["dispatches"] if d["contraction"])
    # So few sums are not worth a call.
    assert (first["route"], first["split"]) == ("cpu", "")
    assert first["reason"].endswith(f"priced as split behind the product: {WHY}")
    assert not any(d["name"].endswith("_rest") for d in report["dispatches"])
    priced = [c for c in first["candidates"] if c["route"] != "cpu" and "cost" in c]
    # A dispatch, and 5 x 5 x 32 values read and written.
    rest = 8e-6 + 2 * 2 * 5 * 5 * 32 / 16e9
    assert priced
    clock = get_device("npu1_4col").arch.clock_hz
    for candidate in priced:
        assert candidate["rest_cycles"] == pytest.approx(rest * clock, abs=1)
        assert candidate["host_cycles"] > candidate["rest_cycles"]


def test_a_report_makes_the_same_split_again(model: nn.Module, tmp_path: Path) -> None:
    pins = tmp_path / "pins.json"
    first = aie_conv.compile(model, example_inputs=X, route="direct", report=pins)
    again = aie_conv.compile(model, example_inputs=X, route_file=pins)
    for one, other in zip(first.report["dispatches"], again.report["dispatches"], strict=True):
        assert [one[k] for k in ("name", "route", "split", "parameters")] == [
            other[k] for k in ("name", "route", "split", "parameters")
        ]
    # Where the whole of it was pinned to a route, it is split as well; where to the CPU, it stays.
    entries = json.loads(pins.read_text())["dispatches"]
    name = next(e["name"] for e in entries if e["split"])
    for route, split in (("direct", WHY), ("cpu", "")):
        pins.write_text(json.dumps({"dispatches": [{"name": name, "route": route}]}))
        report = aie_conv.compile(model, example_inputs=X, route_file=pins).report
        (entry,) = [d for d in report["dispatches"] if d["name"] == name]
        assert (entry["route"], entry["split"]) == (route, split)


def test_explain_names_the_split(model: nn.Module) -> None:
    source = _source(model)
    stages = {s.name: s for s in explain(source, "odd", Options(route="direct"))}
    assert "split behind the product" in stages["candidates"].sentence
    assert f"split behind the product: {WHY}" in stages["problem"].text
    assert "_rest" in stages["dispatches"].full
    (rest,) = [d for d in _names(stages["dispatches"].full) if d.endswith("_rest")]
    shown = explain(source, "odd", Options(route="direct"), dispatch=rest)
    assert any("cosh" in stage.full for stage in shown)


def _source(model: nn.Module) -> bytes:
    source = read_source(model, X, None)
    assert isinstance(source, bytes)
    return source


def _names(table: str) -> list[str]:
    return [word for line in table.splitlines() for word in line.split() if "dispatch_" in word]


def test_only_names_the_first_operation_that_stays(
    model: nn.Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The transposition in front of it goes to the NPU.
    first = r"main_dispatch_1_conv\S*_rest"
    with pytest.raises(UsageError, match=rf"--amd-aie-only: .* {first} stays on the CPU"):
        aie_conv.compile(model, example_inputs=X, route="direct", only=True)
    source = tmp_path / "m.mlirbc"
    source.write_bytes(_source(model))
    out = tmp_path / "m.vmfb"
    flags = ["--iree-hal-target-backends=amd-aie", "--amd-aie-route=direct", "--amd-aie-only"]
    assert main(["compile", str(source), "-o", str(out), *flags]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(rf"aie-conv compile: --amd-aie-only: m.mlirbc: {first}", line)
    assert not out.exists()


def test_only_takes_what_goes_whole(tmp_path: Path) -> None:
    text = """
    func.func @main(%x: tensor<64x64xi8>, %w: tensor<64x64xi8>) -> tensor<64x64xi32> {
      %zero = arith.constant 0 : i32
      %empty = tensor.empty() : tensor<64x64xi32>
      %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<64x64xi32>) -> tensor<64x64xi32>
      %y = linalg.matmul ins(%x, %w : tensor<64x64xi8>, tensor<64x64xi8>)
        outs(%init : tensor<64x64xi32>) -> tensor<64x64xi32>
      return %y : tensor<64x64xi32>
    }"""
    artifact = aie_conv.compile(text, route="direct", only=True)
    assert artifact.report["totals"]["cpu"] == 0
    with pytest.raises(UsageError, match="stays on the CPU: the CPU was asked for"):
        aie_conv.compile(text, route="cpu", only=True)


def test_f32_says_that_it_would_move() -> None:
    layer = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.Mish()).eval()
    report = aie_conv.compile(layer, example_inputs=torch.zeros(1, 64, 56, 56)).report
    assert report["totals"]["f32_on_cpu"] == 1
