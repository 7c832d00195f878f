"""The table of dispatches."""

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from aie_conv.report.html.rows import Row, spaced
from aie_conv.report.html.svg import element


class _Column(NamedTuple):
    key: str
    head: str
    show: Callable[[Row], str]
    value: Callable[[Row], float | None] | None = None
    """What it sorts by; its text if None."""


def _number(value: float | None) -> str:
    return spaced(value) if value else ""


def _cycles(row: Row) -> str:
    if row.cycles is None:
        return ""
    return escape(spaced(row.cycles)) if row.simulated else f"<i>≈ {escape(spaced(row.cycles))}</i>"


def _share(row: Row) -> str:
    return f"{row.share:.1%}" if row.share else ""


def _intensity(row: Row) -> str:
    return f"{row.intensity:.1f}" if row.intensity else ""


_COLUMNS = (
    _Column("number", "#", lambda row: str(row.number), lambda row: row.number),
    _Column("name", "dispatch", lambda row: escape(row.name)),
    _Column("route", "route", lambda row: escape(f"{row.route} {row.style}".rstrip())),
    _Column("cycles", "cycles", _cycles, lambda row: row.cycles),
    _Column("share", "of peak", _share, lambda row: row.share),
    _Column("bytes", "bytes", lambda row: _number(row.bytes), lambda row: row.bytes or None),
    _Column("intensity", "MACs a byte", _intensity, lambda row: row.intensity),
    _Column("bound", "bound", lambda row: escape(row.bound)),
    _Column("reason", "why", lambda row: escape(row.reason)),
    _Column("problem", "problem", lambda row: escape(row.problem)),
    _Column("macs", "MACs", lambda row: _number(row.macs), lambda row: row.macs or None),
    _Column(
        "predicted",
        "predicted",
        lambda row: _number(row.predicted),
        lambda row: row.predicted or None,
    ),
)


def _cell(column: _Column, row: Row) -> str:
    shown = column.show(row)
    if column.key == "name":
        link = element(
            "a", shown, href=f"#dispatch={row.number}", class_="pick", data_number=row.number
        )
        return element("td", link, class_=column.key)
    if column.key == "route":
        return element("td", element("span", shown, class_=f"route r-{row.route}"))
    if column.value is None:
        return element("td", shown, class_=column.key)
    value = column.value(row)
    return element("td", shown, class_="num", data_value="" if value is None else value)


def table(rows: Sequence[Row]) -> str:
    """Every dispatch with what is known of it; the heads are buttons that sort."""
    heads = (
        element(
            "th",
            element("button", escape(column.head), type="button", data_key=column.key),
            scope="col",
            class_="num" if column.value else None,
            aria_sort="ascending" if column.key == "number" else "none",
        )
        for column in _COLUMNS
    )
    body = (
        element("tr", "".join(_cell(c, row) for c in _COLUMNS), data_number=row.number)
        for row in rows
    )
    head = element("thead", element("tr", "".join(heads)))
    return element("table", head + element("tbody", "".join(body)), id="dispatches")
