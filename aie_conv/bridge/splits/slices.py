"""Copies into a slice of a larger tensor, by the dispatch that computes what is copied.

IREE pads an image by a dispatch that only copies where the image has other readers too. Here the dispatch
that computes it stores it in its place of the larger tensor, and its other readers read it there: then
nothing lies between two products.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import (
    LOAD,
    STORE,
    call_arguments,
    entry_of,
    is_static,
    symbol_of,
    tied_operands,
)
from aie_conv.bridge.recognition.recognise import function_of
from aie_conv.bridge.splits.cut import clone_executable
from aie_conv.bridge.tensors import DYNAMIC, operations_of, owner, walk
from aie_conv.errors import AieConvError


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

    def meets(self, other: _Slice) -> bool:
        """Whether two slices of one tensor have elements in common."""
        return all(
            a < b + other.sizes[dim] and b < a + self.sizes[dim]
            for dim, (a, b) in enumerate(zip(self.offsets, other.offsets, strict=True))
        )

    def reshape_to(self, value: ir.Value) -> _Slice | None:
        """The slice that a value of another shape is, of the tensor reshaped; None where it is none."""
        kind = ir.RankedTensorType(self.kind)
        groups = _match(list(ir.RankedTensorType(value.type).shape), list(self.sizes))
        shape, offsets, sizes = list[int](), list[int](), list[int]()
        for wanted, dims in groups or ():
            first, *others = dims
            if any(kind.shape[dim] != self.sizes[dim] for dim in others):
                return None
            inner, behind = prod(wanted[1:]), prod(kind.shape[dim] for dim in others)
            total, offset = kind.shape[first] * behind, self.offsets[first] * behind
            if total % inner or offset % inner:
                return None
            shape += [total // inner, *wanted[1:]]
            offsets += [offset // inner, *(0 for _ in wanted[1:])]
            sizes += wanted
        if groups is None:
            return None
        where = ir.Location.unknown(kind.context)
        place = ir.RankedTensorType.get(shape, kind.element_type, loc=where)
        return _Slice(place, tuple(offsets), tuple(sizes))


def _match(wanted: list[int], sizes: list[int]) -> list[tuple[list[int], list[int]]] | None:
    """Runs of sizes with the dims of others that hold as much; None where they do not come out even."""
    groups: list[tuple[list[int], list[int]]] = []
    dim = 0
    for size in wanted:
        # Behind the last dim there are wanted sizes of 1 at most, which go with those before them.
        full = bool(groups) and prod(groups[-1][0]) == prod(sizes[d] for d in groups[-1][1])
        if not groups or (full and dim < len(sizes)):
            groups.append(([], []))
        run, dims = groups[-1]
        run.append(size)
        while dim < len(sizes) and (not dims or prod(sizes[d] for d in dims) < prod(run)):
            dims.append(dim)
            dim += 1
    even = all(dims and prod(run) == prod(sizes[d] for d in dims) for run, dims in groups)
    return groups if even and dim == len(sizes) else None


def _reshape(value: ir.Value, kind: ir.Type, place: ir.InsertionPoint) -> ir.Value:
    """A value of static shape in another one."""
    reshape = ir.Operation.create(
        "flow.tensor.reshape",
        [kind],
        [value],
        {"operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 0, 0], kind.context)},
        loc=value.owner.location,
        ip=place,
    )
    return reshape.results[0]


@dataclass
class _Folder:
    """Folds the copies of a module.

    Attributes:
        module: at `flow`.
        written: new executables' symbols and what they export, by the old one's symbol and what differs.
    """

    module: ir.Operation
    written: dict[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict[tuple[str, str], tuple[str, str]]
    )

    def __post_init__(self) -> None:
        self._calls = Counter[str]()
        self._executables = {
            symbol_of(view.operation): view.operation
            for view in self.module.regions[0].blocks[0].operations
            if view.operation.name == "flow.executable"
        }

    def fold(self) -> int:
        """Fold every copy that can be; their number."""
        calls = [op for op in walk(self.module) if op.name == "flow.dispatch"]
        for call in calls:
            self._order(call)
        calls = [op for op in walk(self.module) if op.name == "flow.dispatch"]
        self._calls.update(entry_of(call)[0] for call in calls)
        return sum(self._fold(call) for call in calls)

    def _order(self, last: ir.Operation) -> None:
        """Put copies that join values, of which a call is the last, in the order in which these are computed.

        Slices that have no element in common may be written in any order. Each copy then stands behind what
        computes its value, so that what is written before does not have to wait for what is written later.
        """
        chain = self._chain(last)
        values = [call_arguments(call)[0] for call in chain]
        owners = [op for value in values if (op := owner(value)) is not None]
        if (
            len(chain) < 2
            or len(owners) < len(chain)
            or any(op.block != last.block for op in owners)
        ):
            return
        base = call_arguments(chain[0])[1]
        order = sorted(range(len(chain)), key=lambda number: _Place(owners[number]))
        start = _movable(base, owners[order[0]])
        if start is None:
            return
        for op in start:
            op.move_before(owners[order[0]])
        readers = [use.owner.operation for use in last.results[0].uses]
        behind = None
        for number in order:
            call = chain[number]
            call.operands[1] = base
            after = owners[number]
            if behind is not None and not _is_in_front(behind, after):
                after = behind
            call.move_after(after)
            behind, base = call, call.results[0]
        for reader in readers:
            for number, operand in enumerate(reader.operands):
                if operand == last.results[0]:
                    reader.operands[number] = base

    def _chain(self, last: ir.Operation) -> list[ir.Operation]:
        """Copies into slices of one tensor that have no element in common, the first one first.

        Each but the last is read by the next one alone.
        """
        chain, places = list[ir.Operation](), list[_Slice]()
        call: ir.Operation | None = last
        if len(last.results) != 1:
            return []
        uses = list(last.results[0].uses)
        if any(use.operand_number == 1 and self._copy(use.owner.operation) for use in uses):
            return []
        while call is not None and call.name == "flow.dispatch" and call.block == last.block:
            place = self._copy(call)
            alone = call == last or len(list(call.results[0].uses)) == 1
            if place is None or not alone or any(place.meets(other) for other in places):
                break
            chain.insert(0, call)
            places.append(place)
            call = owner(call_arguments(call)[1])
        return chain

    def _fold(self, call: ir.Operation) -> bool:
        source = self._source(call)
        if source is None:
            return False
        place, writer, reader = source
        (value,), base = writer.results, call_arguments(call)[1]
        readers = [use.owner.operation for use in value.uses if use.owner.operation != reader]
        start = _movable(base, writer)
        if start is None or not all(self._only_loads(each, value) for each in readers):
            return False
        if any(op.block != writer.block for op in (call, *readers)):
            return False
        for op in start:
            op.move_before(writer)
        self._rewrite(writer, call, readers, place)
        for op in dict.fromkeys((call, reader, writer)):
            op.erase()
        return True

    def _source(self, call: ir.Operation) -> tuple[_Slice, ir.Operation, ir.Operation] | None:
        """Of a copy: the slice, the call that computes what is copied, and who reads that on the way."""
        place = self._copy(call)
        if place is None:
            return None
        (value, _), reader = call_arguments(call), call
        reshape = owner(value)
        if reshape is not None and reshape.name == "flow.tensor.reshape":
            if len(list(value.uses)) > 1:
                return None
            value, reader = reshape.operands[0], reshape
        if list(place.sizes) != list(ir.RankedTensorType(value.type).shape):
            place = place.reshape_to(value)
        writer = owner(value)
        if place is None or writer is None or not self._writes_all(writer):
            return None
        return place, writer, reader

    def _function(self, call: ir.Operation) -> ir.Operation | None:
        if call.name != "flow.dispatch":
            return None
        executable = self._executables.get(entry_of(call)[0])
        several = len(ir.ArrayAttr(call.attributes["entry_points"])) > 1
        if executable is None or several or not is_static(call):
            return None
        try:
            return function_of(executable)
        except AieConvError:
            return None

    def _copy(self, call: ir.Operation) -> _Slice | None:
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
        shape = list(ir.RankedTensorType(load.results[0].type).shape)
        same = [size for size in sizes if size > 1] == [size for size in shape if size > 1]
        if not same or set(steps) != {1} or DYNAMIC in offsets:
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
        function = self._function(call)
        if function is None:
            return False
        places = _places(call, value)
        if set(places) & set(tied_operands(call)):
            return False
        arguments = [_arguments(function)[n] for n in places]
        uses = [use.owner.operation for argument in arguments for use in argument.uses]
        return all(op.name == LOAD and DYNAMIC not in _numbers(op, "offsets") for op in uses)

    def _rewrite(
        self,
        writer: ir.Operation,
        copy: ir.Operation,
        readers: Sequence[ir.Operation],
        place: _Slice,
    ) -> None:
        """Let the writer's call write into the slice, and the readers' read there."""
        (value,), (_, base) = writer.results, call_arguments(copy)
        if base.type != place.kind:
            base = _reshape(base, place.kind, ir.InsertionPoint(writer))
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
        stored = fresh.results[0]
        for reader in dict.fromkeys(readers):
            for argument, operand in enumerate(reader.operands):
                if operand == value:
                    reader.operands[argument] = stored
        if copy.results[0].type != place.kind:
            stored = _reshape(stored, copy.results[0].type, ir.InsertionPoint(writer))
        copy.results[0].replace_all_uses_with(stored)

    def _variant(
        self, call: ir.Operation, numbers: Sequence[int], place: _Slice, access: str
    ) -> ir.Attribute:
        """The entry point of a call's dispatch with the slice in the place of some arguments."""
        symbol, name = entry_of(call)
        key = symbol, f"{list(numbers)} {access} {place.kind} {place.offsets}"
        with call.context, call.location:
            if key not in self.written:
                number = len(self.written)
                # Where others call the executable, both are linked: what they export has names of its own.
                if self._calls[symbol] > 1:
                    name = f"{name}_slice_{number}"
                self.written[key] = f"{symbol}_slice_{number}", name
                function = clone_executable(self._executables[symbol], *self.written[key])
                function.attributes["sym_name"] = ir.StringAttr.get(name)
                self._executables[self.written[key][0]] = _executable_of(function)
                _put(function, numbers, place, access)
            self._calls[symbol] -= 1
            self._calls[self.written[key][0]] += 1
            return ir.ArrayAttr.get([ir.SymbolRefAttr.get(list(self.written[key]))])


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


class _Place:
    """Where an operation stands in its block, to sort by."""

    def __init__(self, op: ir.Operation) -> None:
        self._op = op

    def __lt__(self, other: _Place) -> bool:
        return self._op != other._op and self._op.is_before_in_block(other._op)


def _is_in_front(op: ir.Operation, other: ir.Operation) -> bool:
    return op.block == other.block and op.is_before_in_block(other)
