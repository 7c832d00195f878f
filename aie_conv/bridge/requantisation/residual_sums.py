"""Sums and products of bytes with scales of their own, in integers where pairs of bytes agree.

Residuals and gates between QuantizeLinear and DequantizeLinear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.byte_products import ByteProduct, fit_product
from aie_conv.bridge.requantisation.byte_sums import ByteSum, fit_sum
from aie_conv.bridge.requantisation.epilogue_edit import EpilogueEdit, ValueRef
from aie_conv.bridge.requantisation.epilogue_model import EpilogueModel
from aie_conv.bridge.requantisation.integer_forms import flip_sign, write_product, write_sum
from aie_conv.bridge.requantisation.known_inputs import KnownInputs
from aie_conv.problem import OperationProblem

Array = NDArray[Any]


@dataclass(frozen=True)
class _Pair:
    """A value that two bytes decide.

    Attributes:
        value: its number.
        bytes: numbers of the bytes'.
        unsigned: which of the two are unsigned.
        flip: 128 where the result is unsigned.
        form: what takes its place.
    """

    value: int
    bytes: tuple[int, int]
    unsigned: tuple[bool, bool]
    flip: int
    form: ByteSum | ByteProduct


def with_integer_sum(call: ir.Operation, recognised: Recognised) -> tuple[Recognised, str]:
    """A dispatch whose sum or product of two quantised values is one of integers; and a word about it."""
    problem = recognised.problem
    if problem is None or recognised.refusal is not None:
        return recognised, ""
    if isinstance(problem, OperationProblem) and (problem.gathers or problem.same_as):
        # These count the operands, which come in another order.
        return recognised, ""
    model = EpilogueModel(problem.epilogue, KnownInputs(call, recognised, problem), 1)
    found = _find(model, problem.accumulator)
    if found is None:
        return recognised, ""
    edit = EpilogueEdit(problem, recognised, call.context)
    operands: list[ValueRef] = []
    for byte, unsigned in zip(found.bytes, found.unsigned, strict=True):
        operands.append(flip_sign(edit, ("old", byte)) if unsigned else ("old", byte))
    pair = operands[0], operands[1]
    if isinstance(found.form, ByteSum):
        what, changed = "summed", write_sum(edit, found.value, found.form, pair, found.flip)
    else:
        what, changed = "multiplied", write_product(edit, found.value, found.form, pair, found.flip)
    if isinstance(changed.problem, OperationProblem) and isinstance(problem, OperationProblem):
        kept = replace(changed.problem, cpu_work=problem.cpu_work or problem.work)
        changed = replace(changed, problem=kept)
    if not found.form.differing:
        return changed, f"{what} in integers, equal for every pair of bytes"
    return (
        changed,
        f"{what} in integers, one step off for {found.form.differing} of 65536 pairs of bytes",
    )


def _find(model: EpilogueModel, accumulator: str) -> _Pair | None:
    """The last value of an epilogue that two bytes decide by operations on floats."""
    epilogue = model.epilogue
    first = 1 + len(epilogue.inputs)
    for number in reversed(range(len(epilogue.steps))):
        step = epilogue.steps[number]
        if step.dtype != "i8" or step.op not in ("arith.fptosi", "arith.trunci"):
            continue
        pair = _pair_of(model, first + number, accumulator)
        known = _fit(model, first + number, *pair) if pair is not None else None
        if known is not None:
            return known
    return None


def _pair_of(
    model: EpilogueModel, value: int, accumulator: str
) -> tuple[tuple[int, int], dict[int, Array]] | None:
    """The two bytes that decide a value, with operations on floats behind them, and the numbers beside them.

    None where something else decides it.
    """
    waiting, seen, bytes_, numbers = [value], set[int](), set[int](), dict[int, Array]()
    floats = False
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        constant = model.constant(each)
        if constant is not None:
            if (constant != constant[0]).any():
                return None
            numbers[each] = constant[:1]
            continue
        dtype = model.epilogue.value_dtype(each, accumulator)
        if each != value and dtype == "i8":
            bytes_.add(each)
            continue
        if each <= len(model.epilogue.inputs) or not model.takes(model.step(each)):
            return None
        floats |= dtype == "f32"
        waiting += model.step(each).args
    if not floats or len(bytes_) != 2:
        return None
    first, second = sorted(bytes_)
    return (first, second), numbers


def _fit(
    model: EpilogueModel, value: int, pair: tuple[int, int], numbers: dict[int, Array]
) -> _Pair | None:
    """The form of a value of two bytes; either may be unsigned, and so may the result."""
    signed = np.arange(-128, 128).astype(np.int8)
    grids = np.meshgrid(signed, signed, indexing="ij")
    values = {byte: grid for byte, grid in zip(pair, grids, strict=True)}
    table = model.evaluate(value, {**numbers, **values}).astype(np.int64)
    for flip in (0, 128):
        results = (table % 256) - 128 if flip else table
        for unsigned in _signs(results):
            turned = results
            for axis in (axis for axis in (0, 1) if unsigned[axis]):
                turned = np.roll(turned, 128, axis)
            form = _form(turned, numbers.values())
            if form is not None:
                return _Pair(value, pair, unsigned, flip, form)
    return None


def _signs(table: Array) -> list[tuple[bool, bool]]:
    """Which of two bytes may be unsigned: where a function goes one way along a byte, that tells."""
    turned = [_is_turned(table, axis) for axis in (0, 1)]
    first, second = ([False, True] if each is None else [each] for each in turned)
    return [(a, b) for a in first for b in second]


def _form(table: Array, numbers: Iterable[Array]) -> ByteSum | ByteProduct | None:
    """The form of a function of two bytes as signed numbers: a sum, or a product."""
    integers = np.arange(-128, 128)
    if None not in (_is_turned(table, axis) for axis in (0, 1)):
        form = fit_sum(table, integers, integers)
        if form is not None:
            return form
    constants = {float(each[0]) for each in numbers} | {0.0}
    whole = {int(each) for each in constants if each == round(each)}
    # Those of unsigned bytes are less by 128 where their sign is turned.
    return fit_product(table, integers, integers, whole | {each - 128 for each in whole})


def _is_turned(table: Array, axis: int) -> bool | None:
    """Whether a byte is unsigned: the function goes one way along it then alone; None where it never does."""
    for turned in (False, True):
        steps = np.diff(np.roll(table, 128, axis) if turned else table, axis=axis)
        if (steps >= 0).all() or (steps <= 0).all():
            return turned
    return None
