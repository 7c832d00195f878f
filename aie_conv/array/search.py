"""The search for the best tiling, and the way back from a plan's parameters to its tiling."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from math import log
from typing import Any, TypeVar

from aie_conv.array.tiling import TASK_CYCLES, Tiling
from aie_conv.errors import ConfigRefused

T = TypeVar("T", bound=Tiling)


def search(
    candidates: Iterable[T],
    refused: ConfigRefused,
    tasks_of: Callable[[T], int],
    finalists: int = 8,
) -> tuple[T, int]:
    """The tiling with the fewest predicted cycles; deterministic.

    Args:
        candidates: tilings, checked or not.
        refused: the error if there are none at all.
        tasks_of: counts the shim tasks of a tiling; too slow to ask of every candidate.
        finalists: how many of the best, and again of those with the fewest tiles, are ranked with the
            time to issue their tasks.

    Returns:
        The tiling and its predicted cycles.

    Raises:
        ConfigRefused: none fits; the error is the last limit met.
    """
    fitting: list[tuple[tuple[int, ...], int, T]] = []
    for number, tiling in enumerate(candidates):
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
    # Tasks are issued one by one: where they bind, tilings with few of them win. Among equals the
    # one that moves the least wins.
    least = fitting[0][2].cycles if fitting else 0
    near = [f for f in fitting[finalists:] if f[2].cycles <= 1.5 * least]
    few = sorted(near, key=lambda f: (f[2].passes * f[2].column_tiles * f[2].columns, *f[:2]))
    close = (f for f in near if f[2].cycles <= 1.03 * least)
    lightest = sorted(close, key=lambda f: (f[2].shim_bytes, *f[:2]))
    ranked = (*fitting[:finalists], *few[:finalists], *lightest[:finalists])
    timed: list[tuple[int, T]] = []
    for tiling in {number: tiling for _, number, tiling in ranked}.values():
        try:
            timed.append((max(tiling.cycles, tasks_of(tiling) * TASK_CYCLES), tiling))
        except ConfigRefused as error:
            refused = error
    if not timed:
        raise refused
    least = min(cycles for cycles, _ in timed)

    def light(pair: tuple[int, T]) -> tuple[int, int]:
        # Bytes within 10 % of each other are equal too: then less work for the cores.
        return int(log(pair[1].shim_bytes) / log(1.1)), pair[1].loads["cores"]

    cycles, tiling = min((pair for pair in timed if pair[0] <= 1.03 * least), key=light)
    return tiling, cycles


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
        parameters: its other fields, as :attr:`ArrayPlan.parameters` gave them.
        tasks_of: counts its shim tasks.

    Raises:
        ConfigRefused: a parameter is missing, unknown or no number, or the tiling does not fit.
    """
    names = {f.name for f in fields(kind)} - set(known)
    given: dict[str, Any] = dict(parameters)
    if names != set(given) or not all(type(v) in (int, bool) and v >= 0 for v in given.values()):
        wanted = ", ".join(sorted(names))
        raise ConfigRefused("parameters", f"parameters: give a whole number for each of: {wanted}")
    try:
        tiling = kind(**known, **given)
        tiling.check()
    except ZeroDivisionError:
        raise ConfigRefused("parameters", "parameters: a size of 0") from None
    return tiling, max(tiling.cycles, tasks_of(tiling) * TASK_CYCLES)
