"""Text to a module and back."""

from aie_conv.ir import dialects
from aie_conv.ir.core import Block, Op
from aie_conv.ir.printer import print_op
from aie_conv.ir.reader import Reader

_DIALECTS = dialects.DIALECTS
"""Importing them fills the table of definitions."""


def read_module(text: str) -> Op:
    """The module of ``text``.

    Raises:
        VerifyError: a syntax error, a value that is undefined, defined twice or of another type, or an
            operation outside the subset.
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


def print_module(module: Op) -> str:
    """The text of a module; values keep their names."""
    return print_op(module)
