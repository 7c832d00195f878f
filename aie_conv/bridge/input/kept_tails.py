"""What stands behind a product stays with it where several products are added, or its pixels are.

A product would write every pixel of its result several times where an upsampling is fused behind it.
IREE fuses bias and rounding of one product into the operation that adds another product to it, and that into
the other's dispatch: the first then gives sums of f32, which is another program of the array, twice the
bytes, and operands that ride on the second. A mean takes the activation before it likewise, and the residual
sum before it in a quantised network. Behind IREE's layout passes a barrier is put where the product's result
is final, and taken away when dispatches are formed. Every operation is the one it was.
"""

from __future__ import annotations

from iree.compiler import ir

from aie_conv.bridge.input.moves import only_spreads
from aie_conv.bridge.tensors import owner, walk

_BARRIER = "util.optimization_barrier"
_MARK = "aie_conv.tail"
_FLOATS = ("f32", "bf16")
_COMPUTES = ("linalg.", "tensor.", "iree_linalg_ext.")
_QUANTISE, _DEQUANTISE = "iree_linalg_ext.quantize_affine", "iree_linalg_ext.dequantize_affine"
_IMAGE_RANK = 3
"""Of an image without its batch."""
_PRODUCTS = ("linalg.conv_", "linalg.matmul", "linalg.batch_matmul")


def keep_tails(module: ir.Operation) -> int:
    """Put barriers into a module behind IREE's global optimisation; how many.

    Of the operands of an element-wise operation that come from products of their own, the last product's is
    left, with which the operation may be one dispatch; of a sum or window none is.
    """
    count = 0
    for op in list(walk(module)):
        held = [*((op, value) for value in _tails(op)), *_bytes_before(op), *_bytes_of_table(op)]
        for reader, value in held:
            _hold(reader, value)
        count += len(held)
    return count


def _tails(op: ir.Operation) -> list[ir.Value]:
    """What an operation reads and IREE would compute with it, not with the product before it."""
    if _is_repetition(op):
        return [op.operands[0]]
    elementwise = _is_elementwise(op)
    if not elementwise and not _is_sum(op):
        return []
    order = {product: value for value in list(op.operands) if (product := _product(value))}
    if elementwise:
        # With the last product the operation may be one dispatch.
        last = _last(list(order)) if order else None
        order = {product: value for product, value in order.items() if product != last}
    return [value for product, value in order.items() if owner(value) != product]


def _bytes_before(op: ir.Operation) -> list[tuple[ir.Operation, ir.Value]]:
    """The bytes behind a product that a sum or window reads, also as reals, with who reads them first."""
    if not _is_sum(op):
        return []
    source = owner(op.operands[0])
    reader = source if source is not None and source.name == _DEQUANTISE else op
    value = reader.operands[0]
    return [(reader, value)] if _are_bytes(value) and _first_bytes(value) is not None else []


def _bytes_of_table(op: ir.Operation) -> list[tuple[ir.Operation, ir.Value]]:
    """The bytes behind a product that are functions of others, where an operation joins them with more bytes.

    A table looks such functions up, and a program's epilogue ends with it. With them, who reads them first.
    """
    if not _is_elementwise(op):
        return []
    sources = [owner(value) for value in list(op.operands)[:-1]]
    readers = [source for source in sources if source is not None and source.name == _DEQUANTISE]
    pairs = [(reader, _first_bytes(reader.operands[0])) for reader in readers]
    if len({first for _, first in pairs}) < 2:
        return []
    return [
        (reader, reader.operands[0])
        for reader, first in pairs
        if first is not None and first != reader.operands[0]
    ]


def _first_bytes(value: ir.Value) -> ir.Value | None:
    """The bytes nearest to the product that a value comes from, element by element; its floats before any.

    None where it comes from no product.
    """
    waiting: list[tuple[ir.Value, ir.Value | None]] = [(value, None)]
    seen = set[ir.Operation]()
    while waiting:
        value, nearest = waiting.pop()
        op = owner(value)
        if op is None or op in seen:
            continue
        if nearest is not None and _is_product(op):
            return nearest
        if op.name not in (_QUANTISE, _DEQUANTISE) and not _is_elementwise(op):
            continue
        seen.add(op)
        if op.name == _QUANTISE or nearest is None or not _are_bytes(nearest):
            nearest = value
        waiting += [(operand, nearest) for operand in reversed(list(op.operands)[:-1])]
    return None


def _are_bytes(value: ir.Value) -> bool:
    op = owner(value)
    return op is not None and op.name == _QUANTISE


def release_tails(module: ir.Operation) -> None:
    """Take the barriers away, at `flow`."""
    for op in list(walk(module)):
        if op.name == _BARRIER and _MARK in op.attributes:
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()


def _hold(op: ir.Operation, value: ir.Value) -> None:
    """Let an operation read a value behind a barrier."""
    barrier = ir.Operation.create(
        _BARRIER,
        [value.type],
        [value],
        attributes={_MARK: ir.UnitAttr.get(op.context)},
        loc=op.location,
        ip=ir.InsertionPoint(op),
    )
    for number, operand in enumerate(op.operands):
        if operand == value:
            op.operands[number] = barrier.results[0]


def _last(products: list[ir.Operation]) -> ir.Operation:
    """The one that stands last in its block."""
    block = products[0].block
    order = [view.operation for view in block.operations]
    return max(products, key=lambda product: order.index(product) if product in order else -1)


def _product(value: ir.Value) -> ir.Operation | None:
    """The product that a value of floats comes from, element by element and read by nobody else."""
    op = owner(value)
    if op is None or not _is_float(value) or len(list(value.uses)) != 1:
        return None
    if _is_product(op):
        return op
    if not _is_elementwise(op):
        return None
    products = [p for operand in list(op.operands)[:-1] if (p := _product(operand)) is not None]
    return products[0] if len(products) == 1 else None


def _is_float(value: ir.Value) -> bool:
    """Whether a value is a tensor of floats that a product may give."""
    kind = value.type
    return (
        isinstance(kind, ir.RankedTensorType)
        and str(ir.RankedTensorType(kind).element_type) in _FLOATS
    )


def _is_elementwise(op: ir.Operation) -> bool:
    """Whether an operation is parallel in all its loops, and its result lies as they go."""
    if op.name != "linalg.generic" or len(op.results) != 1:
        return False
    kinds = [str(kind) for kind in ir.ArrayAttr(op.attributes["iterator_types"])]
    if any("parallel" not in kind for kind in kinds):
        return False
    *_, last = ir.ArrayAttr(op.attributes["indexing_maps"])
    affine = ir.AffineMapAttr(last).value
    return affine == ir.AffineMap.get_identity(affine.n_dims, op.context)


def _is_repetition(op: ir.Operation) -> bool:
    """Whether an operation spreads a computed image along new dims between its own, as upsampling does."""
    if not _is_elementwise(op) or not only_spreads(op):
        return False
    source = owner(op.operands[0])
    computed = source is not None and source.name.startswith(_COMPUTES)
    return computed and ir.RankedTensorType(op.operands[0].type).rank >= _IMAGE_RANK


def _is_sum(op: ir.Operation) -> bool:
    """Whether an operation reduces what it reads, and multiplies nothing."""
    if op.name.startswith("linalg.pooling_"):
        return True
    return (
        op.name == "linalg.generic"
        and "reduction" in str(op.attributes["iterator_types"])
        and not _is_product(op)
    )


def _is_product(op: ir.Operation) -> bool:
    if op.name.startswith(_PRODUCTS):
        return True
    if op.name != "linalg.generic" or _is_elementwise(op):
        return False
    return any(inner.name in ("arith.mulf", "arith.muli") for inner in walk(op))
