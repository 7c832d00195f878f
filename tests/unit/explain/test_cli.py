"""`aie-conv explain` as a user types it: what it prints, writes, and says about mistakes."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from aie_conv.cli.main import main
from aie_conv.frontends import torch_package
from aie_conv.report.explain import STAGES
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.write import write_folder
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.explain.runs import ZEN4

COMMAND = "convint8 -n 1 -c 16 -H 8 -W 8 -k 16"
NPU = "--amd-aie-route=direct"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explain")
    (path / "model.mlir").write_text(modules.plain(Conv(c=16, oc=16)))
    (path / "add.mlir").write_text(
        "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
        "  %b = arith.addf %a, %a : tensor<4xf32>\n  return %b : tensor<4xf32>\n}\n"
    )
    (path / "prose.mlir").write_text("This is no module.\n")
    (path / "empty.mlir").write_text("")
    (path / "taken").mkdir()
    (path / "taken" / "notes.md").write_text("mine")
    return path


def titles(text: str) -> list[str]:
    return re.findall(r"^-- \d+\. ([\w-]+) -+$", text, re.MULTILINE)


def test_a_module_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{folder}/model.mlir", "--amd-aie-route", "im2col"]) == 0
    out, err = capsys.readouterr()
    assert titles(out) == list(STAGES)[:8]
    assert err == ""


def test_a_command_is_explained_in_quotes_and_behind_dashes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", NPU, "--stage=problem,plan", COMMAND]) == 0
    quoted = capsys.readouterr().out
    assert titles(quoted) == ["problem", "plan"]
    assert "MACs: 6 x 6 x 16 x 3 x 3 x 16 = 82 944" in quoted
    assert main(["explain", "--stage=problem", "--stage", "plan", NPU, "--", *COMMAND.split()]) == 0
    assert capsys.readouterr().out == quoted


def test_a_command_of_several_directions_is_explained_for_each(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "convbfp16 -n 1 -c 8 -H 6 -W 6 -k 8 -F 6"
    assert main(["explain", "--stage=problem", command]) == 0
    out = capsys.readouterr().out
    assert titles(out) == ["problem", "problem"]
    assert "==== bwd: " in out
    assert "==== wrw: " in out
    assert main(["explain", "--stage=problem", command, "-o", f"{folder}/both"]) == 0
    names = {path.name for path in (folder / "both").iterdir()}
    assert names == {"bwd-03-problem.txt", "wrw-03-problem.txt"}


def test_a_torch_model_is_named_by_its_function(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own_model.py").write_text(
        "import torch\n"
        "def small():\n"
        "    model = torch.nn.Conv2d(8, 16, 3)\n"
        "    return model, (torch.zeros(1, 8, 6, 6),)\n"
        "def nothing():\n"
        "    return 3\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    assert main(["explain", "own_model:small", "--stage=imported,problem"]) == 0
    out = capsys.readouterr().out
    # torch's constants stand where they are used.
    assert re.search(r"torch\.aten\.conv\w+ %\w+, %\w+, %\w+, \[1, 1\], \[0, 0\]", out)
    assert "torch.constant" not in out
    assert "MACs: " in out
    for name, message in (
        ("own_model:large", "own_model has no 'large'"),
        ("own_model:nothing", "returns (model, example inputs)"),
        ("no_such_model:small", "No module named 'no_such_model'"),
    ):
        assert main(["explain", name]) == 2
        assert message in capsys.readouterr().err


def test_a_model_without_torch_names_the_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "torch_model.py").write_text("raise ModuleNotFoundError('no torch', name='torch')\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(torch_package, "has_torch", lambda: False)
    assert main(["explain", "torch_model:small"]) == 2
    assert "torch is missing: pip install 'aie_conv[torch]'" in capsys.readouterr().err


def test_a_folder_gets_a_file_a_stage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "stages"
    assert main(["explain", f"{folder}/model.mlir", NPU, "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}: 8 stages\n"
    names = [path.name for path in sorted(target.iterdir())]
    assert names[0] == "01-imported.mlir"
    assert names[-1] == "08-core.mlir"
    program = (target / "07-program.mlir").read_text()
    assert program.startswith("// The plan as a program")
    assert "more commands" not in program
    assert stat.S_IMODE(target.stat().st_mode) & 0o500 == 0o500
    # Again, with other stages: the folder is replaced as a whole.
    arguments = ["explain", f"{folder}/model.mlir", "--amd-aie-route=cpu", *ZEN4]
    assert main([*arguments, "-o", str(target), "--stage=cpu-tiles"]) == 0
    assert [path.name for path in target.iterdir()] == ["06-cpu-tiles.mlir"]
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_fails_half_way_is_not_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aie_conv.errors import UsageError

    target = folder / "half"
    written = Path.write_text

    def full_disk(self: Path, text: str, encoding: str | None = None) -> int:
        if self.name.startswith("02"):
            raise OSError(28, "No space left on device")
        return written(self, text, encoding=encoding)

    monkeypatch.setattr(Path, "write_text", full_disk)
    stages = [(n, StageReport(name, "why", "text", "full")) for n, name in enumerate(("a", "b"), 1)]
    with pytest.raises(UsageError, match="half: cannot be written: No space left on device"):
        write_folder(target, [("", stages)])
    assert not target.exists()
    assert not [path for path in folder.iterdir() if "half" in path.name]


def test_the_module_in_full_can_be_read_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from aie_conv.bridge.passes import run_passes

    target = folder / "again"
    assert main(["explain", f"{folder}/model.mlir", "--amd-aie-route=cpu", "-o", str(target)]) == 0
    for name in ("01-imported", "02-dispatches", "07-cpu-workgroups"):
        assert run_passes((target / f"{name}.mlir").read_bytes(), None, name)


def test_the_offload_pipeline_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = f"{folder}/model.mlir"
    assert main(["explain", "--pipeline=offload", model]) == 0
    last = capsys.readouterr().out
    assert len(titles(last)) == 1
    assert max(len(line) for line in last.splitlines() if '"' not in line) <= 100
    target = folder / "offloaded"
    given = ["explain", "--pipeline", "offload", model, "--print-ir-after-all", "-o", str(target)]
    assert main(given) == 0
    from aie_conv.offload import PIPELINE

    names = [path.name for path in sorted(target.iterdir())]
    assert names == [f"{n:02d}-{stage.name}.mlir" for n, stage in enumerate(PIPELINE, 1)]
    assert titles(last) == [PIPELINE[-1].name]


MISTAKES = [
    (["nowhere.mlir"], "nowhere.mlir: cannot be read: No such file"),
    (["{d}"], "cannot be read: Is a directory"),
    (["{d}/empty.mlir"], "empty.mlir: empty file"),
    (["{d}/prose.mlir"], "prose.mlir:1:1: "),
    (["{d}/add.mlir"], "add.mlir: no convolution or matmul in it"),
    (["{d}/model.mlir", "--stage=nap"], "--stage=nap: unknown: use one of imported, dispatches"),
    (
        ["{d}/model.mlir", "--amd-aie-route=cpu", "--stage=plan"],
        "no such stage here: use one of imported",
    ),
    (["{d}/model.mlir", "--dispatch=x"], "--dispatch=x: model.mlir has no such dispatch: use"),
    (["{d}/model.mlir", "--dispatch"], "--dispatch: needs a value"),
    (["{d}/model.mlir", "--stage="], "--stage: needs a value"),
    (["{d}/model.mlir", "--full=1"], "--full: takes no value"),
    (["{d}/model.mlir", "-o", "{d}/taken"], "taken: holds notes.md, which is no stage"),
    (["{d}/model.mlir", "-o", "{d}/model.mlir"], "model.mlir: is a file"),
    (["{d}/model.mlir", "-o", "{d}/no/where"], "cannot be made: no folder"),
    (["{d}/model.mlir", "{d}/add.mlir"], "several inputs"),
    (["{d}/model.mlir", "--", "conv", "-n", "1"], "give one of IN and -- COMMAND"),
    (["{d}/model.mlir", "--amd-aie-device=npu9"], "device 'npu9': unknown"),
    (["{d}/model.mlir", "--amd-aie-color=red"], "--amd-aie-color: unknown flag"),
    (["{d}/model.mlir", "--no-such-flag=1"], "Unknown command line argument"),
    (["{d}/model.mlir", "--amd-aie-report=x.json"], "use `aie-conv compile`"),
    (["{d}/model.mlir", "--pipeline=fast"], "--pipeline=fast: unknown: use offload"),
    (["{d}/model.mlir", "--print-ir-after-all"], "is of --pipeline=offload"),
    (["conv", "-n", "1"], "conv: put the command in quotes"),
    (["gemm -m 4"], "'gemm': not a convolution"),
    (["conv -n 1 --zz 3"], "--zz: unknown option"),
    (["--full"], "no input"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistakes_are_one_line_and_leave_nothing(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.replace("{d}", str(folder)) for argument in arguments]
    before = sorted(path.name for path in folder.iterdir())
    if "-o" not in given:
        given = ["-o", f"{folder}/out", *given]
    assert main(["explain", *given]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("aie-conv explain: ")
    assert err.count("\n") == 1
    assert message in err
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "taken" / "notes.md").read_text() == "mine"


def test_help_lists_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in STAGES)
    assert max(map(len, out.splitlines())) <= 100
