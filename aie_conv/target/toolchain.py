"""Finds mlir-aie's tools where they are installed; without them an artifact runs on the simulator."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from aie_conv.errors import UsageError

ENVIRONMENT = {"aiecc": "AIE_CONV_AIECC", "peano": "PEANO_INSTALL_DIR"}
"""Variables that say where a tool lies, for one that is not on PATH."""


def aiecc() -> str | None:
    """The path of mlir-aie's aiecc, or None."""
    named = os.environ.get(ENVIRONMENT["aiecc"])
    return named or shutil.which("aiecc") or shutil.which("aiecc.py")


def peano() -> str | None:
    """The folder of the AIE compiler Peano, or None."""
    return os.environ.get(ENVIRONMENT["peano"])


def build(text: str) -> Mapping[str, bytes]:
    """The NPU's binaries of an AIE module: "xclbin" and "instructions"; {} without a toolchain.

    Raises:
        UsageError: the toolchain is there and refuses the module.
    """
    tool, folder = aiecc(), peano()
    if tool is None or folder is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "program.mlir").write_text(text)
        command = [
            tool, "--no-xchesscc", "--no-xbridge", f"--peano={folder}", "--aie-generate-xclbin",
            "--aie-generate-npu-insts", "--no-compile-host", "--xclbin-name=program.xclbin",
            "--npu-insts-name=program.bin", "program.mlir",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            raise UsageError(f"{tool}: {lines[0].strip() if lines else f'exit {done.returncode}'}")
        return {
            "xclbin": (work / "program.xclbin").read_bytes(),
            "instructions": (work / "program.bin").read_bytes(),
        }
