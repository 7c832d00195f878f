"""A byte that follows from another one by floats and numbers of each channel: a norm between bytes.

Of every channel the model's own operations give a table of 256 results. Where each table goes one way, what
programs have behind products takes its place, a scaled sum (:mod:`.scaled_sums`) without a sum: two numbers
for a channel, whatever the norm had. A falling channel is a rising one of ~x, which is -1 - x:

    ((~x << left) + bias) * factor = ((x << left) + (1 << left) - bias) * -factor
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.epilogue_edit import EpilogueEdit
from aie_conv.bridge.requantisation.epilogue_model import EpilogueModel
from aie_conv.bridge.requantisation.integer_forms import write_scaled
from aie_conv.bridge.requantisation.known_inputs import KnownInputs, find_channels
from aie_conv.bridge.requantisation.scaled_sums import ScaledSum, fit_scaled
from aie_conv.bridge.requantisation.staircase import FEW, fit_line
from aie_conv.problem import OperationProblem

Array = NDArray[Any]

_LEAST, _MOST = -128, 127
_FAR_BIASES = (2.0**14, 2.0**16)
"""Bounds of biases that are tried: with a greater one a channel that is all but constant is nearer to the
model, but all have fewer places."""


@dataclass(frozen=True)
class ScaledBytes:
    """The form of a table for each channel.

    Attributes:
        form: the scaled sum of the byte; its numbers may be negative.
        unsigned: whether the byte is.
        flip: what to add to results: 128 where they are unsigned.
        inside: bytes of all channels whose result no bound cuts off.
    """

    form: ScaledSum
    unsigned: bool
    flip: int
    inside: int


def with_scaled_bytes(call: ir.Operation, recognised: Recognised) -> tuple[Recognised, str]:
    """A dispatch whose norm between bytes is one of integers; and a word about it."""
    problem = recognised.problem
    if (
        not isinstance(problem, OperationProblem)
        or recognised.refusal is not None
        or problem.accumulator != "i8"
        or problem.by_rows
        or problem.gathers
        or problem.same_as
    ):
        return recognised, ""
    channels = find_channels(problem)
    count = prod(problem.loops[i].size for i in channels)
    known = KnownInputs(call, recognised, problem, channels)
    model = EpilogueModel(problem.epilogue, known, count)
    last = _find_value(model)
    if not channels or last is None:
        return recognised, ""
    real = "f32" in model.types(last)
    scaled = fit_bytes(_table(model, last), _zeros(model))
    if scaled is None or scaled.form.differing > (FEW * scaled.inside if real else 0):
        return recognised, ""
    edit = EpilogueEdit(problem, recognised, call.context, channels)
    byte = edit.do("extui" if scaled.unsigned else "extsi", ("old", 0))
    changed = write_scaled(edit, last, scaled.form, scaled.flip, byte)
    if not scaled.form.differing:
        return changed, "requantised in integers, equal for every byte"
    off = f"{scaled.form.differing} of {256 * count} bytes of channels"
    return changed, f"requantised in integers, one step off for {off}"


def _find_value(model: EpilogueModel) -> int | None:
    """The last value of i8 that value 0 decides with numbers of each channel; None where none has any."""
    first = 1 + len(model.epilogue.inputs)
    for number in reversed(range(len(model.epilogue.steps))):
        step = model.epilogue.steps[number]
        ends = step.dtype == "i8" and step.op in ("arith.fptosi", "arith.trunci")
        if ends and _follows(model, first + number):
            return first + number
    return None


def _follows(model: EpilogueModel, value: int) -> bool:
    """Whether value 0 and known numbers, some of each channel, decide a value, by floats or wide integers."""
    waiting, seen, inputs = [value], {0}, False
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        if model.constant(each) is not None:
            numbers = model.constant(each)
            inputs |= numbers is not None and bool((numbers != numbers[0]).any())
            continue
        if each <= len(model.epilogue.inputs) or not model.takes(model.step(each)):
            return False
        waiting += model.step(each).args
    return inputs and bool(model.types(value) & {"f32", "i64"})


def _table(model: EpilogueModel, value: int) -> Array:
    """(256, channels): a value for every byte from -128 on, as the model computes it."""
    bytes_ = np.arange(_LEAST, _MOST + 1).astype(np.int8)[:, None]
    every = np.repeat(bytes_, model.channels, axis=1)
    return np.broadcast_to(model.evaluate(value, {0: every}), every.shape).astype(np.int64)


def _zeros(model: EpilogueModel) -> list[int]:
    """0, and the whole numbers among an epilogue's constants: zero points that results may have."""
    numbers = [
        model.constant(1 + len(model.epilogue.inputs) + i) for i in range(len(model.epilogue.steps))
    ]
    whole = [int(n[0]) for n in numbers if n is not None and abs(n[0]) <= 255 and n[0] == int(n[0])]
    return list(dict.fromkeys([0, *whole]))


def fit_bytes(table: Array, zeros: list[int]) -> ScaledBytes | None:
    """The form of a table for each channel with the fewest bytes that differ; None where there is none.

    Args:
        table: (256, channels), from -128 to 127, by byte from -128 on.
        zeros: results that a byte may be scaled around.
    """
    for unsigned, flip, results in _readings(table):
        falls = results[-1] < results[0]
        rising = np.where(falls, results[::-1], results)
        if (np.diff(rising, axis=0) < 0).any():
            continue
        form = _fit(rising, [zero - flip for zero in zeros])
        if form is None:
            return None
        form = _turn_falling(form, falls)
        form = replace(form, bias=form.bias - (128 << form.left)) if unsigned else form
        x = np.arange(256) if unsigned else np.arange(_LEAST, _MOST + 1)
        away = np.abs(form.apply(x[:, None]) - results)
        if away.max() > 1:
            return None
        inside = int(((results > form.low) & (results < form.high)).sum())
        return ScaledBytes(replace(form, differing=int(away.sum())), unsigned, flip, inside)
    return None


def _readings(table: Array) -> Iterator[tuple[bool, int, Array]]:
    """A table with byte and result read with and without a sign: results by rising bytes."""
    for unsigned in (False, True):
        ordered = np.roll(table, 128, axis=0) if unsigned else table
        for flip in (0, 128):
            yield unsigned, flip, (ordered % 256) - 128 if flip else ordered


def _fit(rising: Array, zeros: list[int]) -> ScaledSum | None:
    """The scaled sum of rising tables."""
    results = np.arange(-127, 128)
    counts = [np.searchsorted(column, results) for column in rising.T]
    places = np.stack(counts, axis=1) + _LEAST
    slope, start = fit_line(places, _LEAST, _MOST)
    forms: list[ScaledSum] = []
    for zero in (zero for zero in zeros if _LEAST <= zero <= _MOST):
        above = start - zero - 0.5
        for most in _FAR_BIASES:
            far = np.abs(above) >= slope * most
            bias = np.where(far, np.sign(above) * most, above / np.where(far, 1.0, slope))
            form = fit_scaled(places, bias, [zero], (_LEAST, _MOST))
            forms += [form] if form is not None else []
    return min(forms, key=lambda form: form.differing, default=None)


def _turn_falling(form: ScaledSum, falls: Array) -> ScaledSum:
    """The form of ~x, of some channels, as one of x."""
    bias = np.where(falls, (1 << form.left) - form.bias, form.bias)
    return replace(form, bias=bias, factor=np.where(falls, -form.factor, form.factor))
