"""Single numbers that follow from constants alone, as constants of their own.

IREE 3.13 takes two tensors of one operation for one where it stores them once, on loading: of a place of a
scatter (64 bits) and the number that goes there (32) one is read for both. It evaluates what has several
elements before that, and what has one it does not. This runs at its `input` phase.
"""

from __future__ import annotations

from math import prod

import numpy as np
from iree.compiler import ir

from aie_conv.bridge.graft import DTYPES, constant, dense_numbers
from aie_conv.bridge.recognition.interpreter import NumberArray, ScalarBody, spread
from aie_conv.bridge.tensors import dims_count, indexing, operations_of, owner, tensor_type, walk
from aie_conv.errors import Unsupported

_KINDS = frozenset(DTYPES) - {"i1"}


def compute_single_numbers(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of results that became constants."""
    return sum(_compute(op) for op in list(walk(module)) if _is_single(op))


def _is_single(op: ir.Operation) -> bool:
    """Whether an operation has several results of one number, and no loop that runs twice."""
    if op.name != "linalg.generic" or len(op.results) < 2:
        return False
    kinds = [ir.RankedTensorType(each.type) for each in op.operands]
    if not all(kind.has_static_shape for kind in kinds):
        return False
    results = kinds[-len(op.results) :]
    if any(prod(kind.shape) != 1 for kind in results):
        return False
    try:
        forms = indexing(op)
    except Unsupported:
        return False
    places = [
        place
        for form, kind in zip(forms, kinds, strict=True)
        for place in zip(form, kind.shape, strict=True)
    ]
    return all(size == 1 or not form.terms for form, size in places)


def _compute(op: ir.Operation) -> int:
    """Put constants in the place of the results that are known; an operation without others goes."""
    *_, last = operations_of(op)
    body = ScalarBody(op, spread([1] * dims_count(op)), _numbers)
    known = 0
    for result, value in zip(op.results, last.operands, strict=True):
        shape, dtype = tensor_type(result)
        try:
            number = body.numbers(value)
        except Unsupported:
            continue
        if dtype in _KINDS:
            numbers = np.full(shape, number.reshape(()), DTYPES[dtype])
            result.replace_all_uses_with(constant(op, numbers, result.type))
            known += 1
    if known == len(op.results):
        op.erase()
    return known


def _numbers(value: ir.Value) -> NumberArray:
    """The numbers of a tensor that is a constant."""
    op = owner(value)
    shape, dtype = tensor_type(value)
    if op is None or op.name != "arith.constant" or dtype not in DTYPES:
        raise Unsupported("a tensor that is no constant")
    attribute = op.attributes["value"]
    if not isinstance(attribute, ir.DenseElementsAttr):
        raise Unsupported("a constant of no known form")
    return dense_numbers(attribute, DTYPES[dtype]).reshape(shape)
