"""Epilogues that requantise in f32 or i64, in 32-bit integers: what the cores have vectors of.

Where all that stands between the sums and bytes is known when a module is compiled, it is a staircase of
the sums for each channel (:mod:`.staircase`), and an integer form takes its place: a sum and
its bias scaled (:mod:`.scaled_sums`), which needs the fewest numbers for a channel, or an
affine form.
The product of 32 by 32 bits is made of halves h and l with x = h 2^16 + l, l signed:

    (x y) >> 16 = (xh yh << 16) + xl yh + xh yl + (xl yl >> 16)   modulo 2^32
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.epilogue_edit import EpilogueEdit
from aie_conv.bridge.requantisation.epilogue_model import EpilogueModel
from aie_conv.bridge.requantisation.integer_forms import write_affine, write_scaled
from aie_conv.bridge.requantisation.known_inputs import KnownInputs
from aie_conv.bridge.requantisation.residual_sums import with_integer_sum
from aie_conv.bridge.requantisation.scaled_bytes import with_scaled_bytes
from aie_conv.bridge.requantisation.scaled_sums import ScaledSum, fit_scaled
from aie_conv.bridge.requantisation.staircase import FEW, Affine, fit, rises
from aie_conv.problem import ConvProblem, Epilogue

Array = NDArray[Any]

_SHARED = 1e-5
"""Of the sums that do not saturate, so many may be a step off in the form that programs share, however near
the other is."""


def in_integers(call: ir.Operation, recognised: Recognised) -> tuple[Recognised, str]:
    """A dispatch, what it requantises and sums between bytes in integers; and a word about it."""
    notes: list[str] = []
    for change in (requantised, with_scaled_bytes, with_integer_sum):
        recognised, note = change(call, recognised)
        notes += [note] if note else []
    return recognised, "; ".join(notes)


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
    best = _best(problem, KnownInputs(call, recognised, problem), count)
    if best is None:
        return recognised, ""
    total = best.affine.sums
    # A model of integers is exact; one of floats is off in a last place here and there by itself.
    if best.differing > (FEW * total if best.real else 0):
        return recognised, ""
    edit = EpilogueEdit(problem, recognised, call.context)
    root, last = best.ends
    if best.scaled is not None:
        changed = write_scaled(edit, last, best.scaled, best.flip)
    else:
        changed = write_affine(edit, (root, last), best.affine, best.flip)
    if not best.differing:
        return changed, "requantised in integers, equal for every sum"
    return changed, f"requantised in integers, one step off for {best.differing} of {total} sums"


def _best(problem: ConvProblem, constants: KnownInputs, count: int) -> _Form | None:
    """The integer form with the fewest sums that differ."""
    best: _Form | None = None
    for root in (0, *_biased(problem.epilogue)):
        model = EpilogueModel(problem.epilogue, constants, count, root)
        last = model.staircase()
        if last is None:
            continue
        real = "f32" in model.types(last)
        form = _form(problem, model, last, real=real)
        if form is not None and (best is None or form.differing < best.differing):
            best = form
        # Rounding of integers may turn on the sign of one of these values.
        if real or (best is not None and not best.differing):
            break
    return best


@dataclass(frozen=True)
class _Form:
    """What a requantisation is replaced by.

    Attributes:
        ends: the value that it is a function of, and its result.
        affine: the form for any staircase.
        scaled: the form that is taken instead; None where the staircase has none as near.
        flip: what to add to results: 128 where bytes are unsigned.
        real: whether the model computes in f32.
    """

    ends: tuple[int, int]
    affine: Affine
    scaled: ScaledSum | None
    flip: int
    real: bool

    @property
    def differing(self) -> int:
        """Sums for which the form's result is another than the model's."""
        return (self.affine if self.scaled is None else self.scaled).differing


def _form(problem: ConvProblem, model: EpilogueModel, last: int, *, real: bool) -> _Form | None:
    """The integer form of a value as a function of the model's root; None where there is none."""
    sure = model.root == 0 and problem.lhs.dtype == "i8"
    most = prod(loop.size for loop in problem.of_role("k")) * 2**14 if sure else 2**30
    if most > 2**30:
        return None
    function, flip = _function(model, last, most)
    places = rises(function, -most, most, model.channels)
    affine = _affine(model, function, places, most, bent=not real)
    if affine is None or (not sure and not _saturates(affine, most)):
        return None
    allowed = max(2 * affine.differing, int(_SHARED * affine.sums) if real else 0)
    scaled = _scaled(model, affine, places, most, flip, allowed) if sure else None
    return _Form((model.root, last), affine, scaled, flip, real)


def _scaled(
    model: EpilogueModel, affine: Affine, places: Array, most: int, flip: int, allowed: int
) -> ScaledSum | None:
    """The form of a staircase as a scaled sum, where it is near enough to the model.

    What programs share counts for more than a few sums that the affine form has and this one has not. The
    bias is what the model adds to the sum in integers, or what its scaled bias comes to.

    Args:
        model: with its constants.
        affine: the other form.
        places: where the model rises.
        most: how far the sums go to either side.
        flip: what is added to results.
        allowed: sums that may differ.
    """
    zeros = [zero for c in _numbers(model.epilogue) if -128 <= (zero := c - flip) < 128]
    tried = [(_known_bias(model), zeros), *((affine.bias(zero), [zero]) for zero in zeros)]
    for bias, wanted in tried:
        form = fit_scaled(places, bias, wanted, (-most, most))
        if form is not None and form.differing <= allowed:
            return form
    return None


def _biased(epilogue: Epilogue) -> list[int]:
    """Values that are the sum and other terms, in i32."""
    sums = [0]
    for number, step in enumerate(epilogue.steps):
        added = step.op in ("arith.addi", "arith.subi") and step.dtype == "i32"
        if added and step.args[0] in sums:
            sums.append(number + 1 + len(epilogue.inputs))
    return sums[1:]


def _known_bias(model: EpilogueModel) -> Array:
    """What is added to the sum first, for every channel."""
    bias, value = np.zeros(model.channels, np.int64), 0
    for number in _biased(model.epilogue):
        step = model.step(number)
        term = model.constant(step.args[1])
        if step.args[0] != value or term is None:
            break
        bias = bias + term if step.op == "arith.addi" else bias - term
        value = number
    return bias


def _numbers(epilogue: Epilogue) -> list[int]:
    """0, and the whole numbers among an epilogue's constants."""
    steps = (step for step in epilogue.steps if step.op == "arith.constant")
    numbers = [step.attr for step in steps if isinstance(step.attr, int | float)]
    return list(
        dict.fromkeys(
            [0, *(int(each) for each in numbers if abs(each) <= 255 and each == int(each))]
        )
    )


def _saturates(affine: Affine, most: int) -> bool:
    """Whether results stay the same from within [-most, most] on: sums may go on beyond it."""
    return bool((affine.low > -most).all() and (affine.high < most).all())


def _function(model: EpilogueModel, last: int, most: int) -> tuple[Callable[[Array], Array], int]:
    """A value as a function of the sum, not falling, and what to add to it: 128 where bytes are unsigned."""
    ends = [model.value(last, np.full((1, model.channels), x, np.int64)) for x in (-most, most)]
    flip = 128 if (ends[0] > ends[1]).any() else 0

    def function(x: Array) -> Array:
        values = model.value(last, x).astype(np.int64)
        return (values % 256) - 128 if flip else values

    return function, flip


def _affine(
    model: EpilogueModel,
    function: Callable[[Array], Array],
    places: Array,
    most: int,
    *,
    bent: bool,
) -> Affine | None:
    """The affine form of a staircase."""
    affine = fit(places, -most, most, bent=bent)
    if affine is None or affine.differing:
        return affine
    # The model must not fall anywhere; that is how its operations were chosen, and a sample agrees.
    rng = np.random.default_rng(0)
    x = rng.integers(-most, most + 1, (2048, model.channels))
    inner = rng.integers(affine.low - 2, affine.high + 3, (1024, model.channels))
    x[:1024] = inner.clip(-most, most)
    return affine if (function(x) == affine.apply(x)).all() else None
