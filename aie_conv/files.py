"""Files: written whole or not at all, the user's cache folder, and a digest of this package's own code."""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from aie_conv.errors import UsageError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def check_writable(path: Path) -> None:
    """Raise UsageError if a file cannot be written, before the work of making it."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: cannot be written: no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: cannot be written: {path.parent} is read-only")


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there; raises UsageError if that cannot be, or it is read-only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: cannot be written: it is read-only")


def user_cache() -> Path:
    """The folder of this package in the user's cache; it need not exist."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "aie_conv"


@cache
def code_digest(*parts: str) -> str:
    """A digest of this package's own files: what was made by other code is no longer trusted.

    Args:
        parts: folders and files of the package; none for all of it.
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for top in (root / part for part in parts) if parts else (root,):
        for path in sorted(top.rglob("*")) if top.is_dir() else (top,):
            if path.suffix in (".py", ".json"):
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
