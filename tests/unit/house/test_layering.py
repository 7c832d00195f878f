"""The arrows between the packages: who may import whom.

The table names, for each part of aie_conv, the modules that only it may import, and the parts
that a part must not import. Imports inside functions and under TYPE_CHECKING count as well.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "aie_conv"

ONLY = {
    "iree.compiler": {"bridge"},
    "iree.runtime": {"runtime"},
    "pyxrt": {"runtime"},
}
"""Outside module -> the parts that may import it."""

BRIDGE_FOLDERS = {
    "bridge.input", "bridge.recognition", "bridge.requantisation", "bridge.splits", "bridge.calls", "bridge.cpu",
}  # fmt: skip
MODEL_SIDE = BRIDGE_FOLDERS | {
    "bridge", "runtime", "pipeline", "compiler", "artifact", "assignment", "options", "planning", "splitting", "tuning", "toolchain",
    "cli", "frontends", "offload", "igemm", "report", "report.explain", "report.html",
}  # fmt: skip
ROUTES = {"img2col", "direct", "operations"}
NEVER = {
    "errors": MODEL_SIDE
    | ROUTES
    | {"arch", "layout", "ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "problem": MODEL_SIDE | ROUTES | {"ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "plan": MODEL_SIDE | ROUTES | {"ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "graph": MODEL_SIDE | ROUTES | {"ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "arch": MODEL_SIDE | ROUTES | {"ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "layout": MODEL_SIDE | ROUTES | {"ir", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "ir": MODEL_SIDE | ROUTES | {"ir.xdsl", "rewrites", "mapping", "partitioner", "sim", "codegen"},
    "ir.xdsl": MODEL_SIDE | ROUTES | {"rewrites", "mapping", "partitioner", "sim", "codegen"},
    "codegen": MODEL_SIDE | ROUTES | {"rewrites", "mapping", "partitioner", "sim"},
    "mapping": MODEL_SIDE | ROUTES | {"sim"},
    "img2col": MODEL_SIDE | {"direct", "operations", "sim"},
    "direct": MODEL_SIDE | {"img2col", "operations", "sim"},
    "operations": MODEL_SIDE | {"img2col", "direct", "sim"},
    "partitioner": MODEL_SIDE | {"sim"},
    "sim": MODEL_SIDE | ROUTES | {"rewrites", "mapping", "partitioner", "ir.xdsl"},
    "calibration": MODEL_SIDE | ROUTES | {"mapping", "partitioner"},
    "runtime": ROUTES | (MODEL_SIDE - {"runtime"}) | {"mapping", "partitioner"},
    "bridge": ROUTES
    | (MODEL_SIDE - {"bridge"} - BRIDGE_FOLDERS)
    | {"sim", "mapping", "partitioner"},
    "bridge.recognition": BRIDGE_FOLDERS - {"bridge.recognition"},
    "bridge.requantisation": {"bridge.input", "bridge.splits", "bridge.calls", "bridge.cpu"},
    "bridge.input": {"bridge.requantisation", "bridge.splits", "bridge.calls", "bridge.cpu"},
    "bridge.splits": {"bridge.input", "bridge.calls", "bridge.cpu"},
    "bridge.calls": {"bridge.input", "bridge.requantisation", "bridge.cpu"},
    "bridge.cpu": BRIDGE_FOLDERS - {"bridge.cpu", "bridge.recognition"},
    "offload": ROUTES | {"cli", "sim", "mapping", "partitioner"},
    "igemm": {"cli", "sim", "direct", "offload"},
    "report.explain": {"cli", "runtime"},
    "report.html": (MODEL_SIDE - {"report", "report.html"})
    | ROUTES
    | {"mapping", "partitioner", "codegen"},
}
"""Part -> the parts it must not import."""


def imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Every module that the code names in an import, absolute; `from a import b` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module] if node.module else above)
            name = base if node.level else node.module or ""
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str | None:
    """The part of aie_conv that a module's name lies in."""
    pieces = module.split(".")
    if pieces[0] != "aie_conv" or len(pieces) < 2:
        return None
    inner = ".".join(pieces[1:3])
    return inner if inner in NEVER else pieces[1]


def broken_arrows(source: str, package: str) -> list[str]:
    """What the imports of one file break; package is the dotted name of the file's package."""
    own = part_of(package) or "aie_conv"
    whole = "bridge" if own in BRIDGE_FOLDERS else own
    broken: list[str] = []
    for name in imports(ast.parse(source), package):
        for outside, allowed in ONLY.items():
            if (name == outside or name.startswith(f"{outside}.")) and whole not in allowed:
                broken.append(f"{package} imports {name}: only {', '.join(sorted(allowed))} may")
        target = part_of(name)
        if target is not None and target in NEVER.get(own, set()) | NEVER.get(whole, set()):
            broken.append(f"{package} imports {name}: {own} must not know {target}")
    return broken


def package_name(path: Path) -> str:
    """The package a file belongs to; a module directly in aie_conv is its own part."""
    pieces = path.relative_to(ROOT.parent).with_suffix("").parts
    if len(pieces) == 2 and pieces[1] != "__init__":
        return ".".join(pieces)
    return ".".join(pieces[:-1])


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    assert broken_arrows(path.read_text(), package_name(path)) == []


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("aie_conv.pipeline", "import iree.compiler.ir"),
        ("aie_conv.pipeline", "def f():\n    from iree import compiler"),
        ("aie_conv.bridge", "import iree.runtime as rt"),
        ("aie_conv.sim", "import pyxrt"),
        ("aie_conv.sim", "from aie_conv.runtime import devices"),
        ("aie_conv.sim", "from ..partitioner import interface"),
        ("aie_conv.img2col", "from aie_conv import direct"),
        ("aie_conv.direct.plan", "from aie_conv.img2col.plan import Plan"),
        ("aie_conv.direct.plan", "from aie_conv.bridge.recognition.recognise import Recognised"),
        ("aie_conv.bridge.recognition", "from aie_conv.bridge.calls import build"),
        ("aie_conv.bridge.recognition", "from aie_conv.sim import reader"),
    ],
)
def test_a_broken_arrow_is_found(package: str, source: str) -> None:
    assert len(broken_arrows(source, package)) >= 1


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("aie_conv.bridge", "from iree.compiler import ir"),
        ("aie_conv.bridge.calls", "from iree.compiler import ir"),
        ("aie_conv.runtime", "from iree import runtime"),
        ("aie_conv.img2col", "from aie_conv.layout import pattern"),
        ("aie_conv.sim", "from . import reader"),
    ],
)
def test_an_allowed_arrow_passes(package: str, source: str) -> None:
    assert broken_arrows(source, package) == []
