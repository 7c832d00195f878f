"""One form for what an epilogue may say in several: bounds become maximum and minimum operations.

IREE turns a signed minimum of numbers that are not negative into an unsigned one, and torch's ReLU and
its kin come as a comparison and a selection. The results are equal to the last bit, NaN and the signs of
zeros included. What one form cannot say in one operation is in :mod:`.expand`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Ref = tuple[str, int]
"""("acc", 0), ("in", number) or ("step", number)."""

RawStep = tuple[str, tuple[Ref, ...], str, int | float | str | None]
"""Operation, arguments, result type, attribute."""


_PROPAGATING = {"arith.maxnumf": "arith.maximumf", "arith.minnumf": "arith.minimumf"}
"""Bounds that pass over a NaN, and those that equal them where there is none."""


def _nothing_known(_ref: Ref) -> bool:
    return False


def canonical(
    op: str,
    args: tuple[Ref, ...],
    steps: Sequence[RawStep],
    is_number: Callable[[Ref], bool] = _nothing_known,
) -> tuple[str, tuple[Ref, ...]]:
    """The operation and arguments that compute the same.

    Args:
        op, args: an operation.
        steps: those before it.
        is_number: whether a value is known never to be NaN.
    """
    if op == "arith.minui" and all(_not_negative(ref, steps) for ref in args):
        return "arith.minsi", args
    if op in _PROPAGATING and all(map(is_number, args)):
        # Of two zeros either may come out of maxnumf.
        return _PROPAGATING[op], args
    if op == "arith.select":
        return _bound(args, steps, is_number) or (op, args)
    return op, args


def _step(ref: Ref, steps: Sequence[RawStep]) -> RawStep | None:
    return steps[ref[1]] if ref[0] == "step" else None


def _constant(ref: Ref, steps: Sequence[RawStep]) -> int | float | None:
    step = _step(ref, steps)
    if step is None or step[0] != "arith.constant" or not isinstance(step[3], int | float):
        return None
    return step[3]


def _not_negative(ref: Ref, steps: Sequence[RawStep]) -> bool:
    """Whether a signed integer is known not to be negative."""
    step, constant = _step(ref, steps), _constant(ref, steps)
    if constant is not None:
        return constant >= 0
    if step is None or step[0] not in ("arith.maxsi", "arith.minsi"):
        return False
    of = any if step[0] == "arith.maxsi" else all
    return of(_not_negative(arg, steps) for arg in step[1])


def _selection(args: tuple[Ref, ...], steps: Sequence[RawStep]) -> tuple[str, Ref, Ref] | None:
    """The predicate and operands of a float comparison that selects one of those operands."""
    compare = _step(args[0], steps)
    if compare is None or compare[0] != "arith.cmpf" or set(compare[1]) != set(args[1:]):
        return None
    predicate = str(compare[3])
    if predicate[0] not in "ou" or predicate[1:] not in _ORDER:
        return None
    left, right = compare[1]
    return predicate, left, right


def _bound(
    args: tuple[Ref, ...], steps: Sequence[RawStep], is_number: Callable[[Ref], bool]
) -> tuple[str, tuple[Ref, ...]] | None:
    """A selection between a value and a constant as a bound, where it is one."""
    selection = _selection(args, steps)
    if selection is None:
        return None
    predicate, left, right = selection
    x, c = (left, right) if _constant(left, steps) is None else (right, left)
    bound = _constant(c, steps)
    if bound is None or x == c or not math.isfinite(bound):
        return None
    greater, equal = _ORDER[predicate[1:]]
    # What comes out where x is NaN, where both are equal, and where x is the greater.
    at_nan = args[1] if predicate[0] == "u" else args[2]
    at_equal = args[1] if equal else args[2]
    at_greater = args[1] if greater == (x == left) else args[2]
    maximum = at_greater == x
    if at_nan != x and not (is_number(x) or _never_nan(x, steps)):
        return None
    if bound == 0 and (math.copysign(1.0, bound) < 0 or at_equal != (c if maximum else x)):
        return None  # x may be the other zero
    return ("arith.maximumf" if maximum else "arith.minimumf"), (x, c)


_ORDER = {"gt": (True, False), "ge": (True, True), "lt": (False, False), "le": (False, True)}
"""Whether a predicate holds where the left side is the greater, and where both are equal."""


def _never_nan(ref: Ref, steps: Sequence[RawStep]) -> bool:
    """Whether a float is a selection that gives a constant where its other value is NaN."""
    step = _step(ref, steps)
    if step is None or step[0] != "arith.select":
        return False
    selection = _selection(step[1], steps)
    if selection is None:
        return False
    constant = _constant(step[1][1] if selection[0][0] == "u" else step[1][2], steps)
    return constant is not None and not math.isnan(constant)
