"""Operations that the cores do not have, in those that they have.

* ``maxnumf`` and ``minnumf`` pass over a NaN: a comparison that does not hold for NaN, and a selection;
  where both sides may be NaN, one more.
* An unsigned extension is a signed one without the bits above: two shifts.
* A conversion of a float to unsigned integers is one to i32, cut off: what lies outside the unsigned type
  has no defined result. Conversions from unsigned integers go through i32 as well.
"""

from __future__ import annotations

from collections.abc import Callable

from aie_conv.bridge.recognition.canonical import Ref

Emit = Callable[[str, tuple[Ref, ...], str, int | float | str | None], Ref]
"""Adds an operation (name, arguments, result type, attribute); its value."""

_BITS = {"i8": 8, "i16": 16}
_HOLDS = {"arith.maxnumf": "ogt", "arith.minnumf": "olt"}


def expanded(
    emit: Emit,
    op: str,
    args: tuple[Ref, ...],
    dtype: str,
    *,
    source: str,
    is_number: Callable[[Ref], bool],
) -> Ref | None:
    """The value of an operation in operations of the cores; None where it is one itself.

    Args:
        emit: where operations go.
        op, args, dtype: the operation and its result's type.
        source: type of its first argument.
        is_number: whether a value is known never to be NaN.
    """
    if op in _HOLDS:
        return _number(emit, op, args, dtype, is_number)
    if op == "arith.extui" and source in _BITS and dtype in ("i16", "i32"):
        return _zero_extended(emit, args[0], source, dtype)
    if op == "arith.uitofp" and source in _BITS:
        return emit("arith.sitofp", (_zero_extended(emit, args[0], source, "i32"),), dtype, None)
    if op == "arith.fptoui" and source == "f32" and dtype in _BITS:
        integer = emit("arith.fptosi", args, "i32", None)
        return emit("arith.trunci", (integer,), dtype, None)
    return None


def _number(
    emit: Emit, op: str, args: tuple[Ref, ...], dtype: str, is_number: Callable[[Ref], bool]
) -> Ref:
    """The greater or lesser of two floats, or the one that is a number."""
    left, right = args if is_number(args[1]) else (args[1], args[0])
    # Of these, the left one may be NaN, and loses then; the right one only if both may.
    holds = emit("arith.cmpf", (left, right), "i1", _HOLDS[op])
    chosen = emit("arith.select", (holds, left, right), dtype, None)
    if is_number(right):
        return chosen
    lost = emit("arith.cmpf", (right, right), "i1", "uno")
    return emit("arith.select", (lost, left, chosen), dtype, None)


def _zero_extended(emit: Emit, value: Ref, source: str, dtype: str) -> Ref:
    bits = {"i16": 16, "i32": 32}[dtype]
    wide = emit("arith.extsi", (value,), dtype, None)
    by = emit("arith.constant", (), dtype, bits - _BITS[source])
    return emit("arith.shrui", (emit("arith.shli", (wide, by), dtype, None), by), dtype, None)
