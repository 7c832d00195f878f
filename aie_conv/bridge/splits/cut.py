"""A dispatch cut behind its product: the code that follows, as an executable of its own.

The cut is one value, as a tensor: the first part stores it, what follows loads it in place of computing it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import LOAD, STORE, dispatch, symbol_of, tied_operands
from aie_conv.bridge.graft import copy_operation
from aie_conv.bridge.recognition.epilogue import arguments_read
from aie_conv.bridge.tensors import DYNAMIC, operations_of, owner, walk
from aie_conv.problem import DTYPE_BYTES

_WIDEST = 8


@dataclass(frozen=True)
class Cut:
    """Where a dispatch is cut.

    Attributes:
        executable: the dispatch's flow.executable.
        function: its function.
        op: the linalg op that the value belongs to.
        value: the op's result, or a scalar in the op's body.
        dims: the op's dims in the order in which the value is stored.
        shape: of the stored tensor.
        dtype: its elements' type.
    """

    executable: ir.Operation
    function: ir.Operation
    op: ir.Operation
    value: ir.Value
    dims: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: str

    @property
    def inside(self) -> bool:
        """Whether the value is a scalar in the op's body."""
        return not isinstance(self.value.type, ir.RankedTensorType)

    @cached_property
    def key(self) -> tuple[str, int, int]:
        """Equal for cuts of one executable at one place."""
        place = operations_of(self.function).index(self.op)
        inner = -1
        if self.inside:
            value = owner(self.value)
            inner = next(n for n, op in enumerate(operations_of(self.op)) if op == value)
        return symbol_of(self.executable), place, inner

    @property
    def bytes(self) -> int:
        """Bytes of the stored value."""
        return prod(self.shape) * DTYPE_BYTES[self.dtype]

    @property
    def tensor(self) -> ir.RankedTensorType:
        """The stored value's type."""
        with self.op.context, self.op.location:
            return ir.RankedTensorType.get(self.shape, ir.Type.parse(self.dtype))


def follower_name(name: str) -> str:
    """The name of what follows a dispatch; a later call's number stays behind it."""
    stem, dot, number = name.rpartition(".")
    return f"{stem}_rest.{number}" if dot and number.isdigit() else f"{name}_rest"


def free_export(executable: ir.Operation, name: str) -> str:
    """A name, or it and a number, that no executable of the module exports: IREE links them together."""
    module: Any = executable.parent
    exported = {
        symbol_of(inner.operation)
        for view in module.operation.regions[0].blocks[0].operations
        if view.operation.name == "flow.executable"
        for inner in view.operation.regions[0].blocks[0].operations
        if inner.operation.name == "flow.executable.export"
    }
    names = itertools.chain((name,), (f"{name}_{number}" for number in itertools.count(1)))
    return next(each for each in names if each not in exported)


def _inner(op: ir.Operation) -> Iterator[ir.Value]:
    """Every operand of an op and of the ops in it."""
    yield from op.operands
    for inner in walk(op):
        yield from inner.operands


@dataclass(frozen=True)
class Follower:
    """What follows a cut.

    Attributes:
        cut: where.
        without: stores that are no part of it.
    """

    cut: Cut
    without: tuple[ir.Operation, ...] = ()

    @cached_property
    def _operations(self) -> list[ir.Operation]:
        return operations_of(self.cut.function)

    @cached_property
    def _body(self) -> Any:
        return self.cut.op.regions[0].blocks[0]

    @cached_property
    def _left(self) -> list[ir.Operation]:
        """The operations of the cut op's body that are still needed, without its yield."""
        *_, last = operations_of(self.cut.op)
        needed: set[Any] = set()
        waiting = [v for v in last.operands if v != self.cut.value]
        while waiting:
            op = owner(waiting.pop())
            if op is None or op in needed:
                continue
            needed.add(op)
            waiting += [v for v in _inner(op) if v != self.cut.value]
        return [op for op in operations_of(self.cut.op) if op in needed]

    @cached_property
    def _read(self) -> list[int]:
        """The numbers of the cut op's inputs that its body still reads."""
        *_, last = operations_of(self.cut.op)
        values = [v for op in (*self._left, last) for v in _inner(op) if v != self.cut.value]
        direct = [v for v in values if isinstance(v, ir.BlockArgument)]
        inputs = len(self.cut.op.operands) - len(self.cut.op.results)
        return sorted(number for number in arguments_read(self._body, *direct) if number < inputs)

    def _operands(self, op: ir.Operation) -> list[ir.Value]:
        """What an operation of the function still reads."""
        if not (self.cut.inside and op == self.cut.op):
            return [v for v in _inner(op) if v != self.cut.value]
        kept = [op.operands[number] for number in self._read]
        kept += list(op.operands)[len(op.operands) - len(op.results) :]
        *_, last = operations_of(self.cut.op)
        inner = [v for each in (*self._left, last) for v in _inner(each)]
        return [*kept, *(v for v in inner if v != self.cut.value)]

    @cached_property
    def operations(self) -> list[ir.Operation]:
        """The function's operations that are still needed, in order."""
        ends = [op for op in self._operations if not len(op.results)]
        needed = {op for op in ends if op not in self.without}
        waiting = [v for op in needed for v in self._operands(op)]
        while waiting:
            op = owner(waiting.pop())
            if op is None or op in needed:
                continue
            needed.add(op)
            waiting += self._operands(op)
        return [op for op in self._operations if op in needed]

    @cached_property
    def arguments(self) -> list[int]:
        """The numbers of the function's arguments that are still needed, those of the results among them."""
        block: Any = self.cut.function.regions[0].blocks[0]
        # Numbers are read inside of operations' bodies.
        used = {v for op in self.operations for v in self._operands(op)}
        return [a.arg_number for a in block.arguments if a in used]

    @property
    def bytes(self) -> int:
        """What it reads and writes, the cut's value included."""
        moved = 0
        for op in self.operations:
            if op.name in (LOAD, STORE):
                value = op.results[0] if op.name == LOAD else op.operands[0]
                sizes = list(ir.DenseI64ArrayAttr(op.attributes["static_sizes"]))
                kind = str(ir.ShapedType(value.type).element_type)
                if DYNAMIC not in sizes:
                    moved += prod(sizes) * DTYPE_BYTES.get(kind, _WIDEST)
        return moved + self.cut.bytes

    @property
    def names(self) -> tuple[str, ...]:
        """The scalar operations in it, each once."""
        inner: list[ir.Operation] = []
        for op in self.operations:
            inner += self._left if self.cut.inside and op == self.cut.op else walk(op)
        return tuple(dict.fromkeys(op.name for op in inner if not op.name.startswith("linalg.")))

    def build(self, symbol: str, name: str) -> None:
        """Write the executable behind the dispatch's own; its first operand is the cut's value.

        Args:
            symbol: the executable's.
            name: the name that it exports.
        """
        executable = self.cut.executable
        with executable.context, executable.location:
            old = clone_executable(executable, symbol, name)
            self._function(name, ir.InsertionPoint(old))
            old.erase()

    def _function(self, name: str, place: ir.InsertionPoint) -> None:
        block: Any = self.cut.function.regions[0].blocks[0]
        access = f"!iree_tensor_ext.dispatch.tensor<readonly:{self.cut.tensor}>"
        kinds = [ir.Type.parse(access), *(block.arguments[n].type for n in self.arguments)]
        entry = _open_function(self.cut.function, name, kinds, place)
        values: dict[Any, ir.Value] = {
            block.arguments[old]: entry.arguments[1 + new] for new, old in enumerate(self.arguments)
        }
        inside = ir.InsertionPoint(entry)
        loaded = self._load(entry.arguments[0], inside)
        if not self.cut.inside:
            values[self.cut.value] = loaded
        for op in self.operations:
            if self.cut.inside and op == self.cut.op:
                fresh = self._shorten(op, loaded, values, inside)
            else:
                fresh = copy_operation(op, values, inside)
            values.update(zip(op.results, fresh.results, strict=True))

    def _load(self, buffer: ir.Value, place: ir.InsertionPoint) -> ir.Value:
        rank = len(self.cut.shape)
        attributes: dict[str, Any] = {
            "static_offsets": ir.DenseI64ArrayAttr.get([0] * rank),
            "static_sizes": ir.DenseI64ArrayAttr.get(list(self.cut.shape)),
            "static_strides": ir.DenseI64ArrayAttr.get([1] * rank),
            "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 0, 0, 0, 0]),
        }
        load = ir.Operation.create(
            LOAD, [self.cut.tensor], [buffer], attributes, loc=self.cut.op.location, ip=place
        )
        return load.results[0]

    def _shorten(
        self,
        op: ir.Operation,
        loaded: ir.Value,
        values: Mapping[Any, ir.Value],
        place: ir.InsertionPoint,
    ) -> ir.Operation:
        """The cut op without what the first part computes."""
        count = len(op.operands) - len(op.results)
        read = [*self._read, *range(count, len(op.operands))]
        maps = list(ir.ArrayAttr(op.attributes["indexing_maps"]))
        dims = ir.AffineMapAttr(maps[0]).value.n_dims
        order = [ir.AffineExpr.get_dim(d) for d in self.cut.dims]
        stored: Any = ir.AffineMapAttr.get(ir.AffineMap.get(dims, 0, order))
        at = len(self._read)
        operands = [values.get(op.operands[n], op.operands[n]) for n in read]
        kept = [maps[n] for n in read]
        attributes: dict[str, Any] = {key: op.attributes[key] for key in op.attributes}
        attributes["indexing_maps"] = ir.ArrayAttr.get([*kept[:at], stored, *kept[at:]])
        segments = [at + 1, len(op.results)]
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get(segments)
        fresh = ir.Operation.create(
            op.name, [r.type for r in op.results], [*operands[:at], loaded, *operands[at:]],
            attributes, regions=1, loc=op.location, ip=place,
        )  # fmt: skip
        body = self._body
        arguments = [body.arguments[n] for n in read]
        kinds = [a.type for a in arguments]
        block: Any = fresh.regions[0].blocks.append(
            *kinds[:at], self.cut.value.type, *kinds[at:], arg_locs=[op.location] * (len(kinds) + 1)
        )
        inner = {**values, self.cut.value: block.arguments[at]}
        places = [*range(at), *range(at + 1, len(kinds) + 1)]
        inner.update(zip(arguments, (block.arguments[n] for n in places), strict=True))
        end = ir.InsertionPoint(block)
        *_, last = operations_of(op)
        for old in (*self._left, last):
            copy = copy_operation(old, inner, end)
            inner.update(zip(old.results, copy.results, strict=True))
        return fresh


def clone_executable(executable: ir.Operation, symbol: str, name: str) -> ir.Operation:
    """A copy of an executable, in front of it, under other names.

    Args:
        executable: the other.
        symbol: of the new one.
        name: what it exports.

    Returns:
        Its function.
    """
    copy = executable.clone(ip=ir.InsertionPoint(executable)).operation
    copy.attributes["sym_name"] = ir.StringAttr.get(symbol)
    inner = {view.operation.name: view.operation for view in copy.regions[0].blocks[0].operations}
    export = inner["flow.executable.export"]
    export.attributes["sym_name"] = ir.StringAttr.get(name)
    export.attributes["function_ref"] = ir.FlatSymbolRefAttr.get(name)
    return inner["builtin.module"].regions[0].blocks[0].operations[0].operation


def _open_function(
    like: ir.Operation, name: str, kinds: Sequence[ir.Type], place: ir.InsertionPoint
) -> Any:
    """The empty block of a new function of a dispatch."""
    attributes: dict[str, Any] = {key: like.attributes[key] for key in like.attributes}
    attributes["sym_name"] = ir.StringAttr.get(name)
    attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(list(kinds), []))
    for key in ("arg_attrs", "res_attrs"):
        attributes.pop(key, None)
    function = ir.Operation.create(
        "func.func", attributes=attributes, regions=1, loc=like.location, ip=place
    )
    return function.regions[0].blocks.append(*kinds)


def rebuild(
    executable: ir.Operation,
    symbol: str,
    name: str,
    operations: Sequence[ir.Operation],
    arguments: Sequence[int],
) -> None:
    """Write an executable with a part of another's function in front of that one.

    Args:
        executable: the other.
        symbol: of the new one.
        name: what it exports.
        operations: of the function's, in order, its end among them.
        arguments: the numbers of those of its arguments that they use.
    """
    with executable.context, executable.location:
        old = clone_executable(executable, symbol, name)
        function: Any = operations[0].parent
        block: Any = function.operation.regions[0].blocks[0]
        kinds = [block.arguments[n].type for n in arguments]
        entry = _open_function(function.operation, name, kinds, ir.InsertionPoint(old))
        values: dict[Any, ir.Value] = {
            block.arguments[n]: entry.arguments[new] for new, n in enumerate(arguments)
        }
        inside = ir.InsertionPoint(entry)
        for op in operations:
            fresh = copy_operation(op, values, inside)
            values.update(zip(op.results, fresh.results, strict=True))
        old.erase()


def follow(
    call: ir.Operation,
    follower: Follower,
    symbols: tuple[str, str],
    value: ir.Value,
    operands: Sequence[ir.Value],
) -> list[ir.Value]:
    """Dispatch what follows a cut; its results are the dispatch's own.

    Args:
        call: the dispatch that is cut.
        follower: what follows.
        symbols: of its executable, and the name that this exports.
        value: the cut's.
        operands: the dispatch's arguments.
    """
    tied = tied_operands(call)
    kept = [number for number in follower.arguments if number < len(operands)]
    moved = [1 + kept.index(number) if number >= 0 else -1 for number in tied]
    return dispatch(
        call,
        symbols,
        [value, *(operands[number] for number in kept)],
        list(enumerate(moved)),
    )
