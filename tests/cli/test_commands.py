"""The commands as a user types them: what they write, and what they say about mistakes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from aie_conv.cli.main import main
from tests.bridge import modules
from tests.bridge.modules import Conv

CONV = Conv(c=8, oc=16)
BACKEND = "--iree-hal-target-backends=amd-aie"
X, F = "1x6x7x8xbf16", "3x3x8x16xbf16"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, its artifact, its report and its AIE modules."""
    path = tmp_path_factory.mktemp("cli")
    (path / "model.mlir").write_text(modules.plain(CONV))
    arguments = [
        "compile", f"{path}/model.mlir", "-o", f"{path}/model.vmfb", BACKEND,
        f"--amd-aie-report={path}/report.json", f"--amd-aie-emit={path}/aie",
    ]  # fmt: skip
    assert main(arguments) == 0
    return path


def test_compile_writes_what_was_asked(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    (entry,) = [e for e in report["dispatches"] if e["macs"]]
    assert entry["route"] == "im2col"
    assert entry["predicted_cycles"] > 0
    text = (folder / "aie" / f"{entry['name']}.mlir").read_text()
    assert "aie.device(npu1)" in text


def test_run_prints_as_iree_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = f"--module={folder}/model.vmfb"
    assert main(["run", module, "--function=main", f"--input={X}=1", f"--input={F}=0.5"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:2] == ["EXEC @main", "result[0]: hal.buffer_view"]
    assert lines[2].startswith("1x4x5x16xf32=[[[36 36 36")
    assert err == "aie-conv run: device sim\n"


def test_run_reads_and_writes_npy(folder: Path) -> None:
    np.save(folder / "x.npy", np.ones((1, 6, 7, 8), ml_dtypes.bfloat16))
    arguments = [
        "run", f"--module={folder}/model.vmfb", f"--input=@{folder}/x.npy", f"--input={F}=1",
        f"--output=@{folder}/y.npy", f"--amd-aie-stats={folder}/stats.json",
    ]  # fmt: skip
    assert main(arguments) == 0
    assert np.all(np.load(folder / "y.npy") == 72)
    stats = json.loads((folder / "stats.json").read_text())
    assert stats["device"] == "sim"
    assert stats["totals"]["cycles"] == sum(d["cycles"] for d in stats["dispatches"]) > 0


COMPILE_MISTAKES = [
    (["nowhere.mlir"], "nowhere.mlir: cannot be read"),
    (["{d}/empty.mlir"], "empty.mlir: empty"),
    (["{d}/prose.mlir"], "prose.mlir:1:1: "),
    (["{d}/model.mlir", "--amd-aie-device=npu9"], "device 'npu9': unknown: use one of npu1_1col"),
    (["{d}/model.mlir", "--amd-aie-route=fast"], "--amd-aie-route=fast: unknown"),
    (["{d}/model.mlir", "--amd-aie-f32=f16"], "--amd-aie-f32=f16: unknown"),
    (["{d}/model.mlir", "--amd-aie-color=red"], "--amd-aie-color: unknown flag"),
    (["{d}/model.mlir", "--amd-aie-emit={d}/model.mlir/x"], "cannot be made"),
    (["{d}/model.mlir", "--amd-aie-report={d}/no/r.json"], "cannot be written"),
    (["{d}/model.mlir", "--no-such-flag=1"], "Unknown command line argument '--no-such-flag=1'"),
    (["{d}/model.mlir", "--iree-hal-target-backends=vulkan"], "use amd-aie, or iree-compile"),
    (["{d}/model.mlir", "{d}/prose.mlir"], "several inputs"),
    ([], "no input"),
]


@pytest.mark.parametrize(("arguments", "message"), COMPILE_MISTAKES)
def test_compile_says_what_is_wrong(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty.mlir").write_text("")
    (folder / "prose.mlir").write_text("This is no module.\n")
    given = [argument.replace("{d}", str(folder)) for argument in arguments]
    assert main(["compile", *given, "-o", f"{folder}/out.vmfb"]) == 2
    _, err = capsys.readouterr()
    assert message in err
    assert err.startswith("aie-conv compile: ")
    assert err.count("\n") == 1
    assert not (folder / "out.vmfb").exists()


RUN_MISTAKES = [
    (["--function=zip"], "function 'zip': not in the module: it has main"),
    (["--input=1xf32"], "takes 2 inputs, 1 given"),
    ([f"--input={X}", "--input=3xf32"], "input 1: 3xf32 given, the function takes 3x3x8x16xbf16"),
    (["--input=1xzz9"], "element type zz9 is unknown"),
    (["--input=@nowhere.npy"], "nowhere.npy: cannot be read"),
    (["--input=2xf32=1,2,3"], "3 values for 2 elements"),
    (["--input=1xi8=300"], "does not fit"),
    (["--input=wide"], "write @file.npy, or a shape"),
    (["--device=gpu"], "invalid choice: 'gpu'"),
    (["--output=y.npy"], "write @FILE.npy"),
    (["--output=@/nowhere/y.npy"], "cannot be written"),
    (["--colour=red"], "--colour=red"),
]


@pytest.mark.parametrize(("arguments", "message"), RUN_MISTAKES)
def test_run_says_what_is_wrong(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", f"--module={folder}/model.vmfb", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    *before, last = err.splitlines()
    assert before in ([], ["aie-conv run: device sim"])
    assert last.startswith("aie-conv run: ")
    assert message in last


def test_f32_stays_on_the_cpu_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f32.mlir").write_text(modules.plain(Conv(c=8, oc=16, dtype="f32")))
    arguments = ["compile", f"{folder}/f32.mlir", "-o", f"{folder}/f32.vmfb", BACKEND]
    assert main(arguments) == 0
    out, _ = capsys.readouterr()
    assert "0 on npu1_4col, 1 on the CPU" in out
    assert "1 are f32 and would move with --amd-aie-f32=bf16" in out
    assert main([*arguments, "--amd-aie-f32=bf16"]) == 0
    out, _ = capsys.readouterr()
    assert "1 on npu1_4col, 0 on the CPU" in out


def test_dynamic_shapes_run_on_the_cpu(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = modules.matmul("matmul", [5, 12], [12, 9], [5, 9], "f32").replace("5x", "?x")
    text = text.replace("tensor.empty()", "tensor.empty(%n)").replace(
        "%zero =", "%c0 = arith.constant 0 : index\n    %n = tensor.dim %a, %c0 : tensor<?x12xf32>\n    %zero ="
    )  # fmt: skip
    (folder / "dynamic.mlir").write_text(text)
    assert main(["compile", f"{folder}/dynamic.mlir", "-o", f"{folder}/dynamic.vmfb", BACKEND]) == 0
    capsys.readouterr()
    module = f"--module={folder}/dynamic.vmfb"
    assert main(["run", module, "--input=2x12xf32=1", "--input=12x9xf32=2"]) == 0
    assert "2x9xf32=[24 24" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["compile"], ["run"]])
def test_help_is_quick_and_readable(command: list[str]) -> None:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "aie_conv.cli.main", *command, "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert time.perf_counter() - start < 2
    assert "usage: aie-conv" in done.stdout
