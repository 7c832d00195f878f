"""Text to a module and back."""

from collections.abc import Sequence

from aie_conv.ir import dialects
from aie_conv.ir.core import Block, Op, refuse
from aie_conv.ir.definition import Definition
from aie_conv.ir.printer import print_op
from aie_conv.ir.reader import ModuleReader

_DIALECTS = dialects.DIALECTS
"""Importing them fills the table of definitions."""


def read_module(text: str) -> Op:
    """The module of ``text``.

    Raises:
        VerifyError: a syntax error, a value that is undefined, defined twice or of another type, or an
            operation outside the subset, or a symbol that nothing defines.
    """
    reader = ModuleReader(text)
    while reader.peek().startswith("#"):
        reader.alias()
    if reader.peek() in ("module", "builtin.module"):
        module = reader.operation()
    else:
        module = Op("module", 1, blocks=[Block()])
        while reader.peek():
            module.blocks[0].ops.append(reader.operation())
    if reader.peek():
        reader.fail(f"unexpected '{reader.peek()}' after the module")
    _check_symbols(module, reader.references)
    return module


def _check_symbols(module: Op, references: Sequence[tuple[Op, Definition]]) -> None:
    """What operations name is there; what they call takes their operands."""
    blocks = [module.blocks[0], *(b for op in module.blocks[0].ops for b in op.blocks)]
    symbols = {op.attrs["sym_name"]: op for b in blocks for op in b.ops if "sym_name" in op.attrs}
    for op, definition in references:
        for attribute in definition.refers:
            names = op.attrs.get(attribute, [])
            for name in names if isinstance(names, list) else [names]:
                if name not in symbols:
                    is_call = op.name == "func.call"
                    refuse(
                        op,
                        f"@{name} is not declared"
                        if is_call
                        else f"there is no object FIFO @{name}",
                    )
        if op.name == "func.call":
            _check_call(op, symbols[op.attrs["callee"]])


def _check_call(op: Op, function: Op) -> None:
    types = function.attrs.get("function_type")
    if types is None:
        refuse(op, f"@{op.attrs['callee']} is no function")
    kinds = tuple(value.type for value in op.operands)
    if kinds != types[0]:
        want, have = (", ".join(map(str, one)) for one in (types[0], kinds))
        refuse(op, f"@{op.attrs['callee']} takes ({want}) and is called with ({have})")


def print_module(module: Op) -> str:
    """The text of a module; values keep their names."""
    return print_op(module)
