"""The command line's own process: signals, interruptions, what it leaves, and the fuzzer."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aie_conv.seal import seal
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


def test_an_interruption_that_an_import_makes_another_error_is_silent(tmp_path: Path) -> None:
    # As numpy's extension does, which prints a traceback besides.
    swallow = "\\n".join((
        "try: time.sleep(60)",
        "except KeyboardInterrupt:",
        " print(1, file=sys.stderr, flush=True)",
        " raise ImportError(2) from None",
    ))  # fmt: skip
    process = start(f"exec('{swallow}')", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")


def shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A line of the shell's, in which AIE is the command."""
    command = f"'{sys.executable}' -m aie_conv.cli.main"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", line.replace("AIE", command)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "status"),
    [("--help", 0), ("--version", 0), ("timing table", 0), ("doctor", 1), ("generate -c conv", 0)],
)
def test_an_output_that_is_closed_or_full_or_read_no_further(
    command: str, status: int, tmp_path: Path
) -> None:
    closed = shell(f"AIE {command} >&-", tmp_path)
    assert (closed.returncode, closed.stderr) == (status, "")
    full = shell(f"AIE {command} >/dev/full", tmp_path)
    word = command.partition(" ")[0]
    name = "aie-conv" if word.startswith("--") else f"aie-conv {word}"
    assert (full.returncode, full.stderr) == (2, f"{name}: output: No space left on device\n")
    ended = shell(f"AIE {command} | true; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (ended.returncode in (0, status), ended.stderr) == (True, "")


def test_a_refusal_that_nobody_can_read_is_one_all_the_same(tmp_path: Path) -> None:
    for where in ("/dev/full", "&-"):
        ended = shell(f"AIE compile no.mlir -o m.vmfb 2>{where}", tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "")
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(LINALG_I8)
    (tmp_path / "m.vmfb").write_bytes(seal(b"x"))
    again = shell("AIE compile m.vmfb -o n.vmfb", tmp_path)
    line = "aie-conv compile: m.vmfb: compiled already: run it with aie-conv run --module=m.vmfb\n"
    assert (again.returncode, again.stderr) == (2, line)
    run = shell("AIE run --module=m.mlir", tmp_path)
    assert "m.mlir: a model: compile it first, with aie-conv compile m.mlir\n" in run.stderr
    (tmp_path / "m.mlir").write_text("?")
    tuned = shell("AIE tune m.mlir -o p.json", tmp_path)
    assert tuned.stderr.startswith("aie-conv tune: m.mlir:1:1: ")


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
    assert "aie-conv compile: IREE ended itself (1) in stage " in done.stderr
    # Its status says no more than that of a file that it cannot write.
    assert " of m.mlir: a fault of IREE's library, or " in done.stderr
    assert " has no space left: leave out" in done.stderr
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
