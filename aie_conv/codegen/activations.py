"""Activation functions in an epilogue: chains of operations that compute a function of one value.

An epilogue keeps the operations that its model has. A chain of them that depends on one float alone, and
holds an operation that the cores do not have, is written as one function (:mod:`aie_conv.codegen.functions`),
whatever the operations are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from aie_conv.arch import Arch
from aie_conv.codegen.functions.evaluate import evaluate, is_float_chain
from aie_conv.codegen.functions.shape import UnaryShape, describe
from aie_conv.codegen.functions.values import numbers
from aie_conv.codegen.functions.vectors import UnaryVectors
from aie_conv.problem import Epilogue, Step

_FLOATS = ("bf16", "f32")
_OWN = frozenset(("math.roundeven",))
"""Operations of the math dialect that cores have."""
_MOST_TRIES = 8
"""Values of an epilogue that are tried as a function's."""


class StandIn(Protocol):
    """What stands for operations by which some values decide another one."""

    @property
    def sources(self) -> tuple[int, ...]:
        """Numbers of the values that decide."""
        ...


@dataclass(frozen=True)
class Activation:
    """A function in the place of operations.

    Attributes:
        source: value number of its argument.
        shape: the function.
        dtype: type of its result.
    """

    source: int
    shape: UnaryShape
    dtype: str

    @property
    def sources(self) -> tuple[int, ...]:
        """The argument alone."""
        return (self.source,)

    @property
    def work(self) -> int:
        """Operations for a vector of sums: of 64 bytes."""
        return self.shape.work

    def vectors(self, arch: Arch) -> UnaryVectors:
        """Its code, from bf16 to bf16."""
        return UnaryVectors(arch, self.shape)


@lru_cache(maxsize=512)
def activations(epilogue: Epilogue, accumulator: str) -> Mapping[int, Activation]:
    """The functions of an epilogue, by the number of their last step."""
    if accumulator != "f32" or not any(map(is_foreign, epilogue.steps)):
        return {}
    if any(step.op == "arith.fptosi" for step in epilogue.steps):
        # Integers are exact: a function's bf16 would be rounded to others.
        return {}
    first = 1 + len(epilogue.inputs)
    found: dict[int, Activation] = {}
    live, tries = live_steps(epilogue, found), 0
    for number in reversed(range(len(epilogue.steps))):
        if number not in live or epilogue.steps[number].dtype not in _FLOATS:
            continue
        source, inner = next(_sources(epilogue, accumulator, first + number), (0, frozenset()))
        steps = {first + i: epilogue.steps[i] for i in inner}
        if not any(map(is_foreign, steps.values())) or not is_float_chain(list(steps.values())):
            continue
        shape = describe(evaluate(steps, source, first + number, numbers()))
        tries += 1
        if shape is not None:
            found[number] = Activation(source, shape, epilogue.steps[number].dtype)
            live = live_steps(epilogue, found)
        elif tries == _MOST_TRIES:
            break
    return found


def absorbed_by(epilogue: Epilogue, found: Mapping[int, StandIn]) -> frozenset[int]:
    """Steps that others stand for, and what they alone use; their last ones are none."""
    if not found:
        return frozenset()
    return frozenset(range(len(epilogue.steps))) - live_steps(epilogue, found)


def is_foreign(step: Step) -> bool:
    """Whether the cores do not have an operation, or only one lane at a time."""
    if step.op == "arith.divf":
        return step.dtype in _FLOATS
    return step.op.startswith("math.") and step.op not in _OWN


def live_steps(epilogue: Epilogue, found: Mapping[int, StandIn]) -> frozenset[int]:
    """Steps whose values are needed."""
    first = 1 + len(epilogue.inputs)
    live: set[int] = set()
    waiting = [epilogue.result]
    while waiting:
        number = waiting.pop() - first
        if number < 0 or number in live:
            continue
        live.add(number)
        here = found.get(number)
        waiting += here.sources if here else epilogue.steps[number].args
    return frozenset(live)


def _sources(
    epilogue: Epilogue, accumulator: str, value: int
) -> Iterator[tuple[int, frozenset[int]]]:
    """Values that alone decide a value, and the steps between; rounded ones first, then by their number."""
    first = 1 + len(epilogue.inputs)
    candidates = [
        number
        for number in range(value)
        if epilogue.value_dtype(number, accumulator) in _FLOATS
        and not (number >= first and epilogue.steps[number - first].op == "arith.constant")
    ]
    candidates.sort(key=lambda number: epilogue.value_dtype(number, accumulator) != "bf16")
    for source in candidates:
        inner = steps_between(epilogue, source, value)
        if inner is not None:
            yield source, inner


def steps_between(epilogue: Epilogue, source: int, value: int) -> frozenset[int] | None:
    """The steps by which one value alone decides another one; None where it does not."""
    first = 1 + len(epilogue.inputs)
    inner: set[int] = set()
    waiting, reached = [value], False
    while waiting:
        number = waiting.pop()
        if number == source:
            reached = True
        elif number < first:
            return None
        elif number - first not in inner:
            inner.add(number - first)
            waiting += epilogue.steps[number - first].args
    return frozenset(inner) if reached else None
