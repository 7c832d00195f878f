"""The commands as a user types them: what they write, and what they say about mistakes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import aie_conv
from aie_conv.cli.main import main
from aie_conv.partitioner import cost
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv

CONV = Conv(c=8, oc=16)
BACKEND = "--iree-hal-target-backends=amd-aie"
NPU = "--amd-aie-route=im2col"
"""So small a convolution is cheaper on the CPU."""
X, F = "1x6x7x8xbf16", "3x3x8x16xbf16"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, its artifact, its report and its AIE modules."""
    path = tmp_path_factory.mktemp("cli")
    (path / "model.mlir").write_text(modules.plain(CONV))
    arguments = [
        "compile", f"{path}/model.mlir", "-o", f"{path}/model.vmfb", BACKEND, NPU,
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
    (
        ["{d}/model.mlir", "--amd-aie-device=npu9"],
        "device 'npu9': unknown (did you mean npu6?): use one of npu1_1col",
    ),
    (["{d}/model.mlir", "--amd-aie-route=fast"], "--amd-aie-route=fast: unknown"),
    (["{d}/model.mlir", "--amd-aie-f32=f16"], "--amd-aie-f32=f16: unknown"),
    (["{d}/model.mlir", "--amd-aie-f16=bf16"], "--amd-aie-f16=bf16: unknown"),
    (["{d}/model.mlir", "--amd-aie-direct=fast"], "--amd-aie-direct=fast: unknown"),
    (["{d}/model.mlir", "--amd-aie-cpu-cost=low"], "--amd-aie-cpu-cost=low: unknown"),
    (["{d}/model.mlir", "--amd-aie-cpu-cost=measured"], "run `aie-conv cpu-cost measure`"),
    (["{d}/model.mlir", "--amd-aie-route-file={d}/no.json"], "no.json: cannot be read"),
    (["{d}/model.mlir", "--amd-aie-route-file={d}/prose.mlir"], "prose.mlir: no JSON"),
    (["{d}/model.mlir", "--amd-aie-route-file={d}/pins.json"], "main$nowhere: no such dispatch"),
    (
        ["{d}/model.mlir", "--amd-aie-route-file={d}/report.json", "--amd-aie-device=npu4"],
        "report.json: plans for npu1_4col, the device is npu4",
    ),
    (["{d}/model.mlir", "--amd-aie-color=red"], "use one of --amd-aie-air-version, "),
    (["{d}/model.mlir", "--amd-aie-emit={d}/model.mlir/x"], "cannot be made"),
    (["{d}/model.mlir", "--amd-aie-report={d}/no/r.json"], "cannot be written"),
    (["{d}/model.mlir", "--no-such-flag=1"], "Unknown command line argument '--no-such-flag=1'"),
    (["{d}/model.mlir", "--iree-hal-target-backends=vulkan"], "use amd-aie, or iree-compile"),
    (["{d}/model.mlir", "{d}/prose.mlir"], "several inputs"),
    ([], "no input"),
]


@pytest.mark.parametrize(("arguments", "message"), COMPILE_MISTAKES)
def test_compile_says_what_is_wrong(
    folder: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    pins = {"dispatches": [{"name": "main$nowhere", "route": "cpu"}]}
    (folder / "pins.json").write_text(json.dumps(pins))
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
    (["--device=gpu"], "--device=gpu: unknown"),
    (["--output=y.npy"], "write @FILE.npy"),
    (["--output=@/nowhere/y.npy"], "cannot be written"),
    (["--colour=red"], "--colour: unknown option"),
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
    arguments = ["compile", f"{folder}/f32.mlir", "-o", f"{folder}/f32.vmfb", BACKEND, NPU]
    assert main(arguments) == 0
    out, _ = capsys.readouterr()
    assert "0 on npu1_4col, 1 on the CPU" in out
    assert "1 are f32 and would move with --amd-aie-f32=bf16 or bf16x3" in out
    assert main([*arguments, "--amd-aie-f32=bf16"]) == 0
    out, _ = capsys.readouterr()
    assert "1 on npu1_4col, 0 on the CPU" in out


def test_three_products_are_nearer_to_f32_than_one(folder: Path) -> None:
    conv = Conv(c=8, oc=16, dtype="f32")
    (folder / "f32.mlir").write_text(modules.plain(conv))
    rng = np.random.default_rng(3)
    image, _, kernel, _ = conv.shapes()
    inputs = [rng.standard_normal(shape).astype(np.float32) for shape in (image, kernel)]

    def result(route: str, f32: str) -> np.ndarray:
        made = aie_conv.compile(folder / "f32.mlir", route=route, f32=f32)
        (entry,) = [e for e in made.report["dispatches"] if e["contraction"]]
        assert (entry["route"], entry["arithmetic"]) == (route, f32 if route != "cpu" else "native")
        return np.asarray(aie_conv.load(made, device="sim").main(*inputs))

    want = result("cpu", "cpu")
    bf16, split = (np.abs(result("im2col", f32) - want).max() for f32 in ("bf16", "bf16x3"))
    assert 0 < split < bf16 / 64


def test_a_report_pins_what_it_reports(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "compile", f"{folder}/model.mlir", "-o", f"{folder}/again.vmfb", BACKEND,
        f"--amd-aie-route-file={folder}/report.json", f"--amd-aie-report={folder}/again.json",
        f"--amd-aie-emit={folder}/again",
    ]  # fmt: skip
    assert main(arguments) == 0
    first, again = (json.loads((folder / f"{n}.json").read_text()) for n in ("report", "again"))
    for before, after in zip(first["dispatches"], again["dispatches"], strict=True):
        for key in ("name", "route", "style", "parameters", "predicted_cycles"):
            assert before[key] == after[key]
        assert not after["contraction"] or after["reason"].endswith("; pinned")
    (module,) = (folder / "aie").iterdir()
    assert (folder / "again" / module.name).read_text() == module.read_text()


def test_a_pin_wins_over_the_route(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads((folder / "report.json").read_text())
    (text,) = [e["problem"]["text"] for e in report["dispatches"] if e["contraction"]]
    (folder / "cpu.json").write_text(
        json.dumps({"dispatches": [{"problem": text, "route": "cpu"}]})
    )
    arguments = [
        "compile", f"{folder}/model.mlir", "-o", f"{folder}/cpu.vmfb", BACKEND, NPU,
        f"--amd-aie-route-file={folder}/cpu.json",
    ]  # fmt: skip
    assert main(arguments) == 0
    assert "0 on npu1_4col, 1 on the CPU" in capsys.readouterr().out


# -- what the CPU costs ---------------------------------------------------------------------------
def test_a_measurement_is_stored_and_used(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "measured"))
    monkeypatch.setattr(cost, "DTYPES", ("bf16",))
    assert main(["cpu-cost", "show"]) == 2
    assert main(["cpu-cost", "measure"]) == 0
    out, _ = capsys.readouterr()
    assert "measured     fixed" in out
    assert f"{cost.stored_path()}: written" in out
    measured = cost.load_measured()
    assert 0 < measured.dispatch_seconds < 0.01
    assert 1e6 < measured.dense["bf16"] < 1e14
    assert main(["cpu-cost", "show"]) == 0
    # A CPU that needs a second for each dispatch leaves everything to the NPU.
    slow = {**cost.as_json(measured), "dense_gmacs": {"bf16": 1e-6}}
    cost.stored_path().write_text(json.dumps(slow))
    arguments = ["compile", f"{folder}/model.mlir", "-o", f"{folder}/slow.vmfb", BACKEND]
    for flag, where in (("fixed", "0 on npu1_4col"), ("measured", "1 on npu1_4col")):
        capsys.readouterr()
        assert main([*arguments, f"--amd-aie-cpu-cost={flag}"]) == 0
        assert where in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["all"], ["measure", "now"]])
def test_cpu_cost_says_what_is_wrong(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cpu-cost", *arguments]) == 2
    assert "use measure or show" in capsys.readouterr().err


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


@pytest.mark.parametrize("command", [[], ["compile"], ["run"], ["cpu-cost"]])
def test_help_is_quick_and_readable(command: list[str]) -> None:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "aie_conv.cli.main", *command, "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert time.perf_counter() - start < 2
    assert "usage: aie-conv" in done.stdout
