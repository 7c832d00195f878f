"""Each dialect's operations: their syntax, and how the types of their results follow.

Importing this package fills the table of :mod:`aie_conv.ir.definition`.
"""

from aie_conv.ir.dialects import (
    affine,
    aie,
    aievec,
    aiex,
    air,
    arith,
    cf,
    dma,
    func,
    linalg,
    memref,
    scf,
    vector,
)

DIALECTS = (func, scf, arith, vector, memref, aievec, aie, dma, aiex, linalg, air, affine, cf)
"""One module a dialect; ``func`` holds the module itself as well, ``arith`` math's only operation,
``dma`` what ``aie`` says of locks and descriptors."""
