"""The values of counters that a loop carries, found by counting: exact where all of it is known."""

import operator
from collections.abc import Callable
from math import gcd

from aie_conv.ir.core import Op, Value
from aie_conv.sim.model.ranges import Range

MOST_TRIPS = 1 << 14
"""Trips that are counted through; of longer loops nothing is said."""

_STEPS: dict[str, Callable[[int, int], int]] = {
    "arith.addi": operator.add,
    "arith.subi": operator.sub,
    "arith.muli": operator.mul,
    "arith.minsi": min,
    "arith.maxsi": max,
}
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
}

KnownValues = dict[Value, int]


def carried_ranges(
    loop: Op, trips: int, first: tuple[int, int], constant: Callable[[Value], int | None]
) -> dict[Value, Range]:
    """What the index values take that an ``scf.for`` carries, over all trips.

    Args:
        loop: the operation.
        trips: how often it runs.
        first: the induction variable's first value and its step.
        constant: the value of what is defined outside, if it is known.
    """
    block = loop.blocks[0]
    places = [i for i, value in enumerate(block.args) if i and value.type.elem == "index"]
    if not places or not 0 < trips <= MOST_TRIPS:
        return {}
    steps = _needed(loop, places)
    inputs = {value for op in steps for value in op.operands}
    inputs.update(block.ops[-1].operands[i - 1] for i in places)
    outside = {value: known for value in inputs if (known := constant(value)) is not None}
    now = {block.args[i]: constant(loop.operands[2 + i]) for i in places}
    seen: dict[Value, set[int | None]] = {value: set() for value in now}
    for trip in range(trips):
        values: KnownValues = dict(outside)
        values[block.args[0]] = first[0] + trip * first[1]
        values.update((value, known) for value, known in now.items() if known is not None)
        for value, known in now.items():
            seen[value].add(known)
        _run(steps, values)
        now = {block.args[i]: values.get(block.ops[-1].operands[i - 1]) for i in places}
    return {value: _range(numbers) for value, numbers in seen.items() if None not in numbers}


def _needed(loop: Op, places: list[int]) -> list[Op]:
    """The operations that the next values of the carried counters are made by, in order."""
    ops = loop.blocks[0].ops
    wanted = {ops[-1].operands[i - 1] for i in places}
    needed: list[Op] = []
    for op in reversed(ops[:-1]):
        if wanted.intersection(op.results) and not op.blocks:
            needed.append(op)
            wanted.update(op.operands)
    return needed[::-1]


def _run(steps: list[Op], values: KnownValues) -> None:
    """Compute what is known of one trip."""
    for op in steps:
        result = _value(op, [values.get(value) for value in op.operands])
        if result is not None:
            values[op.results[0]] = result


def _value(op: Op, operands: list[int | None]) -> int | None:
    if op.name == "arith.constant":
        value = op.attrs["value"]
        return int(value) if isinstance(value, int) else None
    if op.name == "arith.select":
        holds = operands[0]
        return None if holds is None else operands[1 if holds else 2]
    left, right = operands if len(operands) == 2 else (None, None)
    if left is None or right is None:
        return None
    if op.name == "arith.cmpi":
        compare = _COMPARE.get(str(op.attrs["predicate"]))
        return None if compare is None else int(compare(left, right))
    step = _STEPS.get(op.name)
    return None if step is None else step(left, right)


def _range(numbers: set[int | None]) -> Range:
    values = sorted(value for value in numbers if value is not None)
    return Range(values[0], values[-1], gcd(*(value - values[0] for value in values)))
