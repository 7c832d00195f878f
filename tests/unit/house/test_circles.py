"""No circle of imports among the modules of aie_conv.

Imports inside functions count like those at the top: they put a circle off, they do not undo it. What is
imported for type checkers alone does not count. A package stands for its __init__, so `from a import b`
reads a.b where that is a module and a where it is a name.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "aie_conv"

EXCEPTIONS: tuple[frozenset[str], ...] = ()
"""Circles that wait for their owner, as sets of modules. This list only shrinks."""

Graph = dict[str, set[str]]


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def run_imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of a tree that some run of it may reach."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield from run_imports(ast.Module([other], []))
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        yield from run_imports(child)


def read_modules(root: Path) -> dict[str, tuple[str, str]]:
    """Dotted name -> (the package that its relative imports start from, its text)."""
    modules: dict[str, tuple[str, str]] = {}
    for path in root.rglob("*.py"):
        pieces = path.relative_to(root.parent).with_suffix("").parts
        package = ".".join(pieces[:-1])
        name = package if pieces[-1] == "__init__" else ".".join(pieces)
        modules[name] = (package, path.read_text())
    return modules


def import_graph(modules: dict[str, tuple[str, str]]) -> Graph:
    """Module -> the modules that it imports."""
    graph: Graph = {}
    for name, (package, text) in modules.items():
        targets: set[str] = set()
        for statement in run_imports(ast.parse(text)):
            if isinstance(statement, ast.Import):
                targets |= {alias.name for alias in statement.names}
                continue
            base = statement.module or ""
            if statement.level:
                above = package.split(".")[: len(package.split(".")) - statement.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in statement.names:
                inner = f"{base}.{alias.name}"
                targets.add(inner if inner in modules else base)
        graph[name] = (targets & modules.keys()) - {name}
    return graph


def find_circles(graph: Graph) -> list[frozenset[str]]:
    """One circle after the other: of each, the first that is met; its modules leave the graph then."""
    circles: list[frozenset[str]] = []
    rest = {name: set(targets) for name, targets in graph.items()}
    while True:
        try:
            TopologicalSorter(rest).prepare()
        except CycleError as error:
            circle = frozenset(error.args[1])
            circles.append(circle)
            rest = {n: targets - circle for n, targets in rest.items() if n not in circle}
        else:
            return circles


def test_no_circle_of_imports() -> None:
    circles = find_circles(import_graph(read_modules(ROOT)))
    fresh = [sorted(circle) for circle in circles if circle not in EXCEPTIONS]
    assert fresh == [], "move what both need into a module of its own"
    assert set(EXCEPTIONS) <= set(circles), "a circle that is gone leaves the list"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("from p import b", "from p import a"),
        ("from p.b import f", "def g():\n    import p.a"),
        ("class C:\n    def f(self):\n        from . import b", "from .a import C"),
        ("try:\n    import p.b\nexcept ImportError:\n    pass", "import p.a"),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import p.b", "import p.a"),
    ],
)
def test_a_circle_is_found(a: str, b: str) -> None:
    graph = import_graph({"p": ("p", ""), "p.a": ("p", a), "p.b": ("p", b)})
    assert find_circles(graph) == [{"p.a", "p.b"}]


def test_a_longer_circle_is_found() -> None:
    texts = {"p.a": "import p.b", "p.b": "from p.c import x", "p.c": "def f():\n  import p.a"}
    graph = import_graph({name: ("p", text) for name, text in texts.items()})
    assert find_circles(graph) == [{"p.a", "p.b", "p.c"}]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("from p import b", "if TYPE_CHECKING:\n    from p import a"),
        ("from p import b", "import os"),
        ("from p import b", "text = 'import p.a'"),
    ],
)
def test_what_is_no_circle_passes(a: str, b: str) -> None:
    graph = import_graph({"p": ("p", ""), "p.a": ("p", a), "p.b": ("p", b)})
    assert find_circles(graph) == []
