"""One name, one type: who reads a type's name anywhere in the package knows which it is.

Classes, and names of types that a module defines (``Dims = tuple[...]``): two modules may define one name
only with the same words. Private names are of their module alone. ``ir/xdsl`` is outside: its classes are
named by mlir-aie's operations.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "aie_conv"

_VERBS = frozenset(("bed", "embed", "feed", "need", "seed", "shed", "speed", "weed"))
"""Words in -ed that are no participles."""

PARTICIPLES = {"bridge": 17, "frontends": 12, "cli": 0}
"""Functions that may still be named by participles alone; these numbers only fall."""

ALLOWED: frozenset[str] = frozenset()
"""Names with several meanings. There are none."""

Modules = dict[str, ast.Module]


def _is_type_name(name: str) -> bool:
    """CamelCase; one letter is a type variable, which may stand for anything."""
    return len(name) > 1 and name[0].isupper() and not name.isupper()


def definitions(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Every type that a module defines: its name, and what it stands for; None for a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and _is_type_name(node.name):
            yield node.name, None
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            name, value = node.target.id, node.value
        else:
            continue
        if _is_type_name(name) and not isinstance(value, ast.Constant):
            yield name, ast.unparse(value)


def ambiguous(modules: Modules) -> dict[str, list[str]]:
    """Name -> the modules that define it, where they do not define the same."""
    places: dict[str, list[tuple[str, str | None]]] = {}
    for path, tree in modules.items():
        for name, meaning in definitions(tree):
            places.setdefault(name, []).append((path, meaning))
    return {
        name: [path for path, _ in found]
        for name, found in places.items()
        if len(found) > 1 and (len({meaning for _, meaning in found}) > 1 or found[0][1] is None)
    }


def test_a_name_is_one_type() -> None:
    paths = [p for p in sorted(ROOT.rglob("*.py")) if "xdsl" not in p.relative_to(ROOT).parts]
    modules = {str(p.relative_to(ROOT)): ast.parse(p.read_text()) for p in paths}
    several = ambiguous(modules)
    assert {n: p for n, p in several.items() if n not in ALLOWED} == {}, (
        "give the less central one a more specific name"
    )


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("class Ab: pass", "class Ab: pass", 1),
        ("class Dims: pass", "Dims = int | str", 1),
        ("def f():\n  class Ab: pass", "class Ab: pass", 1),
        ("Dims = tuple[int, ...]", "Dims = tuple[str, ...]", 1),
        ("Dims = tuple[int, ...]", "Dims = tuple[int, ...]", 0),
        ("T = TypeVar('T')", "class Ab: pass", 0),
        ("class _Ab: pass", "class _Ab: pass", 0),
        ("SIZES = (1, 2)", "SIZES = (3,)", 0),
    ],
)
def test_what_is_ambiguous(one: str, other: str, count: int) -> None:
    assert len(ambiguous({"a.py": ast.parse(one), "b.py": ast.parse(other)})) == count


def participles(tree: ast.AST) -> list[str]:
    """Functions whose names are participles in -ed alone, and so say no verb.

    Properties and what returns a truth value are named for what holds, and are left out.
    """
    names: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        # A property's setter is decorated with the property's name.
        decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
        returns = "" if node.returns is None else ast.unparse(node.returns)
        words = [word for word in node.name.split("_") if word]
        described = "property" in decorators or "setter" in decorators or returns == "bool"
        alone = all(word.endswith("ed") and word not in _VERBS for word in words)
        if words and alone and not described:
            names.append(node.name)
    return names


@pytest.mark.parametrize("package", PARTICIPLES)
def test_functions_are_verbs(package: str) -> None:
    names = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in participles(ast.parse(path.read_text()))
    ]
    assert len(names) <= PARTICIPLES[package], f"name what these do, with a verb: {names}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def _folded(x) -> int: ...", ["_folded"]),
        ("class A:\n  def joined_padded(self): ...", ["joined_padded"]),
        ("def read_padded(x) -> int: ...", []),
        ("def feed(x) -> int: ...", []),
        ("def shared(x) -> bool: ...", []),
        ("class A:\n  @property\n  def padded(self) -> int: ...", []),
        ("class A:\n  @cached_property\n  def padded(self) -> int: ...", []),
        ("def _(x): ...", []),
    ],
)
def test_what_is_a_participle(text: str, names: list[str]) -> None:
    assert participles(ast.parse(text)) == names
