"""The graph of a function's blocks: which dispatch reads what another writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from iree.compiler import ir

from aie_conv.bridge.dispatch import call_arguments
from aie_conv.bridge.dispatch_call import DispatchCall, is_constant
from aie_conv.bridge.tensors import owner, splat_value, walk
from aie_conv.graph import Base, DispatchGraph, Node


def find_graphs(calls: Sequence[DispatchCall]) -> list[DispatchGraph]:
    """A graph for each block that has dispatches, in the order of the program."""
    blocks: dict[ir.Block, dict[ir.Operation, DispatchCall]] = {}
    order: list[ir.Block] = []
    for call in calls:
        block = call.operation.operation.block
        known = next((each for each in order if each == block), None)
        if known is None:
            order.append(block)
            known = block
            blocks[known] = {}
        blocks[known][call.operation.operation] = call
    return [_BlockGraph(block, blocks[block]).read() for block in order]


class _BlockGraph:
    """Reads one block."""

    def __init__(self, block: ir.Block, calls: Mapping[ir.Operation, DispatchCall]) -> None:
        self._block, self._calls = block, calls
        self._numbers: dict[ir.Value, int] = {}

    def read(self) -> DispatchGraph:
        """The graph."""
        nodes: list[Node] = []
        for view in self._block.operations:
            op = view.operation
            call = self._calls.get(op)
            if call is not None:
                nodes.append(self._dispatch(call))
            elif _is_alias(op):
                self._numbers[op.results[0]] = self._number(op.operands[0])
            else:
                reads = frozenset(map(self._number, _all_operands(op)))
                nodes.append(Node("", reads, tuple(map(self._number, op.results))))
        return DispatchGraph(tuple(nodes))

    def _number(self, value: ir.Value) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def _dispatch(self, call: DispatchCall) -> Node:
        op, seen = call.operation, call.recognised
        arguments = call_arguments(op)
        operands = {
            name: self._number(arguments[binding])
            for name, binding in seen.operands
            if isinstance(binding, int) and name not in call.constants
        }
        base = None
        if not call.refusal and seen.base is not None:
            start = arguments[seen.base]
            base = Base(self._number(start), _fill(start), _is_undefined(start))
        return Node(
            call.name,
            frozenset(map(self._number, op.operands)),
            tuple(map(self._number, op.results)),
            {} if call.refusal else operands,
            base,
            call.refusal,
        )


def _is_alias(op: ir.Operation) -> bool:
    """Whether an operation's result is its operand in another shape."""
    return op.name == "flow.tensor.reshape" and all(
        ir.RankedTensorType(value.type).has_static_shape
        for value in (op.operands[0], op.results[0])
    )


def _all_operands(op: ir.Operation) -> Iterator[ir.Value]:
    """What an operation and all that is inside it read."""
    yield from op.operands
    for inner in walk(op):
        yield from inner.operands


def _is_undefined(value: ir.Value) -> bool:
    """Whether a tensor is one that nothing was written to."""
    op = owner(value)
    while op is not None and _is_alias(op):
        op = owner(op.operands[0])
    return op is not None and op.name == "flow.tensor.empty"


def _fill(value: ir.Value) -> int | float | None:
    """The one number that all elements of a tensor are at every call; None where it is anything else."""
    op = owner(value)
    while op is not None and _is_alias(op):
        op = owner(op.operands[0])
    if op is None or not all(is_constant(operand) for operand in op.operands):
        return None
    if op.name == "flow.tensor.splat":
        number = owner(op.operands[0])
        return (
            splat_value(number) if number is not None and number.name == "arith.constant" else None
        )
    return splat_value(op) if op.name == "flow.tensor.constant" else None
