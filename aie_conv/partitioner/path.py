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
an open call for each configuration and row in front: it looks at n k states, the whole search at n n k.
"""

import sys
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class _Unused:
    """The array before the first call: in a configuration, or in whichever is wanted, which is None."""

    loaded: Hashable

    def change(self, key: Hashable, change: int) -> int:
        """What it costs to have a configuration."""
        return 0 if self.loaded in (None, key) else change


@dataclass(frozen=True)
class _Step:
    """The last row of a choice for the first rows, and the choice for those before it."""

    way: Way | None
    before: "_Step | None"

    def ways(self) -> Iterator[Way | None]:
        """From the last row to the first."""
        step: _Step | None = self
        while step is not None:
            yield step.way
            step = step.before


@dataclass(frozen=True)
class _State:
    """What a choice for the first rows costs."""

    cost: int
    steps: _Step | None


_Open = dict[Hashable, list[tuple[int, _State]]]
"""For each configuration, states with an open call and the row that it began with: later and dearer."""


def _change(loaded: Hashable, key: Hashable, change: int) -> int:
    """What it costs to go from one configuration to another."""
    if isinstance(loaded, _Unused):
        return loaded.change(key, change)
    return 0 if loaded == key else change


@dataclass
class _Front:
    """The states behind a row: by the configuration that is loaded, all calls ended, and with one open."""

    closed: dict[Hashable, _State] = field(default_factory=dict[Hashable, _State])
    open: _Open = field(default_factory=dict[Hashable, list[tuple[int, _State]]])

    def leaders(self) -> list[Hashable]:
        """The configurations that a change to another one may be cheapest from, in their order.

        A change costs the same from each, so that it is the cheapest of them, or what was before any call.
        """
        used = [key for key in self.closed if not isinstance(key, _Unused)]
        least = min(used, key=lambda key: self.closed[key].cost, default=None)
        return [key for key in self.closed if isinstance(key, _Unused) or key is least]

    def cheapest_to(
        self, key: Hashable, leaders: Sequence[Hashable], change: int
    ) -> tuple[_State, int]:
        """The state from which a configuration is had most cheaply, and what that costs in all.

        Of equal ones it is that which needs no change.
        """
        loaded = [key, *leaders] if key in self.closed else leaders
        moves = [
            (state, state.cost + _change(each, key, change))
            for each in loaded
            for state in [self.closed[each]]
        ]
        return min(moves, key=lambda move: move[1])

    def end(self, key: Hashable, state: _State) -> None:
        """A choice whose calls have all ended."""
        known = self.closed.get(key)
        if known is None or state.cost < known.cost:
            self.closed[key] = state

    def prune(self, change: int, begin: int) -> None:
        """Drop what a change of configuration from the cheapest one brings about for less, and a new call."""
        costs = [s.cost for key, s in self.closed.items() if not isinstance(key, _Unused)]
        most = min(costs, default=0) + change
        self.closed = {
            key: state
            for key, state in self.closed.items()
            if isinstance(key, _Unused) or state.cost <= most
        }
        self.open = {
            key: kept
            for key, states in self.open.items()
            if (kept := [each for each in states if each[1].cost <= most + begin])
        }

    def go_on(self, key: Hashable, start: int, state: _State) -> None:
        """A choice whose last call may go on."""
        kept = self.open.setdefault(key, [])
        if any(begun >= start and other.cost <= state.cost for begun, other in kept):
            return
        kept[:] = [each for each in kept if each[0] > start or each[1].cost < state.cost]
        kept.append((start, state))


def _advance(front: _Front, number: int, row: Offer, overheads: Overheads, begin: int) -> _Front:
    """The states behind the next row."""
    after = _Front()
    if row.cpu is not None:
        for key, state in front.closed.items():
            after.end(key, _State(state.cost + row.cpu, _Step(None, state.steps)))
    leaders = front.leaders()
    for key, way in row.ways.items():
        from_, loading = front.cheapest_to(key, leaders, overheads.change)
        begun = loading + overheads.launch + row.before
        calls = [(number, begun, from_.steps)]
        barrier = max(row.barrier, way.barrier)
        calls += [
            (start, state.cost, state.steps)
            for start, state in front.open.get(key, ())
            if start > barrier
        ]
        for start, cost, steps in calls:
            step = _Step(way, steps)
            after.end(key, _State(cost + way.cost + row.behind, step))
            if not way.leaves:
                after.go_on(key, start, _State(cost + way.cost, step))
    after.prune(overheads.change, begin)
    return after


def _ends(
    table: Sequence[Offer], overheads: Overheads, loaded: Hashable = None
) -> dict[Hashable, _State]:
    """The least cost of all rows by the configuration that they end with, with a call at least."""
    unused = _Unused(loaded)
    front = _Front({unused: _State(0, None)})
    begin = overheads.launch + max((row.before for row in table), default=0)
    for number, row in enumerate(table):
        front = _advance(front, number, row, overheads, begin)
    return {key: state for key, state in front.closed.items() if key != unused}


def _path(state: _State) -> Path:
    ways = tuple(state.steps.ways())[::-1] if state.steps is not None else ()
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
    for key, state in sorted(_ends(table, overheads).items(), key=lambda end: end[1].cost):
        if best is not None and state.cost >= best.cost:
            break
        path = _path(state)
        if _changes_back(path):
            # With the change; or what begins with this configuration too, or changes from it.
            best = _less(best, Path(path.cost + overheads.change, path.ways))
            again = _ends(table, overheads, key).get(key)
            if again is None:
                continue
            path = _path(again)
        best = _less(best, path)
    return best


def _less(one: Path | None, other: Path) -> Path:
    return other if one is None or other.cost < one.cost else one
