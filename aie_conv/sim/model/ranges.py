"""The values that integers of core code may take, followed through its arithmetic."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd

from aie_conv.ir.core import ELEMENT_BITS, Type


@dataclass(frozen=True)
class Range:
    """The values an index may take: low, low + step, …, high (step 0: one value)."""

    low: int
    high: int
    step: int = 0

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high, gcd(self.step, other.step))

    def __mul__(self, other: "Range") -> "Range":
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        step = gcd(self.step * other.low, self.low * other.step, self.step * other.step)
        return Range(min(ends), max(ends), step)

    def fits(self, kind: Type) -> bool:
        """Signed integers of this type take all these values: nothing has wrapped."""
        limit = 1 << (ELEMENT_BITS[kind.elem] - 1)
        return -limit <= self.low and self.high < limit

    @property
    def constant(self) -> int | None:
        """The only value, if there is one."""
        return self.low if self.low == self.high else None


def between(low: int, high: int) -> Range:
    """Any value from ``low`` to ``high``."""
    return Range(low, high, int(low != high))


def _difference(a: Range, b: Range) -> Range:
    return a + Range(-b.high, -b.low, b.step)


def _quotient(a: Range, b: Range) -> Range | None:
    divisor = b.constant
    if not divisor or divisor < 0 or a.low < 0:
        return None
    return between(a.low // divisor, a.high // divisor)


def _shift(a: Range, b: Range) -> Range | None:
    places = b.constant
    if places is None or places < 0 or a.low < 0:
        return None
    divisor = 1 << places
    if a.low % divisor or a.step % divisor:
        return between(a.low >> places, a.high >> places)
    return Range(a.low >> places, a.high >> places, a.step >> places)


def _remainder(a: Range, b: Range) -> Range | None:
    divisor = b.constant
    if not divisor or divisor < 0 or a.low < 0:
        return None
    if a.low // divisor == a.high // divisor:
        return between(a.low % divisor, a.high % divisor)
    return between(0, divisor - 1)


def _least(a: Range, b: Range) -> Range:
    return between(min(a.low, b.low), min(a.high, b.high))


def _greatest(a: Range, b: Range) -> Range:
    return between(max(a.low, b.low), max(a.high, b.high))


def _either(a: Range, b: Range) -> Range:
    return between(min(a.low, b.low), max(a.high, b.high))


_RULES: dict[str, Callable[[Range, Range], Range | None]] = {
    "arith.addi": operator.add,
    "arith.subi": _difference,
    "arith.muli": operator.mul,
    "arith.divui": _quotient,
    "arith.divsi": _quotient,
    "arith.shrui": _shift,
    "arith.remui": _remainder,
    "arith.remsi": _remainder,
    "arith.minsi": _least,
    "arith.maxsi": _greatest,
    "arith.select": _either,
}


def range_of(name: str, operands: Sequence[Range | None]) -> Range | None:
    """The values of an operation's result, where they follow from the operands'.

    Args:
        name: an operation of arith on integers.
        operands: what is known of each operand (a select's condition does not matter).
    """
    if name == "arith.index_cast":
        return operands[0]
    rule = _RULES.get(name)
    if rule is None:
        return None
    a, b = operands[-2:]
    return None if a is None or b is None else rule(a, b)
