"""The examples with an answer, from the command line to what they print."""

import re
from collections.abc import Callable
from pathlib import Path

import classify
import detect
import numpy as np
import onnx
import pytest
import read_text
import torch
from networks.quantise import to_onnx
from shapes import NAMES, Namer
from torch import nn

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_main(main: Callable[[], None], *arguments: str | Path) -> str:
        monkeypatch.setattr("sys.argv", ["example", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    return run_main


def line(output: str, start: str) -> str:
    """The rest of the line that starts so."""
    (text,) = re.findall(rf"^{start}: +(.*)$", output, re.MULTILINE)
    return text


def check_explained(output: str) -> None:
    """Where everything went, and the parts of the predicted time."""
    (npu, count) = re.findall(r"^(\d+) of (\d+) convolutions and matmuls on the NPU", output, re.M)[
        0
    ]
    assert 0 < int(npu) <= int(count)
    for name in (
        "whole, predicted",
        "array",
        r"\d+ launch\w*",
        "changes of configuration",
        "host copies",
    ):
        assert re.search(rf"^{name}: .* ms$", output, re.MULTILINE)
    assert re.search(r"^on the CPU.*: .* ms$", output, re.MULTILINE)


def test_a_shape_is_named(run: Run, tmp_path: Path) -> None:
    options = ("--shape", "ring", "--size", "48")
    weights = tmp_path / "namer.pt"
    output = run(classify.main, *options, "--steps", "150", "--save-weights", weights)
    assert line(output, "NPU").startswith("ring ")
    assert line(output, "NPU") == line(output, "onnxruntime")
    assert len(line(output, "NPU").split(",")) == 5
    check_explained(output)
    again = run(classify.main, *options, "--weights", weights)
    assert line(again, "NPU") == line(output, "NPU")


def test_a_network_and_picture_of_ones_own_are_named(run: Run, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = to_onnx(nn.Sequential(Namer(), nn.Softmax(1)).eval(), torch.zeros(1, 3, 40, 40))
    for side in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        side.dim_param = "side"
    onnx.save(model, tmp_path / "own.onnx")
    np.save(tmp_path / "own.npy", np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8))
    (tmp_path / "names.txt").write_text("\n".join(name.upper() for name in NAMES))
    options = ("--onnx", tmp_path / "own.onnx", "--size", "40", "--route", "im2col")
    with pytest.raises(ValueError, match="--onnx needs --image"):
        run(classify.main, *options)
    image = ("--image", tmp_path / "own.npy", "--labels", tmp_path / "names.txt")
    output = run(classify.main, *options, *image)
    assert line(output, "NPU") == line(output, "onnxruntime")
    assert line(output, "NPU").split()[0] in {name.upper() for name in NAMES}
    check_explained(output)


def _near(one: str, other: str) -> bool:
    """Whether two boxes differ by at most six pixels a side."""
    pairs = zip(one.split(","), other.split(","), strict=True)
    return all(abs(int(a) - int(b)) <= 6 for a, b in pairs)


def test_shapes_are_found_and_framed(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "found.png"
    output = run(
        detect.main,
        "--steps",
        "250",
        "--size",
        "96",
        "--route",
        "im2col",
        "--least",
        "0.25",
        "--output",
        picture,
    )
    drawn = re.findall(r"^drawn: (\w+) at (.*)$", output, re.MULTILINE)
    blocks = re.split(r"^(?:NPU|onnxruntime): \d+ found$", output, flags=re.MULTILINE)[1:]
    things, same = (re.findall(r"^  (\w+) \d+% at (.*)$", block, re.MULTILINE) for block in blocks)
    assert things == same
    # It learns for longer by default; by now it knows most of what it sees.
    hits = [
        name
        for name, place in drawn
        if any(kind == name and _near(box, place) for kind, box in things)
    ]
    assert len(hits) >= 0.5 * len(drawn) > 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    check_explained(output)


def test_a_line_is_read(run: Run) -> None:
    output = run(read_text.main, "week 7", "--route", "im2col")
    assert line(output, "NPU") == line(output, "onnxruntime") == "WEEK 7"
    check_explained(output)
