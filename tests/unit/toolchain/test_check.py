"""What the tools make of a module is compared with its text; a module that differs is kept."""

from pathlib import Path

import pytest

from aie_conv.errors import UsageError, VerifyError
from aie_conv.toolchain.check import Checker, check_all, open_checker

TESTS = Path(__file__).parents[2]
NAME = "pointwise-i8-npu1_1col"
OTHER = "direct3x3-bias-relu-bf16-npu4"


def module_text(name: str) -> str:
    return (TESTS / "golden" / f"{name}.mlir").read_text()


def checker(folder: Path, words: str) -> Checker:
    """Tools that lower nothing, and say the recorded words of a module."""
    scripts = {
        "aie-opt": 'cp "$1" "$4"',
        "aie-translate": f"cat {TESTS / 'support' / 'words' / f'{words}.txt'}",
    }
    for name, line in scripts.items():
        tool = folder / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\n{line}\n")
        tool.chmod(0o755)
    return open_checker(str(folder))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_words_that_say_what_the_text_says_are_counted(tmp_path: Path) -> None:
    told: list[str] = []
    (checked,) = check_all({"conv": module_text(NAME)}, checker(tmp_path, NAME), told.append)
    assert checked.cores == 2
    assert len(checked.words) > 100
    assert told == ["mlir-aie checks program 1 of 1"]


def test_words_that_differ_are_one_line_with_the_module_kept(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match=r"^conv: instruction words: .* \(the module is") as wrong:
        checker(tmp_path, OTHER).check("conv", module_text(NAME))
    kept = Path(str(wrong.value).rpartition("kept as ")[2].rstrip(")"))
    assert kept.read_text() == module_text(NAME)


def test_a_module_for_no_npu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^conv: no aie\.device of an NPU"):
        checker(tmp_path, NAME).check("conv", "module {}")
