"""What lies beside the program in an artifact: further members of the zip archive that a .vmfb is.

The report of its compilation, and the binary of each configuration of the array, once for all programs that
share it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.runtime.driver import ELF_MAGIC

MEMBER = "aie_conv/report.json"
_BINARIES = {"xclbin": "aie_conv/xclbin/", "elf": "aie_conv/elf/"}
"""Folders of the binaries, each by the digest of its configuration."""


def attach(vmfb: bytes, report: dict[str, Any], binaries: Mapping[str, bytes]) -> bytes:
    """The file with both in it; the report without how long its making took.

    IREE's tools read the file as before: what it wrote stays in its place. A file that is no zip archive
    stays as it was.

    Args:
        vmfb: what IREE wrote.
        report: of the compilation.
        binaries: of the array's configurations, by their digest.

    Raises:
        UsageError: there are binaries, and the file is no zip archive.
    """
    file = io.BytesIO(vmfb)
    if not zipfile.is_zipfile(file):
        if binaries:
            raise UsageError(
                "artifact: NPU binaries lie in its zip archive, which IREE's flags leave out: leave out"
                " --iree-vm-emit-polyglot-zip=false, or use --amd-aie-binaries=off"
            )
        return vmfb
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        # A date of its own would make equal programs differ.
        lasting = {key: value for key, value in report.items() if key != "seconds"}
        archive.writestr(_member(MEMBER), json.dumps(lasting))
        for digest, binary in sorted(binaries.items()):
            folder = _BINARIES["elf" if binary.startswith(ELF_MAGIC) else "xclbin"]
            archive.writestr(_member(f"{folder}{digest}"), binary)
    return file.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def read_report(vmfb: bytes) -> dict[str, Any] | None:
    """The report in a file; None where it has none."""
    try:
        with zipfile.ZipFile(io.BytesIO(vmfb)) as archive:
            report = json.loads(archive.read(MEMBER))
    except (zipfile.BadZipFile, KeyError, ValueError):
        return None
    return report if isinstance(report, dict) else None


def read_binaries(vmfb: bytes) -> dict[str, bytes]:
    """The binaries in a file by the digests of their configurations; {} where it has none."""
    try:
        with zipfile.ZipFile(io.BytesIO(vmfb)) as archive:
            names = [name for name in archive.namelist() if name.startswith((*_BINARIES.values(),))]
            return {name.rpartition("/")[2]: archive.read(name) for name in names}
    except zipfile.BadZipFile:
        return {}
