"""Constants of bf16 that IREE may inline into dispatches, with their numbers as attributes of their own.

IREE 3.13's CPU backend computes bf16 in f32 and converts the constants of a dispatch with it, but not one
whose numbers lie in a resource, as importers write them: it refuses the module. This runs at IREE's
`input` phase.
"""

from __future__ import annotations

from math import prod

from iree.compiler import ir

from aie_conv.bridge.graft import resource_bytes
from aie_conv.bridge.tensors import walk

_BYTES = 2
"""Of a bf16 number."""


def write_out_constants(module: ir.Operation, longest: int) -> int:
    """Rewrite a module at IREE's `input` phase; the number of constants that changed.

    Args:
        module: the module.
        longest: bytes of the longest constant that IREE inlines.
    """
    constants = [op for op in walk(module) if _is_short(op, longest)]
    return sum(_write_out(op) for op in constants)


def _is_short(op: ir.Operation, longest: int) -> bool:
    if op.name != "arith.constant" or not isinstance(op.results[0].type, ir.RankedTensorType):
        return False
    kind = ir.RankedTensorType(op.results[0].type)
    return str(kind.element_type) == "bf16" and _BYTES * prod(kind.shape) <= longest


def _write_out(op: ir.Operation) -> bool:
    """Give a constant its resource's numbers; False where it has none (a module printed without them)."""
    numbers = resource_bytes(op, _BYTES * prod(ir.RankedTensorType(op.results[0].type).shape))
    if numbers is None:
        return False
    text = f'dense<"0x{numbers.hex().upper()}"> : {op.results[0].type}'
    op.attributes["value"] = ir.Attribute.parse(text, op.context)
    return True
