"""Constants of bf16 that IREE may inline into dispatches, with their numbers as attributes of their own.

IREE 3.13's CPU backend computes bf16 in f32 and converts the constants of a dispatch with it, but not one
whose numbers lie in a resource, as importers write them: it refuses the module. This runs at IREE's
`input` phase.
"""

from __future__ import annotations

import re
from math import prod

from iree.compiler import ir

from aie_conv.bridge.tensors import walk

_BLOB = re.compile(r'"0x[0-9A-Fa-f]{8}(?P<numbers>[0-9A-Fa-f]+)"')
"""A resource as it is printed: four bytes of alignment, then its own."""
_RESOURCE = "dense_resource<"
_BYTES = 2
"""Of a bf16 number."""


def write_out_constants(module: ir.Operation, longest: int) -> int:
    """Rewrite a module at IREE's `input` phase; the number of constants that changed.

    Args:
        module: the module.
        longest: bytes of the longest constant that IREE inlines.
    """
    constants = [op for op in walk(module) if _is_short_resource(op, longest)]
    return sum(_write_out(op) for op in constants)


def _is_short_resource(op: ir.Operation, longest: int) -> bool:
    if op.name != "arith.constant" or not isinstance(op.results[0].type, ir.RankedTensorType):
        return False
    kind = ir.RankedTensorType(op.results[0].type)
    if str(kind.element_type) != "bf16" or _BYTES * prod(kind.shape) > longest:
        return False
    return str(op.attributes["value"]).startswith(_RESOURCE)


def _write_out(op: ir.Operation) -> bool:
    """Give a constant its numbers; False where its resource has none (a module printed without them)."""
    # IREE's bindings read a resource's bytes nowhere else than in a module's text.
    scratch = ir.Module.parse("module {}", op.context)
    op.clone(ip=ir.InsertionPoint.at_block_begin(scratch.body))
    limit = 4 * _BYTES * (1 + prod(ir.RankedTensorType(op.results[0].type).shape)) + 16
    blob = _BLOB.search(scratch.operation.get_asm(large_resource_limit=limit))
    if blob is None:
        return False
    text = f'dense<"0x{blob["numbers"]}"> : {op.results[0].type}'
    op.attributes["value"] = ir.Attribute.parse(text, op.context)
    return True
