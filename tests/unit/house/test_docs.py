"""What the docs name exists: files, folders and dotted names in backticks.

A file may be named by the end of its path (``view.py``, ``sim/timing/trace.py``), a folder too (``bridge/``).
Decision records are history and are not read.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
RECORDS = (*sorted((ROOT / "docs" / "decisions").glob("*.md")), ROOT / "CHANGELOG.md")

_QUOTED = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"[\w./-]+\.py")
_FOLDER = re.compile(r"[\w/-]+/")
_DOTTED = re.compile(r"(aie_conv(?:\.\w+)+)(?:\(.*)?")
_RECORD = re.compile(r"\[(\d{4})\b[^]]*\]\((?:decisions/)?(\d{4})-")


@cache
def _paths() -> frozenset[str]:
    """Files and folders of the repository, relative to it, that are Python or hold it, or are kernels."""
    found = set[str]()
    for top in ("aie_conv", "tests", "hw_tests", "benchmarks", "examples", "kernels", "docs"):
        for path in (ROOT / top).rglob("*"):
            if "__pycache__" not in path.parts:
                found.add(f"/{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}")
        found.add(f"/{top}/")
    return frozenset(found)


def exists(name: str) -> bool:
    """Whether a file or folder's path ends so."""
    return any(path.endswith(f"/{name}") for path in _paths())


def _defined(path: Path) -> set[str]:
    """Names that a module defines or imports, under ``if TYPE_CHECKING`` as well, and that it exports."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return names


def is_defined(dotted: str) -> bool:
    """Whether a name below aie_conv is a module, or is defined in the module in front of it."""
    folder = ROOT
    for number, part in enumerate(pieces := dotted.split(".")):
        if (folder / part).is_dir():
            folder /= part
            continue
        module = folder / f"{part}.py"
        if module.exists():
            rest = pieces[number + 1 :]
            return not rest or rest[0] in _defined(module)
        return part in _defined(folder / "__init__.py")
    return True


def stale(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of what a page names in backticks and does not exist."""
    for number, line in enumerate(text.splitlines(), 1):
        for name in _QUOTED.findall(line):
            if (_FILE.fullmatch(name) or _FOLDER.fullmatch(name)) and not exists(name):
                yield number, name
            dotted = _DOTTED.fullmatch(name)
            if dotted is not None and not _FILE.fullmatch(name) and not is_defined(dotted[1]):
                yield number, name


def mislabelled(text: str) -> list[tuple[str, str]]:
    """Numbers of links to decision records, and of what they lead to, that differ."""
    return [pair for pair in _RECORD.findall(text) if pair[0] != pair[1]]


@pytest.mark.parametrize("page", [*PAGES, *RECORDS], ids=lambda page: page.name)
def test_links_lead_to_the_record_that_they_name(page: Path) -> None:
    assert mislabelled(page.read_text()) == []


def test_a_link_to_another_record_is_seen() -> None:
    assert mislabelled("([0131](decisions/0127-a-core.md), [0104](0104-of-tiles.md))") == [
        ("0131", "0127")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_exists(page: Path) -> None:
    assert list(stale(page.read_text())) == []


def test_the_architecture_names_every_part() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(_QUOTED.findall(page))
    parts = [p for p in sorted((ROOT / "aie_conv").iterdir()) if not p.name.startswith("_")]
    names = [f"{p.name}/" if p.is_dir() else p.name for p in parts if p.suffix in ("", ".py")]
    assert [name for name in names if name not in named] == []


@pytest.mark.parametrize(
    "text",
    [
        "`no_such_module.py`", "see `sim/no_such.py`", "`no_such_folder/`", "`aie_conv.no_such_name`",
        "`aie_conv.problem.NoSuchName`",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_seen(text: str) -> None:
    assert len(list(stale(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "`problem.py`", "`sim/timing/trace.py`", "`bridge/`", "`aie_conv.compile(module)`", "`x.mlir`",
        "`aie_conv.problem.ConvProblem`", "`aie-conv compile`", "`program.main(x)`",
    ],
)  # fmt: skip
def test_what_exists_passes(text: str) -> None:
    assert list(stale(text)) == []
