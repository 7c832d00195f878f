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
    plans: Mapping[str, Plan],
    progress: Say = silent,
) -> dict[Path, bytes]:
    """What each file that was asked for holds.

    Args:
        options: with the files' names.
        report: the compilation's.
        modules: AIE module text of each NPU dispatch.
        plans: of each NPU dispatch.
        progress: told which program is being simulated: a network takes seconds.

    Raises:
        UsageError: a trace of no dispatch at all.
    """
    if options.trace is None and options.html is None:
        return {}
    names = [entry["name"] for entry in report["dispatches"]]
    traced = _traced(options, names, modules) if options.trace is not None else []
    wanted = traced if options.html is None else [name for name in names if name in modules]
    from aie_conv.report.html.measure import measure_all

    texts = {name: modules[name] for name in wanted}
    operands = {name: blank_operands(plans[name]) for name in wanted}
    measured = measure_all(texts, progress, operands)
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


def _traced(options: Options, names: Sequence[str], modules: Mapping[str, str]) -> list[str]:
    """The NPU dispatches that the trace shows, in program order."""
    flag = f"--amd-aie-trace={options.trace}"
    if not modules:
        raise UsageError(f"{flag}: no dispatch runs on the NPU: there is nothing to trace")
    patterns = [word.strip() for word in options.trace_dispatch.split(",") if word.strip()]
    traced: set[str] = set()
    for pattern in patterns or ["*"]:
        hits = {
            name
            for number, name in enumerate(names, 1)
            if name in modules and (pattern == str(number) or fnmatchcase(name, pattern))
        }
        if not hits:
            known = ", ".join(list(modules)[:4]) + ", …" * (len(modules) > 4)
            raise UsageError(
                f"--amd-aie-trace-dispatch={pattern}: no dispatch on the NPU of that name or number:"
                f" use one of {known}"
            )
        traced |= hits
    return [name for name in names if name in traced]


def core_shares(plan: Plan) -> dict[tuple[int, int], str]:
    """What each core of a plan computes, in words, by (column, row) of its tile; lines part at "; "."""
    if not isinstance(plan, ArrayPlan):
        return {}
    mapping = plan.mapping
    return {
        (column, row + 2): f"{_tiles(mapping, column)}; {_channels(mapping, row)}"
        for column in range(mapping.grid.columns)
        for row in range(mapping.grid.rows)
    }


def _tiles(mapping: ArrayMapping, column: int) -> str:
    """Its tiles of output pixels, counted from 0."""
    grid = mapping.grid
    first, last = (grid.column_tile(column, n) for n in (0, grid.column_tiles - 1))
    return f"{_span('tile', [(first, last)])} of {grid.tiles}"


def _channels(mapping: ArrayMapping, row: int) -> str:
    """Its output channels in all rounds."""
    runs: list[tuple[int, int]] = []
    view, grid, n = mapping.view, mapping.grid, mapping.tile.n
    for round_ in range(grid.rounds):
        first = mapping.addresses.channel_of(grid.n_tile_of(round_, row))
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
