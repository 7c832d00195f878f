"""Sums of products of 16-bit lanes in an epilogue, which the vector unit multiplies and adds.

    extsi(a) * extsi(b) + … + extsi(c) + … + x

with a, b and c of i16 and one x of i32 at most: each product is a multiply-accumulate, and so is each term of
i16, times one. Written as products of i32 each would be four operations on 16 lanes, each extension one more.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.depthwise import ELEMENT_PRODUCTS
from aie_conv.codegen.matrix_unit import Intrinsic, bitcast, reach
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Value, vector
from aie_conv.problem import Epilogue, Step


@dataclass(frozen=True)
class ShortProducts:
    """One such sum; its numbers are those of values.

    Attributes:
        pairs: factors of i16.
        terms: what is added of i16.
        start: what is added of i32; None where there is nothing.
    """

    pairs: tuple[tuple[int, int], ...]
    terms: tuple[int, ...]
    start: int | None

    @property
    def sources(self) -> tuple[int, ...]:
        """The values that it is made of."""
        factors = (value for pair in self.pairs for value in pair)
        start = () if self.start is None else (self.start,)
        return (*factors, *self.terms, *start)

    def write(self, w: Builder, unit: Intrinsic, values: Mapping[int, Value]) -> Value:
        """The sums as lanes of i32.

        Args:
            w: where to write.
            unit: the element-wise multiply-accumulate of i16.
            values: lanes by their numbers.
        """
        one = w.constant(1, vector("i16", unit.left.bytes // 2), "k")
        fresh, adds = unit.words(w, fresh=True)
        factors = [*self.pairs, *((term, None) for term in self.terms)]
        sums, mode = unit.zero(w), fresh
        if self.start is not None:
            sums, mode = bitcast(w, values[self.start], unit.carried), adds
        for left, right in factors:
            x = reach(w, values[left], unit.left)
            y = reach(w, one if right is None else values[right], unit.right)
            sums, mode = unit.call(w, x, y, sums, mode), adds
        return bitcast(w, sums, vector("i32", unit.carried.bits // 32))


def short_unit(arch: Arch, lanes: int) -> Intrinsic | None:
    """The instruction that multiplies so many lanes of 16 bits, if an architecture has it."""
    unit = ELEMENT_PRODUCTS.get((arch.name, "i16"))
    return unit if unit is not None and unit.carried.bits // 32 == lanes else None


def short_products(
    epilogue: Epilogue, accumulator: str, steps: Collection[int]
) -> Mapping[int, ShortProducts]:
    """The sums of an epilogue, by the number of their last step.

    Args:
        epilogue: the operations.
        accumulator: type of its first value.
        steps: numbers of those that nothing else stands for.
    """
    finder = _Finder(epilogue, accumulator, steps)
    sums: dict[int, ShortProducts] = {}
    inner: set[int] = set()
    for number in sorted(steps, reverse=True):
        if number in inner:
            continue
        parts = finder.parts(number)
        if parts is not None:
            sums[number], steps_inside = parts
            inner |= steps_inside
    return sums


class _Finder:
    """Takes sums of one epilogue apart."""

    def __init__(self, epilogue: Epilogue, accumulator: str, steps: Collection[int]) -> None:
        self._epilogue, self._accumulator, self._steps = epilogue, accumulator, steps
        self._first = 1 + len(epilogue.inputs)
        self._used = Counter(value for step in epilogue.steps for value in step.args)
        self._used[epilogue.result] += 1

    def parts(self, number: int) -> tuple[ShortProducts, set[int]] | None:
        """The sum that ends in a step, and the steps inside it; None where that is none."""
        pairs, terms = list[tuple[int, int]](), list[int]()
        others, inside = list[int](), set[int]()
        waiting = [(self._first + number, True)]
        while waiting:
            value, is_last = waiting.pop()
            step = self._step(value)
            alone = is_last or self._used[value] == 1
            factors = self._factors(step) if step is not None and alone else None
            extended = self._extended(step)
            if factors is not None:
                pairs.append(factors)
            elif extended is not None:
                terms.append(extended)
            elif step is not None and alone and (step.op, step.dtype) == ("arith.addi", "i32"):
                waiting += [(arg, False) for arg in step.args]
            else:
                others.append(value)
                continue
            inside.add(value - self._first)
        if not pairs or len(others) > 1:
            return None
        start = others[0] if others else None
        return ShortProducts(tuple(pairs), tuple(terms), start), inside

    def _step(self, value: int) -> Step | None:
        number = value - self._first
        return self._epilogue.steps[number] if number in self._steps else None

    def _factors(self, step: Step | None) -> tuple[int, int] | None:
        """What a product of i32 multiplies, if both are of i16."""
        if step is None or (step.op, step.dtype) != ("arith.muli", "i32"):
            return None
        left, right = (self._extended(self._step(arg)) for arg in step.args)
        return None if left is None or right is None else (left, right)

    def _extended(self, step: Step | None) -> int | None:
        """The value of i16 that a step makes i32 of."""
        if step is None or (step.op, step.dtype) != ("arith.extsi", "i32"):
            return None
        (value,) = step.args
        return value if self._epilogue.value_dtype(value, self._accumulator) == "i16" else None
