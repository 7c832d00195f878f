"""The search for the best mapping among a route's candidates, and the way back from a plan's parameters."""

from collections.abc import Hashable, Iterator, Sequence
from collections.abc import Mapping as Numbers
from dataclasses import MISSING, dataclass, fields, replace
from math import log
from typing import Any, Generic, Protocol

import numpy as np

from aie_conv.arch import Device
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.check import Limit, refuse_broken
from aie_conv.mapping.cost import Cost, cost_of_row
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.numbers import is_column
from aie_conv.mapping.table import P, joined, length_of, row_of, table_of, take
from aie_conv.mapping.task_count import issue_cycles
from aie_conv.problem import DTYPE_BYTES

_BUDGET = 512
"""Candidates of a route that are looked at first, an even choice. Then the neighbours of the fastest, which
differ from them in one size: as many as lie between two of the choice."""

_REFINED = 24
"""Of how many of the fastest the neighbours are looked at."""

_TIMED = 8
"""How many of the fastest, of those with the fewest tiles and of the lightest are ranked with the time to
issue their tasks, which is too slow to ask of every candidate."""

_EXPANDED = 24
"""How many of the fastest, and of those that ask least of the cores, are tried with more held in the mem
tiles."""

_WORTH_JUDGING = 1.5
"""How many times the least predicted cycles a mapping may have that a better judge still looks at: the model
is off by up to 1.35 in the layers of ResNet-50. Where few are so near, the next ones are looked at too."""

_FEW = 16
"""How many are few."""

_LONG_RUN = 1024
"""Bytes that the shim should read in one run: longer ones gain little of the host's memory."""


class Scheme(Protocol[P]):
    """A route's mappings of one problem on one device: each from its parameters.

    Sizes, limits and prices take one candidate's parameters or a table of them
    (:mod:`aie_conv.mapping.numbers`).
    """

    @property
    def device(self) -> Device:
        """Where."""
        ...

    @property
    def view(self) -> ProblemView:
        """What, as the route sees it."""
        ...

    @property
    def kind(self) -> type[P]:
        """The class of the parameters."""
        ...

    def sizes(self, p: P) -> Sizes:
        """All numbers of the mapping."""
        ...

    def limits(self, p: P, s: Sizes) -> Iterator[Limit]:
        """What has to hold."""
        ...

    def price(self, p: P, s: Sizes) -> Cost:
        """What it costs, where the limits hold."""
        ...

    def stages(self, p: P, s: Sizes) -> list[int]:
        """Steps of K, ascending, that an object in the mem tile may hold, of one candidate.

        None at all where the mem tiles repeat nothing.
        """
        ...

    def build(self, p: P, s: Sizes, cost: Cost) -> Mapping:
        """The mapping of one candidate."""
        ...


def make_mapping(scheme: Scheme[P], p: P) -> Mapping:
    """The mapping that parameters state.

    Raises:
        ConfigRefused: a limit of the device is broken.
    """
    sizes = scheme.sizes(p)
    refuse_broken(scheme.limits(p, sizes))
    return scheme.build(p, sizes, scheme.price(p, sizes))


@dataclass(frozen=True)
class Price:
    """What a candidate costs.

    Attributes:
        cycles: predicted, without the time to issue its tasks.
        cores: cycles that the cores are busy.
        shim_bytes: that cross the shim.
        tiles: that all columns compute.
    """

    cycles: int
    cores: int
    shim_bytes: int
    tiles: int


@dataclass(frozen=True)
class PricedMapping:
    """A candidate that fits.

    Attributes:
        price: what it costs.
        order: what it is ranked by, and its number among the candidates.
        kind: how it divides the channels and buffers, which errors of the model do not hit alike.
    """

    price: Price
    order: tuple[tuple[int, ...], int]
    kind: tuple[int, ...]


class Space(Generic[P]):
    """Candidates by number: those of a table, and others that are added to them.

    Args:
        scheme: makes mappings of them.
        table: their parameters.
        shape: those that programs depend on by their sizes alone.
        program: those that programs depend on, where cores read all others; empty where that is not known.
    """

    def __init__(
        self, scheme: Scheme[P], table: P, shape: Sequence[str] = (), program: Sequence[str] = ()
    ) -> None:
        self._scheme = scheme
        self._table = table
        self._shape = frozenset(shape)
        self._program = tuple(program)
        self._priced_rows: dict[int, tuple[Cost, Sizes, int]] = {}

    def __len__(self) -> int:
        return length_of(self._table)

    def parameters(self, number: int) -> P:
        """Those of a candidate."""
        return row_of(self._table, number)

    def mapping(self, candidate: PricedMapping) -> Mapping:
        """The mapping of a candidate that fits."""
        number = candidate.order[1]
        p = self.parameters(number)
        cost, _, row = self._priced_rows[number]
        return self._scheme.build(p, self._scheme.sizes(p), cost_of_row(cost, row))

    def leading(self, candidates: Sequence[PricedMapping]) -> list[tuple[int, PricedMapping]]:
        """Of candidates whose programs may be one the fastest, with the number of the first of them."""
        leaders: dict[tuple[Any, ...], tuple[int, PricedMapping]] = {}
        for candidate in sorted(candidates, key=lambda c: c.order[1]):
            key = self._tile_key(candidate.order[1])
            first, best = leaders.get(key, (candidate.order[1], candidate))
            faster = candidate.price.cycles < best.price.cycles
            leaders[key] = first, candidate if faster else best
        return list(leaders.values())

    def program_key(self, candidate: PricedMapping) -> Hashable:
        """Equal for candidates of one configuration alone; those of others may differ in it too."""
        number = candidate.order[1]
        if not self._program:
            return number
        _, sizes, _ = self._priced_rows[number]
        return self._key(number, self._program, (sizes.grid.filter_groups,))

    def _tile_key(self, number: int) -> tuple[Any, ...]:
        _, sizes, _ = self._priced_rows[number]
        names = [f.name for f in fields(self._table) if f.name not in self._shape]
        return self._key(number, names, (sizes.tile.pixels,))

    def _key(self, number: int, names: Sequence[str], others: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values of parameters of these names, and of the grid and of others, in a candidate."""
        _, sizes, row = self._priced_rows[number]
        columns: Any = self._table
        values = [getattr(columns, name)[number] for name in names]
        grid = sizes.grid
        array = grid.columns, grid.rows, grid.filter_columns, grid.unicast
        shared: tuple[Any, ...] = (*array, *others)
        return (*values, *(c[row] if is_column(c) else c for c in shared))

    def fitting(self, numbers: Sequence[int]) -> tuple[list[PricedMapping], ConfigRefused | None]:
        """The candidates of these numbers that fit, the fastest first, and what hinders the last other."""
        if not len(numbers):
            return [], None
        scheme, rows = self._scheme, np.asarray(numbers)
        with np.errstate(divide="ignore", invalid="ignore"):
            table = take(self._table, rows)
            holds: Any = np.ones(len(rows), bool)
            for limit in scheme.limits(table, scheme.sizes(table)):
                holds = holds & limit.holds
        refused = self._refusal(int(rows[~holds][-1])) if not holds.all() else None
        if not holds.any():
            return [], refused
        return sorted(self._price(rows[holds]), key=lambda c: c.order), refused

    def _refusal(self, number: int) -> ConfigRefused | None:
        """What hinders a candidate."""
        p = self.parameters(number)
        try:
            refuse_broken(self._scheme.limits(p, self._scheme.sizes(p)))
        except ConfigRefused as refusal:
            return refusal
        return None

    def _price(self, numbers: Any) -> Iterator[PricedMapping]:
        scheme, table = self._scheme, take(self._table, numbers)
        sizes = scheme.sizes(table)
        cost, grid = scheme.price(table, sizes), sizes.grid
        self._priced_rows |= {
            number: (cost, sizes, row) for row, number in enumerate(numbers.tolist())
        }
        columns: list[Any] = [
            cost.cycles, cost.loads["cores"], cost.shim_bytes,
            grid.steps * grid.columns, grid.steps * sizes.tile.k_steps,
            scheme.device.cores - grid.columns * grid.rows,
            table.tile_n, table.tile_k, table.resident, table.filter_buffers, table.k_chunks,
            table.input_reuse, table.filter_reuse,
        ]  # fmt: skip
        shape = (len(numbers),)
        rows = zip(*(np.broadcast_to(c, shape).tolist() for c in columns), strict=True)
        for number, (cycles, cores, moved, tiles, steps, idle, *kind) in zip(
            numbers.tolist(), rows, strict=True
        ):
            # Within 3 % of each other the model says nothing: more cores, then less work for them,
            # then fewer, larger steps.
            rank, work = (int(log(value) / log(1.03)) for value in (cycles, cores))
            order = (rank, idle, work, steps, moved)
            yield PricedMapping(Price(cycles, cores, moved, tiles), (order, number), tuple(kind))

    def expand(self, candidates: Sequence[PricedMapping]) -> range:
        """Add those that hold more in the mem tiles than these, with the same work in the cores.

        Not all of them fit.
        """
        rows = [
            variant
            for candidate in candidates
            for variant in expansions(self._scheme, self.parameters(candidate.order[1]))
        ]
        first = len(self)
        if rows:
            self._table = joined((self._table, table_of(self._scheme.kind, rows)))
        return range(first, first + len(rows))


def expansions(scheme: Scheme[P], p: P) -> Iterator[P]:
    """The same work in the cores, with more of the input or filter held in the mem tiles."""
    s = scheme.sizes(p)
    stages = scheme.stages(p, s)
    if not stages:
        return
    wanted = _LONG_RUN / (p.tile_k * DTYPE_BYTES[scheme.view.dtype])
    longest = max((stage for stage in stages if stage < 2 * wanted), default=1)
    if longest > 1:
        yield replace(p, k_chunks=longest)
    most, grid = scheme.device.arch.memtile_bds // 2, s.grid
    if stages[-1] == s.tile.k_steps and not s.residual.objects:
        for times in _divisors_to(s.memtile.reusable_rounds, most):
            yield replace(p, k_chunks=s.tile.k_steps, input_reuse=times)
    if grid.column_tiles > 1 and not p.resident and grid.shared_rows == 1:
        for times in _divisors_to(grid.column_tiles, most):
            yield replace(p, k_chunks=longest, filter_reuse=times)


def _divisors_to(value: int, most: int) -> list[int]:
    """Divisors from 2 to ``most``, the largest first."""
    return [d for d in range(min(value, most), 1, -1) if value % d == 0]


Timed = tuple[Mapping, int]
"""A mapping, and its predicted cycles with the time to issue its tasks."""


def finalists(space: Space[Any], refused: ConfigRefused, count: int = 1) -> list[Timed]:
    """The mapping with the fewest predicted cycles, then others that a better judge may put before it.

    Args:
        space: candidates, checked or not.
        refused: the error if there are none at all.
        count: how many at most. Half of the others are the next by predicted cycles, half the best of each
            division of the channels and each buffering, which errors of the model do not hit alike.

    Returns:
        Mappings and their predicted cycles; deterministic.

    Raises:
        ConfigRefused: none fits; the error is the last limit met.
    """
    fitting, refused = _look_up(space, refused)
    fitting = _with_expansions(space, fitting)
    best, timed = _best(space, fitting, refused)
    kept = [timed]
    for candidate in _others(fitting, best, timed[1], count - 1):
        if len(kept) == count:
            break
        try:
            mapping, cycles = _time(space, candidate)
        except ConfigRefused:
            continue
        if cycles <= _WORTH_JUDGING * timed[1] or len(kept) < _FEW:
            kept.append((mapping, cycles))
    return kept


def _time(space: Space[Any], candidate: PricedMapping) -> Timed:
    mapping = space.mapping(candidate)
    return mapping, issue_cycles(mapping, candidate.price.cycles)


def _look_up(
    space: Space[Any], refused: ConfigRefused
) -> tuple[list[PricedMapping], ConfigRefused]:
    """Of all candidates an even choice that fits, and what lies near the fastest of it."""
    stride = -(-len(space) // _BUDGET) or 1
    first, refused_first = space.fitting(range(0, len(space), stride))
    near = {
        i
        for number in (candidate.order[1] for candidate in first[:_REFINED])
        for i in range(number - stride + 1, number + stride)
        if i % stride and 0 <= i < len(space)
    }
    more, refused_more = space.fitting(sorted(near))
    refused = refused_more or refused_first or refused
    return sorted((*first, *more), key=lambda c: c.order), refused


def _with_expansions(space: Space[Any], fitting: list[PricedMapping]) -> list[PricedMapping]:
    """Besides the candidates, those that hold more in the mem tiles, where that may be faster or lighter.

    The cores' work stays the same: candidates whose cores are busier than the best takes are left alone.
    """
    if not fitting:
        return fitting
    least = min(candidate.price.cycles for candidate in fitting)
    able = [c for c in fitting if c.price.cores <= 1.03 * least]
    idle = sorted(able, key=lambda c: (c.price.cores, c.order[1]))
    near = {c.order[1]: c for c in (*able[:_EXPANDED], *idle[:_EXPANDED])}
    more, _ = space.fitting(space.expand(list(near.values())))
    return sorted((*fitting, *more), key=lambda c: c.order)


def _best(
    space: Space[Any], fitting: list[PricedMapping], refused: ConfigRefused
) -> tuple[PricedMapping, Timed]:
    """The best of candidates that fit, and its mapping; ``refused`` is raised if there is none."""
    # Tasks are issued one by one: where they bind, candidates with few of them win. Among equals the
    # one that moves the least wins.
    least = fitting[0].price.cycles if fitting else 0
    near = [c for c in fitting[_TIMED:] if c.price.cycles <= 1.5 * least]
    few = sorted(near, key=lambda c: (c.price.tiles, *c.order))
    close = (c for c in near if c.price.cycles <= 1.03 * least)
    lightest = sorted(close, key=lambda c: (c.price.shim_bytes, *c.order))
    ranked = (*fitting[:_TIMED], *few[:_TIMED], *lightest[:_TIMED])
    distinct = {c.order[1]: c for c in ranked}.values()
    return _lightest(space, sorted(distinct, key=lambda c: (c.price.cycles, c.order[1])), refused)


def _lightest(
    space: Space[Any], ranked: Sequence[PricedMapping], refused: ConfigRefused
) -> tuple[PricedMapping, Timed]:
    """The lightest of the candidates that are about as fast as the fastest, and its mapping.

    Tasks are counted of as few as decide it.

    Args:
        space: whose candidates they are.
        ranked: the fastest first by themselves.
        refused: raised if there is none.
    """
    timed: dict[int, Timed] = {}
    least = 0

    def time(candidate: PricedMapping) -> bool:
        """Whether a candidate's tasks can be expressed."""
        nonlocal refused, least
        number = candidate.order[1]
        if number not in timed:
            try:
                timed[number] = _time(space, candidate)
            except ConfigRefused as error:
                refused = error
                return False
            least = min(least or timed[number][1], timed[number][1])
        return True

    if ranked and time(ranked[0]) and least == ranked[0].price.cycles:
        # None can be faster, so that the first that is about as fast is the one.
        near = [c for c in ranked if c.price.cycles <= 1.03 * least]
        for candidate in sorted(near, key=_weight):
            if time(candidate) and timed[candidate.order[1]][1] <= 1.03 * least:
                return candidate, timed[candidate.order[1]]
    # The fastest first: one that is slower by itself needs no count of its tasks.
    for candidate in ranked:
        if least and candidate.price.cycles > 1.03 * least:
            break
        time(candidate)
    if not timed:
        raise refused
    able = [c for c in ranked if c.order[1] in timed and timed[c.order[1]][1] <= 1.03 * least]
    best = min(able, key=_weight)
    return best, timed[best.order[1]]


def _weight(candidate: PricedMapping) -> tuple[int, int]:
    """What a light candidate has little of: bytes, those within 10 % of each other equal, then work."""
    price = candidate.price
    return int(log(price.shim_bytes) / log(1.1)), price.cores


def _others(
    fitting: list[PricedMapping], best: PricedMapping, cycles: int, count: int
) -> list[PricedMapping]:
    """Candidates worth a better judge's time besides the best, in the order in which to look at them."""
    if count < 1:
        return []
    limit = _WORTH_JUDGING * cycles
    near = [c for c in fitting if c is not best]
    near.sort(key=lambda c: (c.price.cycles, c.order[1]))
    near = [c for place, c in enumerate(near) if place < _FEW or c.price.cycles <= limit]
    kinds: dict[tuple[int, ...], PricedMapping] = {}
    for candidate in near:
        kinds.setdefault(candidate.kind, candidate)
    half = count // 2
    ordered = (*near[:half], *kinds.values(), *near[half:])
    return list({c.order[1]: c for c in ordered}.values())


def rebuild(scheme: Scheme[Any], parameters: Numbers[str, int]) -> Timed:
    """The mapping that a plan's parameters state, checked, and its predicted cycles.

    Args:
        scheme: the route's mappings of the problem.
        parameters: as :attr:`aie_conv.mapping.plan.ArrayPlan.parameters` gave them; those with a usual value
            may be left out.

    Raises:
        ConfigRefused: a parameter is missing, unknown or no number, or the mapping does not fit.
    """
    names = {f.name for f in fields(scheme.kind)}
    needed = {f.name for f in fields(scheme.kind) if f.default is MISSING}
    values: dict[str, Any] = dict(parameters)
    numbers = all(type(v) in (int, bool) and v >= 0 for v in values.values())
    if not (needed <= set(values) <= names and numbers):
        wanted = ", ".join(sorted(needed))
        raise ConfigRefused("parameters", f"parameters: give a whole number for each of: {wanted}")
    try:
        mapping = make_mapping(scheme, scheme.kind(**values))
    except ZeroDivisionError:
        raise ConfigRefused("parameters", "parameters: a size of 0") from None
    return mapping, issue_cycles(mapping, mapping.cost.cycles)
