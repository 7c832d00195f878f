"""Epilogues that requantise in f32 or i64, in 32-bit integers: what the cores have vectors of.

Where all that stands between the sums and bytes is known when a module is compiled, it is a staircase of
the sums for each channel (:mod:`aie_conv.bridge.staircase`), and its affine form takes its place. The
product of 32 by 32 bits is made of halves h and l with x = h 2^16 + l, l signed:

    (x y) >> 16 = (xh yh << 16) + xl yh + xh yl + (xl yl >> 16)   modulo 2^32
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.graft import DTYPES
from aie_conv.bridge.known_inputs import KnownInputs
from aie_conv.bridge.recognise import Recognised
from aie_conv.bridge.staircase import Affine, fit, rises
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Operand, Step

Array = NDArray[Any]
_FEW = 1e-3
"""Of the sums that do not saturate, so many may give a neighbour of what f32 rounding gives."""
_RISING: dict[str, Callable[..., Array]] = {
    "addf": np.add, "subf": np.subtract, "mulf": np.multiply, "divf": np.divide,
    "maximumf": np.maximum, "minimumf": np.minimum, "addi": np.add, "subi": np.subtract,
    "muli": np.multiply, "maxsi": np.maximum, "minsi": np.minimum, "shrsi": np.right_shift,
    "shli": np.left_shift, "shrui": np.right_shift,
}  # fmt: skip
_COMPARED: dict[str, Callable[..., Array]] = {
    "sge": np.greater_equal, "sgt": np.greater, "sle": np.less_equal, "slt": np.less,
    "eq": np.equal, "ne": np.not_equal, "ogt": np.greater, "olt": np.less,
    "ugt": np.greater, "ult": np.less,
}  # fmt: skip
_SAME = frozenset(("sitofp", "fptosi", "extsi", "trunci", "extf", "extui"))


def requantised(call: ir.Operation, recognised: Recognised) -> tuple[Recognised, str]:
    """A dispatch, its requantisation in integers where it has one that is known; and a word about it."""
    problem = recognised.problem
    if (
        not isinstance(problem, ConvProblem)
        or problem.accumulator != "i32"
        or recognised.refusal is not None
    ):
        return recognised, ""
    count = prod(loop.size for loop in problem.loops if loop.role in ("n", "g"))
    if problem.lhs.dtype not in ("i8", "i16"):
        return recognised, ""
    constants = KnownInputs(call, recognised, problem)
    best: _Form | None = None
    for root in (0, *_biased(problem.epilogue)):
        model = _Model(problem.epilogue, constants, count, root)
        last = model.staircase()
        if last is None:
            continue
        real = "f32" in model.types(last)
        form = _form(problem, model, last, real=real)
        if form is not None and (best is None or form.affine.differing < best.affine.differing):
            best = form
        # Rounding of integers may turn on the sign of one of these values.
        if real or (best is not None and not best.affine.differing):
            break
    if best is None:
        return recognised, ""
    affine, total = best.affine, int((best.affine.high - best.affine.low + 1).sum())
    # A model of integers is exact; one of floats is off in a last place here and there by itself.
    if affine.differing > (_FEW * total if best.real else 0):
        return recognised, ""
    changed = _bound(
        _Builder(problem, recognised).replaced(best.ends, affine, best.flip), call.context
    )
    if not affine.differing:
        return changed, "requantised in integers, equal for every sum"
    return changed, f"requantised in integers, one step off for {affine.differing} of {total} sums"


@dataclass(frozen=True)
class _Form:
    """What a requantisation is replaced by.

    Attributes:
        ends: the value that it is a function of, and its result.
        affine: the form.
        flip: what to add to its results: 128 where bytes are unsigned.
        real: whether the model computes in f32.
    """

    ends: tuple[int, int]
    affine: Affine
    flip: int
    real: bool


def _form(problem: ConvProblem, model: _Model, last: int, *, real: bool) -> _Form | None:
    """The affine form of a value as a function of the model's root; None where there is none."""
    sure = model.root == 0 and problem.lhs.dtype == "i8"
    most = prod(loop.size for loop in problem.of_role("k")) * 2**14 if sure else 2**30
    if most > 2**30:
        return None
    affine, flip = _affine(model, last, most, bent=not real)
    if affine is None or (not sure and not _saturates(affine, most)):
        return None
    return _Form((model.root, last), affine, flip, real)


def _biased(epilogue: Epilogue) -> list[int]:
    """Values that are the sum and other terms, in i32."""
    sums = [0]
    for number, step in enumerate(epilogue.steps):
        added = step.op in ("arith.addi", "arith.subi") and step.dtype == "i32"
        if added and step.args[0] in sums:
            sums.append(number + 1 + len(epilogue.inputs))
    return sums[1:]


def _saturates(affine: Affine, most: int) -> bool:
    """Whether results stay the same from within [-most, most] on: sums may go on beyond it."""
    return bool((affine.low > -most).all() and (affine.high < most).all())


def _affine(model: _Model, last: int, most: int, *, bent: bool) -> tuple[Affine | None, int]:
    """The form of a staircase, and what to add to its results: 128 where bytes are unsigned."""
    count = model.channels
    ends = [model.value(last, np.full((1, count), x, np.int64)) for x in (-most, most)]
    flip = 128 if (ends[0] > ends[1]).any() else 0

    def function(x: Array) -> Array:
        values = model.value(last, x).astype(np.int64)
        return (values % 256) - 128 if flip else values

    affine = fit(rises(function, -most, most, count), -most, most, bent=bent)
    if affine is None:
        return None, flip
    # The model must not fall anywhere; that is how its operations were chosen, and a sample agrees.
    rng = np.random.default_rng(0)
    x = rng.integers(-most, most + 1, (2048, count))
    x[:1024] = rng.integers(affine.low - 2, affine.high + 3, (1024, count)).clip(-most, most)
    off = int((function(x) != affine.apply(x)).sum())
    return (affine if off == 0 or affine.differing else None), flip


@dataclass
class _Model:
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

    def _step(self, value: int) -> Step:
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
        step = self._step(value)
        if step.op == "arith.constant":
            known = isinstance(step.attr, int | float) and step.dtype in DTYPES
            return np.full(self.channels, step.attr, DTYPES[step.dtype]) if known else None
        args = [self.constant(arg) for arg in step.args]
        if any(arg is None for arg in args) or not self._taken(step):
            return None
        return _apply(step, [arg for arg in args if arg is not None])

    @staticmethod
    def _taken(step: Step) -> bool:
        name = step.op.partition(".")[2]
        if name in ("cmpi", "cmpf"):
            return step.attr in _COMPARED
        named = name in _RISING or name in _SAME or name in ("roundeven", "select")
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
                types.add(self._step(value).dtype)
                waiting += self._step(value).args
        return types

    def _rises(self, value: int, used: set[int]) -> bool:
        """Whether a value does not fall where the sum rises; what it uses is noted."""
        used.add(value)
        if value == self.root or self.constant(value) is not None:
            return True
        if value <= len(self.epilogue.inputs) or not self._taken(self._step(value)):
            return False
        step = self._step(value)
        name = step.op.partition(".")[2]
        if name in _SAME or name == "roundeven":
            return self._rises(step.args[0], used)
        if name == "select":
            return self._chosen_rises(step, used)
        if name not in _RISING or name == "shrui" or not self._keeps_order(name, step):
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
        compare = self._step(condition)
        if compare.op == "arith.cmpf" and self._taken(compare) and set(compare.args) == set(sides):
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
        known: dict[int, Array] = {self.root: x.astype(np.int32)}

        def of(wanted: int) -> Array:
            if wanted not in known:
                constant = self.constant(wanted)
                if constant is not None:
                    known[wanted] = constant
                else:
                    step = self._step(wanted)
                    known[wanted] = _apply(step, [of(arg) for arg in step.args])
            return known[wanted]

        return np.broadcast_to(of(value), x.shape)


def _apply(step: Step, args: list[Array]) -> Array:
    kind = DTYPES[step.dtype]
    name = step.op.partition(".")[2]
    with np.errstate(all="ignore"):
        if name == "select":
            return np.where(*args).astype(kind)
        if name in ("cmpi", "cmpf"):
            return _COMPARED[str(step.attr)](*args)
        if name == "extui":
            return args[0].astype(kind) & (2 ** (8 * args[0].dtype.itemsize) - 1)
        if name == "roundeven":
            return np.rint(args[0]).astype(kind)
        if name in _SAME:
            truncated = args[0].astype(np.int64) if name == "fptosi" else args[0]
            return truncated.astype(kind)
        if name == "shrui":
            bits = 8 * args[0].dtype.itemsize
            return ((args[0].astype(object) % 2**bits) >> args[1].astype(object)).astype(kind)
        return _RISING[name](*args).astype(kind)


class _Builder:
    """An epilogue being changed; values are numbers of the old one, or of operations added."""

    def __init__(self, problem: ConvProblem, recognised: Recognised) -> None:
        self._problem, self._recognised = problem, recognised
        self._inputs: list[EpilogueInput] = []
        self._sources: list[Any] = []
        self._steps: list[tuple[str, tuple[Any, ...], str, Any]] = []

    def _input(self, values: Array) -> tuple[str, int]:
        """A new input of i32 for the channels."""
        strides, step = dict[int, int](), 1
        loops = self._problem.loops
        for number in reversed(range(len(loops))):
            if loops[number].role in ("n", "g"):
                strides[number] = step
                step *= loops[number].size
        wrapped = ((values + 2**31) % 2**32 - 2**31).astype(np.int32)
        operand = Operand("i32", (len(values),))
        self._inputs.append(
            EpilogueInput(operand, tuple(strides.get(i, 0) for i in range(len(loops))))
        )
        self._sources.append(wrapped)
        return ("new", len(self._inputs) - 1)

    def _do(self, op: str, *args: Any, attr: Any = None, dtype: str = "i32") -> tuple[str, int]:
        self._steps.append((f"arith.{op}", args, dtype, attr))
        return ("made", len(self._steps) - 1)

    def _per_channel(self, values: Array) -> tuple[str, int]:
        """A constant where channels agree, else an input."""
        if (values == values[0]).all():
            one = int((int(values[0]) + 2**31) % 2**32 - 2**31)
            return self._do("constant", attr=one)
        return self._input(values)

    def replaced(self, ends: tuple[int, int], affine: Affine, flip: int) -> Recognised:
        """The dispatch with the affine form of one value in the place of another."""
        root, last = ends
        low = ((affine.factor + 2**15) % 2**16) - 2**15
        high = (affine.factor - low) >> 16
        offset = affine.offset + (flip << 24)
        half, sixteen = self._do("constant", attr=2**15), self._do("constant", attr=16)
        x = self._do("maxsi", ("old", root), self._per_channel(affine.low))
        x = self._do("minsi", x, self._per_channel(affine.high))
        # By nothing, too: constants are parameters, so that layers with and without it are one function.
        x = self._do("shli", x, self._do("constant", attr=affine.left))
        xl = self._do("shrsi", self._do("shli", x, sixteen), sixteen)
        xh = self._do("shrsi", self._do("addi", x, half), sixteen)
        yl, yh = self._per_channel(low), self._per_channel(high)
        total = self._do("shrsi", self._do("muli", xl, yl), sixteen)
        total = self._do("addi", total, self._do("muli", xl, yh))
        total = self._do("addi", total, self._do("muli", xh, yl))
        total = self._do("addi", total, self._do("shli", self._do("muli", xh, yh), sixteen))
        added = self._per_channel(offset)
        if affine.below is not None:
            negative = self._do("cmpi", x, self._do("constant", attr=0), attr="slt", dtype="i1")
            added = self._do("select", negative, self._per_channel(offset - affine.below), added)
        total = self._do("addi", total, added)
        total = self._to_ties(total, affine.tie)
        q = self._do("shrsi", total, self._do("constant", attr=24))
        q = self._do("maxsi", q, self._do("constant", attr=-128))
        q = self._do("minsi", q, self._do("constant", attr=127))
        return self._finished(last, self._do("trunci", q, dtype="i8"))

    def _to_ties(self, total: tuple[str, int], tie: int | None) -> tuple[str, int]:
        """A total, one less where its result is one that ties do not go to: bit 24, spread, is -1 there."""
        if tie is None:
            return total
        before = self._do("addi", total, self._do("constant", attr=-1)) if tie else total
        odd = self._do("shli", before, self._do("constant", attr=7))
        odd = self._do("shrsi", odd, self._do("constant", attr=31))
        return self._do("addi", total, odd)

    def _finished(self, last: int, result: tuple[str, int]) -> Recognised:
        """The old operations with one value given anew, what nothing uses left out."""
        old = self._problem.epilogue
        count = len(old.inputs)
        order: list[tuple[str, int]] = []
        seen = set[tuple[str, int]]()

        def arguments(ref: tuple[str, int]) -> Sequence[tuple[str, int]]:
            if ref[0] == "made":
                return self._steps[ref[1]][1]
            if ref[0] == "old" and ref[1] > count:
                return [known(arg) for arg in old.steps[ref[1] - 1 - count].args]
            return ()

        def known(value: int) -> tuple[str, int]:
            return result if value == last else ("old", value)

        def visit(ref: tuple[str, int]) -> None:
            if ref in seen:
                return
            seen.add(ref)
            for arg in arguments(ref):
                visit(arg)
            order.append(ref)

        visit(known(old.result))
        inputs = [r for r in order if r[0] == "new" or (r[0] == "old" and 0 < r[1] <= count)]
        steps = [r for r in order if r[0] == "made" or (r[0] == "old" and r[1] > count)]
        number = {("old", 0): 0} | {r: 1 + i for i, r in enumerate(inputs)}
        number |= {r: 1 + len(inputs) + i for i, r in enumerate(steps)}
        changed: list[Step] = []
        for ref in steps:
            args = tuple(number[arg] for arg in arguments(ref))
            if ref[0] == "made":
                op, _, dtype, attr = self._steps[ref[1]]
                changed.append(Step(op, args, dtype, attr))
            else:
                changed.append(replace(old.steps[ref[1] - 1 - count], args=args))
        epilogue = Epilogue(
            tuple(old.inputs[r[1] - 1] if r[0] == "old" else self._inputs[r[1]] for r in inputs),
            tuple(changed),
            number[known(old.result)],
        )
        return self._bound(epilogue, inputs)

    def _bound(self, epilogue: Epilogue, inputs: list[tuple[str, int]]) -> Recognised:
        sources = dict(self._recognised.operands)
        operands: list[tuple[str, Any]] = [(n, sources[n]) for n in ("lhs", "rhs")]
        for position, (kind, index) in enumerate(inputs):
            if kind == "old":
                operands.append((f"in{position}", sources[f"in{index - 1}"]))
            else:
                operands.append((f"in{position}", self._sources[index]))
        problem = replace(self._problem, epilogue=epilogue)
        return replace(self._recognised, problem=problem, operands=tuple(operands))


def _bound(recognised: Recognised, context: ir.Context) -> Recognised:
    """A dispatch with the arrays among its operands as attributes of the module."""
    with context, ir.Location.unknown(context):
        operands = tuple(
            (name, ir.DenseElementsAttr.get(value) if isinstance(value, np.ndarray) else value)
            for name, value in recognised.operands
        )
    return replace(recognised, operands=operands)
