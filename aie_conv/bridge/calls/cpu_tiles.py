"""Tile sizes for a product of one row that stays on the CPU of a mixed module.

Without data tiling IREE 3.13 computes 1 x K by K x N in vectors whose length divides N: 25 lanes where N is
1000, which fill no registers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from iree.compiler import ir

from aie_conv.bridge.dispatch import initial_values
from aie_conv.bridge.recognition.contraction import is_multiply_add
from aie_conv.bridge.tensors import dims_count, indexing, tensor_type, walk
from aie_conv.errors import Unsupported

_LANES = 64
"""Columns whose sums stay in registers, four of 512 bits; a product of fewer is left alone."""

_DEPTH = 8
"""Rows of the weights between two visits of the sums."""

_COLUMNS = 256
"""Columns that a thread takes at a time."""

_BACKEND = re.compile(r'#hal\.executable\.target<"([\w-]+)"')


@dataclass(frozen=True)
class _Row:
    """A product of one row.

    Attributes:
        dims: how many its operation has.
        column, depth: the dims of its columns and of what is summed; all others have the size 1.
        sums: all dims along which it sums.
    """

    dims: int
    column: int
    depth: int
    sums: frozenset[int]


def compiled_by_llvm(module: ir.Operation) -> bool:
    """Whether all of a module at `flow` goes to IREE's LLVM backend; others do not know its tile sizes."""
    backends = {b for v in initial_values(module).values() for b in _BACKEND.findall(_short(v))}
    return backends == {"llvm-cpu"}


def _short(value: ir.Attribute) -> str:
    """An attribute as text; nothing for the numbers of a tensor."""
    return "" if str(value.type).startswith("tensor") else str(value)


def set_row_tiles(executable: ir.Operation) -> None:
    """Write the tile sizes of a product of one row whose columns are innermost; all else is left alone."""
    for op in walk(executable):
        row = _read_row(op) if is_multiply_add(op) else None
        if row is not None:
            op.attributes["compilation_info"] = _tiles(row, op.context)


def _read_row(op: ir.Operation) -> _Row | None:
    """The dims of a product; None where it is not one of one row, columns innermost and enough of them."""
    try:
        forms = [[form.variable for form in operand] for operand in indexing(op)]
        shapes = [tensor_type(value)[0] for value in op.operands]
    except Unsupported:
        return None
    sizes: dict[int, int] = {}
    for dims, shape in zip(forms, shapes, strict=True):
        sizes |= {dim: n for dim, n in zip(dims, shape, strict=True) if dim is not None}
    sums = frozenset(dim for dim in sizes if dim not in forms[-1])
    wide = [dim for dim, size in sizes.items() if size > 1]
    columns = [dim for dim in wide if dim not in sums]
    depths = [dim for dim in wide if dim in sums]
    if len(columns) != 1 or len(depths) != 1 or sizes[columns[0]] < _LANES:
        return None
    if not any(dims and dims[-1] == columns[0] for dims in forms[:-1]):
        return None
    return _Row(dims_count(op), columns[0], depths[0], sums)


def _tiles(row: _Row, context: ir.Context) -> ir.Attribute:
    """The sizes as IREE's code generator takes them from an operation."""

    def level(size: Callable[[int], int]) -> str:
        return f"[{', '.join(str(size(dim)) for dim in range(row.dims))}]"

    threads = level(lambda dim: _COLUMNS if dim == row.column else 0)
    parallel = level(lambda dim: _LANES if dim == row.column else int(dim not in row.sums))
    reduction = level(lambda dim: _DEPTH if dim == row.depth else int(dim in row.sums))
    sizes = f"distribution = {threads}, vector_common_parallel = {parallel}, vector_reduction = {reduction}"
    pipeline = "#iree_codegen.translation_info<pipeline = #iree_cpu.pipeline<DoubleTilingExpert>>"
    return ir.Attribute.parse(
        f"#iree_codegen.compilation_info<lowering_config = #iree_cpu.lowering_config<{sizes}>,"
        f" translation_info = {pipeline}>",
        context,
    )
