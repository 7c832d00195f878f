"""A long epilogue with a residual in two functions.

The first makes a value of the output's type of the sums, the second joins the residual to it. The first is
that of layers without a residual, so that a program has it once for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from aie_conv.codegen.activations import live_steps
from aie_conv.codegen.parametric import MOST_CONSTANTS
from aie_conv.codegen.parametric_epilogue import LONG, ParametricEpilogue
from aie_conv.problem import Epilogue


@lru_cache(maxsize=1024)
def functions_of(epilogue: ParametricEpilogue) -> tuple[ParametricEpilogue, ...]:
    """The functions that an epilogue consists of: itself, or one without a residual and one that joins it."""
    split = _split(epilogue)
    if split is None:
        return (epilogue,)
    before, behind = split
    first = replace(epilogue, epilogue=before, residual=None)
    second = replace(
        epilogue,
        epilogue=behind,
        accumulator=epilogue.out_dtype,
        residual=0,
        skipped=len(first.constants),
    )
    if len(first.constants) + len(second.constants) > MOST_CONSTANTS:
        return (epilogue,)
    return first, second


def _split(joined: ParametricEpilogue) -> tuple[Epilogue, Epilogue] | None:
    """The operations up to a value of the output's type, and those that join the residual to it."""
    steps = joined.epilogue.steps
    if joined.residual is None or len(steps) <= LONG:
        return None
    first = 1 + len(joined.epilogue.inputs)
    for number in reversed(range(len(steps))):
        value = first + number
        if value == joined.epilogue.result or steps[number].dtype != joined.out_dtype:
            continue
        ahead = live_steps(replace(joined.epilogue, result=value), {})
        behind = _behind(joined.epilogue, value)
        used = _inputs(joined.epilogue, ahead)
        if 1 + joined.residual in used or 0 not in used or behind is None:
            continue
        if _inputs(joined.epilogue, behind) == {1 + joined.residual}:
            kept = [i for i in range(len(joined.epilogue.inputs)) if i != joined.residual]
            before = _chosen(joined.epilogue, ahead, {0: 0}, kept, value)
            joins = _chosen(
                joined.epilogue, behind, {value: 0}, [joined.residual], joined.epilogue.result
            )
            return before, joins
    return None


def _behind(epilogue: Epilogue, value: int) -> frozenset[int] | None:
    """The steps that the result needs besides those behind a value; None where it does not need this."""
    first, behind, needed = 1 + len(epilogue.inputs), set[int](), False
    waiting = [epilogue.result]
    while waiting:
        number = waiting.pop()
        needed |= number == value
        if number != value and number >= first and number - first not in behind:
            behind.add(number - first)
            waiting += epilogue.steps[number - first].args
    return frozenset(behind) if needed else None


def _inputs(epilogue: Epilogue, steps: Iterable[int]) -> set[int]:
    """The sums and inputs that steps use, as values."""
    return {v for i in steps for v in epilogue.steps[i].args if v <= len(epilogue.inputs)}


def _chosen(
    epilogue: Epilogue,
    steps: frozenset[int],
    places: dict[int, int],
    kept: list[int],
    result: int,
) -> Epilogue:
    """An epilogue of some of another one's steps and inputs.

    Args:
        epilogue: the other one.
        steps: numbers of its steps.
        places: values of the new one by those of the other, to begin with.
        kept: indices of its inputs, all of which the new one has.
        result: the other's value that is the new one's.
    """
    places = {**places, **{1 + index: 1 + new for new, index in enumerate(kept)}}
    first, chosen = 1 + len(epilogue.inputs), list[int](sorted(steps))
    places |= {first + number: 1 + len(kept) + new for new, number in enumerate(chosen)}
    renumbered = tuple(
        replace(epilogue.steps[i], args=tuple(places[v] for v in epilogue.steps[i].args))
        for i in chosen
    )
    return Epilogue(tuple(epilogue.inputs[i] for i in kept), renumbered, places[result])
