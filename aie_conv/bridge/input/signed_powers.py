"""Powers of negative numbers whose exponent is known at run time alone.

IREE 3.13's CPU code computes ``math.powf`` by a logarithm, which is NaN for them. The power of the magnitude
is computed instead; an odd exponent gives it a minus sign, one that is no whole number makes it NaN.
"""

from __future__ import annotations

from iree.compiler import ir

from aie_conv.bridge.tensors import owner, walk

_OLT, _OEQ, _UNE = 4, 1, 13
"""Predicates of arith.cmpf."""

_FLOATS = ("bf16", "f16", "f32", "f64")


def keep_signs(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of powers that changed."""
    powers = [op for op in walk(module) if op.name == "math.powf" and not _constant(op.operands[1])]
    for op in powers:
        if str(op.results[0].type) in _FLOATS:
            op.results[0].replace_all_uses_with(_keep_sign(op))
            op.erase()
    return len(powers)


def _constant(value: ir.Value) -> bool:
    op = owner(value)
    while op is not None and op.name in ("arith.truncf", "arith.extf"):
        op = owner(op.operands[0])
    return op is not None and op.name == "arith.constant"


def _keep_sign(op: ir.Operation) -> ir.Value:
    x, y = op.operands
    kind = op.results[0].type
    where = ir.InsertionPoint(op)

    def emit(name: str, *operands: ir.Value, type_: ir.Type = kind, **numbers: int) -> ir.Value:
        attributes = {
            key: ir.IntegerAttr.get(ir.IntegerType.get_signless(64, op.context), number)
            for key, number in numbers.items()
        }
        made = ir.Operation.create(
            name, [type_], list(operands), attributes, loc=op.location, ip=where
        )
        return made.results[0]

    def constant(value: float) -> ir.Value:
        attribute = ir.FloatAttr.get(kind, value, op.location)
        made = ir.Operation.create(
            "arith.constant", [kind], [], {"value": attribute}, loc=op.location, ip=where
        )
        return made.results[0]

    def compare(left: ir.Value, right: ir.Value, predicate: int) -> ir.Value:
        flag = ir.IntegerType.get_signless(1, op.context)
        return emit("arith.cmpf", left, right, type_=flag, predicate=predicate)

    power = emit("math.powf", emit("math.absf", x), y)
    half = emit("arith.mulf", y, constant(0.5))
    odd = compare(emit("math.floor", half), half, _UNE)
    signed = emit("arith.select", odd, emit("arith.negf", power), power)
    whole = compare(emit("math.floor", y), y, _OEQ)
    below = emit("arith.select", whole, signed, constant(float("nan")))
    return emit("arith.select", compare(x, constant(0.0), _OLT), below, power)
