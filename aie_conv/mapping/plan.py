"""The plan of a route: a mapping with the host copies and arguments that it needs."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace
from typing import cast

from aie_conv.errors import ConfigRefused
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.configuration import configuration, distinct_epilogues, epilogue_number
from aie_conv.mapping.cost import bound
from aie_conv.mapping.emit import emit, emit_sample
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.pack import pack_filter
from aie_conv.mapping.task_count import issue_cycles
from aie_conv.plan import Argument, Plan
from aie_conv.problem import BLOCK_FLOAT, Arithmetic, ConvProblem


@dataclass(frozen=True)
class ArrayPlan:
    """A problem's mapping on one device; see :class:`aie_conv.plan.Plan` for the properties.

    ``epilogues`` are mappings that stand for the epilogues that the program holds; empty for its own alone.
    """

    route: str
    style: str
    mapping: Mapping
    predicted_cycles: int
    epilogues: tuple[Mapping, ...] = ()

    def __post_init__(self) -> None:
        """Raise ConfigRefused if the program takes more buffers than the host may pass."""
        most = self.mapping.device.arch.host_buffers
        if len(self.arguments) > most:
            raise ConfigRefused("host buffers", f"host buffers: {len(self.arguments)} of {most}")

    @property
    def problem(self) -> ConvProblem:
        """What it computes."""
        return self.mapping.view.problem

    @property
    def arithmetic(self) -> Arithmetic:
        """How its products are computed; what the matrix unit does not multiply as bfp16 is bf16."""
        allowed = self.problem.arithmetic
        if allowed != BLOCK_FLOAT or self.mapping.view.unit == BLOCK_FLOAT:
            return allowed
        return "bf16" if self.problem.lhs.dtype == "f32" else "native"

    @property
    def device(self) -> str:
        """The user's name of the device."""
        return self.mapping.device.name

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self.mapping.grid.rows * self.mapping.grid.busy_columns

    @property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return self.mapping.cost.shim_bytes

    @property
    def bound(self) -> str:
        """The resource that is busy longest, by the cost model."""
        cost = self.mapping.cost
        return "task issue" if self.predicted_cycles > cost.cycles else bound(cost)

    @cached_property
    def parameters(self) -> dict[str, int]:
        """The mapping's parameters, from which the route makes the same plan again."""
        parameters = self.mapping.parameters
        return {f.name: getattr(parameters, f.name) for f in fields(parameters)}

    @cached_property
    def prologue(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU before the call."""
        return (*self.mapping.view.prologue, *pack_filter(self.mapping, self.run_time))

    @property
    def finish(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU behind it."""
        return self.mapping.view.finish

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """Input, packed filter, residual and per-channel operand that is sent if any, result."""
        m, view = self.mapping, self.mapping.view
        elements = m.grid.n_tiles * m.filters.n_tile_elements
        weights = Argument("weights", view.dtype, elements)
        lhs = replace(view.lhs, slack=m.addresses.over_read)
        others: list[Argument] = []
        if view.residual is not None:
            others.append(replace(view.residual.argument, slack=m.addresses.residual_over_read))
        if view.sent is not None:
            # What a core keeps is as long for any N tile.
            others.append(replace(view.sent, slack=m.l1.bias - m.tile.n))
        return (lhs, weights, *others, view.result)

    @cached_property
    def run_time(self) -> tuple[int, ...]:
        """The run-time parameters of its call."""
        number = epilogue_number(self.mapping, self.epilogues)
        return self.mapping.program.encode(self.mapping, number)

    @cached_property
    def configuration(self) -> Hashable:
        """See :class:`aie_conv.plan.Plan`."""
        return configuration(self.mapping)

    def issued(self) -> Plan:
        """See :class:`aie_conv.plan.Plan`."""
        cycles = issue_cycles(self.mapping, self.predicted_cycles)
        slow = cycles > self.predicted_cycles
        return cast("Plan", replace(self, predicted_cycles=cycles) if slow else self)

    def shared_with(self, plans: Sequence[Plan]) -> Plan:
        """See :class:`aie_conv.plan.Plan`."""
        others = [p.mapping for p in plans if isinstance(p, ArrayPlan)]
        epilogues = distinct_epilogues((*others, self.mapping))
        alone = len(epilogues) == 1 and epilogues[0] is self.mapping
        shared = self if alone else replace(self, epilogues=epilogues)
        # The type checker does not take a cached property for a property.
        return cast("Plan", shared)

    def emit(self) -> str:
        """The text of the AIE module."""
        return emit(self.mapping, self.arguments, self.epilogues)

    def emit_sample(self) -> str:
        """See :class:`aie_conv.plan.Plan`."""
        return emit_sample(self.mapping, self.arguments, self.epilogues)
