"""Requantisation in an epilogue: a signed shift right, bounds, and a truncation, as fewer operations.

    trunc(clamp(x >> shift, low, high))      trunc(x >> shift)

Bounds commute with the shift: clamp(x >> s, low, high) = clamp(x, low << s, (high + 1 << s) - 1) >> s for
every x. What is bounded so has room above it, so that a shift left puts the wanted bits where a whole byte
(or two) of the lane begins, and the shift right, the sign and the truncation are one choice of bytes. Without
bounds the bits above are cut off all the same.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from aie_conv.problem import DTYPE_BYTES, Epilogue, Step

_BITS = 32


@dataclass(frozen=True)
class Requantisation:
    """One of them, in i32 lanes.

    Attributes:
        source: value number of what is shifted.
        low, high: its bounds before the shift; None without bounds.
        left: places it is shifted left, 0 to 15.
        part: which of the lane's parts, as wide as the result, is the result.
        steps: numbers of the steps that it stands for; the last one's value is the result.
    """

    source: int
    low: int | None
    high: int | None
    left: int
    part: int
    steps: tuple[int, ...]

    @property
    def sources(self) -> tuple[int, ...]:
        """What is shifted."""
        return (self.source,)

    @property
    def work(self) -> int:
        """Operations on vectors of the lanes' width."""
        return (2 if self.is_bounded else 0) + (self.left > 0)

    @property
    def is_bounded(self) -> bool:
        """Whether there are bounds."""
        return self.low is not None


def requantisations(epilogue: Epilogue, accumulator: str) -> Mapping[int, Requantisation]:
    """Those that an epilogue holds, by the number of their last step."""
    used = Counter(value for step in epilogue.steps for value in step.args)
    used[epilogue.result] += 1
    scalings: dict[int, Requantisation] = {}
    for number, step in enumerate(epilogue.steps):
        if step.op == "arith.trunci" and step.dtype in ("i8", "i16"):
            scaling = _recognise(epilogue, accumulator, number, used)
            if scaling is not None:
                scalings[number] = scaling
    return scalings


def absorbed(epilogue: Epilogue, scalings: Mapping[int, Requantisation]) -> frozenset[int]:
    """Steps that requantisations stand for, and constants that they alone use."""
    inside = {step for scaling in scalings.values() for step in scaling.steps}
    used = {v for i, step in enumerate(epilogue.steps) if i not in inside for v in step.args}
    used.add(epilogue.result)
    first = 1 + len(epilogue.inputs)
    return frozenset(
        i
        for i, step in enumerate(epilogue.steps)
        if i in inside or (step.op == "arith.constant" and first + i not in used)
    )


def _recognise(
    epilogue: Epilogue, accumulator: str, number: int, used: Mapping[int, int]
) -> Requantisation | None:
    """The requantisation that ends in a truncation, if its steps are used by nothing else."""
    bits = 8 * DTYPE_BYTES[epilogue.steps[number].dtype]
    steps, bounds = [number], list[tuple[str, int]]()
    value = epilogue.steps[number].args[0]
    while True:
        step = _made_by(epilogue, value)
        if step is None or step.dtype != "i32" or used[value] > 1:
            return None
        steps.append(value - 1 - len(epilogue.inputs))
        if step.op == "arith.shrsi":
            break
        value, bound = _operands(epilogue, step)
        if step.op not in ("arith.maxsi", "arith.minsi") or bound is None:
            return None
        bounds.append((step.op, bound))
    amount = _constant(epilogue, step.args[1])
    if amount is None or epilogue.value_dtype(step.args[0], accumulator) != "i32":
        return None
    up = -(-amount // bits) * bits
    if not bounds and amount > 0 and up + bits <= _BITS:
        there = tuple(reversed(steps))
        return Requantisation(step.args[0], None, None, up - amount, up // bits, there)
    low, high = _interval(bounds)
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if amount < 0 or up + bits > _BITS or low < least or high > most:
        return None
    below, above = low << amount, (high + 1 << amount) - 1
    return Requantisation(
        step.args[0], below, above, up - amount, up // bits, tuple(reversed(steps))
    )


def _interval(bounds: list[tuple[str, int]]) -> tuple[int, int]:
    """Where values lie behind maxima and minima, the last of which stands first."""
    low, high = -(1 << (_BITS - 1)), (1 << (_BITS - 1)) - 1
    for op, bound in reversed(bounds):
        pick = max if op == "arith.maxsi" else min
        low, high = pick(low, bound), pick(high, bound)
    return low, high


def _made_by(epilogue: Epilogue, value: int) -> Step | None:
    number = value - 1 - len(epilogue.inputs)
    return epilogue.steps[number] if number >= 0 else None


def _constant(epilogue: Epilogue, value: int) -> int | None:
    step = _made_by(epilogue, value)
    constant = step is not None and step.op == "arith.constant"
    return int(step.attr or 0) if step is not None and constant else None


def _operands(epilogue: Epilogue, step: Step) -> tuple[int, int | None]:
    """A value and the constant beside it, None if neither operand is one."""
    if len(step.args) != 2:
        return -1, None
    left, right = step.args
    bound = _constant(epilogue, right)
    return (left, bound) if bound is not None else (right, _constant(epilogue, left))
