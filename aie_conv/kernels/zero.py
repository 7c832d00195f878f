"""Clearing an accumulator tile."""

from aie_conv.kernels.text import Writer


def zero_kernel(name: str, elements: int, dtype: str) -> str:
    """The function ``name(c)``: fill an accumulator tile (a multiple of 16 elements) with zeros."""
    w = Writer()
    memref = f"memref<{elements}x{dtype}>"
    zero = "0" if dtype.startswith("i") else "0.000000e+00"
    with w.block(f"func.func private @{name}(%c: {memref})"):
        lower, upper, step = w.constant(0), w.constant(elements), w.constant(16)
        vector = w.value("v", f"arith.constant dense<{zero}> : vector<16x{dtype}>")
        with w.loop("i", lower, upper, step) as iv:
            attr = "{alignment = 32 : i64}"
            w.line(f"vector.store {vector}, %c[{iv}] {attr} : {memref}, vector<16x{dtype}>")
        w.line("return")
    return w.text()
