"""Runs the code of functions of one number on every bf16 number."""

from functools import cache

import numpy as np

from aie_conv.arch import get_device
from aie_conv.codegen.functions import UnaryShape, UnaryVectors
from aie_conv.codegen.functions.values import COUNT
from aie_conv.ir.builder import Function
from aie_conv.ir.core import memref
from aie_conv.ir.printer import print_op
from tests.support.codegen.run import call_function

LANES = 32


def function_text(device: str, shape: UnaryShape, lanes: int = LANES) -> str:
    """A kernel that applies a function to 65,536 numbers."""
    unary = UnaryVectors(get_device(device).arch, shape)
    f = Function("kernel", [("x", memref("bf16", COUNT)), ("y", memref("bf16", COUNT))])
    w, (x, y) = f.builder, f.arguments
    with w.loop("i", w.constant(0), w.constant(COUNT), w.constant(lanes)) as i:
        w.store(unary.write(w, w.load("x", x, i, lanes)), y, i)
    return "".join(print_op(op, 2) for op in [*unary.declared(), f.finish()])


@cache
def results(device: str, shape: UnaryShape, lanes: int = LANES, exact: bool = False) -> np.ndarray:
    """The bits of a function's results for every bf16 number, by its bits."""
    y = np.zeros(COUNT, np.uint16)
    text = function_text(device, shape, lanes)
    call_function(device, text, [np.arange(COUNT, dtype=np.uint16), y], exact=exact)
    return y
