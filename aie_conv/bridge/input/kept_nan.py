"""Bounds and element-wise maxima that keep NaN, as torch's and ONNX's do.

IREE 3.13's importer of the torch dialect writes a clamp, a maximum or a minimum as a comparison and a
selection in one operation, and takes the bound, or the other operand, where a value is NaN. Here each
becomes arith's maximum or minimum, which keeps NaN: still one elementwise operation in the model's own type,
which IREE's layout passes go through and fuses behind a contraction. In other sources such a pair of
operations is what their author wrote, and stays.
"""

from __future__ import annotations

import math

from iree.compiler import ir

from aie_conv.bridge.tensors import owner, splat_value, walk

_ORDER = {2: ("o", "gt"), 3: ("o", "ge"), 4: ("o", "lt"), 5: ("o", "le"),
          9: ("u", "gt"), 10: ("u", "ge"), 11: ("u", "lt"), 12: ("u", "le")}  # fmt: skip
"""Predicates of arith.cmpf that put in order: whether NaN passes them, and which way they go."""


def is_torch(module: ir.Operation) -> bool:
    """Whether a module's functions are of the torch dialect, of which ONNX's importer makes use too."""
    for view in module.regions[0].blocks[0].operations:
        attributes = view.operation.attributes
        if "function_type" in attributes and "!torch." in str(attributes["function_type"]):
            return True
    return False


def keep_nan(module: ir.Operation) -> int:
    """Rewrite a module of torch's at IREE's `input` phase; the number of bounds that lost NaN before."""
    count = 0
    for op in list(walk(module)):
        if op.name == "arith.select" and (name := _bound(op)) is not None:
            compare = owner(op.operands[0])
            made = ir.Operation.create(
                name,
                [op.results[0].type],
                list(op.operands)[1:],
                loc=op.location,
                ip=ir.InsertionPoint(op),
            )
            op.results[0].replace_all_uses_with(made.results[0])
            op.erase()
            if compare is not None and not list(compare.results[0].uses):
                compare.erase()
            count += 1
    return count


def _bound(select: ir.Operation) -> str | None:
    """What a selection of one of two compared floats is to be; None where it keeps NaN, or is another."""
    compare = owner(select.operands[0])
    if compare is None or compare.name != "arith.cmpf":
        return None
    predicate = _ORDER.get(ir.IntegerAttr(compare.attributes["predicate"]).value)
    left, right = compare.operands
    first, second = list(select.operands)[1:]
    if predicate is None or left == right or (first, second) not in ((left, right), (right, left)):
        return None
    unordered, way = predicate
    if _is_number(second if unordered == "u" else first):
        # Where the other one is NaN, it is what is taken.
        return None
    greater = (way in ("gt", "ge")) == (first == left)
    return "arith.maximumf" if greater else "arith.minimumf"


def _is_number(value: ir.Value) -> bool:
    """Whether a value is a constant other than NaN."""
    op = owner(value)
    found = splat_value(op) if op is not None and op.name == "arith.constant" else None
    return found is not None and not math.isnan(found)
