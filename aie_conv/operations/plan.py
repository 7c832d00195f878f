"""The route of operations, and its plans."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from aie_conv.arch import Device, get_device
from aie_conv.errors import ConfigRefused
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.operations.code import check_operation
from aie_conv.operations.emit import emit
from aie_conv.operations.gathered import rows, rows_count
from aie_conv.operations.search import TileCandidate, rebuild, search
from aie_conv.operations.streams import TABLES
from aie_conv.operations.view import OperationView, make_row_views, make_view
from aie_conv.plan import Argument, Plan, Sample
from aie_conv.problem import Arithmetic, OperationProblem


@dataclass(frozen=True)
class OperationPlan:
    """An operation on one device; see :class:`aie_conv.plan.Plan` for the properties.

    ``number`` is its view's among those of an operation by rows.
    """

    view: OperationView
    chosen: TileCandidate
    target: Device
    padded: bool = False
    number: int = 0
    route: str = "direct"

    @property
    def style(self) -> str:
        """The operation's kind."""
        return self.view.problem.kind

    @property
    def problem(self) -> OperationProblem:
        """What it computes."""
        return self.view.problem

    @property
    def arithmetic(self) -> Arithmetic:
        """How it computes: in the operands' own types."""
        return "native"

    @property
    def device(self) -> str:
        """The user's name of the device."""
        return self.target.name

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self.chosen.grid.cores

    @property
    def predicted_cycles(self) -> int:
        """Of a call, by the cost model."""
        return self.chosen.cycles

    @property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return self.chosen.cost.shim_bytes

    @property
    def bound(self) -> str:
        """The resource that is busy longest."""
        return self.chosen.cost.bound

    @cached_property
    def parameters(self) -> dict[str, int]:
        """What fixes it among the plans of its problem."""
        tile, grid = self.chosen.tile, self.chosen.grid
        numbers = {f"size_{axis}": size for axis, size in enumerate(tile.sizes)}
        numbers |= {f"taps_{axis}": taps for axis, taps in enumerate(tile.taps)}
        numbers |= {"columns": grid.columns, "channels": grid.channels, "rows": grid.rows}
        numbers |= {"padded": int(self.padded), "together": tile.together}
        return numbers | ({"view": self.number} if self.problem.by_rows else {})

    @cached_property
    def prologue(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU before the call."""
        tile = self.chosen.tile
        if not tile.tables:
            return self.view.prologue
        pitches = [section.pitches for section in tile.sections]
        words = rows(self.view, tile.sizes, pitches, tile.tables[0].width)
        shape = (len(words),)
        tables = HostCopy(
            "", shape, "i32", (0,), shape, (0,), TABLES, shape, "i32", (0,), literal=words
        )
        return (*self.view.prologue, tables)

    @property
    def finish(self) -> tuple[HostCopy, ...]:
        """Copies of the CPU behind it."""
        return self.view.finish

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """The inputs, each once, and the result."""
        read: dict[str, Argument] = {}
        for source, section in zip(self.view.sources, self.chosen.tile.sections, strict=True):
            known = read.get(source.argument.name, source.argument)
            slack = max(known.slack, section.over_read)
            read[source.argument.name] = replace(known, slack=slack)
        tile = self.chosen.tile
        if tile.tables:
            read[TABLES] = Argument(TABLES, "i32", rows_count(self.view, tile.sizes, tile.tables))
        return (*read.values(), self.view.result)

    @property
    def run_time(self) -> tuple[int, ...]:
        """No numbers steer it."""
        return ()

    @cached_property
    def configuration(self) -> Hashable:
        """Equal for equal programs alone."""
        return ("operation", self.problem, self.device, tuple(sorted(self.parameters.items())))

    def issued(self) -> Plan:
        """Its prediction has the time to issue its tasks."""
        return cast("Plan", self)

    def shared_with(self, plans: Sequence[Plan]) -> Plan:
        """Its program serves it alone."""
        del plans
        return cast("Plan", self)

    def emit(self) -> str:
        """The text of the AIE module."""
        return emit(self.target, self.chosen.tile, self.chosen.grid, self.arguments)

    def emit_sample(self) -> Sample:
        """See :class:`aie_conv.plan.Plan`."""
        return Sample(self.emit())


class OperationRoute:
    """Everything that is no contraction."""

    name = "direct"

    def propose(
        self, problem: OperationProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> OperationPlan:
        """The best plan, or the one that ``parameters`` of an earlier plan describe.

        Raises:
            Unsupported: the cores do not compute it; the message says why.
            ConfigRefused: no tile of it fits the device, or the one described does not.
        """
        check_operation(problem)
        target = get_device(device)
        if parameters is not None:
            padded = bool(parameters.get("padded"))
            views = list(_views(problem, padded))
            number = parameters.get("view", 0)
            if not 0 <= number < len(views):
                raise ConfigRefused("parameters", f"parameters: view {number} of {len(views)}")
            chosen = rebuild(target, views[number], dict(parameters))
            plan = OperationPlan(views[number], chosen, target, padded, number)
        else:
            plan = _search(problem, target)
        most = target.arch.host_buffers
        if len(plan.arguments) > most:
            raise ConfigRefused("host buffers", f"host buffers: {len(plan.arguments)} of {most}")
        return plan


def _views(problem: OperationProblem, padded: bool) -> Iterator[OperationView]:
    """The forms in which an operation may run, the best in front."""
    if problem.by_rows:
        yield from make_row_views(problem, padded=padded)
    else:
        yield make_view(problem, padded=padded)


def _search(problem: OperationProblem, target: Device) -> OperationPlan:
    """The best plan of the first form that has one: operands as they lie, else padded ones."""
    refusal: ConfigRefused | None = None
    # What the host would copy for a move is all there is.
    for padded in (False, True) if problem.kind != "move" else (False,):
        for number, view in enumerate(_views(problem, padded)):
            try:
                chosen = search(target, view)
            except ConfigRefused as reason:
                refusal = refusal or reason
                continue
            return OperationPlan(view, chosen, target, padded, number)
    raise refusal or ConfigRefused("tile", f"tile: no tiling of {problem.describe()}")
