"""What is known, when a module is compiled, of the inputs of an epilogue."""

from __future__ import annotations

from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.dispatch import call_arguments, initial_values
from aie_conv.bridge.graft import DTYPES, dense_numbers
from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.tensors import owner
from aie_conv.problem import Operand, Problem

Array = NDArray[Any]


class KnownInputs:
    """The inputs of an epilogue that are known, as arrays over the channels.

    Args:
        call: of the dispatch.
        recognised: what it computes.
        problem: the same.
    """

    def __init__(self, call: ir.Operation, recognised: Recognised, problem: Problem) -> None:
        self._call, self._problem = call, problem
        self._sources = dict(recognised.operands)

    def of(self, number: int) -> Array | None:
        """Input ``number`` for every channel; None where it is not known or walks pixels."""
        input_ = self._problem.epilogue.inputs[number]
        loops = self._problem.loops
        if any(s and x.role not in ("n", "g") for x, s in zip(loops, input_.strides, strict=True)):
            return None
        source = self._sources[f"in{number}"]
        attribute = source if not isinstance(source, int) else self._argument(source)
        buffer = _array(attribute, input_.operand)
        if buffer is None:
            return None
        place = np.array(input_.operand.offset)
        for loop, stride in zip(loops, input_.strides, strict=True):
            if loop.role in ("n", "g"):
                place = place[..., None] + np.arange(loop.size) * stride
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
