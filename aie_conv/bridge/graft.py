"""New operations written as MLIR text and put into a module."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.tensors import owner, walk

DTYPES: dict[str, Any] = {
    "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "f32": np.float32,
}  # fmt: skip
"""Of numpy, those of numbers that are computed with when a module is compiled."""


_RESOURCE = "dense_resource<"
"""How a constant begins whose numbers lie in a resource."""

_BLOB = re.compile(r'"0x[0-9A-Fa-f]{8}(?P<numbers>[0-9A-Fa-f]+)"')
"""A resource as it is printed: four bytes of alignment, then its own."""


def graft(before: ir.Operation, body: str, operands: dict[str, ir.Value]) -> list[ir.Value]:
    """Put operations in front of one, and give what they return.

    Args:
        before: the operation.
        body: operations that end in ``return %a, … : types``; regions name no value outside of them.
        operands: values of the module by the names that the text has for them ("%x").
    """
    arguments = ", ".join(f"{name}: {value.type}" for name, value in operands.items())
    results = body.rstrip().rpartition("return ")[2].partition(" : ")[2]
    text = f"func.func private @graft({arguments}) -> ({results}) {{\n{body}\n}}"
    module = ir.Module.parse(text, before.context)
    block: Any = module.body.operations[0].regions[0].blocks[0]
    known: dict[ir.Value, ir.Value] = dict(zip(block.arguments, operands.values(), strict=True))
    place = ir.InsertionPoint(before)
    *inner, last = (view.operation for view in block.operations)
    for op in inner:
        copied = op.clone(ip=place).operation
        for number, operand in enumerate(op.operands):
            copied.operands[number] = known[operand]
        known.update(zip(op.results, copied.results, strict=True))
    return [known[operand] for operand in last.operands]


def copy_operation(
    op: ir.Operation, values: Mapping[Any, ir.Value], place: ir.InsertionPoint
) -> ir.Operation:
    """An operation once more, on other values."""
    copy = op.clone(ip=place).operation
    for inner in (copy, *walk(copy)):
        for number, value in enumerate(list(inner.operands)):
            if value in values:
                inner.operands[number] = values[value]
    return copy


def constant_of(value: ir.Value) -> ir.Attribute | None:
    """The attribute of a constant, behind reshapes of it; None for other values."""
    op = owner(value)
    while op is not None and op.name in ("tensor.expand_shape", "tensor.collapse_shape"):
        op = owner(op.operands[0])
    return op.attributes["value"] if op is not None and op.name == "arith.constant" else None


def constant_bytes(value: ir.Value) -> NDArray[np.int64] | None:
    """The numbers of a constant of i8, also where one more is added to all of them; None for other values."""
    shape, by, op = list(ir.RankedTensorType(value.type).shape), 0, owner(value)
    if op is not None and op.name == "linalg.generic" and len(op.operands) == 2:
        block: Any = op.regions[0].blocks[0]
        first, *more = (view.operation for view in block.operations)
        maps = list(ir.ArrayAttr(op.attributes["indexing_maps"]))
        added = owner(first.operands[1]) if first.name == "arith.addi" else None
        plain = len(more) == 1 and first.operands[0] == block.arguments[0] and maps[0] == maps[1]
        if not plain or added is None or added.name != "arith.constant":
            return None
        by = ir.IntegerAttr(added.attributes["value"]).value
        value = op.operands[0]
    attribute: Any = constant_of(value)
    if not isinstance(attribute, ir.DenseIntElementsAttr) or element_type(value) != "i8":
        return None
    numbers = np.array(attribute).astype(np.int64).reshape(shape)
    return (numbers + by + 128) % 256 - 128


def computed_apart(
    before: ir.Operation, value: ir.Value, of: ir.Value, less: int | None
) -> ir.Value:
    """Widened bytes as a buffer: a constant, or what IREE computes in a dispatch of its own.

    IREE puts what widens bytes into the dispatch that reads them, where a filter or an image is no buffer.

    Args:
        before: where the value is asked for.
        value: what is computed, of i16.
        of: the signed bytes that it is computed of.
        less: what is subtracted from them; None where that is known only at run time.
    """
    numbers = constant_bytes(of)
    kind = value.type
    if less is not None and numbers is not None:
        return constant(before, (numbers - less).astype(np.int16), kind)
    text = f"%y = util.optimization_barrier %x : {kind}\nreturn %y : {kind}"
    return graft(before, text, {"%x": value})[0]


def constant(before: ir.Operation, numbers: NDArray[Any], kind: ir.Type) -> ir.Value:
    """A constant tensor of a type, in front of an operation."""
    created = ir.Operation.create(
        "arith.constant",
        [kind],
        [],
        {"value": ir.DenseElementsAttr.get(numbers, context=before.context)},
        loc=before.location,
        ip=ir.InsertionPoint(before),
    )
    return created.results[0]


def dense_attribute(numbers: NDArray[Any], element: ir.Type, shape: Sequence[int]) -> ir.Attribute:
    """A constant tensor of numbers, or of their bits where the bindings have no buffers of a type."""
    data = np.ascontiguousarray(numbers)
    if str(element) in ("bf16", "f16"):
        data = data.view(f"u{data.dtype.itemsize}")
    return ir.DenseElementsAttr.get(
        data.reshape(shape), type=element, shape=shape, context=element.context
    )


def dense_numbers(attribute: ir.DenseElementsAttr, dtype: Any) -> NDArray[Any]:
    """The elements of a dense constant in its shape, in one of numpy's types."""
    if attribute.is_splat:
        splat: Any = attribute.get_splat_value()
        return np.full(tuple(ir.ShapedType(attribute.type).shape), splat.value, dtype)
    return np.array(attribute, dtype)


def resource_bytes(op: ir.Operation, most: int) -> bytes | None:
    """The bytes of a constant; see :func:`attribute_bytes`."""
    return attribute_bytes(op.attributes["value"], most)


def attribute_bytes(attribute: ir.Attribute, most: int) -> bytes | None:
    """The bytes of numbers that lie in a resource; None for others.

    Also where the resource has none, of a module that was printed without them.

    Args:
        attribute: a constant's.
        most: bytes that it has at most.
    """
    if not str(attribute).startswith(_RESOURCE):
        return None
    # IREE's bindings read a resource's bytes nowhere else than in a module's text.
    scratch = ir.Module.parse("module {}", attribute.context)
    scratch.operation.attributes["numbers"] = attribute
    blob = _BLOB.search(scratch.operation.get_asm(large_resource_limit=4 * most + 32))
    return bytes.fromhex(blob["numbers"]) if blob is not None else None


def integer(before: ir.Operation, number: int, kind: ir.Type | str) -> ir.Value:
    """A constant integer of a type, in front of an operation."""
    return graft(before, f"%a = arith.constant {number} : {kind}\nreturn %a : {kind}", {})[0]


def element_type(value: ir.Value) -> str:
    """A tensor's element type, or a scalar's type."""
    if isinstance(value.type, ir.RankedTensorType):
        return str(value.type.element_type)
    return str(value.type)


def with_element(kind: ir.Type, dtype: str) -> ir.Type:
    """A tensor type with another element type."""
    shaped = ir.RankedTensorType(kind)
    element = ir.Type.parse(dtype, kind.context)
    where = ir.Location.unknown(kind.context)
    return ir.RankedTensorType.get(list(shaped.shape), element, loc=where)


def maps_text(maps: Sequence[str], ins: Sequence[str], outs: str, iterators: Sequence[str]) -> str:
    """The head of a ``linalg.generic``; operands as "%name : type"."""
    names, types = zip(*(operand.split(" : ") for operand in ins), strict=True)
    out_name, out_type = outs.split(" : ")
    quoted = ", ".join(f'"{kind}"' for kind in iterators)
    return (
        f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{quoted}]}} "
        f"ins({', '.join(names)} : {', '.join(types)}) outs({out_name} : {out_type})"
    )
