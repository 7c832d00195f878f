"""Splits a dispatch behind its product: the first part computes one value, the rest follows on its own.

Any value will do that all of the dispatch's results come through, and that is computed element by element
from the contraction. The fewest bytes are offered first, and among equally many the value with the most
operations in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import entry_of, is_static, symbol_of
from aie_conv.bridge.dispatch_call import DispatchCall, constant_operands
from aie_conv.bridge.recognition import contraction
from aie_conv.bridge.recognition.canonical import Ref
from aie_conv.bridge.recognition.contraction import Contraction, NoContraction, loop_sizes
from aie_conv.bridge.recognition.epilogue import Reader
from aie_conv.bridge.recognition.recognise import Recognised, function_of, read_stored
from aie_conv.bridge.requantisation.known_numbers import with_known_numbers
from aie_conv.bridge.requantisation.requantised import in_integers
from aie_conv.bridge.splits.cut import Cut, Follower
from aie_conv.bridge.tensors import (
    Linear,
    View,
    every_element,
    indexing,
    operations_of,
    row_major,
    tensor_type,
    walk,
)
from aie_conv.errors import Unsupported
from aie_conv.plan import Split
from aie_conv.problem import ConvProblem

_DTYPES = ("bf16", "f32", "i8", "i16", "i32")
"""Of values that may be stored in between."""


def split_behind(call: DispatchCall, reason: str) -> Iterator[DispatchCall]:
    """The call's first part for every place where it can be cut; ``follower`` is its rest.

    Args:
        call: a dispatch that multiplies, taken by a route or not.
        reason: why no route takes all of it.
    """
    executable = _executable(call.operation)
    unsplit = call.recognised.problem
    if executable is None or not isinstance(unsplit, ConvProblem) or not is_static(call.operation):
        return
    try:
        function = function_of(executable)
        root = contraction.analyse(contraction.find(function))
    except (NoContraction, Unsupported):
        return
    for place in _places(function, root):
        cut, recognised = _cut(executable, function, root, place) or (None, None)
        if cut is None or recognised is None:
            continue
        recognised = with_known_numbers(call.operation, recognised)
        recognised, note = in_integers(call.operation, recognised)
        follower = Follower(cut)
        yield replace(
            call,
            recognised=recognised,
            constants=constant_operands(call.operation, recognised),
            refusal="",
            note=note,
            split=Split(unsplit, follower.bytes, reason),
            follower=follower,
            unsplit=call,
        )


def _executable(call: ir.Operation) -> ir.Operation | None:
    """The executable that a dispatch calls."""
    symbol, _ = entry_of(call)
    module: Any = call.parent
    while module.operation.name != "builtin.module":
        module = module.operation.parent
    executables = (op for op in operations_of(module.operation) if op.name == "flow.executable")
    return next((op for op in executables if symbol_of(op) == symbol), None)


@dataclass(frozen=True)
class _Place:
    """A value that a dispatch may be cut at.

    Attributes:
        op: the linalg op that it belongs to.
        value: the op's result, or a scalar in its body.
        sizes: of the op's dims that the value walks.
    """

    op: ir.Operation
    value: ir.Value
    sizes: tuple[int, ...]

    @property
    def inside(self) -> bool:
        return not isinstance(self.value.type, ir.RankedTensorType)

    @property
    def dtype(self) -> str:
        return str(self.value.type) if self.inside else tensor_type(self.value)[1]

    def read(self, reader: Reader, dims: tuple[Linear, ...]) -> Ref:
        """The value at a place in the op's dims."""
        if not self.inside:
            return reader.tensor(self.value, dims)
        return reader.inside(self.op, self.value, dict(enumerate(dims)))


_BYTES = {"i8": 1, "i16": 2, "bf16": 2, "i32": 4, "f32": 4}


def _places(function: ir.Operation, root: Contraction) -> list[_Place]:
    """Where a dispatch may be cut, the best places first."""
    block: Any = function.regions[0].blocks[0]
    product = root.op.results[0]
    dependent = _dependents(block, product)
    places = [_Place(root.op, product, tensor_type(product)[0])]
    for view in block.operations:
        op = view.operation
        if op.name != "linalg.generic" or "reduction" in str(op.attributes["iterator_types"]):
            continue
        try:
            sizes = loop_sizes(op, indexing(op))
        except Unsupported:
            continue
        ordered = tuple(sizes[d] for d in sorted(sizes))
        inner = operations_of(op)
        places += [
            _Place(op, each.results[0], ordered)
            for each in inner
            if len(each.results) == 1 and each.results[0] in dependent
        ]
    fit = [p for p in places if p.dtype in _DTYPES and separates(function, product, p.value)]
    return sorted(reversed(fit), key=lambda p: _BYTES[p.dtype])


def _dependents(block: Any, product: ir.Value, *without: ir.Value) -> set[Any]:
    """The values that depend on the product by another way than through ``without``."""
    dependent: set[Any] = {product}.difference(without)

    def mark(op: ir.Operation) -> None:
        if op.name.startswith("linalg.") and len(op.regions):
            body: Any = op.regions[0].blocks[0]
            pairs = zip(body.arguments, op.operands, strict=False)
            dependent.update(argument for argument, operand in pairs if operand in dependent)
            for view in body.operations:
                mark(view.operation)
            last = body.operations[len(body.operations) - 1].operation
            pairs = zip(op.results, last.operands, strict=False)
            dependent.update(r for r, value in pairs if value in dependent and r not in without)
        elif any(v in dependent for inner in (op, *walk(op)) for v in inner.operands):
            dependent.update(r for r in op.results if r not in without)

    for view in block.operations:
        mark(view.operation)
    return dependent


def separates(function: ir.Operation, product: ir.Value, value: ir.Value) -> bool:
    """Whether everything that a dispatch stores comes from its product through a value.

    Args:
        function: the dispatch's.
        product: the product's result.
        value: a result of one of its operations, or a scalar in the body of one.
    """
    block: Any = function.regions[0].blocks[0]
    dependent = _dependents(block, product, value)
    stores = [op for op in operations_of(function) if not len(op.results)]
    return not any(operand in dependent for op in stores for operand in op.operands)


def _cut(
    executable: ir.Operation, function: ir.Operation, root: Contraction, place: _Place
) -> tuple[Cut, Recognised] | None:
    """The cut at a place, and what the first part computes; None where that cannot be read."""
    sizes = place.sizes
    there = every_element(sizes)
    reader = Reader(root)
    try:
        place.read(reader, there)
        if reader.at_root is None:
            return None
        # In the order of the product's own dims, as the first part writes fastest.
        walked = [form.variable for form in reader.at_root if form.variable is not None]
        dims = (*(d for d, size in enumerate(sizes) if size == 1), *walked)
        dims = dims if place.inside else tuple(range(len(sizes)))
        if sorted(dims) != list(range(len(sizes))):
            return None
        shape = tuple(sizes[d] for d in dims)
        out = View(None, None, "writeonly", place.dtype, shape, 0, row_major(shape), shape)
        recognised = read_stored(
            root, out, lambda reader, forms: place.read(reader, _order(dims, forms))
        )
    except Unsupported:
        return None
    return Cut(executable, function, place.op, place.value, dims, shape, place.dtype), recognised


def _order(dims: tuple[int, ...], stored: tuple[Linear, ...]) -> tuple[Linear, ...]:
    """The forms of an op's dims, from those of the stored tensor's."""
    return tuple(
        form for _, form in sorted(zip(dims, stored, strict=True), key=lambda pair: pair[0])
    )
