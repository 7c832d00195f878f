"""A report as a short table: each convolution and matmul, where it went, and its predicted time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_HEAD = ("dispatch", "problem", "route", "cores", "predicted", "why")
_MOST_WHY = 60


@dataclass(frozen=True)
class RouteRow:
    """One convolution or matmul.

    Attributes:
        name: the dispatch.
        problem: what it computes; "" where it was not recognised.
        route: "cpu" or an NPU route with its style.
        cores: how many cores of the array; 0 on the CPU.
        seconds: what it is predicted to take, with host copies and launch; None where nobody knows.
        why: the reason for the route.
    """

    name: str
    problem: str
    route: str
    cores: int
    seconds: float | None
    why: str


def route_rows(report: dict[str, Any]) -> list[RouteRow]:
    """The rows of a report, in the order of the program; [] without a report."""
    if not report:
        return []
    from aie_conv.arch import get_device

    clock = get_device(report["device"]).arch.clock_hz
    return [_row(entry, clock) for entry in report["dispatches"] if entry["contraction"]]


def _row(entry: dict[str, Any], clock: int) -> RouteRow:
    route, style = entry["route"], entry["style"]
    cost = next(
        (
            each["cost"]
            for each in entry["candidates"]
            if each["route"] == route and each.get("style", style) == style and "cost" in each
        ),
        None,
    )
    problem = entry["problem"]
    return RouteRow(
        entry["name"],
        problem["text"] if problem else "",
        f"{route} {style}".strip(),
        entry["cores"],
        None if cost is None else cost / clock,
        entry["reason"],
    )


def _cells(row: RouteRow) -> tuple[str, ...]:
    time = "" if row.seconds is None else f"{row.seconds * 1e6:,.0f} us"
    return row.name, row.problem, row.route, str(row.cores or ""), time, row.why


def _total(rows: Sequence[RouteRow]) -> str:
    npu = [row for row in rows if row.cores]
    known = [row.seconds for row in rows if row.seconds is not None]
    return (
        f"{len(npu)} of {len(rows)} convolutions and matmuls on the NPU; predicted"
        f" {sum(known) * 1e6:,.0f} us for {len(known)} of them all"
    )


def route_table_text(rows: Sequence[RouteRow]) -> str:
    """The table in plain text; "" without rows."""
    if not rows:
        return ""
    cells = [_HEAD, *(map(_shorten, map(_cells, rows)))]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([*lines, _total(rows)])


def _shorten(cells: tuple[str, ...]) -> tuple[str, ...]:
    *others, why = cells
    return (*others, why if len(why) <= _MOST_WHY else why[: _MOST_WHY - 1] + "…")


def route_table_html(head: str, rows: Sequence[RouteRow]) -> str:
    """The table as HTML for notebooks, under a line of text."""
    text = f"<div>{escape(head)}</div>"
    if not rows:
        return text
    titles = "".join(f"<th>{escape(title)}</th>" for title in _HEAD)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>"
        for row in rows
    )
    return f"{text}<table><tr>{titles}</tr>{body}</table><div>{escape(_total(rows))}</div>"
