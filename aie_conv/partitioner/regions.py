"""Regions: which dispatches one call of the NPU does.

The dispatches on the NPU are cut, in the order of the program, into runs that are each one call; what the CPU
does in between goes before or behind. Of all such cuts the one with the least price is found by dynamic
programming: a launch for each call, and the copies of what crosses into and out of it. Another order of the
program may need fewer calls where it goes to and fro between configurations; none is looked for (of small
random graphs with two configurations, that is 11 % more calls than the best of all orders). A route file may
pin calls: they are formed as it says, and what lies between them is cut as usual.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.arch.machine import current
from aie_conv.errors import UsageError
from aie_conv.graph import DispatchGraph
from aie_conv.layout.hostcopy import NUMPY_DTYPE
from aie_conv.lazy import cached_property
from aie_conv.mapping.task_count import count_tasks
from aie_conv.partitioner.cost import FIXED, HostCost
from aie_conv.partitioner.joining import (
    WEIGHTS,
    Incomplete,
    Member,
    NotJoinable,
    RegionLayout,
    find_readers,
    join,
)
from aie_conv.partitioner.pins import RegionPin
from aie_conv.plan import blank_operands
from aie_conv.problem import DTYPE_BYTES

MODES = ("auto", "large", "single")
"""What ``--amd-aie-regions`` takes: least price; fewest calls; a call for each dispatch."""

MOST_WORDS = 1 << 18
"""Instruction words of a region: 1 MiB, of which a network of a hundred layers takes a tenth. A bound of
this compiler's own, so that no graph makes a sequence of any length."""

WORDS_A_TASK = 41
"""Instruction words of a task of one descriptor, its start and its token (:mod:`aie_conv.mapping.region`)."""


@dataclass(frozen=True, eq=False)
class Region:
    """Dispatches that one call does.

    Attributes:
        name: the dispatch's, or of a region of several "region_1", … in the order of the program.
        members: in their order.
        layout: the buffers of a region of several; None for one dispatch.
        border: why it does not go on from the one before; empty for a function's first.
    """

    name: str
    members: tuple[Member, ...]
    layout: RegionLayout | None
    border: str

    @property
    def device(self) -> str:
        """The user's name of the device."""
        return self.members[0].plan.device

    @property
    def predicted_cycles(self) -> int:
        """The planner's estimate of the array, of all its dispatches."""
        return sum(member.plan.predicted_cycles for member in self.members)

    def blank_operands(self) -> list[NDArray[Any]]:
        """Flat operands of its program, slack included, that are zeros but for what steers it."""
        if self.layout is None:
            return blank_operands(self.members[0].route_plan)
        operands: list[NDArray[Any]] = [
            np.zeros(a.elements + a.slack, NUMPY_DTYPE[a.dtype]) for a in self.layout.arguments
        ]
        weights = operands[self.layout.packed]
        for member, offset in zip(self.members, self.layout.weights, strict=True):
            plan = member.route_plan
            number = [a.name for a in plan.arguments].index(WEIGHTS)
            own = blank_operands(plan)[number]
            weights[offset : offset + own.size] = own
        return operands

    @property
    def names(self) -> tuple[str, ...]:
        """The dispatches."""
        return tuple(member.node.name for member in self.members)


@dataclass(frozen=True)
class _Cut:
    """The cheapest cut of the first dispatches: its price, how many calls, and the last call."""

    price: float
    calls: int
    start: int
    layout: RegionLayout | None


class _Cutter:
    """Cuts the dispatches of one block."""

    def __init__(
        self,
        graph: DispatchGraph,
        members: Sequence[Member],
        mode: str,
        host: HostCost,
        pinned: Mapping[int, tuple[int, RegionPin]],
    ) -> None:
        self._graph, self._members, self._mode, self._host = graph, members, mode, host
        self._pinned = pinned
        self._readers = find_readers(graph)
        self._why: dict[int, str] = {}
        self._words: dict[int, int] = {}

    @cached_property
    def _launch(self) -> float:
        return current().host.launch

    def _price(self, layout: RegionLayout) -> float:
        """Seconds of a launch and of moving what crosses the region's border."""
        inner = {layout.arena, layout.packed}
        crossing = sum(
            a.elements * DTYPE_BYTES[a.dtype]
            for number, a in enumerate(layout.arguments)
            if number not in inner
        )
        moved = 0.0 if self._mode == "large" else crossing / self._host.copy_bytes_per_second
        return self._launch + moved

    def _words_of(self, number: int) -> int:
        plan = self._members[number].plan
        if id(plan) not in self._words:
            self._words[id(plan)] = count_tasks(plan.mapping) * WORDS_A_TASK
        return self._words[id(plan)]

    def _joined(self, start: int, end: int) -> RegionLayout:
        """The layout of a run of dispatches.

        Raises:
            NotJoinable: they cannot be one call.
        """
        if end - start > 1:
            # A pin wins over a flag.
            if self._mode == "single" and not self._is_pinned(start, end):
                raise NotJoinable("--amd-aie-regions=single")
            words = sum(map(self._words_of, range(start, end)))
            if words > MOST_WORDS:
                raise NotJoinable(f"about {words} instruction words of {MOST_WORDS}")
        return join(self._members[start:end], self._graph, self._readers)

    def _block_ends(self) -> list[int]:
        """Where no run crosses: pinned borders, and neighbours that cannot be one call in any company."""
        ends: list[int] = []
        inside = {at for start, (end, _) in self._pinned.items() for at in range(start + 1, end)}
        for end in range(1, len(self._members)):
            if end in inside:
                continue
            if end in self._edges:
                ends.append(end)
                continue
            try:
                self._joined(end - 1, end + 1)
            except Incomplete:
                continue
            except NotJoinable as refusal:
                self._why[end] = str(refusal)
                ends.append(end)
        return [*ends, len(self._members)]

    @cached_property
    def _edges(self) -> set[int]:
        """Where pinned calls begin or end."""
        return {at for start, (end, _) in self._pinned.items() for at in (start, end)}

    def _is_pinned(self, start: int, end: int) -> bool:
        return start in self._pinned and self._pinned[start][0] == end

    def _join_pinned(self, start: int, end: int, pin: RegionPin) -> RegionLayout:
        try:
            return self._joined(start, end)
        except NotJoinable as refusal:
            names = [self._members[at].node.name for at in (start, end - 1)]
            raise UsageError(
                f"{pin.where}: {names[0]} to {names[1]} cannot be one call: {refusal}:"
                " correct or remove the entry"
            ) from refusal

    def cut(self) -> list[tuple[int, int, RegionLayout | None]]:
        """(first, end, layout) of each call; none for a dispatch alone."""
        runs: list[tuple[int, int, RegionLayout | None]] = []
        start = 0
        for end in self._block_ends():
            runs += self._cut_block(start, end)
            start = end
        return runs

    def _cut_block(self, first: int, last: int) -> list[tuple[int, int, RegionLayout | None]]:
        if first in self._pinned and last - first > 1:
            return [(first, last, self._join_pinned(first, last, self._pinned[first][1]))]
        if last - first > 1:
            try:
                # A cut never costs less than none: launches and crossing values only add up.
                return [(first, last, self._joined(first, last))]
            except NotJoinable:
                pass
        best: dict[int, _Cut] = {first: _Cut(0.0, 0, first, None)}
        for start in range(first, last):
            for end, layout in self._runs_from(start, last):
                before = best[start]
                price = before.price + (self._price(layout) if layout is not None else self._launch)
                known = best.get(end)
                if known is None or (price, before.calls + 1) < (known.price, known.calls):
                    best[end] = _Cut(price, before.calls + 1, start, layout)
        runs: list[tuple[int, int, RegionLayout | None]] = []
        end = last
        while end > first:
            cut = best[end]
            runs.append((cut.start, end, cut.layout if end - cut.start > 1 else None))
            end = cut.start
        return runs[::-1]

    def _runs_from(self, start: int, last: int) -> Iterator[tuple[int, RegionLayout | None]]:
        """The ends of calls that begin at a dispatch, and their layouts; none where it stays alone."""
        for end in range(start + 1, last + 1):
            try:
                yield end, self._joined(start, end)
            except NotJoinable as refusal:
                if end == start + 1:
                    yield end, None
                    continue
                self._why.setdefault(end - 1, str(refusal))
                if not isinstance(refusal, Incomplete):
                    return

    def border(self, start: int, end: int, following: int) -> str:
        """Why a run does not go on into the one behind it."""
        try:
            self._joined(start, following)
        except NotJoinable as refusal:
            return str(refusal)
        cheaper = "a cut here is cheaper"
        return "pinned by the route file" if end in self._edges else self._why.get(end, cheaper)


def _locate(
    members: Sequence[Member], pinned: Sequence[RegionPin]
) -> dict[int, tuple[int, RegionPin]]:
    """Where pinned calls of a block begin, and where each ends.

    Raises:
        UsageError: the dispatches of one do not follow one another.
    """
    at = {member.node.name: number for number, member in enumerate(members)}
    places: dict[int, tuple[int, RegionPin]] = {}
    for pin in pinned:
        numbers = [at[name] for name in pin.dispatches if name in at]
        if not numbers:
            continue
        start, end = numbers[0], numbers[0] + len(numbers)
        missing = next((name for name in pin.dispatches if name not in at), None)
        if missing is not None:
            raise UsageError(
                f"{pin.where}: {missing} and {members[start].node.name} are not both on the NPU in one"
                " function: correct or remove the entry"
            )
        if numbers != list(range(start, end)):
            raise UsageError(
                f"{pin.where}: between {pin.dispatches[0]} and {pin.dispatches[-1]} the NPU has others,"
                " or another order: correct or remove the entry"
            )
        places[start] = end, pin
    return places


def form_regions(
    graph: DispatchGraph,
    members: Sequence[Member],
    mode: str,
    host: HostCost = FIXED,
    numbered: int = 0,
    pinned: Sequence[RegionPin] = (),
) -> list[Region]:
    """The regions of a block's dispatches on the NPU, in program order.

    Args:
        graph: the block.
        members: its dispatches on the NPU, in program order.
        mode: one of :data:`MODES`.
        host: what a copy costs.
        numbered: how many regions of several the blocks before have, for the names.
        pinned: calls that are formed whatever they cost; those of other blocks are passed over.

    Raises:
        UsageError: a pinned call cannot be formed.
    """
    if not members:
        return []
    cutter = _Cutter(graph, members, mode, host, _locate(members, pinned))
    runs = cutter.cut()
    regions: list[Region] = []
    before: tuple[int, int] | None = None
    for start, end, layout in runs:
        border = ""
        if before is not None:
            border = cutter.border(before[0], before[1], start + 1)
        before = (start, end)
        alone = end - start == 1
        numbered += not alone
        name = members[start].node.name if alone else f"region_{numbered}"
        regions.append(Region(name, tuple(members[start:end]), layout, border))
    return regions
