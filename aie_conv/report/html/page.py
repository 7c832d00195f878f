"""The page: one file with everything in it, that asks for nothing from anywhere."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from aie_conv.arch import get_device
from aie_conv.report.html import palette
from aie_conv.report.html.arraymap import ArrayMap
from aie_conv.report.html.bins import encode
from aie_conv.report.html.measure import Measured
from aie_conv.report.html.overview import mark, roofline, strip
from aie_conv.report.html.regions import make_groups, region_list
from aie_conv.report.html.rows import Row, border_bytes_per_cycle, make_rows, peak_type, spaced
from aie_conv.report.html.svg import element
from aie_conv.report.html.table import table
from aie_conv.report.regions import calls_apart
from aie_conv.report.trace import CATEGORIES
from aie_conv.sim.model.module import Tile
from aie_conv.sim.timing.timeline import Lane, State

Shares = Mapping[tuple[int, int], str]
"""What each core computes, by (column, row)."""

_MOST_BINS, _LEAST_BINS, _ALL_BINS = 600, 120, 360_000
"""Parts that a timeline is cut into, and of all timelines of a page, so that it stays small."""


def make_page(
    report: Mapping[str, Any], measured: Mapping[str, Measured], shares: Mapping[str, Shares]
) -> bytes:
    """The page of a compilation.

    Args:
        report: as docs/report-schema.md describes it.
        measured: each NPU dispatch's program, by the dispatch's name, and that of each region of several.
        shares: what each core of a dispatch computes, in words; may lack some.
    """
    rows, groups = make_rows(report, measured), make_groups(report, measured)
    device = get_device(report["device"])
    peaks = report["peak_macs_per_cycle"]
    used = dict.fromkeys(peak_type(e, peaks) for e in report["dispatches"] if e["macs"])
    border = border_bytes_per_cycle(device.name)
    roofs = [(dtype, peaks[dtype]) for dtype in used or ("bf16",)]
    parts = {
        "TITLE": escape(f"aie_conv on {device.name}"),
        "FACTS": _facts(report, rows, measured, device.arch.clock_hz),
        "STYLE": _palette() + _resource("page.css"),
        "ROUTES": _routes(rows),
        "STRIP": strip(rows, groups),
        "REGIONS": region_list(groups),
        "ROOFLINE": roofline(rows, roofs, border),
        "TABLE": table(rows),
        "DATA": _embed(_data(report, rows, measured, shares)),
        "SCRIPT": _resource("page.js"),
    }
    page = _resource("page.html")
    for name, part in parts.items():
        page = page.replace(f"<!--{name}-->", part)
    return page.encode()


def _resource(name: str) -> str:
    return files("aie_conv.report.html").joinpath(name).read_text(encoding="utf-8")


def _palette() -> str:
    """The colours as variables of the style sheet."""
    named = {
        "ink": palette.INK,
        "muted": palette.MUTED,
        "link": palette.LINK,
        "paper": palette.PAPER,
        "panel": palette.PANEL,
        "mark": palette.MARK,
        "grid": palette.GRID,
        "rule": palette.RULE,
        **{f"role-{role}": colour for role, colour in palette.ROLES.items()},
        **{f"route-{route}": colour for route, colour in palette.ROUTES.items()},
    }
    values = ";".join(f"--{name}:{colour}" for name, colour in named.items())
    return f":root{{{values}}}\n"


def _facts(
    report: Mapping[str, Any], rows: Sequence[Row], measured: Mapping[str, Measured], clock: int
) -> str:
    """The numbers of the whole network: first what a run takes, then its parts."""
    npu = [row for row in rows if row.simulated]
    named = [*report["regions"], *calls_apart(report["dispatches"], report["regions"])]
    calls = [measured[each["name"]].stats for each in named if each["name"] in measured]
    array, time = sum(stats.cycles for stats in calls), report["totals"]["time"]
    whole = time["whole_cycles"] - time["array_cycles"] + array
    parts = [time[f"{part}_cycles"] for part in ("launch", "change", "copy", "cpu")]
    facts = {
        "a run, predicted": f"{1e3 * whole / clock:.3g} ms",
        "array, simulated": f"{1e3 * array / clock:.3g} ms",
        "launches, changes, copies, CPU": f"{', '.join(f'{1e3 * c / clock:.2g}' for c in parts)} ms",
        "the CPU alone": _alone(time, whole, clock),
        "device": f"{report['device']} at {clock / 1e9:g} GHz",
        "on the NPU": f"{len(npu)} of {len(rows)} dispatches in {len(calls)} calls",
        "MACs on the NPU": spaced(sum(row.macs for row in npu)),
        "bytes across the border": spaced(sum(stats.shim_bytes for stats in calls)),
    }
    items = (element("dt", escape(k)) + element("dd", escape(v)) for k, v in facts.items() if v)
    return element("dl", "".join(element("div", item) for item in items), class_="facts")


def _alone(time: Mapping[str, Any], whole: float, clock: int) -> str:
    """What the CPU is predicted to take for all dispatches, and whether that is less; empty if unknown."""
    alone = time["cpu_alone_cycles"]
    if alone is None:
        return ""
    return f"{1e3 * alone / clock:.3g} ms" + ", less: --amd-aie-route=cpu" * (alone < whole)


def _routes(rows: Sequence[Row]) -> str:
    """What the colours and shapes of the routes mean, with how many dispatches each has."""
    items = (
        element(
            "li",
            element(
                "svg",
                mark(route, 8, 8),
                viewBox="0 0 16 16",
                width=16,
                height=16,
                aria_hidden="true",
            )
            + escape(f" {route}: {sum(row.route == route for row in rows)}"),
        )
        for route in dict.fromkeys(row.route for row in rows)
    )
    return element("ul", "".join(items), class_="legend")


def _embed(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no "<" in it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(
    report: Mapping[str, Any],
    rows: Sequence[Row],
    measured: Mapping[str, Measured],
    shares: Mapping[str, Shares],
) -> dict[str, Any]:
    """What the script draws a chosen dispatch from."""
    programs: dict[int, int] = {}
    distinct: list[dict[str, Any]] = []
    names = {row.name for row in rows}
    shown = {name: run for name, run in measured.items() if name in names}
    lanes = sum(len(run.timeline.lanes) for run in {id(m): m for m in shown.values()}.values())
    bins = max(_LEAST_BINS, min(_MOST_BINS, _ALL_BINS // max(1, lanes)))
    for name, run in shown.items():
        if id(run) not in programs:
            programs[id(run)] = len(distinct)
            distinct.append(_program(run, shares.get(name, {}), bins))
    return {
        "clock_hz": get_device(report["device"]).arch.clock_hz,
        "states": [
            {
                "name": CATEGORIES[state],
                "fill": palette.STATES[state],
                "hatch": palette.HATCHES[state],
            }
            for state in State
        ],
        "roles": {role: palette.ROLES[role] for role in palette.ROLES},
        "dashes": palette.DASHES,
        "bins": bins,
        "programs": distinct,
        "dispatches": [_dispatch(row, measured, programs) for row in rows],
    }


def _dispatch(
    row: Row, measured: Mapping[str, Measured], programs: Mapping[int, int]
) -> dict[str, Any]:
    run = measured.get(row.name)
    facts = {
        "problem": row.problem or "no convolution or matmul",
        "route": f"{row.route} {row.style}".rstrip(),
        "cycles": "" if row.cycles is None else spaced(row.cycles),
        "share of peak": f"{row.share:.1%}" if row.share else "",
        "bound": row.bound,
        "cores": str(row.cores or ""),
        "why": row.reason,
    }
    return {
        "name": row.name,
        "program": None if run is None else programs[id(run)],
        "facts": {name: value for name, value in facts.items() if value},
    }


def _program(run: Measured, shares: Shares, bins: int) -> dict[str, Any]:
    cycles = run.timeline.cycles
    return {
        "cycles": cycles,
        "map": _map(run.array, shares),
        "lanes": [_lane(lane, cycles, bins) for lane in run.timeline.lanes],
    }


def _lane(lane: Lane, cycles: int, bins: int) -> dict[str, Any]:
    return {
        "name": lane.name,
        "kind": lane.kind if lane.tile is None or lane.kind == "core" else lane.tile.kind,
        "cycles": [round(spent) for spent in lane.totals().values()],
        "runs": encode(lane, cycles, bins),
    }


def _map(array: ArrayMap, shares: Shares) -> dict[str, Any]:
    def place(tile: Tile) -> list[int]:
        return [tile.col, tile.row]

    return {
        "columns": array.columns,
        "rows": array.core_rows,
        "tiles": [
            {
                "at": place(p.tile),
                "kind": p.tile.kind,
                "holds": [[item.name, item.role, item.count, item.bytes] for item in p.holds],
                "used": p.used,
                "capacity": p.capacity,
                "computes": shares.get((p.tile.col, p.tile.row), ""),
            }
            for p in array.places
        ],
        "streams": [
            {
                "name": stream.name,
                "role": stream.role,
                "carries": ", ".join(stream.carries),
                "from": place(stream.source),
                "to": [place(tile) for tile in stream.targets],
                "object": stream.object_bytes,
                "bytes": stream.bytes,
            }
            for stream in array.streams
        ],
    }
