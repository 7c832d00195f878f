"""Runs each NPU program once in the simulator and keeps what the pictures show of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aie_conv.errors import AieConvError, DeviceError
from aie_conv.html.arraymap import ArrayMap, array_map
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.ir import ELEMENT_BITS
from aie_conv.sim.timeline import Timeline

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """One program: what its run cost, what every part did when, and what lies where."""

    stats: RunStats
    timeline: Timeline
    array: ArrayMap


def measure(text: str) -> Measured:
    """Run an AIE module on zeros: how long it takes does not depend on the data.

    Raises:
        AieConvError: the simulator refuses it.
    """
    simulator = Simulator(text)
    buffers = [
        np.zeros(elements * ELEMENT_BITS[dtype] // 8, np.uint8)
        for dtype, elements in simulator.arguments
    ]
    timeline = Timeline()
    stats = simulator.run(buffers, timeline=timeline)
    return Measured(stats, timeline, array_map(simulator, stats))


def measure_all(modules: Mapping[str, str], progress: Progress) -> dict[str, Measured]:
    """Every dispatch's program by its name; equal programs run once.

    Args:
        modules: AIE module text by dispatch.
        progress: told of each program before it runs.

    Raises:
        DeviceError: the simulator refuses one; the message says which.
    """
    found: dict[str, Measured] = {}
    made: dict[str, Measured] = {}
    count = len(set(modules.values()))
    for name, text in modules.items():
        if text not in found:
            progress(f"simulating program {len(found) + 1} of {count}: {name}")
            try:
                found[text] = measure(text)
            except AieConvError as error:
                raise DeviceError(f"{name}: {error}") from error
        made[name] = found[text]
    return made
