"""`aie-conv doctor` tells what is there, what is not, and what to do; it never fails itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aie_conv.cli.main import main
from aie_conv.toolchain import generations
from aie_conv.toolchain.discover import MLIR_AIE, PEANO
from aie_conv.toolchain.doctor import Finding, as_json, can_run, examine
from aie_conv.toolchain.generations import GENERATIONS
from tests.support.toolchain.wheels import install

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for kit in (MLIR_AIE, PEANO):
        monkeypatch.delenv(kit.variable, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def machine(root: Path, device: str = "0x1502", vendor: str = "0x1022") -> Path:
    """A machine's files with one accelerator."""
    facts = root / "sys/class/accel/accel0/device"
    facts.mkdir(parents=True)
    for name, value in (("vendor", vendor), ("device", device), ("fw_version", "1.5.5.391")):
        (facts / name).write_text(f"{value}\n")
    (root / "dev/accel").mkdir(parents=True)
    (root / "dev/accel/accel0").touch()
    (root / "sys/module/amdxdna").mkdir(parents=True)
    return root


def named(findings: list[Finding], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


def test_a_bare_machine_lacks_what_a_run_needs(tmp_path: Path) -> None:
    findings = examine(tmp_path)
    assert not can_run(findings)
    for name in ("mlir-aie", "Peano", "pyxrt", "kernel module", "NPU"):
        assert named(findings, name).state == "missing"
        assert named(findings, name).advice


def test_a_whole_machine_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    install(site, GENERATIONS[0])
    (site / "pyxrt.py").touch()
    monkeypatch.syspath_prepend(str(site))
    findings = examine(machine(tmp_path / "root"))
    assert can_run(findings)
    npu = named(findings, "NPU")
    assert "0x1022:0x1502" in npu.detail
    assert npu.detail.endswith(": npu1_4col")
    assert "1.5.5.391" in npu.detail
    assert "August 2026" in named(findings, "mlir-aie").detail
    assert "wheel llvm-aie 21.0.0.2026" in named(findings, "Peano").detail


@pytest.mark.parametrize(
    ("device", "vendor", "state"),
    [("0x17f0", "0x1022", "ok"), ("0xffff", "0x1022", "broken"), ("0x1502", "0x8086", "missing")],
)
def test_only_npus_of_amd_count(tmp_path: Path, device: str, vendor: str, state: str) -> None:
    assert named(examine(machine(tmp_path, device, vendor)), "NPU").state == state


def test_a_broken_tool_is_told_apart_from_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, GENERATIONS[0])
    (tmp_path / "mlir_aie/bin/aiecc").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert named(examine(tmp_path), "mlir-aie").state == "broken"
    monkeypatch.setenv("PEANO_INSTALL_DIR", str(tmp_path / "nowhere"))
    peano = named(examine(tmp_path), "Peano")
    assert peano.state == "broken"
    assert "unset PEANO_INSTALL_DIR" in peano.advice


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'error while loading shared libraries: libz.so.1' >&2\nexit 127", "libz.so.1"),
        ("kill -SEGV $$", "ended by signal 11"),
        ("exec sleep 60", "no answer"),
    ],
)
@pytest.mark.parametrize(
    ("kit", "tool"), [("mlir-aie", "mlir_aie/bin/aie-opt"), ("Peano", "llvm-aie/bin/clang")]
)
def test_every_tool_is_asked(
    kit: str, tool: str, script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, GENERATIONS[0])
    monkeypatch.setattr(generations, "SECONDS", 0.3)
    (tmp_path / tool).write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / tool).chmod(0o755)
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = named(examine(tmp_path), kit)
    assert finding.state == "broken"
    assert tool in finding.detail
    assert finding.detail.endswith(why)


def test_tools_without_a_driver_can_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aie-opt", "aie-translate"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    finding = named(examine(tmp_path), "mlir-aie")
    assert finding.state == "broken"
    assert finding.detail.endswith(
        "(PATH): no aiecc (enough for --amd-aie-check=tools, not for binaries)"
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise ImportError('libxrt_coreutil.so.2: cannot open')", "ImportError: libxrt_coreutil"),
        ("import os; os.kill(os.getpid(), 11)", "Python ended with status -11"),
        ("import time; time.sleep(60)", "no end in "),
    ],
)
def test_a_pyxrt_that_cannot_be_imported_is_broken(
    source: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XRT's module for another Python, without its libraries, or one that waits for the driver."""
    (tmp_path / "pyxrt.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(generations, "SECONDS", 0.5)
    findings = examine(machine(tmp_path / "root"))
    assert named(findings, "pyxrt").state == "broken"
    assert why in named(findings, "pyxrt").detail
    assert not can_run(findings)


def test_an_unreadable_folder_of_devices_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine(tmp_path)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    npu = named(examine(root), "NPU")
    assert npu.state == "broken"
    assert "Permission denied" in npu.detail
    assert "usermod -aG render" in npu.advice


def test_hrx_is_seen_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "aie" / "utils" / "hostruntime" / "hrxruntime"
    package.mkdir(parents=True)
    for folder in (package, *list(package.parents)[:3]):
        (folder / "__init__.py").write_text("raise SystemExit('nothing is imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    findings = examine(machine(tmp_path / "root", "0x17f0"))
    assert named(findings, "HRX").state == "ok"
    assert named(findings, "pyxrt").state == "missing"
    assert not can_run(findings), "whether libhrx is there is not known"


def test_a_tool_that_hangs_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, GENERATIONS[0])
    (tmp_path / "mlir_aie/bin/aiecc").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(generations, "SECONDS", 0.2)
    finding = named(examine(tmp_path), "mlir-aie")
    assert finding.state == "broken"
    assert "no answer" in finding.detail


BARE = """
import sys
sys.path.insert(0, {root!r})
sys.argv = ["aie-conv", "doctor", *{flags!r}]
from aie_conv.cli.main import main
sys.exit(main())
"""


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_it_works_where_nothing_is_installed(flags: list[str]) -> None:
    """Python alone, without site-packages, as in a fresh environment."""
    code = BARE.format(root=str(ROOT), flags=flags)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60,
        check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    if flags:
        findings = {f["name"]: f["state"] for f in json.loads(done.stdout)["findings"]}
        for name in ("numpy", "iree-base-compiler", "mlir-aie", "Peano", "pyxrt"):
            assert findings[name] == "missing"
    else:
        assert "pip install aie_conv" in done.stdout


def test_a_device_that_may_not_be_opened_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    npu = named(examine(root), "NPU")
    assert npu.state == "broken"
    assert npu.detail.endswith("(npu1_4col), cannot be opened")
    assert "usermod -aG render" in npu.advice


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor"])
    table = capsys.readouterr().out
    assert "Peano" in table
    assert status == (0 if can_run(examine()) else 1)
    main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(json.dumps(as_json(examine())))
    assert main(["doctor", "--jsn"]) == 2
