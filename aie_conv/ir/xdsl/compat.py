"""What xDSL 0.74.0 lacks in arith, vector and memref, each gap in one place.

Gaps (a test per gap fails when upstream closes it):
- arith integer casts, cmpi, cmpf and select refuse vectors; extf and truncf too.
- no vector.shape_cast, transpose, extract_strided_slice, insert_strided_slice; vector.shuffle
  refuses -1 ("don't care").
- scf.for takes ``-> (T)`` only where MLIR also takes ``-> T``: ``parenthesized`` rewrites the text.
- the printer may give two values one name (a hint ``a_1`` and the second ``a``): ``UniquePrinter``.
- a hexadecimal float inside ``dense<…>`` is read as an integer: refused by ``guard_hex_floats``.
"""

import re
from collections.abc import Sequence
from typing import Any

from xdsl.dialects import arith, memref, vector
from xdsl.ir import Dialect, Operation, SSAValue
from xdsl.printer import Printer

from aie_conv.errors import VerifyError
from aie_conv.ir.xdsl.compat_arith import (
    CmpfOp,
    CmpiOp,
    ExtFOp,
    ExtSIOp,
    ExtUIOp,
    FPToSIOp,
    FPToUIOp,
    SelectOp,
    SIToFPOp,
    TruncFOp,
    TruncIOp,
    UIToFPOp,
)
from aie_conv.ir.xdsl.compat_vector import (
    ExtractStridedSliceOp,
    InsertStridedSliceOp,
    ShapeCastOp,
    TransposeOp,
    VectorShuffleOp,
)

_HEX_IN_DENSE = re.compile(
    r"dense<[^>\"]*\b0x[0-9A-Fa-f]+[^>]*>\s*:\s*\w+<[\dx]*(?:bf16|f16|f32|f64)>"
)


def guard_hex_floats(text: str) -> None:
    """Refuse text that xDSL would misread.

    Raises:
        VerifyError: a hexadecimal float inside a dense attribute.
    """
    match = _HEX_IN_DENSE.search(text)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise VerifyError(
            f"line {line}: {match[0]}: a hexadecimal float in dense<…> would be read as an integer: "
            "write it in decimal or as a string"
        )


_BARE_RESULT = re.compile(r"(iter_args\([^)]*\)\s*->\s*)(vector<[^>]*>|memref<[^>]*>|\w+)(\s*\{)")


def parenthesized(text: str) -> str:
    """``text`` with the single result type of every scf.for in parentheses."""
    return _BARE_RESULT.sub(r"\1(\2)\3", text)


class UniquePrinter(Printer):
    """A printer that never gives two values one name."""

    def print_ssa_value(self, value: SSAValue) -> str:
        """Print a value's name, made from its hint."""
        hint = value.name_hint
        if hint and value not in self._ssa_values:
            names, name, number = self.ssa_names, hint, 0
            while name in names:
                number += 1
                name = f"{hint}_{number}"
            names[name] = 1
            self._ssa_values[value] = name
            self.print_string(f"%{name}")
            return name
        return super().print_ssa_value(value)


def _with(dialect: Dialect, replacements: Sequence[type[Operation]]) -> Dialect:
    """A dialect whose operations of the same names are ours."""
    mine = {op.name: op for op in replacements}
    kept = [op for op in dialect.operations if op.name not in mine]
    return Dialect(dialect.name, [*kept, *mine.values()], list(dialect.attributes))


_ARITH: tuple[Any, ...] = (
    ExtSIOp, ExtUIOp, TruncIOp, ExtFOp, TruncFOp, SIToFPOp, UIToFPOp, FPToSIOp, FPToUIOp,
    CmpiOp, CmpfOp, SelectOp,
)  # fmt: skip
Arith = _with(arith.Arith, _ARITH)
Vector = _with(
    vector.Vector,
    (ShapeCastOp, VectorShuffleOp, TransposeOp, ExtractStridedSliceOp, InsertStridedSliceOp),
)
MemRef = memref.MemRef

__all__ = ["Arith", "MemRef", "UniquePrinter", "Vector", "guard_hex_floats", "parenthesized"]
