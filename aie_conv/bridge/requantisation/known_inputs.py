"""What is known, when a module is compiled, of the inputs of an epilogue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.dispatch import call_arguments, initial_values
from aie_conv.bridge.graft import DTYPES, dense_numbers
from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.tensors import owner
from aie_conv.problem import ConvProblem, Operand, Problem

Array = NDArray[Any]


def find_product_channels(problem: Problem) -> tuple[int, ...]:
    """Numbers of the loops over a product's output channels; none of an operation's."""
    return tuple(i for i, loop in enumerate(problem.loops) if loop.role in ("n", "g"))


def find_channels(problem: Problem) -> tuple[int, ...]:
    """Numbers of the loops over the channels, outermost first: what a number for each channel walks.

    An operation's channels are what its other operands walk alone, or what lies side by side in input and
    output.
    """
    if isinstance(problem, ConvProblem):
        return find_product_channels(problem)
    walks = [tuple(np.flatnonzero(entry.strides)) for entry in problem.epilogue.inputs]
    alone = {int(walk[0]) for walk in walks if len(walk) == 1}
    if not alone:
        alone = {i for i, loop in enumerate(problem.loops) if loop.lhs == loop.out == 1}
    return tuple(alone) if len(alone) == 1 else ()


class KnownInputs:
    """The inputs of an epilogue that are known, as arrays over the channels.

    Args:
        call: of the dispatch.
        recognised: what it computes.
        problem: the same.
        channels: numbers of the loops over channels; a product's output channels if None.
    """

    def __init__(
        self,
        call: ir.Operation,
        recognised: Recognised,
        problem: Problem,
        channels: Collection[int] | None = None,
    ) -> None:
        self._call, self._problem = call, problem
        self._channels = find_product_channels(problem) if channels is None else channels
        self._sources = dict(recognised.operands)

    def of(self, number: int) -> Array | None:
        """Input ``number`` for every channel; None where it is not known or walks pixels."""
        input_ = self._problem.epilogue.inputs[number]
        loops = self._problem.loops
        if any(s and i not in self._channels for i, s in enumerate(input_.strides)):
            return None
        source = self._sources[f"in{number}"]
        attribute = source if not isinstance(source, int) else self._argument(source)
        buffer = _array(attribute, input_.operand)
        if buffer is None:
            return None
        place = np.array(input_.operand.offset)
        for loop, stride in enumerate(input_.strides):
            if loop in self._channels:
                place = place[..., None] + np.arange(loops[loop].size) * stride
        values = buffer[place.reshape(-1)]
        return values if np.isfinite(values).all() else None

    def _argument(self, number: int) -> Any:
        op = owner(call_arguments(self._call)[number])
        while op is not None and op.name == "flow.tensor.reshape":
            op = owner(op.operands[0])
        if op is not None and op.name in ("arith.constant", "flow.tensor.constant"):
            return op.attributes["value"]
        if op is None or op.name != "util.global.load":
            return None
        return _initial(op, ir.FlatSymbolRefAttr(op.attributes["global"]).value)


def _initial(op: ir.Operation, symbol: str) -> Any:
    """The value that a global has from the start, if nothing else is stored to it."""
    module = op
    while module.parent is not None:
        module = module.parent.operation
    return initial_values(module).get(symbol)


def _array(attribute: Any, operand: Operand) -> Array | None:
    kind = DTYPES.get(operand.dtype)
    if kind is None or not isinstance(attribute, ir.DenseElementsAttr):
        return None
    return dense_numbers(attribute, kind).reshape(-1)
