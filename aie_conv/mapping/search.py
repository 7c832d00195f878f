"""The search for the best tiling, and the way back from a plan's parameters to its tiling."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from math import log
from typing import Any, TypeVar

from aie_conv.errors import ConfigRefused
from aie_conv.mapping.tiling import Tiling

T = TypeVar("T", bound=Tiling)


_BUDGET = 512
"""Candidates of a route that are looked at first, an even choice: about a quarter of a second. Then the
neighbours of the fastest, which differ from them in one size: as many as lie between two of the choice."""

_REFINED = 24
"""Of how many of the fastest the neighbours are looked at."""

_TIMED = 8
"""How many of the fastest, of those with the fewest tiles and of the lightest are ranked with the time to
issue their tasks, which is too slow to ask of every candidate."""

_EXPANDED = 24
"""How many of the fastest, and of those that ask least of the cores, are tried with more held in the mem
tiles."""

_WORTH_JUDGING = 1.5
"""How many times the least predicted cycles a tiling may have that a better judge still looks at: the model
is off by up to 1.35 in the layers of ResNet-50. Where few are so near, the next ones are looked at too."""

_FEW = 16
"""How many are few."""

_Ranked = tuple[tuple[int, ...], int, T]
"""What a fitting tiling is ranked by, its number among the candidates, and itself."""


def finalists(
    candidates: Iterable[T],
    refused: ConfigRefused,
    tasks_of: Callable[[T], int],
    count: int = 1,
) -> list[tuple[T, int]]:
    """The tiling with the fewest predicted cycles, then others that a better judge may put before it.

    Args:
        candidates: tilings, checked or not.
        refused: the error if there are none at all.
        tasks_of: counts the shim tasks of a tiling.
        count: how many at most. Half of the others are the next by predicted cycles, half the best of each
            division of the channels and each buffering, which errors of the model do not hit alike.

    Returns:
        Tilings and their predicted cycles; deterministic.

    Raises:
        ConfigRefused: none fits; the error is the last limit met.
    """
    fitting, refused = _looked(list(candidates), refused)
    fitting = _with_variants(fitting)
    best = _best(fitting, refused, tasks_of)
    found = [best]
    for tiling in _others(fitting, best, count - 1):
        if len(found) == count:
            break
        try:
            cycles = max(tiling.cycles, tasks_of(tiling) * tiling.task_cycles)
        except ConfigRefused:
            continue
        if cycles <= _WORTH_JUDGING * best[1] or len(found) < _FEW:
            found.append((tiling, cycles))
    return found


def _looked(made: list[T], refused: ConfigRefused) -> tuple[list[_Ranked[T]], ConfigRefused]:
    """Of all candidates an even choice that fits, and what lies near the fastest of it."""
    stride = -(-len(made) // _BUDGET) or 1
    first, refused = _fitting(((i, made[i]) for i in range(0, len(made), stride)), refused)
    near = {
        i
        for _, number, _ in first[:_REFINED]
        for i in range(number - stride + 1, number + stride)
        if i % stride and 0 <= i < len(made)
    }
    more, refused = _fitting(((i, made[i]) for i in sorted(near)), refused)
    return sorted((*first, *more), key=lambda f: f[:2]), refused


def _fitting(
    candidates: Iterable[tuple[int, T]], refused: ConfigRefused
) -> tuple[list[_Ranked[T]], ConfigRefused]:
    """The candidates (with their numbers) that fit, the fastest first, and the last limit met."""
    fitting: list[_Ranked[T]] = []
    for number, tiling in candidates:
        try:
            tiling.check()
        except ConfigRefused as error:
            refused = error
            continue
        steps = tiling.passes * tiling.column_tiles * tiling.chunks
        # Within 3 % of each other the model says nothing: more cores, then less work for them,
        # then fewer, larger steps.
        rank, work = (
            int(log(value) / log(1.03)) for value in (tiling.cycles, tiling.loads["cores"])
        )
        idle = tiling.device.cores - tiling.columns * tiling.rows
        fitting.append(((rank, idle, work, steps, tiling.shim_bytes), number, tiling))
    fitting.sort(key=lambda f: f[:2])
    return fitting, refused


def _with_variants(fitting: list[_Ranked[T]]) -> list[_Ranked[T]]:
    """Besides the candidates, those that hold more in the mem tiles, where that may be faster or lighter.

    The cores' work stays the same: candidates whose cores are busier than the best takes are left alone.
    """
    if not fitting:
        return fitting
    least = min(f[2].cycles for f in fitting)
    able = [f for f in fitting if f[2].loads["cores"] <= 1.03 * least]
    idle = sorted(able, key=lambda f: (f[2].loads["cores"], f[1]))
    near = {f[1]: f[2] for f in (*able[:_EXPANDED], *idle[:_EXPANDED])}
    made = [variant for tiling in near.values() for variant in tiling.variants()]
    first = 1 + max(number for _, number, _ in fitting)
    more, _ = _fitting(enumerate(made, first), ConfigRefused("", ""))
    return sorted((*fitting, *more), key=lambda f: f[:2])


def _best(
    fitting: list[_Ranked[T]], refused: ConfigRefused, tasks_of: Callable[[T], int]
) -> tuple[T, int]:
    """The best of tilings that fit, and its predicted cycles; ``refused`` is raised if there is none."""
    # Tasks are issued one by one: where they bind, tilings with few of them win. Among equals the
    # one that moves the least wins.
    least = fitting[0][2].cycles if fitting else 0
    near = [f for f in fitting[_TIMED:] if f[2].cycles <= 1.5 * least]
    few = sorted(near, key=lambda f: (f[2].passes * f[2].column_tiles * f[2].columns, *f[:2]))
    close = (f for f in near if f[2].cycles <= 1.03 * least)
    lightest = sorted(close, key=lambda f: (f[2].shim_bytes, *f[:2]))
    ranked = (*fitting[:_TIMED], *few[:_TIMED], *lightest[:_TIMED])
    timed: list[tuple[int, T]] = []
    least = 0
    distinct = {number: tiling for _, number, tiling in ranked}
    # The fastest first: one that is slower by itself needs no count of its tasks.
    for _, tiling in sorted(distinct.items(), key=lambda d: (d[1].cycles, d[0])):
        if least and tiling.cycles > 1.03 * least:
            break
        try:
            cycles = max(tiling.cycles, tasks_of(tiling) * tiling.task_cycles)
        except ConfigRefused as error:
            refused = error
            continue
        timed.append((cycles, tiling))
        least = min(least or cycles, cycles)
    if not timed:
        raise refused

    def light(pair: tuple[int, T]) -> tuple[int, int]:
        # Bytes within 10 % of each other are equal too: then less work for the cores.
        return int(log(pair[1].shim_bytes) / log(1.1)), pair[1].loads["cores"]

    cycles, tiling = min((pair for pair in timed if pair[0] <= 1.03 * least), key=light)
    return tiling, cycles


def _others(fitting: list[_Ranked[T]], best: tuple[T, int], count: int) -> list[T]:
    """Tilings worth a better judge's time besides the best, in the order in which to look at them."""
    if count < 1:
        return []
    limit = _WORTH_JUDGING * best[1]
    near = [f for f in fitting if f[2] is not best[0]]
    near.sort(key=lambda f: (f[2].cycles, f[1]))
    near = [f for place, f in enumerate(near) if place < _FEW or f[2].cycles <= limit]
    kinds: dict[tuple[int, ...], _Ranked[T]] = {}
    for ranked in near:
        tiling = ranked[2]
        held = (tiling.staged, tiling.a_repeat, tiling.b_repeat)
        kinds.setdefault((tiling.n, tiling.kc, tiling.resident, tiling.b_depth, *held), ranked)
    half = count // 2
    ordered = (*near[:half], *kinds.values(), *near[half:])
    return list({number: tiling for _, number, tiling in ordered}.values())


def rebuilt(
    kind: type[T],
    known: dict[str, Any],
    parameters: Mapping[str, int],
    tasks_of: Callable[[T], int],
) -> tuple[T, int]:
    """The tiling that a plan's parameters state, checked, and its predicted cycles.

    Args:
        kind: the route's tiling.
        known: its fields that are no parameters.
        parameters: its other fields, as :attr:`ArrayPlan.parameters` gave them; those with a usual value
            may be left out.
        tasks_of: counts its shim tasks.

    Raises:
        ConfigRefused: a parameter is missing, unknown or no number, or the tiling does not fit.
    """
    names = {f.name for f in fields(kind)} - set(known)
    needed = {f.name for f in fields(kind) if f.default is MISSING} - set(known)
    given: dict[str, Any] = dict(parameters)
    whole = all(type(v) in (int, bool) and v >= 0 for v in given.values())
    if not (needed <= set(given) <= names and whole):
        wanted = ", ".join(sorted(needed))
        raise ConfigRefused("parameters", f"parameters: give a whole number for each of: {wanted}")
    try:
        tiling = kind(**known, **given)
        tiling.check()
    except ZeroDivisionError:
        raise ConfigRefused("parameters", "parameters: a size of 0") from None
    return tiling, max(tiling.cycles, tasks_of(tiling) * tiling.task_cycles)
