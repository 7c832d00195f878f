"""`aie-conv tune` as a user types it: what it writes, how it goes on after an end, and what compile makes of it."""

import importlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

import aie_conv
from aie_conv.cli import tune
from aie_conv.cli.main import main
from aie_conv.files import user_cache
from aie_conv.partitioner import planner
from aie_conv.partitioner.database import read_database
from aie_conv.planning import plans_version
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv

BACKEND = "--iree-hal-target-backends=amd-aie"
COMMANDS = [
    f"convbfp16 -n 1 -c 16 -H 10 -W 10 -k {k} -y {y} -x {y} -I NHWC -f NHWC -O NHWC"
    for k, y in ((16, 3), (32, 3), (16, 1), (32, 1))
]
NO_CACHE = "--amd-aie-plan-cache=off"


def written(folder: Path, *commands: str) -> Path:
    path = folder / "commands.txt"
    path.write_text("# a comment\n\n" + "\n".join(commands) + "\n")
    return path


def plans(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())["plans"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and what tuning it without an end gave."""
    path = tmp_path_factory.mktemp("tune")
    (path / "model.mlir").write_text(modules.plain(Conv(c=16, oc=32, h=14, w=14)))
    with pytest.MonkeyPatch.context() as patch:
        # In this process, so that fewer plans can be judged.
        patch.setitem(planner.SEARCHES, "best", 4)
        patch.setattr(tune, "run_all", run_here)
        assert main(["tune", f"{path}/model.mlir", "-o", f"{path}/plans.json"]) == 0
    return path


def run_here(handler: Any, items: Any, *, jobs: int, done: Any = lambda *_: None) -> list[Any]:
    from aie_conv.frontends.miopen.jobs import guarded

    results = [guarded(handler, item) for item in items]
    for index, result in enumerate(results):
        done(index, result)
    return results


# -- what it writes -------------------------------------------------------------------------------
def test_compile_takes_the_plan_that_was_found(
    tuned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = {(e["route"], e["style"]): e for e in plans(tuned / "plans.json")}
    assert {route for route, _ in entries} == {"im2col", "direct"}
    for (route, style), entry in entries.items():
        assert entry["judged_cycles"] <= entry["fast_cycles"]
        report = tuned / "report.json"
        arguments = [
            "compile", f"{tuned}/model.mlir", "-o", f"{tuned}/model.vmfb", BACKEND, NO_CACHE,
            f"--amd-aie-route={route}", f"--amd-aie-direct={style or 'auto'}",
            f"--amd-aie-report={report}", f"--amd-aie-plan-db={tuned}/plans.json",
        ]  # fmt: skip
        assert main(arguments) == 0
        (made,) = [e for e in json.loads(report.read_text())["dispatches"] if e["contraction"]]
        assert made["parameters"] == entry["parameters"]
        assert made["predicted_cycles"] == entry["predicted_cycles"]
        assert made["candidates"][0]["judged_cycles"] == entry["judged_cycles"]
    assert "warning" not in capsys.readouterr().err


def test_the_clock_of_a_run_is_the_one_that_judged(tuned: Path) -> None:
    import numpy as np

    artifact = aie_conv.compile(
        tuned / "model.mlir", route="im2col", plan_db=tuned / "plans.json", plan_cache=False
    )
    (entry,) = [e for e in plans(tuned / "plans.json") if e["route"] == "im2col"]
    program = aie_conv.load(artifact, device="sim")
    image, _, kernel, _ = Conv(c=16, oc=32, h=14, w=14).shapes()
    import ml_dtypes

    rng = np.random.default_rng(0)
    program.main(*(rng.standard_normal(s).astype(ml_dtypes.bfloat16) for s in (image, kernel)))
    assert [record["cycles"] for record in program.records] == [entry["judged_cycles"]]


def test_best_on_the_command_line_finds_what_tune_found(
    tuned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(planner.SEARCHES, "best", 4)
    report = tuned / "best.json"
    arguments = [
        "compile", f"{tuned}/model.mlir", "-o", f"{tuned}/best.vmfb", BACKEND, NO_CACHE,
        "--amd-aie-route=direct", "--amd-aie-search=best", f"--amd-aie-report={report}",
    ]  # fmt: skip
    assert main(arguments) == 0
    (made,) = [e for e in json.loads(report.read_text())["dispatches"] if e["contraction"]]
    entries = {e["style"]: e for e in plans(tuned / "plans.json") if e["route"] == "direct"}
    assert made["parameters"] == entries[made["style"]]["parameters"]


def test_a_stale_database_is_said_once_and_planned_anew(
    tuned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads((tuned / "plans.json").read_text())
    for entry in data["plans"]:
        entry["version"] = "older"
    (tuned / "stale.json").write_text(json.dumps(data))
    arguments = [
        "compile", f"{tuned}/model.mlir", "-o", f"{tuned}/stale.vmfb", BACKEND,
        "--amd-aie-route=im2col", f"--amd-aie-plan-db={tuned}/stale.json",
    ]  # fmt: skip
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert err.count("aie-conv compile: warning: ") == len(err.splitlines()) == 1
    assert f"{len(data['plans'])} of {len(data['plans'])} plans were made by another version" in err
    with pytest.warns(UserWarning, match="another version"):
        aie_conv.compile(tuned / "model.mlir", plan_db=tuned / "stale.json")


def test_the_cache_is_used_unless_it_is_off(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    arguments = ["compile", f"{tuned}/model.mlir", "-o", f"{tmp_path}/model.vmfb", BACKEND]
    assert main([*arguments, NO_CACHE]) == 0
    assert not user_cache().exists()
    first = (tmp_path / "model.vmfb").read_bytes()
    assert main(arguments) == 0
    assert len(list((user_cache() / "plans").iterdir())) >= 2
    monkeypatch.setattr("aie_conv.mapping.search._look_up", None)
    assert main(arguments) == 0
    assert (tmp_path / "model.vmfb").read_bytes() == first


# -- going on -------------------------------------------------------------------------------------
def test_a_killed_run_leaves_a_database_that_is_continued(tmp_path: Path) -> None:
    """Killed after its first problem, and run again: the same file as without."""
    commands = written(tmp_path, *COMMANDS)
    words = [sys.executable, "-m", "aie_conv.cli.main", "tune", str(commands), "--search=fast"]
    words += [NO_CACHE, "-o"]
    whole = subprocess.run([*words, f"{tmp_path}/whole.json"], capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    with subprocess.Popen(
        [*words, f"{tmp_path}/cut.json"], stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if " 1 of 4, " in line:
                child.send_signal(signal.SIGKILL)
                break
        assert child.wait() == -signal.SIGKILL
    finished = read_database(tmp_path / "cut.json", plans_version()).entries
    assert 0 < len(finished) < len(plans(tmp_path / "whole.json"))
    again = subprocess.run([*words, f"{tmp_path}/cut.json"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    known = [line for line in again.stderr.splitlines() if line.endswith("(known)")]
    assert 0 < len(known) < len(COMMANDS)
    assert (tmp_path / "cut.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert again.stdout.replace("cut.json", "whole.json") == whole.stdout


def test_a_finished_run_searches_for_nothing(
    tuned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "run_all", run_here)
    monkeypatch.setattr("aie_conv.planning.SimulatorMeasurer.__call__", None)
    before = (tuned / "plans.json").read_bytes()
    # What was searched for by "best" is also good enough for "fast".
    for search in ("best", "fast"):
        arguments = ["tune", f"{tuned}/model.mlir", "-o", f"{tuned}/plans.json", NO_CACHE]
        assert main([*arguments, f"--search={search}"]) == 0
        out, err = capsys.readouterr()
        assert "(known)" in err
        assert "1 calls on the NPU" in out or "-" in out
        assert (tuned / "plans.json").read_bytes() == before


def test_commands_that_cannot_be_used_do_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "run_all", run_here)
    commands = written(tmp_path, "gemm -m 3", COMMANDS[0], COMMANDS[0], "conv -n 1 -c 8 -k 8")
    arguments = ["tune", str(commands), "-o", f"{tmp_path}/plans.json", "--search=fast"]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert "aie-conv tune: line 3: gemm -m 3: 'gemm': not a convolution" in err
    assert "2 distinct problems of 3" in err
    row = next(line for line in out.splitlines() if line.startswith("conv oh8 ow8 oc16"))
    assert row.split("f32->bf16")[1].split()[0] == "2"
    # f32 stays on the CPU unless a flag lets it go.
    assert all("bf16xbf16" in entry["problem"] for entry in plans(tmp_path / "plans.json"))


def test_f32_is_tuned_as_the_npu_may_compute_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "run_all", run_here)
    commands = written(tmp_path, COMMANDS[0].replace("convbfp16", "conv"))
    arguments = ["tune", str(commands), "-o", f"{tmp_path}/plans.json", "--search=fast"]
    assert main(arguments) == 0
    assert "1 f32 problems stay on the CPU: --amd-aie-f32=bf16" in capsys.readouterr().out
    for how, count in (("bf16", 1), ("bf16x3", 2), ("bf16", 2)):
        assert main([*arguments, f"--amd-aie-f32={how}"]) == 0
        texts = {e["problem"] for e in plans(tmp_path / "plans.json")}
        assert len(texts) == count
        assert sum(text.endswith(f"as {how}") for text in texts) == 1
    assert "(known)" in capsys.readouterr().err.splitlines()[-1]


def test_an_onnx_model_is_tuned_for_the_sizes_that_it_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "run_all", run_here)
    text = """<ir_version: 10, opset_import: ["" : 17]>
    main (float[n, 16, 8, 8] x, float[16, 16, 3, 3] w) => (float[n, 16, 6, 6] y) { y = Conv (x, w) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "model.onnx")
    arguments = ["tune", f"{tmp_path}/model.onnx", "-o", f"{tmp_path}/plans.json", "--search=fast"]
    arguments.append("--amd-aie-f32=bf16")
    assert main(arguments) == 2
    assert "fix them with --input-shape=x:Nx16x8x8" in capsys.readouterr().err
    assert main([*arguments, "--input-shape=x:2x16x8x8"]) == 0
    assert {e["problem"].split()[1] for e in plans(tmp_path / "plans.json")} == {"n2"}


# -- merging --------------------------------------------------------------------------------------
def test_merging_keeps_the_faster_plan_and_says_so(
    tuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads((tuned / "plans.json").read_text())
    slower = data["plans"][0]
    slower["judged_cycles"] += 1000
    slower["parameters"]["tile_n"] += 1
    (tmp_path / "b.json").write_text(json.dumps(data))
    a, b = f"{tuned}/plans.json", f"{tmp_path}/b.json"
    for names in ((a, b), (b, a), (a, b, a)):
        assert main(["tune", "merge", *names, "-o", f"{tmp_path}/c.json"]) == 0
        out, err = capsys.readouterr()
        assert (
            f"{len(data['plans'])} plans of {len(names)} files, 1 conflicts" in out
            or len(names) == 3
        )
        assert (
            f"{slower['judged_cycles'] - 1000} cycles are kept, not {slower['judged_cycles']}"
            in err
        )
        assert (tmp_path / "c.json").read_bytes() == (tuned / "plans.json").read_bytes()
    assert main(["tune", "merge", a, "-o", a]) == 0
    assert (tmp_path / "c.json").read_bytes() == (tuned / "plans.json").read_bytes()


# -- Dask -----------------------------------------------------------------------------------------
def test_dask_finds_what_processes_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install 'aie_conv[tune]' to test --dask"
    )
    commands = written(tmp_path, *COMMANDS[:2])
    arguments = ["tune", str(commands), "--search=fast", NO_CACHE, "-o"]
    assert main([*arguments, f"{tmp_path}/here.json"]) == 0
    capsys.readouterr()
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        assert main([*arguments, f"{tmp_path}/dask.json", "--dask", address]) == 0
        assert "2 of 2" in capsys.readouterr().err
        monkeypatch.setattr("aie_conv.tuning.plans_version", lambda: "other")
        assert main([*arguments, f"{tmp_path}/other.json", "--dask", address]) == 1
        assert "a worker runs another version of aie_conv" in capsys.readouterr().err
    assert (tmp_path / "dask.json").read_bytes() == (tmp_path / "here.json").read_bytes()


def test_dask_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        if name == "dask.distributed":
            raise ImportError(name)
        return importlib.import_module(name)

    monkeypatch.setattr(tune, "import_module", missing)
    commands = written(tmp_path, COMMANDS[0])
    assert main(["tune", str(commands), "-o", f"{tmp_path}/plans.json", "--dask=tcp://x:1"]) == 2
    err = capsys.readouterr().err
    assert err.strip() == (
        "aie-conv tune: --dask: Dask is not installed: pip install 'aie_conv[tune]', or use --jobs"
    )


# -- mistakes -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "{0}/p.json"], "no input"),
        (["{0}/model.mlir"], "no output: add -o PLANS.json"),
        (["{0}/model.mlir", "-o"], "-o: needs a file"),
        (["{0}/model.mlir", "other", "-o", "{0}/p.json"], "several inputs"),
        (["{0}/none.txt", "-o", "{0}/p.json"], "cannot be read"),
        (["{0}/none.mlir", "-o", "{0}/p.json"], "No such file"),
        (["{0}/empty.txt", "-o", "{0}/p.json"], "no convolution or matmul to tune"),
        (["{0}/model.mlir", "-o", "{0}/none/p.json"], "cannot be written"),
        (["{0}/model.mlir", "-o", "{0}/model.mlir"], "no JSON"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--jobs=0"], "--jobs=0"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--input-shape=x:1x3"], "is for ONNX models"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--search=slow"], "--amd-aie-search=slow: unknown"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--device=npu9"], "npu9"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--amd-aie-route=cpu"], "nothing to tune"),
        (["{0}/model.mlir", "-o", "{0}/p.json", "--amd-aie-report=r.json"], "not used by tune"),
        (["merge", "-o", "{0}/p.json"], "merge: no input"),
        (["merge", "{0}/none.json", "-o", "{0}/p.json"], "cannot be read"),
        (["merge", "{0}/model.mlir", "-o", "{0}/p.json"], "no JSON"),
        (["merge", "{0}/plans.json", "-o", "{0}/p.json", "--jobs=2"], "merge: takes files"),
    ],
)
def test_mistakes_are_one_line(
    tuned: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (tuned / "empty.txt").write_text("# nothing\n")
    assert main(["tune", *(word.format(tuned) for word in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err
    assert not (tuned / "p.json").exists()


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--amd-aie-plan-db={0}/none.json", "cannot be read"),
        ("--amd-aie-plan-db={0}/report.json", "no database of plans"),
        ("--amd-aie-search=wide", "unknown: use one of fast, best"),
        ("--amd-aie-plan-cache=yes", "unknown: use one of on, off"),
    ],
)
def test_compile_and_driver_refuse_in_one_line(
    tuned: Path, capsys: pytest.CaptureFixture[str], flag: str, message: str
) -> None:
    (tuned / "report.json").write_text('{"dispatches": []}')
    flag = flag.format(tuned)
    for words in (
        ["compile", f"{tuned}/model.mlir", "-o", f"{tuned}/no.vmfb", BACKEND, flag],
        ["driver", flag, *COMMANDS[0].split()],
    ):
        assert main(words) == 2
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1
        assert message in err
    assert not (tuned / "no.vmfb").exists()


def test_the_driver_takes_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = written(tmp_path, COMMANDS[1])
    plans_file = f"{tmp_path}/plans.json"
    assert main(["tune", str(commands), "-o", plans_file, "--search=fast", NO_CACHE]) == 0
    capsys.readouterr()
    words = ["driver", "--route=im2col", f"--amd-aie-plan-db={plans_file}", *COMMANDS[1].split()]
    assert main([*words, "-t", "1", "-V", "1"]) == 0
    out = capsys.readouterr().out
    (entry,) = [e for e in plans(Path(plans_file)) if e["route"] == "im2col"]
    micros = entry["judged_cycles"] / 1.8e3
    assert f"min={micros:.2f}us" in out
