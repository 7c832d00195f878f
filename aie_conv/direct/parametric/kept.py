"""Per-channel operands that a core keeps apart from the filter that brings them."""

from aie_conv.codegen.parameters import VECTOR_WORDS
from aie_conv.ir.builder import Function
from aie_conv.ir.core import Op, Type, memref
from aie_conv.mapping.mapping import Mapping
from aie_conv.problem import DTYPE_BYTES


def bias_type(mapping: Mapping) -> Type:
    """What a core keeps an N tile's per-channel operands in."""
    return memref(mapping.view.dtype, mapping.l1.bias)


def keep_function(mapping: Mapping) -> Op:
    """The function ``keep(b, vectors)``: keep the per-channel operands at the end of an object of B."""
    dtype, kept = mapping.view.dtype, mapping.l1.bias
    each = 4 * VECTOR_WORDS // DTYPE_BYTES[dtype]
    b_type = memref(dtype, mapping.l1.filter)
    f = Function("keep", [("b", b_type), ("vectors", bias_type(mapping))])
    w, (b, vectors) = f.builder, f.arguments
    with w.loop("n", w.constant(0), w.constant(kept), w.constant(each)) as target:
        source = w.plus(target, mapping.l1.filter - kept)
        w.store(w.load("v", b, source, each), vectors, target)
    return f.finish()
