"""mlir-aie's tools, where the user names them; without them an artifact runs on the simulator.

Asked for by environment, never taken from PATH by chance: building one program takes minutes.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from aie_conv.errors import UsageError

ENVIRONMENT = {"aiecc": "AIE_CONV_AIECC", "peano": "PEANO_INSTALL_DIR"}
"""Variables that name the tools: aiecc itself, and the folder of the AIE compiler."""


_FOLDERS: ContextVar[tuple[str | None, str | None]] = ContextVar("folders", default=(None, None))
"""mlir-aie's and the AIE compiler's folder, where flags name them."""


@contextmanager
def folders(mlir_aie: str | None, peano: str | None) -> Generator[None]:
    """Use tools from these folders meanwhile; None leaves it to the environment.

    Raises:
        UsageError: a folder is not there, or mlir-aie's has no aiecc.
    """
    for flag, name in (
        ("--iree-amd-aie-install-dir", mlir_aie),
        ("--iree-amd-aie-peano-install-dir", peano),
    ):
        if name is not None and not Path(name).is_dir():
            raise UsageError(f"{flag}={name}: no such folder: correct it, or leave it out")
    token = _FOLDERS.set((mlir_aie, peano))
    try:
        yield
    finally:
        _FOLDERS.reset(token)


def aiecc() -> str | None:
    """The path of mlir-aie's aiecc, or None."""
    folder = _FOLDERS.get()[0]
    if folder is not None:
        names = [Path(folder) / "bin" / "aiecc", Path(folder) / "bin" / "aiecc.py"]
        there = next((name for name in names if os.access(name, os.X_OK)), None)
        if there is None:
            raise UsageError(
                f"--iree-amd-aie-install-dir={folder}: it has no bin/aiecc: correct it"
            )
        return str(there)
    named = os.environ.get(ENVIRONMENT["aiecc"])
    if named and shutil.which(named) is None:
        raise UsageError(f"{ENVIRONMENT['aiecc']}={named}: no such program: unset it or correct it")
    return named or None


def peano() -> str | None:
    """The folder of the AIE compiler Peano, or None."""
    return _FOLDERS.get()[1] or os.environ.get(ENVIRONMENT["peano"])


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
