"""Steps of an epilogue that operands alone decide which are the same for many blocks: done once for these."""

from collections.abc import Collection
from functools import lru_cache

from aie_conv.codegen.epilogue_blocks import COMPARE
from aie_conv.codegen.replacements import Replacements, replacements
from aie_conv.problem import Epilogue


@lru_cache(maxsize=512)
def early_steps(
    epilogue: Epilogue, accumulator: str, shorts: bool, inputs: frozenset[int]
) -> tuple[int, ...]:
    """The numbers of such steps that have a value, in their order; constants left out.

    Args:
        epilogue: the operations.
        accumulator: type of its first value.
        shorts: as of :func:`aie_conv.codegen.replacements.replacements`.
        inputs: indices of the inputs that stay.
    """
    replaced = replacements(epilogue, accumulator, shorts)
    first = 1 + len(epilogue.inputs)
    known, early = {1 + index for index in inputs}, list[int]()
    for number, step in enumerate(epilogue.steps):
        if number in replaced.absorbed or not known.issuperset(
            _sources(epilogue, replaced, number)
        ):
            continue
        known.add(first + number)
        # A comparison is written with what selects by it.
        if step.op != "arith.constant" and step.op not in COMPARE:
            early.append(number)
    return tuple(early)


def _sources(epilogue: Epilogue, replaced: Replacements, number: int) -> Collection[int]:
    """The values that a step, or what stands in its place, is computed of."""
    for each in (replaced.functions, replaced.scalings, replaced.products):
        if number in each:
            return each[number].sources
    return epilogue.steps[number].args
