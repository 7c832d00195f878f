"""Dispatches whose bodies take elements of tensors by computed places: resizes, reflections, reversed axes.

The places are computed here (:mod:`.interpreter`): what they are decides, not how a front end
writes them. Each dim of the source must be walked by one loop of the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from iree.compiler import ir

from aie_conv.bridge.dispatch import LOAD
from aie_conv.bridge.recognition.canonical import Ref
from aie_conv.bridge.recognition.epilogue import Reader, arguments_read
from aie_conv.bridge.recognition.interpreter import Inside, NumberArray, ScalarBody, along, spread
from aie_conv.bridge.tensors import Linear, View, owner, row_major, slice_view, walk
from aie_conv.errors import Unsupported

_DIVISIONS = ("arith.divsi", "arith.divui", "arith.floordivsi")


@dataclass(frozen=True)
class TakenElements:
    """How an input's elements are taken.

    Attributes:
        unit: elements from one place to the next, by the variable that walks it.
        places: which place each value of the variable takes.
    """

    unit: Mapping[int, int]
    places: Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class Settled:
    """An input's walk beside the form of its place.

    Attributes:
        offset: elements in front of its first.
        strides: of variables.
        places: of variables that take its elements in no even steps, in their strides.
    """

    offset: int
    strides: Mapping[int, int]
    places: Mapping[int, tuple[int, ...]]


@dataclass
class GatherReader(Reader):
    """Reads an epilogue that may take elements by computed places.

    Attributes:
        inside_call: the dispatch's known tensors.
        sizes: of the variables.
        taken: of each input, by its number, that is taken so.
    """

    inside_call: Inside = field(kw_only=True)
    sizes: Sequence[int] = field(kw_only=True)
    taken: dict[int, TakenElements] = field(default_factory=dict[int, TakenElements])
    _body: ScalarBody | None = None

    def inside(self, op: ir.Operation, value: ir.Value, dims: Mapping[int, Linear]) -> Ref:
        """As :meth:`Reader.inside`."""
        before, every = self._body, spread(self.sizes)
        places = [along(dims[dim], every) if dim in dims else every[0] for dim in range(len(dims))]
        self._body = ScalarBody(op, places, self.inside_call.of)
        # What stands in front of this operation has a body of its own, which it leaves.
        result = super().inside(op, value, dims)
        self._body = before
        return result

    def _arguments_read(self, block: Any, value: ir.Value) -> set[int]:
        return _direct_arguments(block, value)

    def _in_steps(self, number: int) -> bool:
        return number not in self.taken

    def _extract(self, op: ir.Operation) -> Ref:
        load = owner(op.operands[0])
        if self._body is None or load is None or load.name != LOAD:
            raise Unsupported("elements are taken of what is computed beside them")
        view = slice_view(load, load.operands[0], op.operands[0])
        place, unit, places = Linear(view.offset), dict[int, int](), dict[int, tuple[int, ...]]()
        indices = [self._body.numbers(index) for index in list(op.operands)[1:]]
        for index, stride, size in zip(indices, view.strides, view.sizes, strict=True):
            if index.min() < 0 or index.max() >= size:
                raise Unsupported("elements are taken outside of a tensor")
            form, gathered = self._walked(index)
            place = place.plus(form.scaled(stride))
            for variable, values in gathered.items():
                if variable in unit:
                    raise Unsupported("elements are taken along a diagonal")
                unit[variable], places[variable] = stride, values
        taken = TakenElements(unit, places)
        for number in self._inputs_like(view, place):
            if self.taken.get(number) == taken:
                return ("in", number)
        number = self._add_input(view, place)
        self.taken[number] = taken
        return ("in", number)

    def _walked(self, index: NumberArray) -> tuple[Linear, dict[int, tuple[int, ...]]]:
        """A dim's places as a form of variables, or those that one variable takes.

        Raises:
            Unsupported: they are neither.
        """
        rank = len(self.sizes)
        index = index.reshape((1,) * (rank - index.ndim) + index.shape)
        lines: dict[int, NumberArray] = {}
        for variable in range(rank):
            line = index[tuple(slice(None) if v == variable else 0 for v in range(rank))]
            if line.size > 1 and (line != line[0]).any():
                lines[variable] = line.astype(np.int64)
        first = int(index.reshape(-1)[0])
        every, total = spread(self.sizes), np.array(first, np.int64)
        for variable, line in lines.items():
            total = total + (line - first)[every[variable]]
        if not np.array_equal(np.broadcast_to(total, index.shape), index):
            raise Unsupported("places that two dims decide together")
        steps = {v: int(line[1]) - first for v, line in lines.items()}
        if len(lines) == 1:
            return Linear(), {v: tuple(line.tolist()) for v, line in lines.items()}
        for v, line in lines.items():
            if steps[v] < 0 or not np.array_equal(line, first + np.arange(len(line)) * steps[v]):
                raise Unsupported("uneven places along several dims")
        return Linear.of(first, steps), {}

    def settle(self) -> dict[int, Settled]:
        """How each input that is taken by places is walked: those of one buffer alike."""
        groups: dict[Any, list[int]] = {}
        for number in self.taken:
            groups.setdefault(self.inputs[number][0].key[:2], []).append(number)
        return {
            number: _settle(self.taken[number], [self.taken[other] for other in group])
            for group in groups.values()
            for number in group
        }


def _settle(taken: TakenElements, group: Sequence[TakenElements]) -> Settled:
    """One input of those of a buffer.

    Raises:
        Unsupported: one variable walks different dims of the buffer.
    """
    offset, strides, places = 0, dict[int, int](), dict[int, tuple[int, ...]]()
    for variable in sorted({v for each in group for v in each.unit}):
        walks = {(each.unit.get(variable), each.places.get(variable)) for each in group}
        if len({unit for unit, _ in walks}) > 1:
            raise Unsupported("elements of one tensor are taken along several dims by one")
        unit, line = taken.unit[variable], taken.places[variable]
        step = line[1] - line[0]
        even = step > 0 and line == tuple(range(line[0], line[0] + len(line) * step, step))
        if even and len(walks) == 1:
            strides[variable] = unit * step
            offset += unit * line[0]
        else:
            strides[variable], places[variable] = unit, line
    return Settled(offset, strides, places)


def _direct_arguments(block: Any, value: ir.Value) -> set[int]:
    """The numbers of a block's arguments that a value is computed from, but not those of places alone."""
    waiting, read, seen = [value], set[int](), set[Any]()
    while waiting:
        each = waiting.pop()
        op = owner(each)
        if each in seen or (op is not None and op.name == "tensor.extract"):
            continue
        seen.add(each)
        if op is None:
            read |= arguments_read(block, each)
        else:
            waiting += op.operands
    return read


def takes_elements(function: ir.Operation) -> bool:
    """Whether a dispatch's function takes elements by computed places."""
    return any(op.name == "tensor.extract" for op in walk(function))


def unflatten(function: ir.Operation, out: View) -> tuple[View, Linear | None]:
    """A flat result with the dims by which its body takes it apart, and the flat dim as a form of them.

    None in place of the form where the result has its dims.

    Raises:
        Unsupported: its body's divisors are not those of its size.
    """
    divisors = _divisors(function) if len(out.sizes) == 1 else []
    if not divisors:
        return out, None
    inner = prod(divisors)
    if any(divisor < 1 for divisor in divisors) or out.sizes[0] % inner:
        raise Unsupported(f"a result of {out.sizes[0]} elements that is taken apart by {divisors}")
    sizes = (out.sizes[0] // inner, *reversed(divisors))
    steps, (step,) = row_major(sizes), out.strides
    shaped = View(
        out.argument, out.constant, out.access, out.dtype, out.shape, out.offset,
        tuple(step * each for each in steps), sizes,
    )  # fmt: skip
    return shaped, Linear.of(0, {v: each for v, each in enumerate(steps) if sizes[v] > 1})


def _divisors(function: ir.Operation) -> list[int]:
    """What an index is divided by, again and again."""
    divisors = list[int]()
    value = next((op.results[0] for op in walk(function) if op.name == "linalg.index"), None)
    while value is not None:
        quotient = None
        for use in value.uses:
            op = use.owner.operation
            by = (
                owner(op.operands[1]) if op.name in _DIVISIONS and op.operands[0] == value else None
            )
            if by is not None and by.name == "arith.constant":
                quotient = op.results[0]
                divisors.append(ir.IntegerAttr(by.attributes["value"]).value)
                break
        value = quotient
    return divisors
