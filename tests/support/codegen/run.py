"""Runs one core function on arrays, without an array around it."""

from collections.abc import Sequence

import numpy as np

from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.ir.text import read_module
from aie_conv.sim.functional.lower import ControlRegisters, Target
from aie_conv.sim.functional.native import compile_leaf
from aie_conv.sim.model.module import build_model
from aie_conv.sim.model.ranges import Range


def run_function(
    device: str, text: str, arrays: Sequence[np.ndarray], *indices: int
) -> tuple[str, ...]:
    """Call ``@kernel`` of a device's functions; arrays are changed in place.

    Returns what had to be checked while it ran, since its loops do not tell.
    """
    return call_function(device, text, arrays, *indices)[0]


def call_function(
    device: str, text: str, arrays: Sequence[np.ndarray], *indices: int, exact: bool = False
) -> tuple[tuple[str, ...], int]:
    """Call ``@kernel`` of a device's functions; arrays are changed in place.

    Returns what had to be checked while it ran, since its loops do not tell, and the cycles that it took.

    Args:
        device: its name.
        text: the functions, and what they need declared.
        arrays: the memrefs, in the order of the arguments.
        indices: the arguments behind them.
        exact: whether bf16 products are added as the manual says.
    """
    where = get_device(device)
    model = build_model(read_module(f"module {{\naie.device({where.ir_name}) {{\n{text}}}\n}}\n"))
    function = model.functions["kernel"]
    args = function.blocks[0].args
    known = [None] * len(arrays) + [Range(index, index) for index in indices]
    leaf = compile_leaf(
        function.blocks[0].ops,
        "test",
        list(zip(args, known, strict=True)),
        ((), ()),
        model.functions,
        Target(where.arch.name, exact=exact, machine=current()),
        ControlRegisters(),
    )
    places = [np.ascontiguousarray(array) for array in arrays]
    context = np.zeros(4, np.int64)
    fault = leaf.call(context.ctypes.data, *(place.ctypes.data for place in places), *indices)
    assert fault == 0, leaf.faults[fault - 1]
    for array, place in zip(arrays, places, strict=True):
        if array is not place:
            array[...] = place
    return leaf.faults, leaf.spent(context)[0]
