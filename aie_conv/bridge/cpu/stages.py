"""What IREE's CPU backend makes of a dispatch: its configuration, and the function after each pass.

The module is compiled on from `flow` to the phase in which every dispatch has its tile sizes; the
passes that follow are run on one dispatch with MLIR's printer behind each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from iree.compiler import ir

from aie_conv.bridge.cpu.work import (
    CpuContraction,
    CpuLoop,
    deepest,
    innermost,
    loops_of,
    macs_of,
    sizes_of,
)
from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.flow import FlowModule
from aie_conv.bridge.recognition.contraction import is_multiply_add
from aie_conv.bridge.tensors import walk
from aie_conv.errors import UsageError
from aie_conv.isolate import temporary_folder

CONFIGURED = "executable-configurations"
"""IREE's phase in which tile sizes and strategy are chosen, and nothing is tiled yet."""

STEPS: dict[str, dict[str, tuple[str, str]]] = {
    "3.13": {
        "workgroups": ("iree-codegen-tile-and-distribute-to-workgroups-using-forall-op", ""),
        "parallel": ("iree-llvmcpu-tile-and-fuse-producer-consumer", "vector_common_parallel"),
        "reduction": ("iree-llvmcpu-tile-and-fuse-producer-consumer", "vector_reduction"),
        "decomposed": ("iree-codegen-decompose-convolution-to-lower-dim-ops", ""),
        "kernel": ("iree-codegen-cpu-lower-to-ukernels", ""),
        "vector": ("iree-codegen-generic-vectorization", ""),
        "lowered": ("iree-llvmcpu-lower-executable-target", ""),
    }
}
"""IREE's version -> step -> the pass behind which it is seen, and a word of that pass's options."""

_PIPELINE = (
    "builtin.module(hal.executable(hal.executable.variant(builtin.module(func.func("
    "iree-llvmcpu-lower-executable-target)))))"
)
_PASS_MANAGER: Any = import_module("iree.compiler.passmanager").PassManager
# IREE's own stubs leave it out.
_ERROR: type[Exception] = cast(Any, ir).MLIRError
_HEADER = re.compile(r"// -----// IR Dump After \w+: (?P<name>[\w-]+)(?:\{(?P<options>.*)\})? //")


@dataclass(frozen=True)
class CpuFunction:
    """A dispatch as it is configured.

    Attributes:
        name: the dispatch's exported name, as reports have it.
        symbol: the function's.
        strategy: the lowering that IREE chose, e.g. "ConvTileAndDecomposeExpert".
        root: name of the operation whose sizes govern, "" where none has any.
        sizes: trip counts of its loops; None for a dynamic one.
        tiles: tile sizes of its loops by level, in IREE's order; 0 leaves a loop alone.
        macs: multiply-accumulates of the root; None where it is no contraction, or is dynamic.
        text: the function.
    """

    name: str
    symbol: str
    strategy: str
    root: str
    sizes: tuple[int | None, ...]
    tiles: tuple[tuple[str, tuple[int, ...]], ...]
    macs: int | None
    text: str


@dataclass(frozen=True)
class CpuStep:
    """The function behind one pass.

    Attributes:
        step: a key of :data:`STEPS`.
        pass_name: the pass, with its options.
        loops: the loops around the innermost contraction, or whatever is innermost; outermost first.
        work: that contraction; None where the dispatch has none.
        text: the function.
    """

    step: str
    pass_name: str
    loops: tuple[CpuLoop, ...]
    work: CpuContraction | None
    text: str


def iree_version() -> str:
    """The installed compiler's version, e.g. "3.13.0"."""
    return version("iree-base-compiler")


def steps_table() -> dict[str, tuple[str, str]]:
    """The pass names of the installed IREE; of the newest known one where it has no entry."""
    short = ".".join(iree_version().split(".")[:2])
    return STEPS.get(short) or STEPS[max(STEPS, key=lambda v: [int(n) for n in v.split(".")])]


class CpuCode:
    """A module's CPU dispatches, configured.

    Args:
        module: the module at `flow`; it is compiled on from there, and of no use afterwards.

    Attributes:
        functions: the dispatches in the module's order.

    Raises:
        UsageError: IREE refuses the module; the message is IREE's.
    """

    def __init__(self, module: FlowModule) -> None:
        # Operations live as long as their compilation.
        self._compilation = module.compilation
        self._module = module.compilation.to_phase(module.operation, CONFIGURED, module.name)
        self._name = module.name
        self.functions: tuple[CpuFunction, ...] = tuple(
            map(_read_configuration, _functions(self._module))
        )

    def steps(self, function: CpuFunction) -> tuple[CpuStep, ...]:
        """What the passes make of one dispatch; may be asked once.

        Raises:
            UsageError: a pass refuses it; the message is IREE's.
        """
        _keep_only(self._module, function.symbol)
        context = self._module.context
        context.enable_multithreading(False)
        manager = _PASS_MANAGER.parse(_PIPELINE, context)
        with temporary_folder() as folder:
            manager.enable_ir_printing(
                print_after_all=True, print_after_change=True, tree_printing_dir_path=folder
            )
            try:
                manager.run(self._module)
            except _ERROR as error:
                first = next((line for line in str(error).splitlines() if "error" in line), "")
                raise UsageError(f"{self._name}: {function.name}: {first or error}") from None
            texts = [path.read_text() for path in sorted(Path(folder).rglob("*.mlir"), key=_number)]
        return tuple(_steps(texts, context))


def _number(path: Path) -> tuple[int, ...]:
    """A dump's place among the others: the numbers that its name begins with."""
    match = re.match(r"[\d_]+", path.name)
    return tuple(int(part) for part in (match[0] if match else "").split("_") if part)


def _functions(module: ir.Operation) -> Iterator[ir.Operation]:
    for op in walk(module):
        if op.name == "func.func" and "translation_info" in op.attributes:
            yield op


def _keep_only(module: ir.Operation, function: str) -> None:
    """Erase everything but the executable that holds a function."""
    for view in list(module.regions[0].blocks[0].operations):
        op = view.operation
        contains = any(symbol_of(f) == function for f in _functions(op))
        if op.name != "util.global" and not contains:
            op.erase()


_LEVEL = re.compile(r"(\w+) = \[([^\[\]]*)\]")


def _tiles(op: ir.Operation) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The levels of an operation's configuration."""
    if "lowering_config" not in op.attributes:
        return ()
    levels = _LEVEL.findall(str(op.attributes["lowering_config"]))
    return tuple(
        # A scalable size is written in brackets of its own, which the pattern passes over.
        (level, tuple(int(size) for size in sizes.split(",") if size.strip()))
        for level, sizes in levels
    )


def _read_configuration(function: ir.Operation) -> CpuFunction:
    info = str(function.attributes["translation_info"])
    strategy = re.search(r"pipeline<(\w+)>|pipeline = (\w+)", info)
    candidates = [op for op in walk(function) if _tiles(op)]
    # The root is the contraction, or else what is distributed.
    root = next((op for op in candidates if is_multiply_add(op) or op.name == "linalg.mmt4d"), None)
    if root is None:
        with_distribution = (op for op in candidates if "distribution" in dict(_tiles(op)))
        root = next(with_distribution, None)
    symbol = symbol_of(function)
    name = symbol.replace("$async", "")
    how = (strategy[1] or strategy[2]) if strategy else "none"
    if root is None:
        return CpuFunction(name, symbol, how, "", (), (), None, str(function))
    return CpuFunction(
        name, symbol, how, root.name, sizes_of(root), _tiles(root), macs_of(root), str(function)
    )


def _steps(texts: Sequence[str], context: ir.Context) -> Iterator[CpuStep]:
    """The dumps that the table names, each the last of its kind, in order."""
    dumps: dict[str, tuple[str, str]] = {}
    table = steps_table()
    for text in texts:
        header = _HEADER.match(text)
        if header is None:
            continue
        options = header["options"] or ""
        for step, (name, word) in table.items():
            if header["name"] == name and word in options:
                shown = f"{name}{{tiling-level={word}}}" if word else name
                dumps[step] = (shown, text.partition("\n")[2])
    for step, (shown, text) in dumps.items():
        module = ir.Module.parse(text, context)
        work = innermost(module.operation)
        anchor = work or deepest(module.operation)
        loops = loops_of(anchor) if anchor is not None else ()
        contraction = CpuContraction.of(work) if work is not None else None
        if step == "lowered":
            around, contraction = CpuContraction.lowered(module.operation)
            loops = around or loops
        yield CpuStep(step, shown, loops, contraction, text)
