"""Files appear whole, all of them or none, and nothing else is left."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aie_conv.errors import UsageError
from aie_conv.files import check_folder, check_writable, is_mlir, read_json, write_all, write_whole


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """As on a full disk: no file gets longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_all_files_are_written_with_their_folders(tmp_path: Path) -> None:
    write_all({tmp_path / "a": b"1", tmp_path / "new" / "er" / "b": b"2"})
    assert everything(tmp_path) == {"a", "new", "new/er", "new/er/b"}
    assert (tmp_path / "new/er/b").read_bytes() == b"2"


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    files = {tmp_path / "a": b"1", tmp_path / "new" / "b": b"2" * 9000, tmp_path / "c": b"3"}
    with files_end_at(5000), pytest.raises(UsageError, match=r"new/b: cannot be written: "):
        write_all(files)
    assert everything(tmp_path) == set()


def test_what_was_there_stays_where_another_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with files_end_at(5000), pytest.raises(UsageError):
        write_all({tmp_path / "a": b"new", tmp_path / "b": b"2" * 9000})
    assert (tmp_path / "a").read_text() == "old"
    assert everything(tmp_path) == {"a"}


def test_a_long_name_that_the_system_takes_is_written(tmp_path: Path) -> None:
    name = tmp_path / ("n" * 250 + ".vmfb")
    write_whole(name, b"x")
    assert everything(tmp_path) == {name.name}


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    write_whole(tmp_path / "ours", b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_device_is_written_and_not_replaced() -> None:
    write_whole(Path("/dev/null"), b"x")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["n" * 300, "no/where", "", "plain/x", "a\0b"])
def test_a_name_that_cannot_be_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(UsageError, match=r"^[^\n]*: (cannot be written: |is a folder)"):
        check_writable(tmp_path / name)


@pytest.mark.parametrize("name", ["n" * 300, "plain", "plain/x", "a\0b"])
def test_a_folder_that_cannot_be_is_refused_and_not_made(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(UsageError, match=r"^[^\n]*: cannot be made: "):
        check_folder(tmp_path / name)
    check_folder(tmp_path / "new" / "er")
    assert everything(tmp_path) == {"plain"}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, "\xff"])
def test_damaged_json_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"^[^\n]*x\.json: no [^\n]*$"):
        read_json(path)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("func.func @f() {\n}", True),
        ("module {}", True),
        ("func.func private @f()", True),
        ("func.mlir", False),
        ("models/my_func/net.mlirbc", False),
        ("no_such_function", False),
        ("a{b}@c.mlir", False),
    ],
)
def test_text_and_paths_are_told_apart(word: str, text: bool) -> None:
    assert is_mlir(word) == text


def test_what_lies_there_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "module {}"
    path.write_text("")
    assert not is_mlir(str(path))
