"""What this machine has of all that a run on an NPU needs, and what to do about the rest.

Nothing here changes anything, imports a heavy package or waits long: packages are asked for by their
metadata, tools by ``--help`` and a driver's Python module by an import in another process, both with a time
limit, the device by files of the kernel.
"""

import grp
import importlib.util
import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from aie_conv.errors import UsageError
from aie_conv.runtime.installed import has_hrx, has_pyxrt
from aie_conv.toolchain import generations
from aie_conv.toolchain.discover import MLIR_AIE, PEANO, Kit, find
from aie_conv.toolchain.generations import ask, generation_of

ToolState = Literal["ok", "missing", "broken"]

_PACKAGES = (
    ("iree-base-compiler", "pip install aie_conv"),
    ("iree-base-runtime", "pip install aie_conv"),
    ("numpy", "pip install aie_conv"),
    ("torch", "pip install 'aie_conv[torch]' (torch models)"),
    ("onnx", "pip install 'aie_conv[onnx]' (ONNX models)"),
)
_AMD = "0x1022"
_NPUS = {"0x1502": "npu1_4col", "0x17f0": "npu4"}
"""PCI device ids of AMD's NPUs and their names here (amd/xdna-driver); XDNA2's successors share one."""
_MEMLOCK = 64 << 20
"""Bytes of locked memory below which buffers of a network may not be had."""


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        name: of what was looked for.
        state: whether it can be used.
        detail: version, place, or why not.
        advice: what to do, where there is something.
        needed: whether a run on a device is impossible without it.
    """

    name: str
    state: ToolState
    detail: str
    advice: str = ""
    needed: bool = False


def examine(root: Path = Path("/")) -> list[Finding]:
    """All findings, in the order of the path from a model to a device.

    Args:
        root: where dev, sys and proc lie.
    """
    return [
        _python(),
        *(_package(name, advice) for name, advice in _PACKAGES),
        _mlir_aie(),
        _peano(),
        _xclbinutil(),
        _aiebu(),
        *_drivers(),
        _driver(root),
        *_devices(root),
        _group(),
        _memlock(),
    ]


def can_run(findings: list[Finding]) -> bool:
    """Whether a program that holds its binaries can be run on a device here."""
    return all(finding.state == "ok" for finding in findings if finding.needed)


def as_json(findings: list[Finding]) -> dict[str, object]:
    """The findings for a machine; ``device_run`` says whether a run is possible."""
    return {
        "device_run": can_run(findings),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "findings": [asdict(finding) for finding in findings],
    }


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} in {sys.prefix}")


def _package(name: str, advice: str) -> Finding:
    try:
        return Finding(name, "ok", metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "missing", "not installed", advice)


def _mlir_aie() -> Finding:
    place = _found(MLIR_AIE)
    if isinstance(place, Finding):
        return place
    detail, programs = place
    absent = [name for name in MLIR_AIE.programs if name not in programs]
    try:
        for name in ("aie-opt", "aie-translate"):
            if name in programs:
                ask(programs[name], "--version")
        if "aiecc" in programs:
            detail += f", of {generation_of(programs['aiecc']).name}"
    except UsageError as error:
        return Finding(MLIR_AIE.name, "broken", str(error), MLIR_AIE.install)
    if "aiecc" not in programs:
        able = "" if len(absent) > 1 else " (enough for --amd-aie-check=tools, not for binaries)"
        detail += f": no {', '.join(absent)}{able}"
        return Finding(MLIR_AIE.name, "broken", detail, MLIR_AIE.install)
    return Finding(MLIR_AIE.name, "ok", detail + (f", no {', '.join(absent)}" if absent else ""))


def _peano() -> Finding:
    place = _found(PEANO)
    if isinstance(place, Finding):
        return place
    detail, programs = place
    absent = [name for name in PEANO.programs if name not in programs]
    try:
        for program in programs.values():
            ask(program, "--version")
    except UsageError as error:
        return Finding(PEANO.name, "broken", str(error), PEANO.install)
    if absent:
        return Finding(PEANO.name, "broken", f"{detail}: no {', '.join(absent)}", PEANO.install)
    return Finding(PEANO.name, "ok", detail)


def _found(kit: Kit) -> tuple[str, dict[str, Path]] | Finding:
    """Where a kit is and its programs, or the finding that it is not there."""
    try:
        location = find(kit)
    except UsageError as error:
        return Finding(kit.name, "broken", str(error), f"unset {kit.variable}, or correct it")
    if location is None:
        return Finding(kit.name, "missing", "not found", kit.install)
    place = location.folder or next(iter(location.programs.values())).parent
    return f"{place} ({location.source})", dict(location.programs)


def _on_path(names: Sequence[str], lack: str, advice: str) -> Finding:
    """The first of some programs that is on PATH; it is called as the first is."""
    paths = (path for name in names if (path := shutil.which(name)) is not None)
    path = next(paths, None)
    return (
        Finding(names[0], "missing", lack, advice)
        if path is None
        else Finding(names[0], "ok", path)
    )


def _xclbinutil() -> Finding:
    return _on_path(
        ("xclbinutil", "hrx-xclbinutil"), "neither xclbinutil nor hrx-xclbinutil is on PATH",
        "install XRT (source /opt/xilinx/xrt/setup.sh), or ROCm's hrx-system",
    )  # fmt: skip


def _aiebu() -> Finding:
    return _on_path(
        ("aiebu-asm",), "not on PATH",
        "only for --amd-aie-binary-format=elf: it comes with XRT (source /opt/xilinx/xrt/setup.sh)",
    )  # fmt: skip


def _import(name: str) -> str:
    """Why a module cannot be imported, in one line; "" where it can."""
    command = [sys.executable, "-c", f"import {name}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=generations.SECONDS, check=False,
            env=environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no end in {generations.SECONDS:.0f} s"
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return said[-1].strip() if said else f"Python ended with status {done.returncode}"


def _drivers() -> Iterator[Finding]:
    """pyxrt, and HRX's Python classes; whether libhrx is behind these is seen when it is opened."""
    if has_pyxrt():
        spec = importlib.util.find_spec("pyxrt")
        origin, why = str(spec and spec.origin), _import("pyxrt")
        if why:
            advice = "source /opt/xilinx/xrt/setup.sh, with the Python that XRT was built for"
            yield Finding("pyxrt", "broken", f"{origin}: {why}", advice, needed=True)
        else:
            yield Finding("pyxrt", "ok", origin, needed=True)
    else:
        yield Finding(
            "pyxrt", "missing", "not importable in this Python",
            "install XRT and source /opt/xilinx/xrt/setup.sh, which sets PYTHONPATH", needed=True,
        )  # fmt: skip
    if has_hrx():
        yield Finding(
            "HRX", "ok", "mlir-aie's classes for it: --device=hrx on npu4, with libhrx installed"
        )
    else:
        yield Finding(
            "HRX", "missing", "mlir-aie's classes for it are not in this Python",
            "only for XDNA2 without XRT: mlir-aie's wheel of August 2026 and ROCm's hrx-system",
        )  # fmt: skip


def _driver(root: Path) -> Finding:
    module = root / "sys/module/amdxdna"
    if not module.is_dir():
        return Finding(
            "kernel module", "missing", "amdxdna is not loaded",
            "modprobe amdxdna (Linux 6.14 or later), or install amd/xdna-driver", needed=True,
        )  # fmt: skip
    version = _read(module / "version")
    return Finding("kernel module", "ok", f"amdxdna {version}".strip(), needed=True)


def _devices(root: Path) -> Iterator[Finding]:
    """A finding for each accelerator of AMD, or one that there is none."""
    folder = root / "dev/accel"
    try:
        nodes = sorted(path.name for path in folder.iterdir() if path.name.startswith("accel"))
    except FileNotFoundError:
        nodes = []
    except OSError as error:
        yield Finding("NPU", "broken", f"{folder}: {error.strerror}", _GROUP_ADVICE, needed=True)
        return
    npus = [npu for npu in (_npu(root, node) for node in nodes) if npu is not None]
    yield from npus
    if not npus:
        yield Finding(
            "NPU", "missing", f"no NPU of AMD under {folder}",
            "artifacts run on the simulator: --device=sim", needed=True,
        )  # fmt: skip


def _npu(root: Path, node: str) -> Finding | None:
    """One accelerator; None for another vendor's."""
    facts = root / "sys/class/accel" / node / "device"
    vendor, device = _read(facts / "vendor"), _read(facts / "device")
    if vendor and vendor != _AMD:
        return None
    model = _NPUS.get(device, "")
    detail = f"/dev/accel/{node}, PCI {vendor or 'unknown'}:{device or 'unknown'}"
    detail += f", revision {revision}" if (revision := _read(facts / "revision")) else ""
    detail += f", firmware {firmware}" if (firmware := _read(facts / "fw_version")) else ""
    if not model:
        advice = "report it with the output of: aie-conv doctor --json"
        return Finding("NPU", "broken", f"{detail}: not known here", advice, needed=True)
    if not os.access(root / "dev/accel" / node, os.R_OK | os.W_OK):
        detail += f" ({model}), cannot be opened"
        return Finding("NPU", "broken", detail, _GROUP_ADVICE, needed=True)
    return Finding("NPU", "ok", f"{detail}: {model}", needed=True)


_GROUP_ADVICE = "sudo usermod -aG render $USER, then log in again"


def _group() -> Finding:
    try:
        render = grp.getgrnam("render").gr_gid
    except KeyError:
        return Finding("render group", "missing", "this machine has none", "the driver makes it")
    if os.geteuid() == 0 or render in {os.getegid(), *os.getgroups()}:
        return Finding("render group", "ok", "this user may open devices")
    return Finding("render group", "missing", "this user is not in it", _GROUP_ADVICE)


def _memlock() -> Finding:
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit == resource.RLIM_INFINITY:
        return Finding("memlock limit", "ok", "unlimited")
    text = f"{limit >> 20} MiB"
    if limit >= _MEMLOCK:
        return Finding("memlock limit", "ok", text)
    advice = "add '* - memlock unlimited' to /etc/security/limits.conf, then log in again"
    return Finding("memlock limit", "missing", f"{text}, buffers need more", advice)


def _read(path: Path) -> str:
    """A file of the kernel; "" where it is not there or not readable."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
