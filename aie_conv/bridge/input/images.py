"""Tensors of images at IREE's `input` phase: their shapes, and transpositions of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import element_type, graft
from aie_conv.bridge.tensors import owner


class Images:
    """Transpositions in front of an operation.

    Args:
        before: the operation.
    """

    def __init__(self, before: ir.Operation) -> None:
        self._before = before

    def last(self, value: ir.Value) -> ir.Value:
        """A tensor with its channels last."""
        rank = rank_of(value)
        return self._transpose(value, [0, *range(2, rank), 1])

    def first(self, value: ir.Value) -> ir.Value:
        """A tensor with its channels second again."""
        rank = rank_of(value)
        return self._transpose(value, [0, rank - 1, *range(1, rank - 1)])

    def first_dim_last(self, value: ir.Value) -> ir.Value:
        """A tensor with its first dim last."""
        return self._transpose(value, [*range(1, rank_of(value)), 0])

    def turned_back(self, value: ir.Value) -> ir.Value:
        """The same as a transposition of its own, whatever the value is."""
        rank = rank_of(value)
        return self._written(value, [0, rank - 1, *range(1, rank - 1)])

    def _transpose(self, value: ir.Value, order: Sequence[int]) -> ir.Value:
        op = owner(value)
        if op is not None and op.name == "linalg.transpose":
            before = list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))
            if [before[d] for d in order] == list(range(len(order))):
                return op.operands[0]
        return self._written(value, order)

    def _written(self, value: ir.Value, order: Sequence[int]) -> ir.Value:
        kind = kind_like([shape_of(value)[d] for d in order], value)
        text = f"""%e = tensor.empty() : {kind}
%y = linalg.transpose ins(%x : {value.type}) outs(%e : {kind}) permutation = {list(order)}
return %y : {kind}"""
        return graft(self._before, text, {"%x": value})[0]


def shape_of(value: ir.Value) -> list[int]:
    """A tensor's sizes."""
    return list(ir.RankedTensorType(value.type).shape)


def rank_of(value: ir.Value) -> int:
    """How many dims a tensor has."""
    return ir.RankedTensorType(value.type).rank


def is_static(value: ir.Value) -> bool:
    """Whether a value is a tensor whose sizes are known."""
    return isinstance(value.type, ir.RankedTensorType) and value.type.has_static_shape


def kind_like(shape: Sequence[int], like: ir.Value) -> str:
    """The type of a tensor of a shape, with another one's elements, as MLIR writes it."""
    return f"tensor<{'x'.join(map(str, [*shape, element_type(like)]))}>"


def padding_of(op: ir.Operation) -> tuple[list[int], list[int], ir.Attribute] | None:
    """What a ``tensor.pad`` adds in front and behind, and its number; None where that is not fixed."""
    low, high = (
        list(ir.DenseI64ArrayAttr(op.attributes[f"static_{end}"])) for end in ("low", "high")
    )
    block: Any = op.regions[0].blocks[0]
    number = owner(block.operations[len(block.operations) - 1].operation.operands[0])
    if number is None or number.name != "arith.constant":
        return None
    if len(op.operands) > 1 or min(*low, *high) < 0:
        return None
    return low, high, number.attributes["value"]
