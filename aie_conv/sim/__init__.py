"""The simulated NPU: it runs the text of an AIE module, functionally and in estimated cycles.

>>> Simulator(text).run([a, b, out])  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aie_conv.sim.simulator import RunStats, Simulator, verify, verify_sample

__all__ = ["RunStats", "Simulator", "verify", "verify_sample"]


def __getattr__(name: str) -> Any:
    """Load the simulator (and LLVM) when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aie_conv.sim import simulator

    return getattr(simulator, name)
