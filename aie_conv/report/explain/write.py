"""An explanation on the terminal, or as a folder of files."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path

from aie_conv import files
from aie_conv.errors import UsageError
from aie_conv.isolate import tell
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import WIDTH, wrap

_TEMPORARY = ".aie-conv-"
_OURS = re.compile(r"(?:[a-z]+-)?\d\d-[a-z0-9-]+\.(?:mlir|txt)")
"""Names of the files that :func:`write_folder` writes."""


def shown(number: int, stage: StageReport, full: bool) -> str:
    """A stage as it is printed."""
    title = f"-- {number}. {stage.name} "
    sentence = textwrap.fill(stage.sentence, WIDTH)
    body = stage.full.rstrip()
    if not full:
        # Other makers of stages leave lines as MLIR prints them.
        body = "\n".join(row for line in stage.text.rstrip().splitlines() for row in _fit(line))
    return f"{title:-<{WIDTH}}\n{sentence}\n\n{body}\n"


def _fit(line: str) -> list[str]:
    return wrap(line) if len(line) > WIDTH + 2 else [line]


def _file(stage: StageReport) -> str:
    """A stage as a file holds it: in full."""
    mark = "// " if stage.suffix == "mlir" else ""
    lines = textwrap.wrap(stage.sentence, WIDTH - len(mark))
    body = stage.full.rstrip()
    return "\n".join((*(mark + line for line in lines), "", body, ""))


def write_folder(
    folder: Path, groups: Sequence[tuple[str, Sequence[tuple[int, StageReport]]]]
) -> None:
    """Write each stage, in full, as NN-name.suffix into a folder, which appears whole or not at all.

    Args:
        folder: it may exist if it is empty or holds an earlier explanation, which is replaced.
        groups: (prefix of the files' names, the stages with their numbers).

    Raises:
        UsageError: the folder cannot be written, or holds other files.
    """
    check_folder(folder)
    try:
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_TEMPORARY))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
    tell("temporary", str(temporary))
    try:
        for prefix, stages in groups:
            for number, stage in stages:
                name = f"{prefix}{number:02d}-{stage.name}.{stage.suffix}"
                (temporary / name).write_text(_file(stage), encoding="utf-8")
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o777 & ~mask)
        if folder.exists():
            old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_TEMPORARY))
            folder.replace(old)
            temporary.replace(folder)
            shutil.rmtree(old)
        else:
            temporary.replace(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        tell("settled", str(temporary))


def check_folder(folder: Path) -> None:
    """Raise UsageError if a folder cannot take an explanation, before the work of making it."""
    if os.path.isfile(folder):
        raise UsageError(f"{folder}: is a file: name a folder")
    files.check_folder(folder)
    if not folder.parent.is_dir():
        raise UsageError(f"{folder}: cannot be made: no folder {folder.parent}")
    if not folder.exists():
        return
    others = [path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name)]
    if others:
        raise UsageError(f"{folder}: holds {others[0]}, which is no stage: name a new folder")
