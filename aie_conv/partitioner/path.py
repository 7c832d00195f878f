"""The cheapest way through a module: for each dispatch a plan or the CPU, all of them together.

What is least is the time of the whole: of the array, a launch for each call, what crosses a call's border,
changes of the array's configuration, and the CPU's own dispatches. A dispatch inside a call costs its array
time alone, so that a small one is worth it there that is not worth a call of its own.

Dynamic programming over the dispatches in the order of the program finds it. A state is the configuration
that is loaded and, where a call is open, the dispatch that it began with: a call goes on over a dispatch
that reads nothing that the CPU makes of the call's results. Of two states in a configuration the one is
dropped that costs no less and whose call began no later. For a chain that is the least of all choices. In
a graph a dispatch on the CPU ends the call in front of it even where it could run beside it, and only the
program's order is looked at.

Of n dispatches with k configurations, a row has at most k + 1 states whose calls have all ended, and one with
an open call for each configuration and row in front. All calls of a configuration go on by the same ways, so
that a row looks at k of them, the whole search at n k.
"""

import sys
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from aie_conv.plan import Plan

ALONE = sys.maxsize
"""As a barrier: no call holds it with another."""


@dataclass(frozen=True)
class Way:
    """A plan that a dispatch may take.

    Attributes:
        plan: the plan.
        cost: cycles of the array and of the host's copies around it.
        barrier: the last dispatch whose result those copies take, which no call with this one holds; -1 for
            none.
        leaves: whether nothing follows it in its call.
    """

    plan: Plan
    cost: int
    barrier: int = -1
    leaves: bool = False


@dataclass(frozen=True)
class Offer:
    """What one dispatch may take.

    Attributes:
        ways: the cheapest in each configuration.
        cpu: cycles of the CPU instead; None where it may not be taken.
        barrier: the last dispatch that no call with this one holds; -1 for none.
        before, behind: cycles to bring what it reads into a call that begins with it, and to take its result
            out of one that it ends.
    """

    ways: dict[Hashable, Way]
    cpu: int | None
    barrier: int = -1
    before: int = 0
    behind: int = 0


@dataclass(frozen=True)
class Overheads:
    """Cycles of a launch and of a change of configuration."""

    launch: int
    change: int


@dataclass(frozen=True)
class Path:
    """A choice for every row.

    Attributes:
        cost: cycles of the whole, again and again: it begins in the configuration that it ends with.
        ways: one a row; None is the CPU.
    """

    cost: int
    ways: tuple[Way | None, ...]


_UNUSED = -1
"""As a configuration's number: the array before the first call."""


@dataclass(frozen=True)
class _Rows:
    """Rows that are done one after the other in a call, or one on the CPU, and the choice for those before.

    Attributes:
        key: the number of the call's configuration; None for the CPU.
        first, last: rows.
        before: None where there are none.
    """

    key: int | None
    first: int
    last: int
    before: "_Rows | None"

    def ways(self, table: Sequence[dict[int, Way]]) -> Iterator[Way | None]:
        """From the last row to the first; ``table`` has those of each row."""
        rows: _Rows | None = self
        while rows is not None:
            for number in range(rows.last, rows.first - 1, -1):
                yield table[number][rows.key] if rows.key is not None else None
            rows = rows.before


@dataclass(frozen=True)
class _State:
    """What a choice for the first rows costs."""

    cost: int
    rows: _Rows | None


@dataclass
class _Calls:
    """Open calls in a configuration: of those that began earlier only what costs less.

    All go on by the same ways, so that their order stays.

    Attributes:
        gone: cycles of the ways since the configuration has calls.
        begun: (row that a call began with, cycles less ``gone``, the choice before), the earliest first.
    """

    gone: int = 0
    begun: deque[tuple[int, int, _Rows | None]] = field(
        default_factory=deque[tuple[int, int, _Rows | None]]
    )

    def begin(self, row: int, cost: int, before: _Rows | None) -> None:
        """Open one more, in place of each that costs no less."""
        while self.begun and self.begun[-1][1] + self.gone >= cost:
            self.begun.pop()
        self.begun.append((row, cost - self.gone, before))

    def drop(self, barrier: int) -> None:
        """End those that began no later than a row."""
        while self.begun and self.begun[0][0] <= barrier:
            self.begun.popleft()

    def prune(self, most: int) -> None:
        """Drop those that cost more."""
        while self.begun and self.begun[-1][1] + self.gone > most:
            self.begun.pop()


@dataclass
class _Front:
    """The states behind a row, by the numbers of configurations.

    Attributes:
        loaded: what the array has before the first call; None for whichever is wanted.
        closed: by the configuration that is loaded, all calls ended.
        open: with a call that may go on.
    """

    loaded: int | None
    closed: dict[int, _State]
    open: dict[int, _Calls]

    def leaders(self) -> list[int]:
        """The configurations that a change to another one may be cheapest from, in their order.

        A change costs the same from each, so that it is the cheapest of them, or what was before any call.
        """
        used = [key for key in self.closed if key != _UNUSED]
        least = min(used, key=lambda key: self.closed[key].cost, default=_UNUSED)
        return [key for key in self.closed if key in (_UNUSED, least)]

    def cheapest_to(self, key: int, leaders: Sequence[int], change: int) -> tuple[_State, int]:
        """The state from which a configuration is had most cheaply, and what that costs in all.

        Of equal ones it is that which needs no change.
        """
        best = self.closed.get(key)
        least = best.cost if best is not None else 0
        for each in leaders:
            state = self.closed[each]
            stays = each == key or (each == _UNUSED and self.loaded in (None, key))
            cost = state.cost if stays else state.cost + change
            if best is None or cost < least:
                best, least = state, cost
        if best is None:
            raise AssertionError("the array is in some state before each row")
        return best, least

    def end(self, key: int, state: _State) -> None:
        """A choice whose calls have all ended."""
        known = self.closed.get(key)
        if known is None or state.cost < known.cost:
            self.closed[key] = state

    def prune(self, change: int, begin: int) -> None:
        """Drop what a change of configuration from the cheapest one brings about for less, and a new call."""
        costs = [state.cost for key, state in self.closed.items() if key != _UNUSED]
        most = min(costs, default=0) + change
        self.closed = {
            key: state for key, state in self.closed.items() if key == _UNUSED or state.cost <= most
        }
        for calls in self.open.values():
            calls.prune(most + begin)
        self.open = {key: calls for key, calls in self.open.items() if calls.begun}


@dataclass(frozen=True)
class _Table:
    """Rows with numbers for their configurations."""

    rows: Sequence[Offer]
    ways: Sequence[dict[int, Way]]
    overheads: Overheads

    @classmethod
    def of(cls, rows: Sequence[Offer], overheads: Overheads) -> Self:
        """Configurations are numbered as they come: comparing them takes long."""
        numbers: dict[Hashable, int] = {}
        ways = [
            {numbers.setdefault(key, len(numbers)): way for key, way in row.ways.items()}
            for row in rows
        ]
        return cls(rows, ways, overheads)

    def _advance(self, front: _Front, number: int, begin: int) -> _Front:
        """The states behind the next row; open calls are changed in place."""
        row, overheads = self.rows[number], self.overheads
        after = _Front(front.loaded, {}, {})
        if row.cpu is not None:
            for key, state in front.closed.items():
                rows = _Rows(None, number, number, state.rows)
                after.end(key, _State(state.cost + row.cpu, rows))
        leaders = front.leaders()
        for key, way in self.ways[number].items():
            from_, loading = front.cheapest_to(key, leaders, overheads.change)
            calls = front.open.get(key) or _Calls()
            calls.drop(max(row.barrier, way.barrier))
            calls.begin(number, loading + overheads.launch + row.before, from_.rows)
            calls.gone += way.cost
            first, cost, before = calls.begun[0]
            rows = _Rows(key, first, number, before)
            after.end(key, _State(cost + calls.gone + row.behind, rows))
            if not way.leaves:
                after.open[key] = calls
        after.prune(overheads.change, begin)
        return after

    def ends(self, loaded: int | None = None) -> dict[int, _State]:
        """The least cost of all rows by the configuration that they end with, with a call at least."""
        front = _Front(loaded, {_UNUSED: _State(0, None)}, {})
        begin = self.overheads.launch + max((row.before for row in self.rows), default=0)
        for number in range(len(self.rows)):
            front = self._advance(front, number, begin)
        return {key: state for key, state in front.closed.items() if key != _UNUSED}

    def path(self, state: _State) -> Path:
        """A choice for all rows."""
        ways = tuple(state.rows.ways(self.ways))[::-1] if state.rows is not None else ()
        return Path(state.cost, ways)


def _changes_back(path: Path) -> bool:
    """Whether a run ends with another configuration than the next one begins with."""
    keys = [way.plan.configuration for way in path.ways if way is not None]
    return keys[:1] != keys[-1:]


def cheapest_path(table: Sequence[Offer], overheads: Overheads) -> Path | None:
    """The cheapest choice with something on the NPU; None where no row has a way.

    Args:
        table: the dispatches in the order of the program.
        overheads: of calls and changes.
    """
    # A run finds the configuration that the one before it left: first as if that were no matter.
    best: Path | None = None
    numbered = _Table.of(table, overheads)
    for key, state in sorted(numbered.ends().items(), key=lambda end: end[1].cost):
        if best is not None and state.cost >= best.cost:
            break
        path = numbered.path(state)
        if _changes_back(path):
            # With the change; or what begins with this configuration too, or changes from it.
            best = _less(best, Path(path.cost + overheads.change, path.ways))
            again = numbered.ends(key).get(key)
            if again is None:
                continue
            path = numbered.path(again)
        best = _less(best, path)
    return best


def _less(one: Path | None, other: Path) -> Path:
    return other if one is None or other.cost < one.cost else one
