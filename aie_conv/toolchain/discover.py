"""Where mlir-aie and Peano are on this machine: named folders, installed wheels, PATH.

What the user names wins: a flag, then an environment variable. Else installed wheels are taken, then PATH.
Nothing is imported from the wheels; their folders are read from their metadata.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    from aie_conv.options import Options


@dataclass(frozen=True)
class Kit:
    """A set of tools that users install together.

    Attributes:
        name: for people.
        variable: the environment variable that names its folder.
        flag: the flag that does.
        distribution: the wheel.
        folder: its folder below site-packages.
        programs: those that this project runs, the one that tells the kit first.
        install: how it is installed.
    """

    name: str
    variable: str
    flag: str
    distribution: str
    folder: str
    programs: tuple[str, ...]
    install: str


MLIR_AIE = Kit(
    "mlir-aie",
    "MLIR_AIE_INSTALL_DIR",
    "--amd-aie-mlir-aie-dir",
    "mlir_aie",
    "mlir_aie",
    ("aiecc", "aie-opt", "aie-translate"),
    "pip install mlir_aie -f"
    " https://github.com/Xilinx/mlir-aie/releases/expanded_assets/latest-wheels-4",
)
PEANO = Kit(
    "Peano",
    "PEANO_INSTALL_DIR",
    "--amd-aie-peano-dir",
    "llvm-aie",
    "llvm-aie",
    ("clang", "llc"),
    "pip install llvm-aie -f https://github.com/Xilinx/llvm-aie/releases/expanded_assets/nightly",
)
KITS = (MLIR_AIE, PEANO)


@dataclass(frozen=True)
class Location:
    """A kit that was found.

    Attributes:
        kit: which.
        folder: its folder, with ``bin`` below; None where single programs are on PATH.
        programs: the path of each of its programs that is there.
        source: who named it: a flag, a variable, a wheel with its version, or PATH.
    """

    kit: Kit
    folder: Path | None
    programs: Mapping[str, Path]
    source: str


def find(kit: Kit, folder: str | os.PathLike[str] | None = None) -> Location | None:
    """Where a kit is; None where it is not installed.

    Args:
        kit: which.
        folder: what the user's flag names, None without it.

    Raises:
        UsageError: a folder that was named holds none of the kit's programs.
    """
    named = ((kit.flag, folder), (kit.variable, os.environ.get(kit.variable)))
    for source, value in named:
        if value:
            location = _in_folder(kit, Path(value), source)
            if location is None:
                raise UsageError(
                    f"{source}={value}: no bin/{kit.programs[0]} there: name the folder of {kit.name}"
                )
            return location
    return _in_wheel(kit) or _on_path(kit)


def can_build(options: "Options") -> bool:
    """Whether a compilation will ask a toolchain for binaries, as far as is seen without running one.

    Raises:
        UsageError: a folder that was named holds none of the tools.
    """
    if options.binaries == "off":
        return False
    return bool(find(MLIR_AIE, options.mlir_aie_dir) and find(PEANO, options.peano_dir))


def _in_folder(kit: Kit, folder: Path, source: str) -> Location | None:
    programs = {
        name: path for name in kit.programs if os.access(path := folder / "bin" / name, os.X_OK)
    }
    return Location(kit, folder, programs, source) if programs else None


def _in_wheel(kit: Kit) -> Location | None:
    try:
        wheel = metadata.distribution(kit.distribution)
    except metadata.PackageNotFoundError:
        return None
    folder = Path(str(wheel.locate_file(kit.folder)))
    return _in_folder(kit, folder, f"wheel {kit.distribution} {wheel.version}")


def _on_path(kit: Kit) -> Location | None:
    """On PATH only what no other compiler has: "clang" there says nothing of Peano."""
    if kit is PEANO:
        return None
    programs = {name: Path(path) for name in kit.programs if (path := shutil.which(name))}
    return Location(kit, None, programs, "PATH") if programs else None
