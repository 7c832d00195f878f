"""What IREE's library dies of is one line; a test for each rule says when IREE has mended it.

The command line is asked, and `iree-compile`: the day that it lives, the rule can go.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from aie_conv.cli.main import main

IREE_COMPILE = Path(sys.executable).with_name("iree-compile")
STOCK = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu")


def torch_convolution(image: str, kernel: str, result: str, groups: int = 1) -> str:
    x, w, y = (f"!torch.vtensor<{each}>" for each in (image, kernel, result))
    return f"""
func.func @main(%x: {x}, %w: {w}) -> {y} {{
  %one = torch.constant.int 1
  %zero = torch.constant.int 0
  %g = torch.constant.int {groups}
  %f = torch.constant.bool false
  %b = torch.constant.none
  %s = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %p = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %0 = torch.aten.convolution %x, %w, %b, %s, %p, %s, %f, %p, %g : {x}, {w}, !torch.none, !torch.list<int>,
    !torch.list<int>, !torch.list<int>, !torch.bool, !torch.list<int>, !torch.int -> {y}
  return %0 : {y}
}}"""


def padded(kind: str) -> str:
    return f"""
func.func @main(%a: tensor<1x2x6x6x{kind}>, %b: tensor<4x2x3x3x{kind}>) -> tensor<1x4x6x6x{kind}> {{
  %0 = stablehlo.convolution(%a, %b) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1],
    window = {{stride = [1, 1], pad = [[1, 1], [1, 1]]}}
    {{batch_group_count = 1 : i64, feature_group_count = 1 : i64}}
    : (tensor<1x2x6x6x{kind}>, tensor<4x2x3x3x{kind}>) -> tensor<1x4x6x6x{kind}>
  return %0 : tensor<1x4x6x6x{kind}>
}}"""


SCATTER = """
func.func @main(%x: !torch.vtensor<[8,8],f32>, %p: !torch.vtensor<[2,2],si64>) -> !torch.vtensor<[8,8],f32> {
  %d = torch.constant.int -1
  %f = torch.constant.float 7.0
  %0 = torch.aten.scatter.value %x, %d, %p, %f : !torch.vtensor<[8,8],f32>, !torch.int,
    !torch.vtensor<[2,2],si64>, !torch.float -> !torch.vtensor<[8,8],f32>
  return %0 : !torch.vtensor<[8,8],f32>
}"""

EMPTY = """
func.func @main(%a: tensor<4x0xf32>, %b: tensor<0x4xf32>, %o: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x0xf32>, tensor<0x4xf32>) outs(%o : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}"""

FAULTS = {
    "unbatched": (
        torch_convolution("[4,6,6],f32", "[8,4,3,3],f32", "[8,4,4],f32"),
        "a convolution of 3 dims with a filter of 4: give the input a batch dim",
    ),
    "unknown type": (
        torch_convolution("[1,4,6,6],f32", "[8,4,3,3],unk", "[1,8,4,4],f32"),
        "a convolution of a tensor whose shape or type is not known",
    ),
    "no groups": (
        torch_convolution("[1,4,6,6],f32", "[8,4,3,3],f32", "[1,8,4,4],f32", groups=0),
        "a convolution of 0 groups",
    ),
    "sums of a byte": (
        torch_convolution("[1,4,6,6],si8", "[8,4,3,3],si8", "[1,8,4,4],si8"),
        "a convolution of si8 whose sums are si8",
    ),
    "complex padding": (padded("complex<f32>"), "stablehlo.convolution pads complex numbers"),
    "scatter from the end": (SCATTER, "torch.aten.scatter.value along dim -1"),
    "sum over nothing": (EMPTY, "linalg.matmul sums over no elements"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_known_fault_is_one_line(name: str, tmp_path: Path) -> None:
    text, message = FAULTS[name]
    source = tmp_path / "m.mlir"
    source.write_text(text)
    command = [sys.executable, "-m", "aie_conv.cli.main", "compile", "m.mlir", "-o", "m.vmfb"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"aie-conv compile: m.mlir: {message}")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.mlir"]


@pytest.mark.parametrize("name", FAULTS)
def test_iree_still_dies_of_it(name: str, tmp_path: Path) -> None:
    source = tmp_path / "m.mlir"
    source.write_text(FAULTS[name][0])
    command = [str(IREE_COMPILE), str(source), "-o", str(tmp_path / "m.vmfb"), *STOCK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode not in (0, 1), f"{name}: IREE lives: remove its rule"


def test_what_is_like_a_fault_and_is_none_is_compiled(tmp_path: Path) -> None:
    good = {
        "batched": torch_convolution("[1,4,6,6],f32", "[8,4,3,3],f32", "[1,8,4,4],f32"),
        "padded": padded("f32"),
        "scatter": SCATTER.replace("int -1", "int 1"),
    }
    for name, text in good.items():
        (tmp_path / f"{name}.mlir").write_text(text)
        command = [
            sys.executable,
            "-m",
            "aie_conv.cli.main",
            "compile",
            f"{name}.mlir",
            "-o",
            f"{name}.vmfb",
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr


PRODUCT = """
func.func @"{name}"(%a: tensor<16x32xi8>, %b: tensor<32x64xi8>) -> tensor<16x64xi32> {{
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<16x64xi32>
  %z = linalg.fill ins(%zero : i32) outs(%e : tensor<16x64xi32>) -> tensor<16x64xi32>
  %r = linalg.matmul ins(%a, %b : tensor<16x32xi8>, tensor<32x64xi8>) outs(%z : tensor<16x64xi32>)
    -> tensor<16x64xi32>
  return %r : tensor<16x64xi32>
}}"""


@pytest.mark.parametrize("name", ["a b", "a$b", r"m\C3\A9", r"m\\DC", r"a\22b", "a\\0Ab", "a::@b"])
def test_a_function_of_any_name_goes_to_the_npu(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "m.mlir").write_text(PRODUCT.format(name=name))
    arguments = [f"{tmp_path}/m.mlir", "-o", f"{tmp_path}/m.vmfb", "--amd-aie-route=direct"]
    assert main(["compile", *arguments]) == 0
    assert "1 convolutions and matmuls of 1 dispatches: 1 on" in capsys.readouterr().out
    inputs = ("--input=16x32xi8=1", "--input=32x64xi8=-128")
    assert (
        main(["run", f"--module={tmp_path}/m.vmfb", *inputs, "--expected_output=16x64xi32=-4096"])
        == 0
    )


@pytest.mark.parametrize("name", [r"m\DC", r"\FFm", r"m\C3", r"\ED\A0\80"])
def test_a_name_that_is_no_utf_8_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "m.mlir").write_text(PRODUCT.format(name=name))
    assert main(["compile", f"{tmp_path}/m.mlir", "-o", f"{tmp_path}/m.vmfb"]) == 2
    assert "a name in it is no UTF-8" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["m.mlir"]
