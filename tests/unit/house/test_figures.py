"""The figures that keep the house readable: chains of classes, members, parameters, lengths, words."""

import ast
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "aie_conv"

WORDS = {"made", "given", "found", "own", "held", "at", "whole"}
"""Names that fit every value and therefore tell nothing of one."""

WORDS_PER_MILLE = 3
"""Of all stores, the most that go to these names, as in model codebases. This number only shrinks."""

MOST_MEMBERS = 40
"""Of a class. This number only shrinks."""

LONG_CHAINS: frozenset[str] = frozenset()
"""Classes that have more than two of the project's own in a chain. There are none."""

MIRRORED = {
    "__init__.py:compile": "the compiler's options are its keywords",
    "igemm/__init__.py:get_igemm_conv2d": "the signature of the ancestor's function",
    "frontends/miopen/library.py:conv": "torch's convolution, and where it runs",
    "frontends/miopen/shape.py:__init__": "the fields of the ancestor's signature",
    "problem.py:conv2d": "torch's convolution, and its types",
    "ir/definition.py:define": "an operation's parts are keywords, as in MLIR's ODS",
    "frontends/repairs/missing.py:_lstm": "the schema of the aten operation",
    "frontends/repairs/leftover.py:_convolution": "the schema of the aten operation",
    "frontends/repairs/instance_norm.py:_instance_norm": "the schema of the aten operation",
    "frontends/repairs/depthwise.py:_convolution": "the schema of the aten operation",
    "frontends/repairs/batch_norm.py:_batch_norm": "the schema of the aten operation",
}
"""Functions with more than eight parameters, with the reason."""

Modules = dict[str, ast.Module]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def parse_all(root: Path) -> Modules:
    """Path below the root -> its tree."""
    return {str(p.relative_to(root)): ast.parse(p.read_text()) for p in sorted(root.rglob("*.py"))}


def functions(modules: Modules) -> Iterator[tuple[str, Function]]:
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path}:{node.name}", node


def classes(modules: Modules) -> dict[str, list[ast.ClassDef]]:
    by_name: dict[str, list[ast.ClassDef]] = {}
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                by_name.setdefault(node.name, []).append(node)
    return by_name


def chain(name: str, by_name: dict[str, list[ast.ClassDef]], below: tuple[str, ...] = ()) -> int:
    """The length of the longest chain of our own classes that ends with one of this name."""
    if name not in by_name or name in below:
        return 0
    bases = [
        base.value if isinstance(base, ast.Subscript) else base
        for node in by_name[name]
        for base in node.bases
    ]
    names = [b.id if isinstance(b, ast.Name) else getattr(b, "attr", "") for b in bases]
    return 1 + max((chain(base, by_name, (*below, name)) for base in names), default=0)


def members(node: ast.ClassDef) -> set[str]:
    """Methods and fields of a class body, and what its methods store on self."""
    names = {n.name for n in node.body if isinstance(n, Function)}
    for item in node.body:
        targets = item.targets if isinstance(item, ast.Assign) else []
        targets = [item.target] if isinstance(item, ast.AnnAssign) else targets
        names |= {t.id for t in targets if isinstance(t, ast.Name)}
    for inner in ast.walk(node):
        is_stored = isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
        if is_stored and isinstance(inner.value, ast.Name) and inner.value.id == "self":
            names.add(inner.attr)
    return names


def parameters(node: Function) -> int:
    """How many parameters a function has, without self and cls."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def stores(modules: Modules) -> list[str]:
    """Every name that something is stored under: variables, parameters, attributes."""
    names: list[str] = []
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                names.append(node.arg)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.append(node.id if isinstance(node, ast.Name) else node.attr)
    return names


def percentile(values: list[int], share: int) -> int:
    """The least value that ``share`` % of the values do not exceed."""
    return sorted(values)[ceil(len(values) * share / 100) - 1]


@pytest.fixture(scope="module", name="modules")
def read() -> Modules:
    return parse_all(ROOT)


def test_chains_of_classes_are_short(modules: Modules) -> None:
    by_name = classes(modules)
    long = {name for name in by_name if chain(name, by_name) > 2}
    assert long - LONG_CHAINS == set(), "let it hold a value of the other, or let a Protocol say it"
    assert long >= LONG_CHAINS, "a chain that became short leaves the list"


def test_classes_have_few_members(modules: Modules) -> None:
    nodes = [(name, len(members(n))) for name, ns in classes(modules).items() for n in ns]
    assert [pair for pair in nodes if pair[1] > MOST_MEMBERS] == []


def test_functions_have_few_parameters(modules: Modules) -> None:
    many = {name for name, node in functions(modules) if parameters(node) > 8}
    assert many - MIRRORED.keys() == set(), "put what belongs together into one value"
    assert many >= MIRRORED.keys(), "a function that became small leaves the list"


def test_functions_are_short(modules: Modules) -> None:
    lengths = [(n.end_lineno or 0) - n.lineno + 1 for _, n in functions(modules)]
    assert percentile(lengths, 99) <= 60


def test_modules_are_short() -> None:
    lengths = {str(p): len(p.read_text().splitlines()) for p in ROOT.rglob("*.py")}
    assert percentile(list(lengths.values()), 90) <= 350
    assert {path: length for path, length in lengths.items() if length > 500} == {}


def test_names_tell_what_they_hold(modules: Modules) -> None:
    names = stores(modules)
    few = sum(name.strip("_") in WORDS for name in names)
    assert 1000 * few <= WORDS_PER_MILLE * len(names), "name the value by what it holds"


CHAIN = "class A: pass\nclass B(A): pass\nclass C(B[int]): pass"


def test_a_long_chain_is_seen() -> None:
    by_name = classes({"a.py": ast.parse(CHAIN)})
    assert [chain(name, by_name) for name in "ABC"] == [1, 2, 3]


def test_every_kind_of_member_is_seen() -> None:
    text = "class A:\n  x: int\n  y = 1\n  def f(self):\n    self.z, self.x = 1, 2"
    (node,) = classes({"a.py": ast.parse(text)})["A"]
    assert members(node) == {"x", "y", "z", "f"}


def test_every_kind_of_store_is_seen() -> None:
    text = "def f(made, *, own):\n  for at in made: own.held = [found for found in at]\n  whole: int = 1"
    assert sorted(stores({"a.py": ast.parse(text)})) == [
        "at", "found", "held", "made", "own", "whole",
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "expected"), [(50, 2), (90, 4), (99, 4), (25, 1)])
def test_percentile(share: int, expected: int) -> None:
    assert percentile([4, 2, 1, 3], share) == expected
