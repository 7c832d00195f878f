"""The plan of a route: a tiling with the host copies and arguments that it needs."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace
from typing import cast

from aie_conv.errors import ConfigRefused
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.configuration import configuration
from aie_conv.mapping.emit import emit, variant_of, variants_of
from aie_conv.mapping.streams import count_tasks
from aie_conv.mapping.tiling import Tiling
from aie_conv.plan import Argument, Plan
from aie_conv.problem import DTYPE_BYTES, ConvProblem


def pack_filter(tiling: Tiling, parameters: Sequence[int]) -> tuple[HostCopy, ...]:
    """The filter in the cores' blocks, a slice after the other.

    A slice is its weights, its vectors behind them, and in front of a streamed one or behind a resident
    one the run-time parameters, which are read of the first pass's slices alone.
    """
    view, dtype = tiling.view, tiling.view.dtype
    shape = (tiling.slices, tiling.slice_elements)
    flat = (tiling.slices, tiling.weight_elements)

    def place(
        source: str, row: tuple[int, int], at: int, literal: tuple[int, ...] = ()
    ) -> HostCopy:
        zeros = (0, 0)
        return HostCopy(
            source, row, dtype, zeros, row, (0, 1), "weights", shape, dtype, (0, at), literal=literal
        )  # fmt: skip

    front = tiling.header
    copies = [*tiling.filter_copies("weights_blocks"), place("weights_blocks", flat, front)]
    offsets = dict(tiling.vector_offsets)
    for index, vector_dtype, name in view.vectors:
        row = (tiling.slices, tiling.n * DTYPE_BYTES[vector_dtype] // tiling.size)
        source, made = by_slice(tiling, name, (view.groups * view.n, 1), vector_dtype)
        copies += [*made, place(source, row, front + tiling.vectors_at + offsets[index])]
    if tiling.fixed:
        return tuple(copies)
    words = (*parameters, *[0] * (tiling.words - len(parameters)))
    first = min(tiling.rows, tiling.slices)
    row = (first, 4 * tiling.words // tiling.size)
    copies.append(place("", row, tiling.parameters_at, words * first))
    return tuple(copies)


def by_slice(
    tiling: Tiling, name: str, shape: tuple[int, int], dtype: str
) -> tuple[str, tuple[HostCopy, ...]]:
    """A value of ``shape`` (channels, elements each) with a row of channels for every slice.

    Returns:
        The name of the value, and the copies that make it; none where slices do not overlap.
    """
    if tiling.slice_runs == ((0, tiling.slices, 0),):
        return name, ()
    made, depth = f"{name}_slices", shape[1]
    dest = (tiling.slices * tiling.n, depth)
    copies = (
        HostCopy(
            name, shape, dtype, (channel, 0), (count * tiling.n, depth), (0, 1), made, dest, dtype,
            (first * tiling.n, 0),
        )
        for first, count, channel in tiling.slice_runs
    )  # fmt: skip
    return made, tuple(copies)


@dataclass(frozen=True)
class ArrayPlan:
    """A problem's tiling on one device; see the partitioner's interface for the fields.

    ``variants`` stand for the epilogues that the program holds; empty for its own alone.
    """

    route: str
    style: str
    tiling: Tiling
    predicted_cycles: int
    variants: tuple[Tiling, ...] = ()

    def __post_init__(self) -> None:
        """Raise ConfigRefused if the program takes more buffers than the host may pass."""
        most = self.tiling.device.arch.host_buffers
        if len(self.arguments) > most:
            raise ConfigRefused("host buffers", f"host buffers: {len(self.arguments)} of {most}")

    @property
    def problem(self) -> ConvProblem:
        """What it computes."""
        return self.tiling.view.problem

    @property
    def device(self) -> str:
        """The user's name of the device."""
        return self.tiling.device.name

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self.tiling.rows * self.tiling.busy_columns

    @property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return self.tiling.shim_bytes

    @property
    def bound(self) -> str:
        """The resource that is busy longest, by the cost model."""
        loads = self.tiling.loads
        if self.predicted_cycles > self.tiling.cycles:
            return "task issue"
        return max(loads, key=lambda name: loads[name])

    @cached_property
    def parameters(self) -> dict[str, int]:
        """The tiling's numbers, from which the route makes the same plan again."""
        values = {f.name: getattr(self.tiling, f.name) for f in fields(self.tiling)}
        return {name: value for name, value in values.items() if isinstance(value, int)}

    @cached_property
    def prologue(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU before the call."""
        return (
            *self.tiling.view.prologue,
            *pack_filter(self.tiling, self.run_time),
        )

    @property
    def finish(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU behind it."""
        return self.tiling.view.finish

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """Input, packed filter, residual if any, result."""
        view = self.tiling.view
        weights = Argument("weights", view.dtype, self.tiling.slices * self.tiling.slice_elements)
        residual = (view.residual.argument,) if view.residual else ()
        lhs = replace(view.lhs, slack=self.tiling.input_slack)
        return (lhs, weights, *residual, view.result)

    @cached_property
    def run_time(self) -> tuple[int, ...]:
        """The run-time parameters of its call; see :meth:`aie_conv.mapping.cut.Cut.run_time`."""
        return self.tiling.run_time(variant_of(self.tiling, self.variants))

    @cached_property
    def configuration(self) -> Hashable:
        """See :class:`aie_conv.plan.Plan`."""
        return configuration(self.tiling)

    def issued(self) -> Plan:
        """See :class:`aie_conv.plan.Plan`."""
        issue = count_tasks(self.tiling) * self.tiling.task_cycles
        slow = issue > self.predicted_cycles
        return cast("Plan", replace(self, predicted_cycles=issue) if slow else self)

    def shared_with(self, plans: Sequence[Plan]) -> Plan:
        """See :class:`aie_conv.plan.Plan`."""
        others = [p.tiling for p in plans if isinstance(p, ArrayPlan)]
        variants = variants_of((*others, self.tiling))
        whole = replace(self, variants=variants) if len(variants) > 1 else self
        # The type checker does not take a cached property for a property.
        return cast("Plan", whole)

    def emit(self) -> str:
        """The text of the AIE module."""
        return emit(self.tiling, self.arguments, self.variants)
