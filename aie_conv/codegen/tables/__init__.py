"""Functions of one byte: chains of operations between two int8 values, as tables of 256 entries.

:mod:`.find` looks for them in an epilogue, :mod:`.evaluate` computes the entries in the model's own
arithmetic, :mod:`.hinges` finds products of bytes that add up to them exactly, :mod:`.vectors` writes
those for a core.
"""

from aie_conv.codegen.tables.find import ByteTable, byte_tables
from aie_conv.codegen.tables.hinges import ByteHinges, fit
from aie_conv.codegen.tables.vectors import TableVectors

__all__ = ["ByteHinges", "ByteTable", "TableVectors", "byte_tables", "fit"]
