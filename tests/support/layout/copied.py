"""What the CPU's compiled host copies make of a matrix, seen by a device that keeps it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.plan import Decision, Plan
from aie_conv.problem import ConvProblem
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.program import load_program
from tests.support.bridge import modules
from tests.support.bridge.reference import compile_with


class Keeper:
    """A device that keeps the first buffer that it is given."""

    name = "keeper"

    def run(self, executable: Executable, buffers: Sequence[NDArray[Any]]) -> dict[str, Any]:
        self.first = buffers[0].copy()
        return {}


def copies_on_cpu(
    rows: int, columns: int, dtype: str, plan: Callable[[ConvProblem], Plan]
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """The first argument of a product's program, as the copies of its plan make it of the left operand.

    Args:
        rows, columns: of the left operand.
        dtype: of both operands.
        plan: makes the plan of the product.
    """
    shapes = [rows, columns], [columns, 8], [rows, 8]

    def make(plan: Plan) -> Executable:
        buffers = tuple(Buffer(a.dtype, a.elements) for a in plan.arguments)
        return Executable(plan.device, buffers, False, "")

    compiled = compile_with(
        modules.matmul("matmul", *shapes, dtype),
        lambda asked: Decision("test", "", plan(asked.problem)),
        make,
    )
    keeper = Keeper()
    program = load_program(compiled.vmfb, keeper)

    def run(x: NDArray[Any]) -> NDArray[Any]:
        program.main(x, np.zeros(shapes[1], x.dtype))
        return keeper.first

    return run
