"""Tensors that follow from constants alone, computed in numpy: filters in another order, sums of filters.

IREE puts what computes them into initialisers, and then compiles each for the CPU to run it once, which takes
longer than all the rest of a network's way to the `flow` phase. Here integers are computed with, f32 numbers
are dequantised, or added, divided and their roots taken (a batch norm's), others are moved; a module that
asks for more is left to IREE. This runs where its global optimisation has ended without an evaluation of
constants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from iree.compiler import ir

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.graft import (
    DTYPES,
    dense_attribute,
    dense_numbers,
    element_type,
    resource_bytes,
)
from aie_conv.bridge.recognition.interpreter import NumberArray, ScalarBody, spread
from aie_conv.bridge.tensors import indexing, operations_of, owner, splat_value, tensor_type
from aie_conv.errors import Unsupported

FLAG = "iree-opt-const-eval"
"""IREE's flag of whether it evaluates what follows from constants."""

_WORDS: dict[str, Any] = {"bf16": np.uint16, "f16": np.uint16, "f32": np.uint32, "f64": np.uint64}
"""Numpy's types for numbers that are moved alone."""
_INTEGERS = {name: DTYPES[name] for name in ("i8", "i16", "i32", "i64")}
_KINDS = {**_INTEGERS, **_WORDS}
_ROUNDING = frozenset(
    ("arith.addf", "arith.subf", "arith.divf", "math.sqrt", "math.rsqrt", "arith.constant")
)
"""Operations on f32 that round each result in IREE's code too, which may join a product and a sum."""


def compute_hoisted(module: ir.Operation) -> bool:
    """Give globals the values that their initialisers compute; whether none is left.

    Args:
        module: at the end of IREE's global optimisation; changed only where no initialiser is left.
    """
    operations = operations_of(module)
    globals_ = {symbol_of(op): op for op in operations if op.name == "util.global"}
    initialisers = [op for op in operations if op.name == "util.initializer"]
    try:
        values = {name: value for op in initialisers for name, value in _compute_stored(op).items()}
    except Unsupported:
        return False
    for name, value in values.items():
        globals_[name].attributes["initial_value"] = value
    for op in initialisers:
        op.erase()
    return True


def _compute_stored(initialiser: ir.Operation) -> dict[str, ir.Attribute]:
    """What an initialiser stores, by the names of the globals."""
    known = _Values()
    *body, last = operations_of(initialiser)
    if last.name != "util.return" or len(initialiser.regions[0].blocks) != 1:
        raise Unsupported("an initialiser of several blocks")
    stored: dict[str, ir.Attribute] = {}
    for op in body:
        if op.name == "util.global.store":
            name = ir.FlatSymbolRefAttr(op.attributes["global"]).value
            stored[name] = _attribute(op.operands[0], known.of(op.operands[0]))
        elif op.name not in _COMPUTED:
            raise Unsupported(op.name)
    return stored


def _attribute(value: ir.Value, numbers: NumberArray) -> ir.Attribute:
    shape, _ = tensor_type(value)
    return dense_attribute(numbers, ir.RankedTensorType(value.type).element_type, shape)


_COMPUTED = frozenset(
    ("arith.constant", "tensor.empty", "linalg.fill", "linalg.generic",
     "iree_tensor_ext.compute_barrier.start", "iree_linalg_ext.dequantize_affine")
)  # fmt: skip


@dataclass
class _Values:
    """The tensors of an initialiser.

    f32 numbers are held as words, so that what is only moved keeps its bits.
    """

    _known: dict[ir.Value, NumberArray] = field(default_factory=dict[ir.Value, NumberArray])
    _multiplies: bool = False

    def of(self, value: ir.Value) -> NumberArray:
        """The numbers of a tensor.

        Raises:
            Unsupported: they are not computed here.
        """
        if value not in self._known:
            op = owner(value)
            if op is None:
                raise Unsupported("an argument")
            self._known[value] = self._compute(op)
        return self._known[value]

    def _compute(self, op: ir.Operation) -> NumberArray:
        shape, dtype = tensor_type(op.results[0])
        if dtype not in _KINDS:
            raise Unsupported(dtype)
        if op.name == "arith.constant":
            return _constant(op, shape, dtype)
        if op.name == "iree_tensor_ext.compute_barrier.start":
            return self.of(op.operands[0])
        if op.name == "linalg.fill" and dtype in _INTEGERS:
            filled = owner(op.operands[0])
            if filled is not None and filled.name == "arith.constant":
                number = ir.IntegerAttr(filled.attributes["value"]).value
                return np.full(shape, number, _INTEGERS[dtype])
        if op.name == "iree_linalg_ext.dequantize_affine":
            return self._dequantise(op)
        if op.name == "linalg.generic" and len(op.results) == 1:
            return self._generic(op, shape, dtype)
        raise Unsupported(op.name)

    def _dequantise(self, op: ir.Operation) -> NumberArray:
        """Integers with a sign times a scale, or times scales of their own, without zero points."""
        maps = list(ir.ArrayAttr(op.attributes["indexing_maps"]))
        kinds = [element_type(value) for value in op.operands]
        scale = op.operands[1] if len(kinds) == 3 else None
        unsigned = "input_unsigned" in op.attributes
        if scale is None or unsigned or kinds[0] not in _INTEGERS or set(kinds[1:]) != {"f32"}:
            raise Unsupported(f"{op.name} of {kinds}")
        single = not isinstance(scale.type, ir.RankedTensorType)
        if any(each != maps[0] for each in (maps[2:] if single else maps)):
            raise Unsupported(f"{op.name} in another order")
        self._multiplies = True
        scales = _number(scale) if single else self.of(scale).view(np.float32)
        numbers = self.of(op.operands[0]).astype(np.float32)
        return _check_exact(numbers * _check_exact(scales)).view(np.uint32)

    def _generic(self, op: ir.Operation, shape: tuple[int, ...], dtype: str) -> NumberArray:
        """Elements of others', or sums of them along the dims that a result does not have."""
        forms = indexing(op)
        sizes: dict[int, int] = {}
        for operand, form in zip(op.operands, forms, strict=True):
            places = zip(form, tensor_type(operand)[0], strict=True)
            sizes |= {each.variable: size for each, size in places if each.variable is not None}
        kept = [form.variable for form in forms[-1] if form.variable is not None]
        unordered = len(kept) < len(forms[-1]) or kept != sorted(set(kept))
        if sorted(sizes) != list(range(len(sizes))) or unordered:
            raise Unsupported("places that are not the dims in their order")
        every = tuple(sizes[dim] for dim in range(len(sizes)))
        summed = tuple(dim for dim in sizes if dim not in kept)
        *body, last = operations_of(op)
        values = [*op.operands, *(result for each in body for result in each.results)]
        kinds = {element_type(value) for value in values}
        if (
            body
            and kinds == {"f32"}
            and not summed
            and all(each.name in _ROUNDING for each in body)
        ):
            return self._round_each(op, every)
        if body and not kinds <= _INTEGERS.keys():
            raise Unsupported("arithmetic of what is no integer")
        result = last.operands[0]
        if summed:
            block: Any = op.regions[0].blocks[0]
            result = _read_added(result, block.arguments[len(forms) - 1])
        numbers = np.broadcast_to(ScalarBody(op, spread(every), self.of).numbers(result), every)
        if not summed:
            return numbers
        return self.of(op.operands[-1]) + numbers.sum(summed, dtype=_INTEGERS[dtype])

    def _round_each(self, op: ir.Operation, sizes: tuple[int, ...]) -> NumberArray:
        """Elements of others', by operations that each round to f32."""

        def of(value: ir.Value) -> NumberArray:
            return _check_exact(self.of(value).view(np.float32))

        *body, last = operations_of(op)
        scalars = ScalarBody(op, spread(sizes), of)
        for each in body:
            _check_exact(scalars.numbers(each.results[0]))
        numbers = np.broadcast_to(scalars.numbers(last.operands[0]), sizes)
        if self._multiplies:
            raise Unsupported("arithmetic of products")
        return np.ascontiguousarray(numbers).view(np.uint32)


def _check_exact(numbers: NumberArray) -> NumberArray:
    """f32 numbers that IREE's code computes with as numpy does: it takes subnormal ones for zeros.

    Raises:
        Unsupported: one is subnormal.
    """
    small = np.abs(numbers) < np.finfo(np.float32).tiny
    if (small & (numbers != 0)).any():
        raise Unsupported("subnormal numbers")
    return numbers


def _number(value: ir.Value) -> NumberArray:
    """A constant f32 number.

    Raises:
        Unsupported: it is none.
    """
    op = owner(value)
    number = splat_value(op) if op is not None and op.name == "arith.constant" else None
    if number is None:
        raise Unsupported("a scale that is no constant")
    return np.array(number, np.float32)


def _read_added(total: ir.Value, before: ir.Value) -> ir.Value:
    """What a body adds to the sum so far.

    Raises:
        Unsupported: it does something else.
    """
    op = owner(total)
    if op is None or op.name != "arith.addi" or before not in list(op.operands):
        raise Unsupported("what is no sum of integers")
    left, right = op.operands
    return right if left == before else left


def _constant(op: ir.Operation, shape: tuple[int, ...], dtype: str) -> NumberArray:
    kind, attribute = np.dtype(_KINDS[dtype]), op.attributes["value"]
    if isinstance(attribute, ir.DenseElementsAttr) and dtype in DTYPES:
        return dense_numbers(attribute, DTYPES[dtype]).reshape(shape).view(kind)
    numbers = resource_bytes(op, kind.itemsize * int(np.prod(shape)))
    if numbers is None or len(numbers) != kind.itemsize * int(np.prod(shape)):
        raise Unsupported("a constant of no known form")
    return np.frombuffer(numbers, kind).reshape(shape)
