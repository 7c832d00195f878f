"""The command line's own process: signals, interruptions, what it leaves, and the fuzzer."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.fuzz.seeds import LINALG_I8

ROOT = Path(__file__).parents[3]
PATCHED = """
import os, signal, sys, time
from aie_conv.bridge import compiler
from aie_conv.cli.main import main
from aie_conv.isolate import stage

def die(self, source, name, **flags):
    with stage(f"import of {name}", iree=True):
        print("begun", flush=True)
        WORK

compiler.Compilation.to_flow = die
sys.exit(main())
"""


def start(work: str, folder: Path) -> "subprocess.Popen[str]":
    """`aie-conv compile` with other work in the place of IREE's."""
    (folder / "m.mlir").write_text(LINALG_I8)
    command = [
        sys.executable,
        "-c",
        PATCHED.replace("WORK", work),
        "compile",
        "m.mlir",
        "-o",
        "m.vmfb",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE])
def test_a_signal_is_one_line_and_status_2(number: signal.Signals, tmp_path: Path) -> None:
    process = start(f"os.kill(os.getpid(), {int(number)})", tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    line = f"aie-conv compile: IREE died of {number.name} in stage import of m.mlir: "
    assert errors.startswith(line)
    assert errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.mlir"]


@pytest.mark.parametrize("work", ["time.sleep(60)", "while True: pass"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_is_silent(
    number: signal.Signals, status: int, work: str, tmp_path: Path
) -> None:
    process = start(work, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (status, "")
    assert [path.name for path in tmp_path.iterdir()] == ["m.mlir"]


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    process = start("signal.pthread_sigmask(signal.SIG_BLOCK, {2}); time.sleep(60)", tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    assert time.monotonic() - begun < 20


def test_a_bug_is_a_line_with_its_place(tmp_path: Path) -> None:
    process = start("raise KeyError('x')", tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 70
    assert errors.startswith("aie-conv compile: internal error: KeyError: 'x' (<string>:")
    assert errors.count("\n") == 1


def test_iree_ending_its_process_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(LINALG_I8)
    flag = "--iree-llvmcpu-target-cpu=nonesuch"
    command = [sys.executable, "-m", "aie_conv.cli.main", "compile", "m.mlir", "-o", "m.vmfb", flag]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "aie-conv compile: IREE ended itself (1) in stage flow of m.mlir" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m.mlir"]


def fuzz(runs: int, seed: int) -> None:
    command = [
        sys.executable,
        str(ROOT / "benchmarks/reliability.py"),
        f"--runs={runs}",
        f"--seed={seed}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_random_command_lines_and_files_end_well() -> None:
    fuzz(25, 7)


@pytest.mark.slow
def test_two_thousand_of_them_end_well() -> None:
    fuzz(2000, 1)
