"""Copies into a slice of a larger tensor, by the dispatch that computes what is copied.

IREE pads an image by a dispatch that only copies where the image has other readers too. Here the dispatch
that computes it stores it in its place of the larger tensor, and its other readers read it there: then
nothing lies between two products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.cut import clone_executable
from aie_conv.bridge.dispatch import (
    LOAD,
    STORE,
    call_arguments,
    entry_of,
    is_static,
    symbol_of,
    tied_operands,
)
from aie_conv.bridge.recognise import function_of
from aie_conv.bridge.tensors import operations_of, owner, walk
from aie_conv.errors import AieConvError

_DYNAMIC = -(2**63)


@dataclass(frozen=True)
class _Slice:
    """Where a copy puts what it reads.

    Attributes:
        kind: the type of the tensor that it is a slice of.
        offsets: its first element.
        sizes: its shape.
    """

    kind: ir.Type
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass
class _Folder:
    """Folds the copies of a module.

    Attributes:
        module: at `flow`.
        written: new executables' symbols, by the old one's and what differs.
    """

    module: ir.Operation
    written: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def __post_init__(self) -> None:
        self._executables = {
            symbol_of(view.operation): view.operation
            for view in self.module.regions[0].blocks[0].operations
            if view.operation.name == "flow.executable"
        }

    def fold(self) -> int:
        """Fold every copy that can be; their number."""
        calls = [op for op in walk(self.module) if op.name == "flow.dispatch"]
        return sum(self._fold(call) for call in calls)

    def _fold(self, call: ir.Operation) -> bool:
        place = self._copied(call)
        if place is None:
            return False
        value, base = call_arguments(call)
        writer = owner(value)
        if writer is None or writer.name != "flow.dispatch" or not self._writes_all(writer):
            return False
        start = _movable(base, writer)
        readers = [use.owner.operation for use in value.uses if use.owner.operation != call]
        if start is None or not all(self._only_loads(reader, value) for reader in readers):
            return False
        if any(op.block != writer.block for op in (call, *readers)):
            return False
        for op in start:
            op.move_before(writer)
        self._rewrite(writer, call, readers, place)
        return True

    def _function(self, call: ir.Operation) -> ir.Operation | None:
        executable = self._executables.get(entry_of(call)[0])
        several = len(ir.ArrayAttr(call.attributes["entry_points"])) > 1
        if executable is None or several or not is_static(call):
            return None
        try:
            return function_of(executable)
        except AieConvError:
            return None

    def _copied(self, call: ir.Operation) -> _Slice | None:
        """The slice that a call's dispatch copies its one operand to; None where it does anything else."""
        function = self._function(call)
        if function is None or len(call_arguments(call)) != 2 or tied_operands(call) != [1]:
            return None
        operations = operations_of(function)
        if [op.name for op in operations] != [LOAD, STORE, "func.return"]:
            return None
        load, store, _ = operations
        whole = _is_whole(load) and store.operands[0] == load.results[0]
        if not whole or store.operands[1] != _arguments(function)[1]:
            return None
        offsets, sizes, steps = (_numbers(store, name) for name in ("offsets", "sizes", "strides"))
        same = list(sizes) == list(ir.RankedTensorType(load.results[0].type).shape)
        if not same or set(steps) != {1} or _DYNAMIC in offsets:
            return None
        return _Slice(call.results[0].type, offsets, sizes)

    def _writes_all(self, call: ir.Operation) -> bool:
        """Whether a call's dispatch has one result, of which nothing was there before."""
        function = self._function(call)
        if function is None or tied_operands(call) != [-1]:
            return False
        stores = [op for op in operations_of(function) if op.name == STORE]
        return len(stores) == 1 and _is_whole(stores[0])

    def _only_loads(self, call: ir.Operation, value: ir.Value) -> bool:
        """Whether a call's dispatch loads a value, and does nothing else with it."""
        function = self._function(call) if call.name == "flow.dispatch" else None
        if function is None:
            return False
        places = _places(call, value)
        if set(places) & set(tied_operands(call)):
            return False
        arguments = [_arguments(function)[n] for n in places]
        uses = [use.owner.operation for argument in arguments for use in argument.uses]
        return all(op.name == LOAD and _DYNAMIC not in _numbers(op, "offsets") for op in uses)

    def _rewrite(
        self,
        writer: ir.Operation,
        copy: ir.Operation,
        readers: Sequence[ir.Operation],
        place: _Slice,
    ) -> None:
        """Let the writer's call write into the slice, and the readers' read there."""
        value, base = call_arguments(copy)
        arguments, context = call_arguments(writer), writer.context
        number = len(arguments)
        attributes: dict[str, Any] = {key: writer.attributes[key] for key in writer.attributes}
        attributes["entry_points"] = self._variant(writer, [number], place, "readwrite")
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get([0, number + 1, 0, 0], context)
        tied = ir.IntegerAttr.get(ir.Type.parse("index", context), number)
        attributes["tied_operands"] = ir.ArrayAttr.get([tied], context)
        fresh = ir.Operation.create(
            "flow.dispatch",
            [place.kind],
            [*arguments, base],
            attributes,
            loc=writer.location,
            ip=ir.InsertionPoint(writer),
        )
        for reader in dict.fromkeys(readers):
            places = _places(reader, value)
            reader.attributes["entry_points"] = self._variant(reader, places, place, "readonly")
        copy.results[0].replace_all_uses_with(fresh.results[0])
        copy.erase()
        value.replace_all_uses_with(fresh.results[0])
        writer.erase()

    def _variant(
        self, call: ir.Operation, numbers: Sequence[int], place: _Slice, access: str
    ) -> ir.Attribute:
        """The entry point of a call's dispatch with the slice in the place of some arguments."""
        symbol, name = entry_of(call)
        key = symbol, f"{list(numbers)} {access} {place.kind} {place.offsets}"
        with call.context, call.location:
            if key not in self.written:
                self.written[key] = f"{symbol}_slice_{len(self.written)}"
                function = clone_executable(self._executables[symbol], self.written[key], name)
                self._executables[self.written[key]] = _executable_of(function)
                _put(function, numbers, place, access)
            return ir.ArrayAttr.get([ir.SymbolRefAttr.get([self.written[key], name])])


def fold_slices(module: ir.Operation) -> int:
    """Rewrite a module at `flow`; the number of copies that are gone."""
    return _Folder(module).fold()


def _executable_of(function: ir.Operation) -> ir.Operation:
    """The executable that a function is in."""
    parent: Any = function.parent
    while parent.operation.name != "flow.executable":
        parent = parent.operation.parent
    return parent.operation


def _put(function: ir.Operation, numbers: Sequence[int], place: _Slice, access: str) -> None:
    """Let arguments of a function be the tensor that the slice is of."""
    arguments = _arguments(function)
    kind = ir.Type.parse(f"!iree_tensor_ext.dispatch.tensor<{access}:{place.kind}>")
    for number in numbers:
        argument = arguments[number]
        argument.set_type(kind)
        for use in argument.uses:
            op = use.owner.operation
            moved = [a + b for a, b in zip(_numbers(op, "offsets"), place.offsets, strict=True)]
            op.attributes["static_offsets"] = ir.DenseI64ArrayAttr.get(moved)
    kinds = [argument.type for argument in arguments]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(kinds, []))


def _arguments(function: ir.Operation) -> list[ir.BlockArgument]:
    block: Any = function.regions[0].blocks[0]
    return list(block.arguments)


def _numbers(op: ir.Operation, name: str) -> tuple[int, ...]:
    return tuple(ir.DenseI64ArrayAttr(op.attributes[f"static_{name}"]))


def _is_whole(op: ir.Operation) -> bool:
    """Whether a load or store is of all of its argument, in its shape."""
    value = op.results[0] if op.name == LOAD else op.operands[0]
    argument = op.operands[0] if op.name == LOAD else op.operands[1]
    access = "readonly" if op.name == LOAD else "writeonly"
    return str(argument.type) == f"!iree_tensor_ext.dispatch.tensor<{access}:{value.type}>"


def _places(call: ir.Operation, value: ir.Value) -> list[int]:
    return [n for n, operand in enumerate(call_arguments(call)) if operand == value]


def _movable(value: ir.Value, before: ir.Operation) -> list[ir.Operation] | None:
    """What must be moved in front of an operation that a value may be read there; None if it cannot."""
    op = owner(value)
    if op is None or _is_in_front(op, before):
        return []
    if op.name not in ("flow.tensor.splat", "flow.tensor.empty"):
        return None
    inner = [owner(operand) for operand in op.operands]
    if any(each is not None and not _is_in_front(each, before) for each in inner):
        return None
    return [op]


def _is_in_front(op: ir.Operation, other: ir.Operation) -> bool:
    return op.block == other.block and op.is_before_in_block(other)
