"""The hardware tests' report, as a stranger sends it, and what is read from it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aie_conv.calibration.hardware import compare, read_hardware_report
from aie_conv.cli.main import main
from aie_conv.errors import UsageError
from hw_tests.report import without_folders

ROOT = Path(__file__).parents[3]
PICKED = "matmul or (network and npu4)"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make hw-test` writes on the fake device, of some tests."""
    path = tmp_path_factory.mktemp("report") / "hw-report.json"
    command = [
        sys.executable, "-m", "pytest", "-q", "hw_tests", "-k", PICKED, "--device=fake",
        f"--hw-report={path}", "-p", "no:cacheprovider",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(path.parent)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "device fake: 3 passed, 0 failed" in done.stdout
    return path


def test_it_holds_outcomes_times_and_the_machine(path: Path) -> None:
    report = json.loads(path.read_text())
    assert report["device"] == "fake"
    assert {"Python", "NPU", "Peano"} <= {f["name"] for f in report["doctor"]["findings"]}
    timings = [timing for test in report["tests"] for timing in test["timings"]]
    assert len(timings) == 2 + 3
    assert all(t["predicted_seconds"] > 0 and t["measured_seconds"] > 0 for t in timings)
    assert str(path.parent) not in path.read_text()
    assert sys.prefix not in path.read_text()
    assert str(ROOT) not in path.read_text()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("--amd-aie-mlir-aie-dir=/mnt/alice/tools/mlir_aie: no", "--amd-aie-mlir-aie-dir=…/mlir_aie: no"),
        (f"{Path.home()}/.cache/x, /srv/me/x.py:3: error", "~/.cache/x, …/x.py:3: error"),
        (f"{ROOT}/hw_tests {sys.prefix}/bin", "CHECKOUT/hw_tests PYTHON/bin"),
        ("/dev/accel/accel0 and /opt/xilinx/xrt/setup.sh", "/dev/accel/accel0 and /opt/xilinx/xrt/setup.sh"),
        ("pip -f https://github.com/Xilinx/x 1/2 and/or", "pip -f https://github.com/Xilinx/x 1/2 and/or"),
    ],
)  # fmt: skip
def test_no_folder_of_the_users_is_in_it(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert without_folders(text) == wanted


def test_the_comparison_says_where_the_model_is_off(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["timing", "compare", str(path)]) == 0
    said = capsys.readouterr().out
    assert "device fake: no NPU: these are times of the simulator on the host" in said
    assert "npu4 im2col vector: 4 dispatches: median " in said


def timing(predicted: float, measured: float | None) -> dict[str, Any]:
    return {
        "npu": "npu4", "problem": "p", "route": "direct", "style": "vector",
        "predicted_seconds": predicted, "measured_seconds": measured,
    }  # fmt: skip


def written(folder: Path, **changed: Any) -> str:
    report = {
        "version": 1,
        "device": "xrt",
        "doctor": {"findings": [{"name": "NPU", "detail": "accel0"}]},
        "tests": [
            {"name": "a", "outcome": "passed", "timings": [timing(2e-4, 1e-4), timing(1, None)]},
            {"name": "b", "outcome": "failed", "timings": [timing(1e-4, 4e-4)]},
        ],
    }
    path = folder / "r.json"
    path.write_text(json.dumps({**report, **changed}))
    return str(path)


def test_errors_are_relative_to_what_was_measured(tmp_path: Path) -> None:
    report = read_hardware_report(written(tmp_path))
    assert report.is_hardware
    assert report.failed == ("b",)
    assert [t.error for t in report.timings] == [1.0, -0.75]
    assert compare(report)[1].split()[:5] == ["200", "us", "100", "us", "+100%"]
    assert compare(report)[-1].endswith("2 dispatches: median +12 %, from -75 to +100 %")


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"tests": 3},
        {"doctor": {}},
        {"tests": [{"name": "a", "outcome": "passed", "timings": [timing(1, 0)]}]},
        {"tests": [{"name": "a", "outcome": "passed", "timings": [timing(1, 10**400)]}]},
        {"tests": [{"name": "a", "outcome": "passed", "timings": [timing(1, float("inf"))]}]},
        {"tests": [{"name": "a", "outcome": "passed", "timings": [{}]}]},
    ],
)
def test_another_file_is_one_line(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"r\.json: (version 2|no report of the hardware tests)"):
        read_hardware_report(written(tmp_path, **changed))


def test_a_file_of_brackets_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("[" * 200_000)
    with pytest.raises(UsageError, match=r"r\.json: no report of the hardware tests"):
        read_hardware_report(str(tmp_path / "r.json"))


def test_a_report_without_times_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["timing", "compare", written(tmp_path, tests=[])]) == 2
    assert "it has no measured times: run make hw-test" in capsys.readouterr().err
    assert main(["timing", "compare", str(tmp_path / "none.json")]) == 2
