"""Functions of one byte: chains of operations between two int8 values, as tables of 256 entries.

:mod:`.find` looks for them in an epilogue, :mod:`.evaluate` computes the entries in the model's own
arithmetic, :mod:`.hinges` finds products of bytes that add up to them exactly, :mod:`.vectors` writes
those for a core, :mod:`.pass_over` for one that reads them as run-time parameters.
"""

from aie_conv.codegen.tables.find import ByteTable, byte_tables, cut_last
from aie_conv.codegen.tables.hinges import ByteHinges, fit
from aie_conv.codegen.tables.pass_over import MOST_HINGES, TABLE_FIELDS, TablePass
from aie_conv.codegen.tables.vectors import TableVectors

__all__ = [
    "MOST_HINGES",
    "TABLE_FIELDS",
    "ByteHinges",
    "ByteTable",
    "TablePass",
    "TableVectors",
    "byte_tables",
    "cut_last",
    "fit",
]
