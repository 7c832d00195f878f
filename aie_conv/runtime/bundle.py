"""The file of an offloaded module: its final form and the executables that it calls."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.files import reason, write_whole
from aie_conv.seal import check_seal, has_seal, seal

_FINAL = "final.mlir"


@dataclass(frozen=True)
class Bundle:
    """The final form and its executables.

    Attributes:
        final: the module, as MLIR prints it.
        executables: .vmfb of each executable, by the name in its declaration.
    """

    final: str
    executables: Mapping[str, bytes]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one file, a sealed zip of final.mlir and the executables; equal bundles, equal bytes."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            parts = {_FINAL: self.final.encode()}
            parts |= {f"{name}.vmfb": data for name, data in self.executables.items()}
            for name, data in parts.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        write_whole(Path(path), seal(content.getvalue()))


def read_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Read what :meth:`Bundle.save` wrote.

    Raises:
        UsageError: it cannot be read, or is no such file.
        DeviceError: it was cut short or altered.
    """
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {reason(error)}: give a file of offload's") from None
    if not has_seal(data):
        raise UsageError(
            f"{path}: no file of offload's, or cut short, or of an earlier version, whose files had no seal:"
            " save one with Offloaded.save"
        )
    check_seal(data, str(path))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        final = parts.pop(_FINAL).decode()
    except (zipfile.BadZipFile, KeyError):
        # An artifact is sealed as well.
        raise UsageError(f"{path}: no file of offload's: save one with Offloaded.save") from None
    return Bundle(final, {name.removesuffix(".vmfb"): data for name, data in parts.items()})


def digest(executable: bytes) -> str:
    """What a declaration says of its executable's bytes: the start of their SHA-256."""
    return hashlib.sha256(executable).hexdigest()[:16]
