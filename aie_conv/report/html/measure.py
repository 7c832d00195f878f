"""Runs each NPU program once in the simulator and keeps what the pictures show of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import AieConvError, DeviceError
from aie_conv.ir.core import ELEMENT_BITS
from aie_conv.report.html.arraymap import ArrayMap, array_map
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.timing.timeline import Timeline

TextProgress = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """One program: what its run cost, what every part did when, and what lies where."""

    stats: RunStats
    timeline: Timeline
    array: ArrayMap


OperandArrays = Sequence[NDArray[Any]]


def measure(text: str, operands: OperandArrays | None = None) -> Measured:
    """Run an AIE module once.

    Args:
        text: the module.
        operands: its flat buffers, which are written; zeros if None. How long it takes depends on no data
            but on the run-time parameters among them.

    Raises:
        AieConvError: the simulator refuses it.
    """
    simulator = Simulator(text)
    buffers = operands or [
        np.zeros(elements * ELEMENT_BITS[dtype] // 8, np.uint8)
        for dtype, elements in simulator.arguments
    ]
    timeline = Timeline()
    stats = simulator.run(buffers, timeline=timeline)
    return Measured(stats, timeline, array_map(simulator, stats))


def measure_all(
    modules: Mapping[str, str],
    progress: TextProgress,
    operands: Mapping[str, OperandArrays] | None = None,
) -> dict[str, Measured]:
    """Every dispatch's program by its name; equal programs run once.

    Args:
        modules: AIE module text by dispatch.
        progress: told of each program before it runs.
        operands: of each dispatch, as :func:`measure` takes them.

    Raises:
        DeviceError: the simulator refuses one; the message says which.
    """
    inputs = operands or {}
    keys = {
        name: (text, *(hash(buffer.tobytes()) for buffer in inputs.get(name, ())))
        for name, text in modules.items()
    }
    results: dict[tuple[str | int, ...], Measured] = {}
    count = len(set(keys.values()))
    for name, text in modules.items():
        key = keys[name]
        if key not in results:
            progress(f"simulating program {len(results) + 1} of {count}: {name}")
            try:
                results[key] = measure(text, inputs.get(name))
            except AieConvError as error:
                raise DeviceError(f"{name}: {error}") from error
    return {name: results[keys[name]] for name in modules}
