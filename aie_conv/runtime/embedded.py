"""The report of a compilation inside its artifact: a further member of the zip archive that a .vmfb is."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

MEMBER = "aie_conv/report.json"


def attach_report(vmfb: bytes, report: dict[str, Any]) -> bytes:
    """The file with the report in it, but for how long its making took; as it was where it is no zip archive.

    IREE's tools read the file as before: what it wrote stays in its place.
    """
    file = io.BytesIO(vmfb)
    if not zipfile.is_zipfile(file):
        return vmfb
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        # A date of its own would make equal programs differ.
        lasting = {key: value for key, value in report.items() if key != "seconds"}
        archive.writestr(_member(), json.dumps(lasting))
    return file.getvalue()


def _member() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(MEMBER)
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
