"""Functions of one number on the cores, independent of what computes the number.

A function of bf16 is its 65,536 values (:mod:`.values`), however a model spells it. :mod:`.shape` finds a
form for them that the cores compute with few operations, :mod:`.vectors` writes it for vectors of any
length, :mod:`.named` has the functions that networks use by name.

    shape = describe(values_of(named.FUNCTIONS["silu"]))
    y = UnaryVectors(arch, shape).write(w, x)
"""

from aie_conv.codegen.functions.shape import UnaryShape, describe
from aie_conv.codegen.functions.values import values_of
from aie_conv.codegen.functions.vectors import UnaryVectors

__all__ = ["UnaryShape", "UnaryVectors", "describe", "values_of"]
