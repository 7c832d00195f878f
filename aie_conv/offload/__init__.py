"""Modules of several convolutions as calls of named executables with caller-provided results.

Example:
    >>> made = aie_conv.offload.offload("examples/two_convs.mlir")
    >>> for stage in made.stages:
    ...     print(stage.text)
    >>> program = made.load("sim")
    >>> program.two_convs(x, w0, w1, y)  # fills y
"""

from aie_conv.offload.pipeline import PIPELINE, Offloaded, offload, stages

__all__ = ["PIPELINE", "Offloaded", "offload", "stages"]
