"""A context with every dialect of the device side, and text to module and back."""

from io import StringIO

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.dialects.scf import Scf
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from aie_conv.errors import VerifyError
from aie_conv.ir.xdsl.aie import AIE
from aie_conv.ir.xdsl.aievec import AIEVec
from aie_conv.ir.xdsl.aiex import AIEX
from aie_conv.ir.xdsl.compat import (
    Arith,
    MemRef,
    UniquePrinter,
    Vector,
    guard_hex_floats,
    parenthesized,
)

DIALECTS = (Builtin, Func, Scf, Arith, MemRef, Vector, AIE, AIEX, AIEVec)
"""All that an AIE module may hold; arith, memref and vector with what xDSL's own lack."""


def get_context() -> Context:
    """A new context that knows what an AIE module may hold."""
    context = Context()
    for dialect in DIALECTS:
        context.load_dialect(dialect)
    return context


def parse_module(text: str, *, verify: bool = True) -> ModuleOp:
    """The module of ``text`` (custom or generic syntax).

    Args:
        text: MLIR.
        verify: run every operation's verifier.

    Raises:
        VerifyError: malformed text, or IR that breaks a rule of its dialect.
    """
    guard_hex_floats(text)
    try:
        module = Parser(get_context(), parenthesized(text)).parse_module()
        if verify:
            module.verify()
    except (ParseError, VerifyException) as error:
        message = " ".join(str(error).split())
        raise VerifyError(f"AIE module: {message}") from error
    return module


def print_module(module: ModuleOp, *, generic: bool = False) -> str:
    """The text of a module, in the custom syntax unless ``generic``."""
    out = StringIO()
    UniquePrinter(out, print_generic_format=generic).print_op(module)
    return out.getvalue() + "\n"
