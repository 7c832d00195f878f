"""Configurations of the array: programs that differ in their runtime sequences and parameters alone.

Changing the array's configuration takes as long as several layers of a network, so that layers share one
where their tiles and kernels are equal: loop counts are run-time parameters, and the epilogues of all of
them stand in the program.
"""

from collections.abc import Hashable

from aie_conv.mapping.tiling import Tiling


def configuration(tiling: Tiling) -> Hashable:
    """What a tiling's program, but for its epilogue, depends on; equal for tilings that may share one."""
    array = (tiling.columns, tiling.rows, tiling.filter_columns, tiling.spread)
    view = tiling.view
    types = (tiling.device.name, view.dtype, view.problem.out.dtype, bool(view.vectors))
    return (type(tiling), types, array, tiling.fixed_sizes)
