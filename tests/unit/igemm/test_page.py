"""docs/igemm.md says what happens."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = str(ROOT / "docs" / "igemm.md")
    result = doctest.testfile(page, module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 10
    assert result.failed == 0
