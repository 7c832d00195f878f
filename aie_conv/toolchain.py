"""mlir-aie's tools, where the user names them; without them an artifact runs on the simulator.

Asked for by environment, never taken from PATH by chance: building one program takes minutes.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.isolate import temporary_folder

ENVIRONMENT = {"aiecc": "AIE_CONV_AIECC", "peano": "PEANO_INSTALL_DIR"}
"""Variables that name the tools: aiecc itself, and the folder of the AIE compiler."""


def aiecc() -> str | None:
    """The path of mlir-aie's aiecc, or None."""
    named = os.environ.get(ENVIRONMENT["aiecc"])
    if named and shutil.which(named) is None:
        raise UsageError(f"{ENVIRONMENT['aiecc']}={named}: no such program: unset it or correct it")
    return named or None


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
    with temporary_folder() as name:
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
