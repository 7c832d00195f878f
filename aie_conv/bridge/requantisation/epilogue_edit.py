"""An epilogue being changed: one of its values computed by other operations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.graft import DTYPES
from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.known_inputs import find_product_channels
from aie_conv.problem import DTYPE_BYTES, Epilogue, EpilogueInput, Operand, Problem, Step

Array = NDArray[Any]

ValueRef = tuple[str, int]
"""A value of the old epilogue ("old"), or one that was added: an input ("new"), or an operation ("made")."""


class EpilogueEdit:
    """An epilogue being changed; values are numbers of the old one, or of operations added.

    New inputs walk ``channels``, numbers of loops; a product's output channels if None.
    """

    def __init__(
        self,
        problem: Problem,
        recognised: Recognised,
        context: ir.Context,
        channels: Collection[int] | None = None,
    ) -> None:
        self._problem, self._recognised, self._context = problem, recognised, context
        self._channels = find_product_channels(problem) if channels is None else channels
        self._inputs: list[EpilogueInput] = []
        self._values: list[Array] = []
        self._steps: list[tuple[str, tuple[Any, ...], str, Any]] = []

    def input(self, values: Array, dtype: str = "i32") -> ValueRef:
        """A new input for the channels."""
        strides, step = dict[int, int](), 1
        loops = self._problem.loops
        for number in reversed(range(len(loops))):
            if number in self._channels:
                strides[number] = step
                step *= loops[number].size
        bits = 8 * DTYPE_BYTES[dtype]
        wrapped = ((values + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)).astype(DTYPES[dtype])
        operand = Operand(dtype, (len(values),))
        self._inputs.append(
            EpilogueInput(operand, tuple(strides.get(i, 0) for i in range(len(loops))))
        )
        self._values.append(wrapped)
        return ("new", len(self._inputs) - 1)

    def constant(self, number: int) -> ValueRef:
        """A constant of i32."""
        return self.do("constant", attr=int((number + 2**31) % 2**32 - 2**31))

    def do(self, op: str, *args: Any, attr: Any = None, dtype: str = "i32") -> ValueRef:
        """A new operation of arith."""
        self._steps.append((f"arith.{op}", args, dtype, attr))
        return ("made", len(self._steps) - 1)

    def finish(self, last: int, result: ValueRef) -> Recognised:
        """The old operations with one value given anew, what nothing uses left out."""
        old = self._problem.epilogue
        count = len(old.inputs)
        order: list[ValueRef] = []
        seen = set[ValueRef]()

        def arguments(ref: ValueRef) -> Sequence[ValueRef]:
            if ref[0] == "made":
                return self._steps[ref[1]][1]
            if ref[0] == "old" and ref[1] > count:
                return [known(arg) for arg in old.steps[ref[1] - 1 - count].args]
            return ()

        def known(value: int) -> ValueRef:
            return result if value == last else ("old", value)

        def visit(ref: ValueRef) -> None:
            if ref in seen:
                return
            seen.add(ref)
            for arg in arguments(ref):
                visit(arg)
            order.append(ref)

        visit(known(old.result))
        inputs = [r for r in order if r[0] == "new" or (r[0] == "old" and 0 < r[1] <= count)]
        steps = [r for r in order if r[0] == "made" or (r[0] == "old" and r[1] > count)]
        number = {("old", 0): 0} | {r: 1 + i for i, r in enumerate(inputs)}
        number |= {r: 1 + len(inputs) + i for i, r in enumerate(steps)}
        changed: list[Step] = []
        for ref in steps:
            args = tuple(number[arg] for arg in arguments(ref))
            if ref[0] == "made":
                op, _, dtype, attr = self._steps[ref[1]]
                changed.append(Step(op, args, dtype, attr))
            else:
                changed.append(replace(old.steps[ref[1] - 1 - count], args=args))
        epilogue = Epilogue(
            tuple(old.inputs[r[1] - 1] if r[0] == "old" else self._inputs[r[1]] for r in inputs),
            tuple(changed),
            number[known(old.result)],
        )
        return self._bound(epilogue, inputs)

    def _bound(self, epilogue: Epilogue, inputs: list[ValueRef]) -> Recognised:
        """The dispatch with another epilogue; new inputs are attributes of the module."""
        sources = dict(self._recognised.operands)
        operands = [(n, s) for n, s in self._recognised.operands if n in ("lhs", "rhs")]
        with self._context, ir.Location.unknown(self._context):
            for position, (kind, index) in enumerate(inputs):
                old = kind == "old"
                source = sources[f"in{index - 1}"] if old else self._values[index]
                if isinstance(source, np.ndarray):
                    source = ir.DenseElementsAttr.get(source)
                operands.append((f"in{position}", source))
        problem = replace(self._problem, epilogue=epilogue)
        return replace(self._recognised, problem=problem, operands=tuple(operands))
