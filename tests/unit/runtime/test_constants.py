"""Operands that are equal at every call are kept as they were, not where IREE had them."""

from typing import Any

import numpy as np

from aie_conv.runtime.vm_module import ModuleState


def test_a_constant_outlives_the_buffer_it_came_in() -> None:
    nothing: Any = None
    state = ModuleState(nothing, nothing)
    buffer = np.arange(4, dtype=np.int32)
    first = state.constant_of("dispatch", 1, buffer)
    # What IREE does with memory that it has given to another value since.
    buffer[:] = -1
    assert first.tolist() == [0, 1, 2, 3]
    assert state.constant_of("dispatch", 1, buffer) is first
    assert state.constant_of("dispatch", 2, buffer).tolist() == [-1] * 4
