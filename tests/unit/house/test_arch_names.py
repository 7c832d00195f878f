"""Architectures are named in aie_conv/arch alone; elsewhere they are values and keys of its tables."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "aie_conv"
NAMES = frozenset({"aie2", "aie2p"})


def named_architectures(text: str) -> Iterator[int]:
    """The lines with a literal that is an architecture's name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and node.value in NAMES:
            yield node.lineno


def test_architectures_are_named_in_arch_alone() -> None:
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "arch"
        for line in named_architectures(path.read_text())
    ]
    assert places == [], (
        "a table by architecture stands in aie_conv/arch, a fact is a field of Arch"
    )


@pytest.mark.parametrize(
    "text", ['if arch == "aie2":\n    pass', 'TABLE = {("aie2p", "i8"): 1}', 'f"{x}" + "aie2"']
)
def test_a_name_is_found(text: str) -> None:
    assert list(named_architectures(text))


@pytest.mark.parametrize("text", ['op = "aievec.matmul_aie2p"', "arch = get_device(name).arch"])
def test_an_operation_is_no_name(text: str) -> None:
    assert not list(named_architectures(text))
