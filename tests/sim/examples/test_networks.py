"""The networks of docs/models.md: that they are what their names say, and a row of the table."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from networks import NETWORKS

MILLIONS = {
    "resnet18": 11.69, "resnet50": 25.56, "mobilenet_v2": 3.50, "mobilenet_v3": 5.48,
    "efficientnet_lite0": 4.65, "efficientnet_b0": 5.29, "densenet121": 7.98, "convnext_t": 28.58,
    "yolov8n": 3.16,
}  # fmt: skip
"""Parameters of the published networks of these names."""


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[3] / "benchmarks"), *sys.path])
    return importlib.import_module("models")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_seeded_and_neither_vanishes_nor_grows(name: str) -> None:
    network = NETWORKS[name]
    model, x = network.build(), network.input(small=True)
    with torch.no_grad():
        y = model(x)
        again = network.build()(x)
    assert torch.equal(y, again)
    assert 1e-4 < float(y.std()) < 10
    count = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert count == pytest.approx(MILLIONS.get(name, count), abs=0.006)


def test_a_row_of_the_table(
    models: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = models.row_of("audio", "int8", "npu1_4col", small=True)
    # The quantised convolutions' answer is onnxruntime's.
    assert row.answer.startswith("100% of choices")
    # So small a network may be faster on the CPU.
    assert (row.calls > 0) == (row.share > 0)
    assert 0 <= row.share <= 1
    assert row.predicted > 0
    page = tmp_path / "models.md"
    page.write_text("on device `npu4`\n<!-- table -->\n<!-- end of table -->\nrest\n")
    monkeypatch.setattr(models, "DOC", page)
    models.write([row], "npu1_4col")
    models.write([row], "npu1_4col")
    lines = page.read_text().splitlines()
    assert lines[0] == "on device `npu1_4col`"
    assert lines.count(row.text()) == 1
    assert lines[-1] == "rest"
