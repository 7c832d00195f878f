"""`aie-conv compile` with pictures: what the files say, and that a mistake writes nothing."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import aie_conv
from aie_conv.cli.main import main
from aie_conv.compiler import compile_source
from aie_conv.errors import UsageError
from aie_conv.options import Options
from aie_conv.sim import Simulator
from tests.support.report.browser import dump, needs_browser

BACKEND = "--iree-hal-target-backends=amd-aie"
SOURCE = """
func.func @main(%x: tensor<1x14x14x16xi8>, %v: tensor<1x14x14x16xf32>) -> (tensor<1x12x12x32xi32>, tensor<1x14x14x16xf32>) {
  %w = arith.constant dense<3> : tensor<3x3x16x32xi8>
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<1x12x12x32xi32>
  %start = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x12x12x32xi32>) -> tensor<1x12x12x32xi32>
  %y = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : tensor<1x14x14x16xi8>, tensor<3x3x16x32xi8>) outs(%start : tensor<1x12x12x32xi32>) -> tensor<1x12x12x32xi32>
  %u = arith.addf %v, %v : tensor<1x14x14x16xf32>
  return %y, %u : tensor<1x12x12x32xi32>, tensor<1x14x14x16xf32>
}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "model.mlir"
    path.write_text(SOURCE)
    return path


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("made")
    artifact = aie_conv.compile(
        source,
        route="im2col",
        html=folder / "a.html",
        trace=folder / "a.trace",
        trace_dispatch="*conv*",
    )
    artifact.save(folder / "a.vmfb")
    return {
        "vmfb": folder / "a.vmfb",
        "report": artifact.report,
        "modules": artifact.modules,
        "page": folder / "a.html",
        "trace": json.loads((folder / "a.trace").read_text()),
    }


def test_the_trace_is_of_the_chosen_dispatch(made: dict[str, Any]) -> None:
    ((name, text),) = made["modules"].items()
    simulator = Simulator(text)
    names = {e["args"]["name"] for e in made["trace"]["traceEvents"] if e["name"] == "process_name"}
    assert names == {"npu1_4col: all dispatches", f"1 {name}"}
    lanes = {e["args"]["name"] for e in made["trace"]["traceEvents"] if e["name"] == "thread_name"}
    assert {core.name for core in simulator.model.cores} <= lanes


def test_cores_say_what_they_compute(made: dict[str, Any]) -> None:
    data = re.search(r'id="data">(.*?)</script>', made["page"].read_text(), re.S)
    assert data is not None
    (program,) = json.loads(data[1])["programs"]
    computes = {
        tuple(t["at"]): t["computes"] for t in program["map"]["tiles"] if t["kind"] == "core"
    }
    entry = next(e for e in made["report"]["dispatches"] if e["route"] != "cpu")
    assert len(computes) == entry["cores"]
    assert all(
        re.fullmatch(r"tile \d+(–\d+)? of \d+; ch\. [\d–, ]+( \+\d+ more)?", t)
        for t in computes.values()
    )
    channels = {n for text in computes.values() for n in numbers(text.partition("ch. ")[2])}
    assert channels == set(range(32))
    tiles = {
        n
        for text in computes.values()
        for n in numbers(text.partition(" of")[0].removeprefix("tile "))
    }
    (count,) = {int(text.partition(" of ")[2].partition(";")[0]) for text in computes.values()}
    assert tiles == set(range(count))


def numbers(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(", "):
        first, _, last = part.partition("–")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_run_traces_what_ran(made: dict[str, Any], tmp_path: Path) -> None:
    inputs = ["--input=1x14x14x16xi8=1", "--input=1x14x14x16xf32=1"]
    files = [f"--amd-aie-trace={tmp_path}/a.trace", f"--amd-aie-stats={tmp_path}/s.json"]
    assert main(["run", f"--module={made['vmfb']}", *inputs, *files, "--device=sim"]) == 0
    trace, stats = (json.loads((tmp_path / name).read_text()) for name in ("a.trace", "s.json"))
    assert trace == made["trace"]
    slices = [e for e in trace["traceEvents"] if e.get("cat") == "dispatch"]
    assert [(e["name"], e["dur"]) for e in slices] == [
        (record["name"], record["cycles"]) for record in stats["dispatches"]
    ]


def test_a_run_without_the_npu_has_no_trace(
    source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    aie_conv.compile(source, route="cpu").save(tmp_path / "out.vmfb")
    inputs = ["--input=1x14x14x16xi8=1", "--input=1x14x14x16xf32=1"]
    flags = [f"--amd-aie-trace={tmp_path}/a.trace", f"--amd-aie-stats={tmp_path}/s.json"]
    assert main(["run", f"--module={tmp_path}/out.vmfb", *inputs, *flags]) == 2
    assert "no dispatch ran on the NPU" in capfd.readouterr().err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["out.vmfb"]


@needs_browser
def test_the_page_opens_on_the_convolution(made: dict[str, Any]) -> None:
    text = dump(made["page"])
    number = 1 + next(i for i, e in enumerate(made["report"]["dispatches"]) if e["route"] != "cpu")
    assert f'data-chosen="{number}"' in text
    assert text.count('class="tile"') >= 3


def run(source: Path, folder: Path, *flags: str) -> tuple[int, list[str]]:
    before = {path.name for path in folder.iterdir()}
    status = main(
        [
            "compile",
            str(source),
            "-o",
            str(folder / "out.vmfb"),
            BACKEND,
            "--amd-aie-route=im2col",
            *flags,
        ]
    )
    return status, sorted({path.name for path in folder.iterdir()} - before)


def test_the_command_writes_each_file(source: Path, tmp_path: Path) -> None:
    flags = [f"--amd-aie-html={tmp_path}/a.html", f"--amd-aie-trace={tmp_path}/a.json"]
    status, files = run(source, tmp_path, *flags)
    assert (status, files) == (0, ["a.html", "a.json", "out.vmfb"])


def test_progress_says_what_is_simulated(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    compile_source(source, Options(route="im2col", html=tmp_path / "a.html"), said.append)
    assert [line for line in said if line.startswith("simulating program 1 of 1: ")]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--amd-aie-html={}/none/a.html"], "no folder"),
        (["--amd-aie-trace={}/none/a.json"], "no folder"),
        (["--amd-aie-html={}"], "is a folder"),
        (["--amd-aie-html={}/a.json", "--amd-aie-trace={}/a.json"], "for two files"),
        (["--amd-aie-trace={}/a.json", "--amd-aie-route=cpu"], "no dispatch runs on the NPU"),
        (
            ["--amd-aie-trace={}/a.json", "--amd-aie-trace-dispatch=nothing"],
            "no dispatch on the NPU of that name",
        ),
        (["--amd-aie-trace-dispatch=1"], "add --amd-aie-trace=FILE.json"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    status, files = run(
        source,
        tmp_path,
        *(flag.format(tmp_path) for flag in flags),
        f"--amd-aie-report={tmp_path}/r.json",
    )
    assert (status, files) == (2, [])
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("aie-conv compile: ")
    assert message in lines[0]


def test_the_documents_convolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of docs/pictures.md."""
    text = (Path(__file__).parents[3] / "docs" / "pictures.md").read_text()
    generate = re.search(r"`aie-conv (generate [^`]*)`", text)
    command = re.search(r"```\naie-conv (compile .*?)\n```", text, re.S)
    assert generate is not None
    assert command is not None
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(generate[1])) == 0
    assert (
        main(shlex.split(command[1].replace("\\\n", " ").replace("model.mlir", "conv.mlir"))) == 0
    )
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"conv.mlir", "model.vmfb", "report.html", "trace.json"}


def test_a_page_without_the_npu(source: Path, tmp_path: Path) -> None:
    aie_conv.compile(source, route="cpu", html=tmp_path / "a.html")
    assert "0 of " in (tmp_path / "a.html").read_text()


def test_options_of_the_library(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        aie_conv.compile(source, trace=tmp_path / "none" / "a.json")


def test_a_module_that_is_slower_on_the_npu_says_by_how_much(source: Path) -> None:
    """Array and copies alone are faster there; the launch is not."""
    artifact = aie_conv.compile(source)
    excess = artifact.report["totals"]["time"]["npu_excess_cycles"]
    assert artifact.report["totals"]["npu"] == 0 < excess
    assert f"the NPU is predicted to be {excess / 1.8e6:.3g} ms slower" in repr(artifact)
    forced = aie_conv.compile(source, route="im2col").report
    assert forced["totals"]["npu"] == 1
    assert forced["totals"]["time"]["npu_excess_cycles"] is None
