"""From the text of an AIE module to the simulator's light operations."""

from aie_conv.ir import syntax_array, syntax_vector
from aie_conv.ir.core import Block, Op
from aie_conv.ir.reader import Reader

_TABLES = (syntax_array, syntax_vector)
"""Importing these fills the reader's table."""


def read_module(text: str) -> Op:
    """The module of ``text`` as a light operation tree.

    Raises:
        VerifyError: a syntax error, an undefined value, or an operation outside the subset.
    """
    reader = Reader(text)
    if reader.peek() in ("module", "builtin.module"):
        module = reader.operation()
    else:
        module = Op("module", 1, blocks=[Block()])
        while reader.peek():
            module.blocks[0].ops.append(reader.operation())
    if reader.peek():
        reader.fail(f"unexpected '{reader.peek()}' after the module")
    return module
