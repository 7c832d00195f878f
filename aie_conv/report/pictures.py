"""The pictures that a compilation was asked for: its programs simulated, a trace and a page of them."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.arch import get_device
from aie_conv.errors import UsageError
from aie_conv.mapping.mapping import Mapping as ArrayMapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.options import Options
from aie_conv.partitioner.regions import Region
from aie_conv.plan import Plan, blank_operands
from aie_conv.planning import Say, silent

if TYPE_CHECKING:
    from aie_conv.report.html.measure import Measured

_MOST_RUNS = 2
"""Runs of channels that a core's line names."""


def make_pictures(
    options: Options,
    report: Mapping[str, Any],
    modules: Mapping[str, str],
    regions: Sequence[Region],
    progress: Say = silent,
) -> dict[Path, bytes]:
    """What each file that was asked for holds.

    The page shows each dispatch's program as it runs alone, and takes the time of the whole from the programs
    that are called.

    Args:
        options: with the files' names.
        report: the compilation's.
        modules: AIE module text of each call of the NPU.
        regions: these calls.
        progress: told which program is being simulated: a network takes seconds.

    Raises:
        UsageError: a trace of no dispatch at all.
    """
    if options.trace is None and options.html is None:
        return {}
    plans = {m.node.name: m.route_plan for region in regions for m in region.members}
    alone = {name: plan.emit() for name, plan in plans.items() if name not in modules}
    texts = {**modules, **alone}
    names = [entry["name"] for entry in report["dispatches"]]
    called = [region.name for region in regions]
    traced = _traced(options, names, called, texts) if options.trace is not None else []
    wanted = traced if options.html is None else [*called, *alone]
    from aie_conv.report.html.measure import measure_all

    operands = {region.name: region.blank_operands() for region in regions if region.name in wanted}
    operands |= {name: blank_operands(plans[name]) for name in alone if name in wanted}
    measured = measure_all({name: texts[name] for name in wanted}, progress, operands)
    files: dict[Path, bytes] = {}
    if options.trace is not None:
        files[options.trace] = _trace(options.device, [(name, measured[name]) for name in traced])
    if options.html is not None:
        from aie_conv.report.html.page import make_page

        shares = {name: core_shares(plan) for name, plan in plans.items()}
        files[options.html] = make_page(report, measured, shares)
    return files


def _trace(device: str, runs: "Sequence[tuple[str, Measured]]") -> bytes:
    from aie_conv.report.trace import chrome_trace

    return chrome_trace(runs, device, get_device(device).arch.clock_hz)


def _traced(
    options: Options, names: Sequence[str], called: Sequence[str], texts: Mapping[str, str]
) -> list[str]:
    """The programs that the trace shows, in program order: all calls, or those that were asked for."""
    flag = f"--amd-aie-trace={options.trace}"
    if not texts:
        raise UsageError(f"{flag}: no dispatch runs on the NPU: there is nothing to trace")
    patterns = [word.strip() for word in options.trace_dispatch.split(",") if word.strip()]
    if not patterns:
        return list(called)
    traced: set[str] = set()
    joined = [name for name in called if name not in names]
    for pattern in patterns:
        hits = {
            name
            for number, name in enumerate(names, 1)
            if name in texts and (pattern == str(number) or fnmatchcase(name, pattern))
        }
        hits |= {name for name in joined if pattern != "*" and fnmatchcase(name, pattern)}
        if not hits:
            known = ", ".join(list(texts)[:4]) + ", …" * (len(texts) > 4)
            raise UsageError(
                f"--amd-aie-trace-dispatch={pattern}: no dispatch on the NPU of that name or number:"
                f" use one of {known}"
            )
        traced |= hits
    return [name for name in [*joined, *names] if name in traced]


def core_shares(plan: Plan) -> dict[tuple[int, int], str]:
    """What each core of a plan computes, in words, by (column, row) of its tile; lines part at "; "."""
    if not isinstance(plan, ArrayPlan):
        return {}
    mapping = plan.mapping
    return {
        (column, row + 2): f"{_tiles(mapping, column)}; {_channels(mapping, column, row)}"
        for column in range(mapping.grid.columns)
        for row in range(mapping.grid.rows)
    }


def _tiles(mapping: ArrayMapping, column: int) -> str:
    """Its tiles of output pixels, counted from 0."""
    grid = mapping.grid
    first, last = (grid.column_tile(column, n) for n in (0, grid.column_tiles - 1))
    return f"{_span('tile', [(first, last)])} of {grid.tiles}"


def _channels(mapping: ArrayMapping, column: int, row: int) -> str:
    """Its output channels in all rounds."""
    runs: list[tuple[int, int]] = []
    view, grid, n = mapping.view, mapping.grid, mapping.tile.n
    for round_ in range(grid.rounds):
        first = mapping.addresses.channel_of(grid.n_tile_of(round_, row, column))
        last = min(first + n, view.groups * view.n) - 1
        if runs and runs[-1][1] + 1 == first:
            runs[-1] = (runs[-1][0], last)
        elif (first, last) not in runs:
            runs.append((first, last))
    rest = f" +{len(runs) - _MOST_RUNS} more" if len(runs) > _MOST_RUNS else ""
    return _span("ch.", runs[:_MOST_RUNS]) + rest


def _span(what: str, runs: Iterable[tuple[int, int]]) -> str:
    texts = [f"{first}" if first == last else f"{first}–{last}" for first, last in runs]
    return f"{what} {', '.join(texts)}"
