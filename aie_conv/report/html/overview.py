"""The network as a strip of dispatches, and the roofline, as SVG."""

import math
from collections.abc import Iterator, Sequence

from aie_conv.report.html import palette
from aie_conv.report.html.regions import HEIGHT, Group, bracket
from aie_conv.report.html.rows import Row, spaced
from aie_conv.report.html.svg import element, line, text, title

_WIDTH = 1160
_LEAST = 9.0
"""Width of a dispatch that takes no time to speak of."""

_SHAPES = {
    "direct": "M-6,0 a6,6 0 1 0 12,0 a6,6 0 1 0 -12,0z",
    "im2col": "M-5.4,-5.4 h10.8 v10.8 h-10.8z",
    "cpu": "M0,-7 l7,12.5 h-14z",
}
"""A route's mark, around 0; others are diamonds."""
_DIAMOND = "M0,-7.5 l7.5,7.5 l-7.5,7.5 l-7.5,-7.5z"

_SPAN = 30
"""Least ratio of the ends of the roofline's axis of MACs a byte, for enough numbers at it."""

_LABELLED = 24
"""Points of the roofline up to which each has its number beside it."""


def mark(route: str, x: float, y: float, size: float = 1.0, /, **attributes: object) -> str:
    """The shape of a route at a place, outlined; without ``fill`` in its colour."""
    style = {"fill": palette.ROUTES.get(route, palette.INK), "stroke": palette.INK, **attributes}
    place = f"translate({x:.1f},{y:.1f}) scale({size:.2f})"
    return element("path", d=_SHAPES.get(route, _DIAMOND), transform=place, **style)


def summary(row: Row) -> str:
    """One line on a dispatch."""
    parts = [f"{row.number} {row.name}", f"{row.route} {row.style}".rstrip()]
    if row.cycles is not None:
        parts.append(f"{spaced(row.cycles)} cycles" + " (estimate)" * (not row.simulated))
    if row.share is not None:
        parts.append(f"{row.share:.1%} of peak")
    if row.bound:
        parts.append(f"bound: {row.bound}")
    return ", ".join(parts)


def _link(row: Row, *body: str) -> str:
    content = title(summary(row)) + "".join(body)
    return element(
        "a",
        content,
        href=f"#dispatch={row.number}",
        class_="pick",
        data_number=row.number,
        aria_label=summary(row),
    )


_TALL = 46
"""Height of the strip without what stands under it."""


def strip(rows: Sequence[Row], groups: Sequence[Group] = ()) -> str:
    """Every dispatch in order; as wide as it takes cycles.

    Args:
        rows: the dispatches.
        groups: those that are one call, each under a bracket.
    """
    total = sum(row.cycles or 0 for row in rows) or 1
    spare = max(0.0, _WIDTH - _LEAST * len(rows))
    x, items, ends = 0.0, list[str](), list[tuple[float, float]]()
    for row in rows:
        width = _LEAST + spare * (row.cycles or 0) / total
        colour = palette.ROUTES.get(row.route, palette.INK)
        box = element(
            "rect",
            x=round(x, 1),
            y=1.5,
            width=round(width - 1.5, 1),
            height=43,
            fill=colour,
            stroke=palette.INK,
            stroke_width=0.5,
        )
        middle = x + width / 2 - 0.7
        size = min(0.8, (width - 3) / 14)
        shape = mark(row.route, middle, 33, size, fill=palette.PAPER)
        label = text(row.number, middle, 19, style=f"fill:{palette.on(colour)}", class_="mid")
        items.append(_link(row, box, shape, label if width > 8 * len(str(row.number)) + 4 else ""))
        ends.append((x, x + width - 1.5))
        x += width
    items += [bracket(group, ends, _TALL - 1.5) for group in groups]
    return element(
        "svg",
        "".join(items),
        viewBox=f"0 0 {max(_WIDTH, math.ceil(x))} {_TALL + HEIGHT * bool(groups)}",
        role="group",
        aria_label="The dispatches in order, each as wide as it takes cycles",
    )


class _Axes:
    """Two logarithmic axes in a drawing of 1160 by 420."""

    left, right, top, bottom = 70.0, 1140.0, 16.0, 372.0

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x_range = x
        self.y_range = y

    def x(self, value: float) -> float:
        """Where a value lies across."""
        low, high = map(math.log10, self.x_range)
        return self.left + (math.log10(value) - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value lies down."""
        low, high = map(math.log10, self.y_range)
        return self.bottom - (math.log10(value) - low) / (high - low) * (self.bottom - self.top)

    def grid(self) -> Iterator[str]:
        """Lines and numbers."""
        for value in _ticks(self.x_range):
            x = self.x(value)
            yield line(x, self.top, x, self.bottom, class_="grid")
            yield text(f"{value:g}", x, self.bottom + 17, class_="mid")
        for value in _ticks(self.y_range):
            y = self.y(value)
            yield line(self.left, y, self.right, y, class_="grid")
            yield text(f"{100 * value:g} %", self.left - 6, y + 4, class_="end")
        across, down = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        yield text("MACs a byte that crosses the array's border", across, 410, class_="mid")
        yield text(
            "share of peak", 0, 0, class_="mid", transform=f"translate(16,{down}) rotate(-90)"
        )


def _ticks(limits: tuple[float, float]) -> Iterator[float]:
    """1, 2 and 5 times each power of ten within limits."""
    low, high = limits
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**power
            if low * 0.999 <= value <= high * 1.001:
                yield value


def roofline(rows: Sequence[Row], peaks: Sequence[tuple[str, int]], border: float) -> str:
    """Every layer by its MACs a byte and its share of the peak, under what the array allows.

    Args:
        rows: the dispatches; those without a contraction are left out.
        peaks: (operand type, multiply-accumulates a cycle) of each type that occurs.
        border: bytes a cycle that can cross the array's border.
    """
    points = [(row, x) for row in rows if (x := row.intensity)]
    shares = [row.share for row, _ in points if row.share]
    knees = [peak / border for _, peak in peaks]
    values = [x for _, x in points] + knees
    wide = max(1.6, (_SPAN * min(values) / max(values)) ** 0.5)
    axes = _Axes((min(values) / wide, max(values) * wide), (min([0.1, *shares]) / 1.6, 1.25))
    items = [*axes.grid()]
    for number, (dtype, peak) in enumerate(peaks):
        items += _roof(axes, dtype, peak, border, number)
    for row, x in points:
        point = axes.x(x), axes.y(row.share) if row.share else axes.bottom
        colour = palette.ROUTES.get(row.route, palette.INK)
        hollow = {"fill": palette.PAPER, "stroke": colour, "stroke_width": 2}
        parts = [mark(row.route, *point, **({} if row.simulated else hollow))]
        if len(points) <= _LABELLED:
            parts.append(text(row.number, point[0] + 9, point[1] - 6, class_="small"))
        items.append(_link(row, *parts))
    label = "Roofline: share of the array's peak by multiply-accumulates a byte, a mark a layer"
    return element("svg", "".join(items), viewBox="0 0 1160 420", role="group", aria_label=label)


def _roof(axes: _Axes, dtype: str, peak: int, border: float, number: int) -> list[str]:
    """The line that no dispatch of a type can be above."""
    low, high = axes.x_range
    knee = peak / border
    start = max(low, axes.y_range[0] * knee)
    ends = [
        (axes.x(start), axes.y(start / knee)),
        (axes.x(knee), axes.y(1)),
        (axes.x(high), axes.y(1)),
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
    dash = f"{8 - 2 * number} 4" if number else None
    drawn = element("polyline", points=path, class_="roof", stroke_dasharray=dash)
    note = f"{dtype}: {spaced(peak)} MACs and {border:.3g} bytes a cycle"
    return [drawn, text(note, axes.right - 4, axes.y(1) + (16 * number or -6), class_="end")]
