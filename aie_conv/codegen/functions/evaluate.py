"""A chain of scalar operations as the function that they stand for, in f64.

Roundings between the operations are left out: they are the spelling's. Where a chain cancels in f64 it is
computed in another way, and constants that a model of bf16 holds rounded are taken as they are meant.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aie_conv.codegen.functions.hinges import to_bf16
from aie_conv.codegen.functions.named import erf, erfc
from aie_conv.codegen.functions.values import Array
from aie_conv.problem import Step

_MEANT = {
    to_bf16(value): value
    for value in (0.044715, math.sqrt(2 / math.pi), math.sqrt(0.5), math.sqrt(2), math.log2(math.e),
                  math.log(2), 1.702, 1 / 6, 1.6732632423543772, 1.0507009873554805)
}  # fmt: skip
"""Numbers that activation functions are made of, by what rounding to bf16 leaves of them."""

_SAME = frozenset(("arith.truncf", "arith.extf"))

UNARY: Mapping[str, Callable[[Array], Array]] = {
    "arith.negf": np.negative,
    "math.absf": np.abs,
    "math.exp": np.exp,
    "math.exp2": np.exp2,
    "math.expm1": np.expm1,
    "math.log": np.log,
    "math.log2": np.log2,
    "math.log1p": np.log1p,
    "math.tanh": np.tanh,
    "math.erf": erf,
    "math.erfc": erfc,
    "math.sqrt": np.sqrt,
    "math.rsqrt": lambda x: 1 / np.sqrt(x),
    "math.floor": np.floor,
    "math.ceil": np.ceil,
    "math.trunc": np.trunc,
    "math.roundeven": np.rint,
}
"""Operations of one float."""

BINARY: Mapping[str, Callable[[Array, Array], Array]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.maximumf": np.maximum,
    "arith.minimumf": np.minimum,
    "arith.maxnumf": np.fmax,
    "arith.minnumf": np.fmin,
    "math.powf": np.power,
    "math.fpowi": np.power,
    "math.copysign": np.copysign,
}
"""Operations of two floats."""

ORDERS: Mapping[str, Callable[..., Any]] = {
    "eq": np.equal, "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal,
    "lt": np.less, "le": np.less_equal,
}  # fmt: skip
"""By a predicate without its "s", "u" or "o": of integers as numpy holds them, of floats that are ordered."""

FLOAT_OPERATIONS = (
    frozenset(UNARY)
    | frozenset(BINARY)
    | _SAME
    | {"arith.constant", "arith.cmpf", "arith.select", "math.fma"}
)
"""What a chain may hold."""


class _ScalarChain:
    """A chain's values.

    Args:
        steps: the operations, by their value's number.
        source: number of the value that they are functions of.
        x: what it is.
    """

    def __init__(self, steps: Mapping[int, Step], source: int, x: Array) -> None:
        self._steps, self._source = steps, source
        self._known: dict[int, Array] = {source: x}

    def value(self, number: int) -> Array:
        """A value for every x."""
        if number not in self._known:
            with np.errstate(all="ignore"):
                self._known[number] = self._value(self._steps[number])
        return self._known[number]

    def _value(self, step: Step) -> Array:
        if step.op == "arith.constant":
            value = step.attr
            if not isinstance(value, int | float):
                raise ValueError(f"constant {value}")
            return np.array(_meant(float(value)) if step.dtype == "bf16" else float(value))
        if step.op in ("arith.addf", "arith.subf"):
            exact = self._without_cancelling(step)
            if exact is not None:
                return exact
        args = [self.value(arg) for arg in step.args]
        if step.op in _SAME:
            return args[0]
        if step.op == "math.fma":
            return args[0] * args[1] + args[2]
        if step.op == "arith.select":
            return np.where(*args)
        if step.op == "arith.cmpf":
            return compare(str(step.attr), *args)
        table: Mapping[str, Callable[..., Array]] = UNARY if len(args) == 1 else BINARY
        return table[step.op](*args)

    def _through(self, number: int) -> Step | None:
        """What made a value, conversions left out."""
        step = self._steps.get(number) if number != self._source else None
        while step is not None and step.op in _SAME and step.args[0] != self._source:
            step = self._steps.get(step.args[0])
        return step

    def _is_one(self, number: int) -> bool:
        step = self._through(number)
        return step is not None and step.op == "arith.constant" and step.attr in (1, 1.0)

    def _without_cancelling(self, step: Step) -> Array | None:
        """1 + erf z, 1 + tanh z, 1 - tanh z, 1 - erf z, and e^z - 1, exact where they are small."""
        left, right = step.args
        minus = step.op == "arith.subf"
        if minus and self._is_one(right):
            inner = self._through(left)
            if inner is not None and inner.op == "math.exp":
                return np.expm1(self.value(inner.args[0]))
            return None
        if not minus and self._is_one(right):
            left, right = right, left
        if not self._is_one(left):
            return None
        inner = self._through(right)
        if inner is None or inner.op not in ("math.erf", "math.tanh"):
            return None
        z = self.value(inner.args[0]) * (-1.0 if minus else 1.0)
        return erfc(-z) if inner.op == "math.erf" else 2 / (1 + np.exp(-2 * z))


def _meant(value: float) -> float:
    return math.copysign(_MEANT.get(abs(value), abs(value)), value)


def compare(predicate: str, left: Array, right: Array) -> Array:
    """Where a comparison of floats holds, by its predicate's name."""
    none = np.isnan(left) | np.isnan(right)
    if predicate in ("ord", "uno"):
        return none if predicate == "uno" else ~none
    if predicate in ("true", "false"):
        return np.full(np.broadcast(left, right).shape, predicate == "true")
    holds = ORDERS[predicate[1:]](left, right)
    return holds | none if predicate[0] == "u" else holds & ~none


def evaluate(steps: Mapping[int, Step], source: int, result: int, x: Array) -> Array:
    """What a chain of operations gives.

    Args:
        steps: the operations, by their value's number.
        source, result: the values that it begins and ends with.
        x: values of the source.
    """
    return np.broadcast_to(_ScalarChain(steps, source, x).value(result), x.shape)


def is_float_chain(steps: Sequence[Step]) -> bool:
    """Whether :func:`evaluate` takes all of the operations."""
    return all(step.op in FLOAT_OPERATIONS for step in steps)
