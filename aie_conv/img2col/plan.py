"""The plan of the im2col route: a tiling with the host copies and arguments that it needs."""

from dataclasses import dataclass
from functools import cached_property

from aie_conv.arch import get_device
from aie_conv.errors import ConfigRefused
from aie_conv.img2col.streams import count_tasks
from aie_conv.img2col.tiling import Tiling, search
from aie_conv.img2col.view import GemmView, make_view
from aie_conv.kernels import epilogue
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.partitioner.interface import Argument
from aie_conv.problem import DTYPE_BYTES, ConvProblem


def _pack_filter(tiling: Tiling) -> tuple[HostCopy, ...]:
    """From [n][K] to the cores' blocks, a slice after the other, its vectors behind its weights."""
    view, n, kc = tiling.view, tiling.n, tiling.kc
    _, s, t = tiling.matmul.rst
    source = next(c.dest for c in reversed(view.prologue) if c.dest in ("rhs_nk", "rhs_padded"))
    slices, chunks, dtype = tiling.slices, tiling.chunks, view.dtype
    split = (slices, n // t, t, chunks, kc // s, s)
    blocks = (slices, chunks, n // t, kc // s, s, t)
    packed = "weights" if not tiling.tail else "weights_blocks"
    copies = [
        HostCopy(
            source,
            split,
            dtype,
            (0,) * 6,
            split,
            (0, 3, 1, 4, 5, 2),
            packed,
            blocks,
            dtype,
            (0,) * 6,
        )
    ]
    if not tiling.tail:
        return tuple(copies)
    shape = (slices, tiling.slice_elements)
    flat = (slices, n * view.k)
    copies.append(
        HostCopy(
            "weights_blocks", flat, dtype, (0, 0), flat, (0, 1), "weights", shape, dtype, (0, 0)
        )
    )
    offsets = dict(tiling.vector_offsets)
    for index, vector_dtype, name in view.vectors:
        row = (slices, n * DTYPE_BYTES[vector_dtype] // tiling.size)
        at = (0, n * view.k + offsets[index])
        copies.append(HostCopy(name, row, dtype, (0, 0), row, (0, 1), "weights", shape, dtype, at))
    return tuple(copies)


@dataclass(frozen=True)
class Im2colPlan:
    """A problem's implicit GEMM on one device; see the partitioner's interface for the fields."""

    tiling: Tiling
    predicted_cycles: int

    route = "im2col"

    @property
    def view(self) -> GemmView:
        """The implicit GEMM."""
        return self.tiling.view

    @property
    def problem(self) -> ConvProblem:
        """What it computes."""
        return self.view.problem

    @property
    def device(self) -> str:
        """The user's name of the device."""
        return self.tiling.device.name

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self.tiling.rows * self.tiling.columns

    @property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return self.tiling.shim_bytes

    @cached_property
    def prologue(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU before the call."""
        return (*self.view.prologue, *_pack_filter(self.tiling))

    @property
    def finish(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU behind it."""
        return self.view.finish

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Input, packed filter, residual if any, result."""
        view = self.view
        weights = Argument("weights", view.dtype, self.tiling.slices * self.tiling.slice_elements)
        residual = (view.residual.argument,) if view.residual else ()
        return (view.lhs, weights, *residual, view.result)

    def emit(self) -> str:
        """The text of the AIE module."""
        from aie_conv.img2col.emit import emit

        return emit(self)


class Im2colRoute:
    """Implicit GEMM: the windows are read by DMA addresses, the product runs on the matrix unit."""

    name = "im2col"

    def propose(self, problem: ConvProblem, device: str) -> Im2colPlan:
        """The best tiling of a problem; see :class:`aie_conv.partitioner.interface.Route`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        view = make_view(problem)
        plan = Im2colPlan(*search(view, get_device(device), count_tasks))
        limit = plan.tiling.device.arch.host_buffers
        if len(plan.arguments) > limit:
            raise ConfigRefused(
                "host buffers", f"im2col: host buffers: {len(plan.arguments)} of {limit}"
            )
        return plan
