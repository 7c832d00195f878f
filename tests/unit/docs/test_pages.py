"""The pages of docs/ that a reader follows command by command: every command prints what the page says.

`pytest tests/docs --update-golden` brings the pages' outputs up to date; look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.docs.pages import ROOT, matches, renewed, run, steps

PAGES = ["walkthrough.md", "explain.md", "onnx.md"]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_its_commands_print(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    page = ROOT / "docs" / name
    lines = page.read_text().splitlines()
    wrong: list[str] = []
    changes: list[tuple[int, int, list[str]]] = []
    for step in steps(page.read_text()):
        got = run(step.command, folder)
        if matches(step.expected, got):
            continue
        changes.append((step.first, step.last, renewed(step.expected, got)))
        shown = "\n".join(got)
        wrong.append(f"{name}:{step.line}: {step.command}\nprints\n{shown}\nnot\n"
                     + "\n".join(step.expected))  # fmt: skip
    if update_golden and changes:
        assert "CI" not in os.environ, "pages are not updated in CI"
        for first, last, made in reversed(changes):
            lines[first:last] = made
        page.write_text("\n".join(lines) + "\n")
        return
    assert not wrong, "\n\n".join(wrong)


def test_a_page_has_many_commands() -> None:
    assert all(len(steps((ROOT / "docs" / name).read_text())) >= 3 for name in PAGES)


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (["a", "...", "d"], ["a", "b", "c", "d"], True),
        (["a", "...", "d"], ["a", "d"], True),
        (["a", "..."], ["a"], True),
        (["in … s"], ["in 1.5 s"], True),
        (["a"], ["a", "b"], False),
        (["a", "...", "d"], ["a", "b"], False),
        (["in … s"], ["in 1.5 ms"], False),
        (["(x)"], ["(y)"], False),
    ],
)
def test_wildcards(expected: list[str], got: list[str], same: bool) -> None:
    assert matches(expected, got) == same


def test_a_page_is_renewed_line_by_line() -> None:
    page = ["head", "...", "cycles 100", "...", "end 1"]
    got = ["head", "noise", "cycles 200", "more", "bytes 3", "end 2"]
    assert renewed(page, got) == ["head", "...", "cycles 200", "...", "end 2"]
    assert matches(renewed(page, got), got)
    page = ["...", "cycles 1", "bytes 2", "..."]
    got = ["x", "cycles 3", "tiles 4", "bytes 5", "y"]
    assert renewed(page, got) == ["...", "cycles 3", "tiles 4", "bytes 5", "..."]


def test_a_failing_command_shows_its_status(tmp_path: Path) -> None:
    assert run("aie-conv explain nowhere.mlir", tmp_path) == ["exit status 2"]
