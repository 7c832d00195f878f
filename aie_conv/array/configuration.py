"""Configurations of the array: programs that differ in their runtime sequences and parameters alone.

Changing the array's configuration takes as long as several layers of a network, so that layers share one
where their tiles and kernels are equal: loop counts are run-time parameters, and the epilogues of all of
them stand in the program.
"""

from collections.abc import Hashable
from dataclasses import fields
from typing import Any

from aie_conv.array.tiling import Tiling


def configuration(tiling: Tiling) -> Hashable:
    """What a tiling's program, but for its epilogue, depends on; equal for tilings that may share one."""
    kernel: Any = tiling.matmul
    numbers = (
        tiling.n, tiling.kc, tiling.resident, tiling.b_depth, tiling.staged, tiling.a_repeat,
        tiling.b_repeat, tiling.out_depth,
    )  # fmt: skip
    array = (tiling.columns, tiling.rows, tiling.filter_columns, tiling.spread)
    objects = (
        tiling.pixels, tiling.a_elements, tiling.a_l3_elements, tiling.a_parts, tiling.b_elements,
        tiling.tail_objects, tiling.a_to_stream, tiling.out_to_stream,
    )  # fmt: skip
    view = tiling.view
    types = (tiling.device.name, view.dtype, view.problem.out.dtype, bool(view.vectors))
    sizes = tuple(getattr(kernel, f.name) for f in fields(kernel) if f.name != "arch")
    counts: tuple[Hashable, ...] = (tiling.chunks,) if tiling.resident else ()
    if tiling.fixed:
        # Without parameters there is nothing to pick an epilogue with.
        counts = (tiling.passes, tiling.column_tiles, tiling.chunks, tiling.finish_shape)
    return (type(tiling), types, numbers, array, objects, sizes, counts)
