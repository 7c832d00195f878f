"""`aie-conv compile model.onnx`, and run with names, expected values and functions of several kinds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aie_conv.cli.main import main
from tests.support.onnx.models import graph_of

onnx = pytest.importorskip("onnx")

FUNCTIONS = """
func.func @"a$b"(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @c(%x: tensor<4xi32>) -> tensor<4xi32> {
  %0 = arith.addi %x, %x : tensor<4xi32>
  return %0 : tensor<4xi32>
}
"""


@pytest.fixture(scope="module")
def vmfb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from onnx import helper

    folder = tmp_path_factory.mktemp("onnx")
    inputs = {"left": np.zeros((2, 3), np.float32), "pixels": np.zeros((2, 3), np.uint8)}
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=1),
        helper.make_node("Sub", ["left", "real"], ["difference"]),
        helper.make_node("Identity", ["pixels"], ["same"]),
    ]
    model = graph_of(nodes, inputs, {}, ["difference", "same"])
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.save(model, folder / "m.onnx")
    out = folder / "m.vmfb"
    arguments = ["compile", str(folder / "m.onnx"), "-o", str(out), "--input-shape=left:2x3"]
    assert main(arguments) == 0
    return out


def _run(vmfb: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["run", f"--module={vmfb}", "--device=sim", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_inputs_and_outputs_by_name(
    vmfb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "p.npy", np.full((2, 3), 200, np.uint8))
    out = tmp_path / "y.npy"
    status, _, _ = _run(
        vmfb,
        capsys,
        f"--input=pixels=@{tmp_path}/p.npy",
        "--input=left=0.5",
        f"--output=same=@{out}",
    )
    assert status == 0
    assert np.load(out).tolist() == [[200] * 3] * 2
    assert np.load(out).dtype == np.uint8


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--expected_output=2x3xf32=-199.5", "--expected_output=2x3xui8=200"], 0, "[SUCCESS]"),
        (["--expected-output=(ignored)", "--expected_output=2x3xui8=200"], 0, "[SUCCESS]"),
        (["--expected_output=same=200"], 0, "[SUCCESS]"),
        (["--expected_output=difference=1,-199.5,0,0,0,0"], 1, "element [0, 0] is -199.5"),
        (["--expected_output=2x3xf32=1", "--expected_output=2x3xi8=200"], 2, "does not fit"),
        (["--expected_output=2x3xf32=1"], 2, "1 given, g has 2 results"),
        (["--input=lef=1"], 2, "lef=1: no such name (did you mean left?)"),
        (["--input=left=1"], 2, "'left' was given before"),
        (["--output=@x.npy"], 2, "--output: 1 given, g has 2 results"),
    ],
)
def test_expected_outputs_and_mistakes(
    vmfb: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, text: str
) -> None:
    got, out, err = _run(vmfb, capsys, "--input=left=0.5", "--input=pixels=200", *arguments)
    assert (got, text in out + err) == (status, True), out + err


@pytest.mark.parametrize("dtype", ["si8", "f32"])
def test_a_type_that_does_not_fit_is_one_line(
    vmfb: Path, capsys: pytest.CaptureFixture[str], dtype: str
) -> None:
    status, _, err = _run(vmfb, capsys, "--input=2x3xf32=1", f"--input=2x3x{dtype}=1")
    assert status == 2
    assert "input 1 'pixels'" in err
    assert "the function takes 2x3xui8" in err


def test_several_functions_and_names_with_dollars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.mlir").write_text(FUNCTIONS)
    vmfb = tmp_path / "m.vmfb"
    assert main(["compile", str(tmp_path / "m.mlir"), "-o", str(vmfb)]) == 0
    assert _run(vmfb, capsys, "--function=a$b", "--input=4xf32=2")[1].endswith("4xf32=4 4 4 4\n")
    assert _run(vmfb, capsys, "--function=c", "--input=4xi32=2")[1].endswith("4xi32=4 4 4 4\n")
    assert "name one of a$b, c" in _run(vmfb, capsys, "--input=4xi32=2")[2]


def test_explain_takes_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from onnx import helper

    inputs = {"a": np.zeros((4, 8), np.float32), "b": np.zeros((8, 4), np.float32)}
    model = graph_of([helper.make_node("MatMul", ["a", "b"], ["y"])], inputs, {}, ["y"])
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "rows"
    onnx.save(model, tmp_path / "m.onnx")
    assert main(["explain", str(tmp_path / "m.onnx")]) == 2
    assert "input 'a' has open sizes, rowsx8" in capsys.readouterr().err
    assert main(["explain", str(tmp_path / "m.onnx"), "--input-shape=a:16x8"]) == 0
    assert "16" in capsys.readouterr().out


def test_compile_says_what_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model: Any = graph_of([], {"x": np.zeros((2, 2), np.float32)}, {}, ["x"])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "width"
    onnx.save(model, tmp_path / "m.onnx")
    assert main(["compile", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "m.vmfb")]) == 2
    assert "input 'x' has open sizes, 2xwidth" in capsys.readouterr().err
    assert not (tmp_path / "m.vmfb").exists()


def test_a_bad_pass_pipeline_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.mlir").write_text(FUNCTIONS)
    flag = "--iree-preprocessing-pass-pipeline=builtin.module(no-such-pass)"
    out = tmp_path / "m.vmfb"
    assert main(["compile", str(tmp_path / "m.mlir"), "-o", str(out), flag]) == 2
    assert "no-such-pass" in capsys.readouterr().err
    assert not out.exists()
