"""Brackets of regions lie under their dispatches and no others, and have as much label as fits."""

import re

import pytest

from aie_conv.report.html.overview import strip
from aie_conv.report.html.regions import Group, describe, region_list
from aie_conv.report.html.rows import Row

CYCLES = (100, 5000, 3000, 10, 9000, 2)


def row(number: int, cycles: int) -> Row:
    route = "cpu" if number in (1, 4) else "direct"
    return Row(number, f"d{number}", "", route, "", cycles, 0, 0, 0, None, 0, "", "")


ROWS = [row(number, cycles) for number, cycles in enumerate(CYCLES, 1)]


def boxes(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    return [(float(x), float(x) + float(width)) for x, width in found]


def brackets(svg: str) -> list[list[tuple[float, float]]]:
    groups = re.findall(r'<g [^>]*class="region".*?</g>', svg, re.S)
    return [
        [(float(a), float(b)) for a, b in re.findall(r"M([\d.]+),[\d.]+ v5 H([\d.]+) v-5", group)]
        for group in groups
    ]


def test_a_bracket_spans_its_dispatches_and_spares_the_cpus() -> None:
    svg = strip(ROWS, [Group("region_1", (2, 3, 5), 16_000, "")])
    at = boxes(svg)
    (found,) = brackets(svg)
    assert found == [
        pytest.approx((at[1][0], at[2][1]), abs=0.11),
        pytest.approx((at[4][0], at[4][1]), abs=0.11),
    ]
    dashed = re.search(r'd="M([\d.]+),[\d.]+ H([\d.]+)" stroke-dasharray', svg)
    assert dashed is not None
    assert tuple(map(float, dashed.groups())) == (found[0][1], found[1][0])


@pytest.mark.parametrize(
    ("numbers", "label"),
    [((2, 3), ">region_1: 7\u202f000 cycles<"), ((4, 5), ">region_1: 7\u202f000 cycles<"), ((1, 2), ">region_1")],
)  # fmt: skip
def test_a_label_is_as_long_as_fits(numbers: tuple[int, ...], label: str) -> None:
    svg = strip(ROWS, [Group("region_1", numbers, 7000, "")])
    assert label in svg


def test_a_narrow_bracket_has_no_label_but_its_line() -> None:
    rows = [row(number, 1) for number in range(1, 101)]
    svg = strip(rows, [Group("region_1", (2, 3), 7, "why")])
    assert ">region_1" not in svg.replace("<title>region_1", "")
    assert "region_1: dispatches 2–3 in one call of 7 cycles" in svg


def test_without_regions_the_strip_is_as_tall_as_its_boxes() -> None:
    assert 'viewBox="0 0 1160 46"' in strip(ROWS)
    assert 'viewBox="0 0 1160 72"' in strip(ROWS, [Group("region_1", (2, 3), 7, "")])
    assert region_list([]) == ""


def test_the_line_names_runs_and_the_border() -> None:
    line = describe(Group("region_2", (2, 3, 5, 7, 8, 9), 12_345, "another <configuration>"))
    assert line == (
        "region_2: dispatches 2–3, 5, 7–9 in one call of 12\u202f345 cycles;"
        " not one with the call before: another <configuration>"
    )
    assert "another &lt;configuration&gt;" in region_list(
        [Group("r", (1, 2), 1, "another <configuration>")]
    )
