"""What an epilogue computes with what is known of its inputs, rounding as the model rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.bridge.graft import DTYPES
from aie_conv.bridge.recognition.arithmetic import BINARY, ORDERS
from aie_conv.bridge.requantisation.known_inputs import KnownInputs
from aie_conv.problem import Epilogue, Step

Array = NDArray[Any]

_COMPARED: dict[str, dict[str, Callable[..., Array]]] = {
    "cmpi": {
        **{f"s{name}": ORDERS[name] for name in ("ge", "gt", "le", "lt")},
        **{name: ORDERS[name] for name in ("eq", "ne")},
    },
    "cmpf": {
        **{f"o{name}": ORDERS[name] for name in ("gt", "lt")},
        "ugt": lambda a, b: ~np.less_equal(a, b), "ult": lambda a, b: ~np.greater_equal(a, b),
    },
}  # fmt: skip
"""By operation: of integers u is without a sign, which numpy's arrays have; of floats it holds for NaN."""
_SAME = frozenset(("sitofp", "fptosi", "extsi", "trunci", "extf", "extui"))


@dataclass
class EpilogueModel:
    """An epilogue's values as functions of the sum, computed as the model computes them.

    Attributes:
        epilogue: the operations.
        constants: the inputs that are known.
        channels: how many.
        root: the value that others are functions of: the sum, or the sum and a bias that is not known.
    """

    epilogue: Epilogue
    constants: KnownInputs
    channels: int
    root: int = 0
    _known: dict[int, Array | None] = field(default_factory=dict[int, "Array | None"])

    def step(self, value: int) -> Step:
        """The operation that gives a value."""
        return self.epilogue.steps[value - 1 - len(self.epilogue.inputs)]

    def constant(self, value: int) -> Array | None:
        """A value that does not depend on the sum, for every channel; None for others."""
        if value not in self._known:
            self._known[value] = self._constant(value)
        return self._known[value]

    def _constant(self, value: int) -> Array | None:
        if value in (0, self.root):
            return None
        if value <= len(self.epilogue.inputs):
            return self.constants.of(value - 1)
        step = self.step(value)
        if step.op == "arith.constant":
            known = isinstance(step.attr, int | float) and step.dtype in DTYPES
            return np.full(self.channels, step.attr, DTYPES[step.dtype]) if known else None
        args = [self.constant(arg) for arg in step.args]
        if any(arg is None for arg in args) or not self.takes(step):
            return None
        return apply_step(step, [arg for arg in args if arg is not None])

    @staticmethod
    def takes(step: Step) -> bool:
        """Whether an operation is one of those that are computed."""
        name = step.op.partition(".")[2]
        if name in _COMPARED:
            return step.attr in _COMPARED[name]
        if step.dtype == "i1":
            # Numpy adds truth values otherwise than numbers of one bit.
            return name == "select"
        named = name in BINARY or name in _SAME or name in ("roundeven", "select", "shrui")
        return step.dtype in DTYPES and named

    def staircase(self) -> int | None:
        """The first value of i8 that follows from the sum alone, by floats or more than 32 bits, rising."""
        for number, step in enumerate(self.epilogue.steps):
            value = number + 1 + len(self.epilogue.inputs)
            if step.dtype == "i8" and step.op in ("arith.fptosi", "arith.trunci"):
                used = set[int]()
                wide = self.types(value) & {"f32", "i64"}
                if wide and self._rises(value, used) and self.root in used:
                    return value
        return None

    def types(self, value: int) -> set[str]:
        """The types of the steps that a value is made of, from the root on."""
        known, waiting = {self.root, *range(len(self.epilogue.inputs) + 1)}, [value]
        types = set[str]()
        while waiting:
            value = waiting.pop()
            if value not in known:
                known.add(value)
                types.add(self.step(value).dtype)
                waiting += self.step(value).args
        return types

    def _rises(self, value: int, used: set[int]) -> bool:
        """Whether a value does not fall where the sum rises; what it uses is noted."""
        used.add(value)
        if value == self.root or self.constant(value) is not None:
            return True
        if value <= len(self.epilogue.inputs) or not self.takes(self.step(value)):
            return False
        step = self.step(value)
        name = step.op.partition(".")[2]
        if name in _SAME or name == "roundeven":
            return self._rises(step.args[0], used)
        if name == "select":
            return self._chosen_rises(step, used)
        if name not in BINARY or not self._keeps_order(name, step):
            return False
        return all(self._rises(arg, used) for arg in step.args)

    def _keeps_order(self, name: str, step: Step) -> bool:
        """Whether an operation rises in those of its arguments that are not constant."""
        left, right = (self.constant(arg) for arg in step.args)
        if name in ("subf", "subi", "divf", "shrsi", "shli") and right is None:
            return False
        if name in ("mulf", "muli", "divf"):
            factor = right if right is not None else left
            return factor is not None and bool((factor > 0).all() and np.isfinite(factor).all())
        return True

    def _chosen_rises(self, step: Step, used: set[int]) -> bool:
        """A choice by something constant, or of the greater of two constants from some value on."""
        condition, *sides = step.args
        if self.constant(condition) is not None:
            return all(self._rises(arg, used) for arg in sides)
        if condition <= len(self.epilogue.inputs):
            return False
        compare = self.step(condition)
        if compare.op == "arith.cmpf" and self.takes(compare) and set(compare.args) == set(sides):
            # The greater or the lesser of two: for constants that are finite no NaN comes up.
            used.add(condition)
            return all(self._rises(arg, used) for arg in sides)
        greater, less = (self.constant(arg) for arg in sides)
        if greater is None or less is None or not (greater >= less).all():
            return False
        rising = compare.op == "arith.cmpi" and compare.attr in ("sge", "sgt")
        if not rising or self.constant(compare.args[1]) is None:
            return False
        used.add(condition)
        return self._rises(compare.args[0], used)

    def value(self, value: int, x: Array) -> Array:
        """A value for sums x (…, channels)."""
        return np.broadcast_to(self.evaluate(value, {self.root: x.astype(np.int32)}), x.shape)

    def evaluate(self, value: int, values: Mapping[int, Array]) -> Array:
        """A value that others, and constants, decide."""
        known = dict(values)

        def of(wanted: int) -> Array:
            if wanted not in known:
                constant = self.constant(wanted)
                if constant is not None:
                    known[wanted] = constant
                else:
                    step = self.step(wanted)
                    known[wanted] = apply_step(step, [of(arg) for arg in step.args])
            return known[wanted]

        return of(value)


def apply_step(step: Step, args: list[Array]) -> Array:
    """The result of one operation."""
    kind = DTYPES[step.dtype]
    name = step.op.partition(".")[2]
    with np.errstate(all="ignore"):
        if name == "select":
            return np.where(*args).astype(kind)
        if name in _COMPARED:
            return _COMPARED[name][str(step.attr)](*args)
        if name == "extui":
            return args[0].astype(kind) & (2 ** (8 * args[0].dtype.itemsize) - 1)
        if name == "roundeven":
            return np.rint(args[0]).astype(kind)
        if name in _SAME:
            # A bit that is set is -1 with a sign.
            source = -args[0].astype(np.int8) if args[0].dtype == np.bool_ else args[0]
            return (source.astype(np.int64) if name == "fptosi" else source).astype(kind)
        if name == "shrui":
            unsigned = f"u{np.dtype(kind).itemsize}"
            return (args[0].astype(unsigned) >> args[1].astype(unsigned)).astype(kind)
        return BINARY[name](*args).astype(kind)
