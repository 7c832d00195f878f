"""What operations at `flow` say of themselves: names, arguments and ties of dispatches, values of globals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.tensors import operations_of, walk

LOAD = "iree_tensor_ext.dispatch.tensor.load"
STORE = "iree_tensor_ext.dispatch.tensor.store"


def symbol_of(op: ir.Operation) -> str:
    """The name that an operation gives itself."""
    return ir.StringAttr(op.attributes["sym_name"]).value


def initial_values(module: ir.Operation) -> dict[str, ir.Attribute]:
    """The values that globals have from the start and keep, by their names: nothing stores to these."""
    operations = operations_of(module)
    inside = [each for op in operations if op.name == "util.initializer" for each in walk(op)]
    stores = (op for op in inside if op.name == "util.global.store")
    stored = {ir.FlatSymbolRefAttr(store.attributes["global"]).value for store in stores}
    return {
        symbol_of(op): op.attributes["initial_value"]
        for op in operations
        if op.name == "util.global"
        and "initial_value" in op.attributes
        and "is_mutable" not in op.attributes
        and symbol_of(op) not in stored
    }


def entry_of(call: ir.Operation) -> tuple[str, str]:
    """The executable that a dispatch calls, and the name that this exports; the first of several."""
    entry, *_ = ir.ArrayAttr(call.attributes["entry_points"])
    symbol, name = ir.SymbolRefAttr(entry).value
    return symbol, name


def is_static(call: ir.Operation) -> bool:
    """Whether a dispatch has no workload, and all sizes of its tensors are known."""
    workload, _, *dynamic = ir.DenseI32ArrayAttr(call.attributes["operandSegmentSizes"])
    return not workload and not any(dynamic)


def call_arguments(call: ir.Operation) -> list[ir.Value]:
    """The arguments of a dispatch, without its workload."""
    workload, count, *_ = ir.DenseI32ArrayAttr(call.attributes["operandSegmentSizes"])
    return list(call.operands)[workload : workload + count]


def tied_operands(call: ir.Operation) -> list[int]:
    """For each result of a dispatch the number of the argument that it is tied to; -1 where it is none."""
    if "tied_operands" not in call.attributes:
        return [-1] * len(call.results)
    return [ir.IntegerAttr(a).value for a in ir.ArrayAttr(call.attributes["tied_operands"])]


def dispatch(
    call: ir.Operation,
    symbols: tuple[str, str],
    operands: Sequence[ir.Value],
    results: Sequence[tuple[int, int]],
) -> list[ir.Value]:
    """A dispatch in front of another, with some of its results.

    Args:
        call: the other.
        symbols: of the executable, and the name that it exports.
        operands: the arguments.
        results: numbers of the other's results, each with the argument that it is tied to, or -1.
    """
    index = ir.Type.parse("index", call.context)
    attributes: dict[str, Any] = {
        "entry_points": ir.ArrayAttr.get([ir.SymbolRefAttr.get(list(symbols))]),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([0, len(operands), 0, 0]),
        "tied_operands": ir.ArrayAttr.get([ir.IntegerAttr.get(index, t) for _, t in results]),
    }
    fresh = ir.Operation.create(
        "flow.dispatch",
        [call.results[number].type for number, _ in results],
        list(operands),
        attributes,
        loc=call.location,
        ip=ir.InsertionPoint(call),
    )
    return list(fresh.results)
