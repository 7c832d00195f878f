"""The calls of the NPU that do several dispatches, as brackets under the strip and as a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from aie_conv.report.html.measure import Measured
from aie_conv.report.html.rows import spaced
from aie_conv.report.html.svg import element, text, title

HEIGHT = 26
"""Of the brackets and their labels."""

_LETTER = 7.0
"""Width of a character of a label, at most."""


@dataclass(frozen=True)
class Group:
    """A region of several dispatches.

    Attributes:
        name: the region's.
        numbers: of its dispatches, from 1 in program order, ascending.
        cycles: of the call, all dispatches together, in the simulator.
        border: why it is not one with the call before it; empty for the first of a function.
    """

    name: str
    numbers: tuple[int, ...]
    cycles: int
    border: str

    @property
    def runs(self) -> list[tuple[int, int]]:
        """First and last number of the dispatches with nothing of the CPU's between them."""
        ends = [n for n, following in pairwise(self.numbers) if following != n + 1]
        starts = [n for before, n in pairwise(self.numbers) if before != n - 1]
        return list(zip([self.numbers[0], *starts], [*ends, self.numbers[-1]], strict=True))


def make_groups(report: Mapping[str, Any], measured: Mapping[str, Measured]) -> list[Group]:
    """The regions of several dispatches of a report, in program order.

    Args:
        report: as docs/report-schema.md describes it.
        measured: the programs by name; that of each such region is among them.
    """
    numbers = {entry["name"]: number for number, entry in enumerate(report["dispatches"], 1)}
    return [
        Group(
            region["name"],
            tuple(numbers[name] for name in region["dispatches"]),
            measured[region["name"]].stats.cycles,
            region["border"],
        )
        for region in report["regions"]
        if len(region["dispatches"]) > 1
    ]


def describe(group: Group) -> str:
    """One line on a region."""
    members = ", ".join(
        f"{first}" if first == last else f"{first}–{last}" for first, last in group.runs
    )
    line = f"{group.name}: dispatches {members} in one call of {spaced(group.cycles)} cycles"
    return line + f"; not one with the call before: {group.border}" * bool(group.border)


def bracket(group: Group, ends: Sequence[tuple[float, float]], top: float) -> str:
    """A region's bracket under its dispatches, dashed under those of the CPU among them.

    Args:
        group: the region.
        ends: left and right end of each dispatch's box, in program order.
        top: where the boxes end.
    """
    spans = [(ends[first - 1][0], ends[last - 1][1]) for first, last in group.runs]
    solid = " ".join(f"M{a:.1f},{top + 3:.1f} v5 H{b:.1f} v-5" for a, b in spans)
    gaps = " ".join(f"M{a[1]:.1f},{top + 8:.1f} H{b[0]:.1f}" for a, b in pairwise(spans))
    drawn = element("path", d=solid)
    drawn += element("path", d=gaps, stroke_dasharray="2 2") if gaps else ""
    left, right = spans[0][0], spans[-1][1]
    labels = (f"{group.name}: {spaced(group.cycles)} cycles", group.name)
    label = next((words for words in labels if _LETTER * len(words) <= right - left), "")
    drawn += text(label, (left + right) / 2, top + 21, class_="mid") if label else ""
    return element(
        "g",
        title(describe(group)) + drawn,
        class_="region",
        role="img",
        aria_label=describe(group),
        data_region=group.name,
    )


def region_list(groups: Sequence[Group]) -> str:
    """The regions in words; empty without any."""
    if not groups:
        return ""
    items = "".join(element("li", escape(describe(group))) for group in groups)
    note = (
        "A bracket joins the dispatches that one call of the NPU does. Its cycles are simulated as one"
        " program; the widths above it are those of each dispatch's program alone."
    )
    return element("p", note) + element("ul", items, class_="regions")
