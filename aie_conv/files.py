"""Files: written whole or not at all, the user's cache folder, and a digest of this package's own code."""

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.isolate import tell


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all.

    Raises:
        UsageError: it cannot be written; nothing was.
    """
    write_all({path: data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files so that all of them appear, whole, or none; folders that are missing are made.

    What is no plain file, such as a pipe or /dev/null, is written where it is, before the others appear.

    Raises:
        UsageError: one cannot be written; no file was left behind.
    """
    folders: list[Path] = []
    temporary: dict[Path, Path] = {}
    special: list[Path] = []
    path = Path()
    try:
        for path, data in files.items():
            if _is_special(path):
                special.append(path)
                continue
            _make(path.parent, folders)
            # A link stays one: what it points to is written.
            target = Path(os.path.realpath(path))
            temporary[target] = _write_beside(target, data)
        for path in special:
            with path.open("wb") as file:
                file.write(files[path])
        for path, name in temporary.items():
            os.replace(name, path)
            tell("settled", str(name))
    except BaseException as error:
        for name in temporary.values():
            name.unlink(missing_ok=True)
            tell("settled", str(name))
        for folder in reversed(folders):
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError | ValueError):
            raise UsageError(f"{path}: cannot be written: {reason(error)}") from None
        raise


def _is_special(path: Path) -> bool:
    """Whether a path is there and is neither a plain file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _make(folder: Path, created: list[Path]) -> None:
    """Make a folder and those above it; ``created`` gets those that were not there."""
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
        created.append(each)


def _write_beside(path: Path, data: bytes) -> Path:
    """A new file of this content in a path's folder, under a short name of its own."""
    name = path.with_name(f".aie-conv-{os.getpid()}-{secrets.token_hex(6)}")
    tell("temporary", str(name))
    try:
        with name.open("xb") as file:
            file.write(data)
    except BaseException:
        name.unlink(missing_ok=True)
        tell("settled", str(name))
        raise
    return name


def _mode(path: Path) -> int:
    """What a path is, as :mod:`stat` has it; 0 for nothing."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def reason(error: Exception) -> str:
    """Why the system, or Python, refused a file, without its name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def check_writable(path: Path) -> None:
    """Raise UsageError if a file cannot be written, before the work of making it."""
    try:
        mode, above = _mode(path), _mode(path.parent)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be written: {reason(error)}") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path}: is a folder: name a file")
    if not stat.S_ISDIR(above):
        raise UsageError(f"{path}: cannot be written: no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: cannot be written: {path.parent} is read-only")


def check_folder(folder: Path) -> None:
    """Raise UsageError if files cannot be written into a folder, or it cannot be made; makes none."""
    above = folder
    try:
        while not (mode := _mode(above)):
            above = above.parent
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder}: cannot be made: {reason(error)}") from None
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{folder}: cannot be made: {above} is no folder: name another")
    if not os.access(above, os.W_OK):
        raise UsageError(f"{folder}: cannot be written: {above} is read-only")


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there; raises UsageError if that cannot be, or it is read-only."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {reason(error)}") from None


def read_bytes(path: Path, what: str = "file") -> bytes:
    """A file's bytes.

    Args:
        path: the file.
        what: what to give instead, such as ".mlir file".

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}: give a {what}") from None


def is_mlir(word: str) -> bool:
    """Whether a word is MLIR text, and not a path: what lies there, or is named like a file, is one."""
    if "\n" in word:
        return True
    named = word.endswith((".mlir", ".mlirbc")) or os.path.exists(word)
    return not named and ("{" in word or "@" in word)


def read_text(path: Path, what: str = "text file") -> str:
    """A file's text in UTF-8; raises UsageError as :func:`read_bytes` does, or if it is none."""
    data = read_bytes(path, what)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no text (byte {error.start}): give a {what}") from None


def read_json(path: Path, what: str = ".json file") -> Any:
    """A file of JSON; raises UsageError as :func:`read_text` does, or if it is none."""
    text = read_text(path, what)
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: no JSON: nested too deep: give a {what}") from None
    except ValueError as error:
        raise UsageError(f"{path}: no JSON: {error}: give a {what}") from None


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
