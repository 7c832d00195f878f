"""The page: whole, safe and self-contained; and in a browser it shows what the simulator counted."""

import json
import re
import struct
import zlib
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aie_conv.arch import get_device
from aie_conv.report.html import palette
from aie_conv.report.html.measure import Measured, measure_all
from aie_conv.report.html.page import make_page
from aie_conv.report.html.rows import border_bytes_per_cycle, make_rows
from aie_conv.sim.timing.timeline import State
from tests.golden.test_golden import operands
from tests.support.report.browser import dump, needs_browser, screenshot

GOLDEN = Path(__file__).parents[2] / "golden"
EVIL = "</script><img src=x onerror=\"document.body.dataset.evil='1'\"> <!--DATA-->"
NAMES = ["fetch", "conv", f"second {EVIL}", "conv.2", "classifier", "f32"]
PROGRAMS = {
    "conv": "direct3x3-i8-npu1_1col",
    NAMES[2]: "conv3x3-bias-relu-bf16-npu1_1col",
    "conv.2": "direct3x3-i8-npu1_1col",
    "classifier": "pointwise-i8-npu1_1col",
    # What the call of the second and third would run.
    "region_1": "conv3x3-bias-relu-bf16-npu1_1col",
}

TIME: dict[str, Any] = {
    "whole_cycles": 1_000_000, "array_cycles": 300_000, "launch_cycles": 400_000, "change_cycles": 200_000,
    "copy_cycles": 12_000, "cpu_cycles": 88_000, "launches": 4, "cpu_unpriced": 1, "cpu_alone_cycles": 500_000,
}  # fmt: skip


def entry(name: str, route: str, **given: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "name": name, "problem": None, "contraction": False, "route": route, "style": "", "arithmetic": "native",
        "parameters": {}, "reason": "no convolution or matmul", "bound": "", "cores": 0, "macs": 0,
        "shim_bytes": 0, "minimum_bytes": 0, "predicted_cycles": 0, "candidates": [],
    }  # fmt: skip
    return {**empty, **given}


def conv(name: str, route: str, dtype: str, **given: Any) -> dict[str, Any]:
    problem = {
        "text": f"conv {EVIL} {dtype}",
        "kind": "conv",
        "loops": [],
        "dtypes": [dtype] * 4,
        "fused": [],
    }
    common: dict[str, Any] = {
        "problem": problem, "contraction": True, "macs": 1_000_000, "minimum_bytes": 50_000,
        "predicted_cycles": 9000, "reason": f"why {EVIL}", "bound": "cores", "cores": 4,
    }  # fmt: skip
    return entry(name, route, **{**common, **given})


@pytest.fixture(scope="module")
def measured() -> dict[str, Measured]:
    return measure_all(
        {n: (GOLDEN / f"{p}.mlir").read_text() for n, p in PROGRAMS.items()},
        lambda _: None,
        {n: operands(p) for n, p in PROGRAMS.items()},
    )


@pytest.fixture(scope="module")
def report(measured: dict[str, Measured]) -> dict[str, Any]:
    price = {
        "route": "cpu",
        "cost": 99_000,
        "predicted_cycles": 88_000,
        "host_cycles": 11_000,
        "bound": "MACs",
    }
    macs = {name: run.stats.macs for name, run in measured.items()}
    evil, cpu = NAMES[2], {"predicted_cycles": 0, "bound": "", "cores": 0}
    return {
        "device": "npu1_1col",
        "peak_macs_per_cycle": {"i8": 1024, "i16": 256, "bf16": 512},
        "totals": {"time": TIME},
        "regions": [
            {"name": "conv", "dispatches": ["conv"], "border": ""},
            {"name": "region_1", "dispatches": [evil, "conv.2"], "border": f"because {EVIL}"},
            {"name": "classifier", "dispatches": ["classifier"], "border": "another"},
        ],
        "dispatches": [
            entry("fetch", "cpu"),
            conv("conv", "direct", "i8", style="vector", macs=macs["conv"]),
            conv(evil, "im2col", "bf16", style="vector", arithmetic="bf16x3", macs=macs[evil]),
            conv("conv.2", "direct", "i8", style="vector", macs=macs["conv.2"]),
            conv("classifier", "im2col", "i8", macs=macs["classifier"]),
            conv("f32", "cpu", "f32", candidates=[price], **cpu),
        ],
    }


@pytest.fixture(scope="module")
def page(
    report: dict[str, Any],
    measured: dict[str, Measured],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    shares = {"conv": {(0, 2): "tiles 0–6 of 7; ch. 0–15"}}
    path.write_bytes(make_page(report, measured, shares))
    return path


class Elements(HTMLParser):
    """Every element with its attributes, and which are open at the end."""

    VOID = ("meta", "img", "link", "br", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.found if name == tag]


def by_class(elements: Elements, tag: str, name: str) -> list[dict[str, str]]:
    return [attrs for attrs in elements.named(tag) if name in attrs.get("class", "").split()]


def rows(text: str, table: str) -> list[list[str]]:
    """The cells of a table's body, without markup."""
    body = re.search(rf"{table}.*?<tbody>(.*?)</tbody>", text, re.S)
    assert body is not None
    lines = re.findall(r"<tr.*?>(.*?)</tr>", body[1], re.S)
    return [
        [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", line, re.S)]
        for line in lines
    ]


def number(text: str) -> int:
    return int(text.replace("\u202f", ""))


def test_elements_nest_and_nothing_comes_from_outside(page: Path) -> None:
    text = page.read_text()
    elements = Elements(text)
    assert elements.open == []
    assert not {"img", "link", "iframe", "object", "embed", "base", "form"} & {
        tag for tag, _ in elements.found
    }
    for tag, attrs in elements.found:
        assert not {"src", "srcset", "action", "data", "onclick", "onerror", "onload"} & set(
            attrs
        ), tag
        assert attrs.get("href", "#").startswith("#")
    outside = set(re.findall(r"https?://[^\"' ]*", text)) - {"http://www.w3.org/2000/svg"}
    assert outside == set()
    assert not re.search(
        r"@import|url\((?!#)|fetch\(|XMLHttpRequest|WebSocket|import\(|eval\(", text
    )
    policy = next(meta for meta in elements.named("meta") if "http-equiv" in meta)["content"]
    assert policy.startswith("default-src 'none';")


def test_every_text_of_the_user_is_escaped(page: Path) -> None:
    text = page.read_text()
    assert "<img" not in text
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert data is not None
    assert "<" not in data[1]
    assert [d["name"] for d in json.loads(data[1])["dispatches"]] == NAMES


def test_the_table_has_every_dispatch(page: Path, measured: dict[str, Measured]) -> None:
    cells = rows(page.read_text(), 'id="dispatches"')
    assert [row[0] for row in cells] == ["1", "2", "3", "4", "5", "6"]
    assert number(cells[1][3]) == measured["conv"].stats.cycles
    assert number(cells[1][5]) == measured["conv"].stats.shim_bytes
    share = measured["conv"].stats.macs / (1024 * measured["conv"].stats.cycles)
    assert cells[1][4] == f"{share:.1%}"
    assert cells[2][2] == "im2col vector bf16x3"
    assert cells[0][3:7] == ["", "", "", ""]
    assert cells[5][3] == "≈ 88\u202f000"
    assert cells[5][7] == "MACs"


def test_no_layer_is_above_the_roof(report: dict[str, Any], measured: dict[str, Measured]) -> None:
    border = border_bytes_per_cycle("npu1_1col")
    assert 8 <= border <= 16
    shown = [row for row in make_rows(report, measured) if row.simulated]
    assert len(shown) == 4
    for row in shown:
        peak = 512 if row.number == 3 else 1024
        assert row.intensity is not None
        assert row.share is not None
        assert 0 < row.share <= min(1, row.intensity * border / peak)


def test_every_layer_is_on_the_roofline_and_every_dispatch_in_the_strip(page: Path) -> None:
    links = by_class(Elements(page.read_text()), "a", "pick")
    numbers = [link["data-number"] for link in links]
    # Strip and table have all of them; the roofline those with a contraction.
    assert [numbers.count(str(n)) for n in range(1, 7)] == [2, 3, 3, 3, 3, 3]
    assert all(link["href"] == f"#dispatch={link['data-number']}" for link in links)


def test_a_region_is_drawn_as_one(page: Path, measured: dict[str, Measured]) -> None:
    text = page.read_text()
    (group,) = by_class(Elements(text), "g", "region")
    cycles = f"{measured['region_1'].stats.cycles:,}".replace(",", "\u202f")
    line = (
        f"region_1: dispatches 3–4 in one call of {cycles} cycles; not one with the call before: "
    )
    assert group["data-region"] == "region_1"
    assert group["aria-label"] == f"{line}because {EVIL}"
    (listed,) = re.findall(r'<ul class="regions"><li>(.*?)</li></ul>', text, re.S)
    assert unescape(listed) == group["aria-label"]
    assert "<dd>4 of 6 dispatches in 3 calls</dd>" in text


def test_equal_programs_are_kept_once(page: Path) -> None:
    data = re.search(r'id="data">(.*?)</script>', page.read_text(), re.S)
    assert data is not None
    found = json.loads(data[1])
    assert [d["program"] for d in found["dispatches"]] == [None, 0, 1, 0, 2, None]
    assert len(found["programs"]) == 3


# -- in a browser -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def chosen(page: Path) -> str:
    return dump(page, "dispatch=3")


@needs_browser
def test_the_hash_chooses_a_dispatch(chosen: str) -> None:
    elements = Elements(chosen)
    body = elements.named("body")[0]
    assert (body["data-ready"], body["data-chosen"]) == ("1", "3")
    assert "data-evil" not in body
    assert all(
        mark["data-number"] == "3"
        for tag in ("a", "tr")
        for mark in by_class(elements, tag, "chosen")
    )
    assert len(by_class(elements, "a", "chosen")) == 3
    assert not [attrs for attrs in elements.named("img")]


@needs_browser
def test_the_map_and_the_timeline_are_the_programs(
    chosen: str, measured: dict[str, Measured]
) -> None:
    run = measured[NAMES[2]]
    elements = Elements(chosen)
    lanes = [lane["data-lane"] for lane in by_class(elements, "g", "lane")]
    assert sorted(lanes) == sorted(lane.name for lane in run.timeline.lanes)
    tiles = [tile["data-tile"] for tile in by_class(elements, "g", "tile")]
    assert sorted(tiles) == sorted(f"{p.tile.col},{p.tile.row}" for p in run.array.places)
    streams = [stream["data-stream"] for stream in by_class(elements, "g", "stream")]
    assert streams == [stream.name for stream in run.array.streams]
    for line, lane in zip(rows(chosen, 'id="lanes"'), run.timeline.lanes, strict=True):
        assert line[0] == lane.name
        assert [number(cell) for cell in line[1:]] == [
            round(lane.totals()[state]) for state in State
        ]
    for line, stream in zip(rows(chosen, 'id="streams"'), run.array.streams, strict=True):
        assert (line[0], number(line[4]), number(line[5])) == (
            stream.name,
            stream.object_bytes,
            stream.bytes,
        )


@needs_browser
def test_a_lane_is_drawn_as_long_as_its_states_last(
    chosen: str, measured: dict[str, Measured]
) -> None:
    """The areas of a lane's paths are the shares of its states, and fill the lane."""
    for lane in measured[NAMES[2]].timeline.lanes:
        group = re.search(rf'data-lane="{re.escape(lane.name)}">(.*?)</g>', chosen, re.S)
        assert group is not None
        areas = dict.fromkeys(State, 0.0)
        boxes: list[tuple[float, ...]] = []
        for tag in re.findall(r"<path [^>]*data-state[^>]*>", group[1]):
            attrs = Elements(tag + "</path>").named("path")[0]
            found = re.findall(r"M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)", attrs["d"])
            parts = [tuple(map(float, part)) for part in found]
            areas[State(int(attrs["data-state"]))] = sum(w * h for _, _, w, h in parts)
            boxes += parts
        for x in {box[0] for box in boxes}:
            column = sorted((y, y + h) for at, y, _, h in boxes if at == x)
            assert column[-1][1] - column[0][0] == pytest.approx(13, abs=0.2)
            assert all(a[1] == pytest.approx(b[0], abs=0.2) for a, b in pairwise(column))
        whole = sum(areas.values())
        assert whole == pytest.approx(880 * 13, rel=0.02)
        for state, spent in lane.totals().items():
            assert areas[state] / whole == pytest.approx(
                spent / measured[NAMES[2]].timeline.cycles, abs=0.02
            )


@needs_browser
def test_a_dispatch_of_the_cpu_has_no_array(page: Path) -> None:
    elements = Elements(dump(page, "dispatch=6&sort=-cycles"))
    hidden = {attrs["id"] for tag, attrs in elements.found if "hidden" in attrs}
    assert hidden == {"pictures"}
    assert by_class(elements, "g", "tile") == []


@needs_browser
def test_heads_sort_by_hash_and_by_click(
    page: Path, tmp_path: Path, measured: dict[str, Measured]
) -> None:
    cycles = {n: measured[name].stats.cycles for n, name in enumerate(NAMES, 1) if name in measured}
    cycles[6] = 88_000
    down = [*map(str, sorted(cycles, key=lambda n: -cycles[n])), "1"]
    text = dump(page, "sort=-cycles")
    assert [row[0] for row in rows(text, 'id="dispatches"')] == down
    # Without a dispatch in the hash, the one with the most cycles on the NPU.
    assert Elements(text).named("body")[0]["data-chosen"] == next(n for n in down if n != "6")
    clicks = "<script>for (const key of ['cycles', 'cycles', 'route'])" \
        " document.querySelector(`[data-key=${key}]`).click()</script>"  # fmt: skip
    clicked = tmp_path / "clicked.html"
    clicked.write_text(page.read_text().replace("</body>", clicks + "</body>"))
    found = dump(clicked)
    assert [row[2].split(" ")[0] for row in rows(found, 'id="dispatches"')] == ["cpu"] * 2 + [
        "direct"
    ] * 2 + ["im2col"] * 2
    heads = [head["aria-sort"] for head in Elements(found).named("th") if "aria-sort" in head]
    assert heads.count("ascending") == 1
    assert heads.count("none") == len(heads) - 1


MEASURE = """<script>
const bad = [];
const box = (one) => one.getBoundingClientRect();
const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
for (const tile of document.querySelectorAll(".tile")) {
  const frame = box(tile.querySelector("rect"));
  const texts = [...tile.querySelectorAll("text")];
  for (const text of texts) if (!inside(box(text), frame)) bad.push("out of its tile: " + text.textContent);
  texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
    const [p, q] = [box(a), box(b)];
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1 && tall > 4) bad.push("over one another: " + a.textContent + " | " + b.textContent);
  }));
}
for (const drawing of document.querySelectorAll("svg")) {
  if (!drawing.querySelector("text")) continue;
  for (const text of drawing.querySelectorAll("text"))
    if (!inside(box(text), box(drawing))) bad.push("out of its drawing: " + text.textContent);
}
for (const one of document.querySelectorAll("[data-key], a[href]")) {
  one.focus();
  if (document.activeElement !== one) bad.push("not reached: " + one.outerHTML);
}
document.body.dataset.bad = JSON.stringify(bad);
</script>"""


@needs_browser
@pytest.mark.parametrize("fragment", ["dispatch=2", "dispatch=3"])
def test_what_is_written_can_be_read_and_reached(page: Path, tmp_path: Path, fragment: str) -> None:
    path = tmp_path / "measured.html"
    path.write_text(page.read_text().replace("</body>", MEASURE + "</body>"))
    body = Elements(dump(path, fragment)).named("body")[0]
    assert json.loads(body["data-bad"]) == []


def pixels(png: bytes) -> np.ndarray:
    """An 8-bit RGB or RGBA PNG as [height, width, channels]."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    channels = {2: 3, 6: 4}[kind]
    assert depth == 8
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, width * channels + 1)
    before = np.zeros(width * channels, np.uint8)
    made = np.empty((height, width * channels), np.uint8)
    for number, (kind, *_), line in zip(range(height), lines[:, :1], lines[:, 1:], strict=True):
        before = made[number] = _unfiltered(int(kind), line, before, channels)
    return made.reshape(height, width, channels)[..., :3]


def _unfiltered(kind: int, line: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    if kind in (0, 2):
        return line + above if kind else line.copy()
    made = np.zeros(len(line) + step, int)
    up, upper_left = above.astype(int), np.concatenate([np.zeros(step, int), above[:-step]])
    for i, value in enumerate(line.tolist()):
        a, b, c = int(made[i]), int(up[i]), int(upper_left[i])
        near = min((a, b, c), key=lambda one: abs(a + b - c - one))
        made[i + step] = (value + {1: a, 3: (a + b) // 2, 4: near}[kind]) & 255
    return made[step:].astype(np.uint8)


@needs_browser
def test_a_screenshot_has_the_routes_colours(page: Path, tmp_path: Path) -> None:
    picture = pixels(screenshot(page, "dispatch=3", tmp_path / "page.png"))
    flat = picture.reshape(-1, 3)
    for colour in (*palette.ROUTES.values(), palette.PAPER, palette.INK):
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        # A swatch of the legend, less its edges; how wide one is drawn differs by a pixel.
        assert (flat == wanted).all(axis=1).sum() > 20, colour


def test_the_first_figure_is_the_whole(page: Path, measured: dict[str, Measured]) -> None:
    text = page.read_text()
    array = sum(measured[call].stats.cycles for call in ("conv", "region_1", "classifier"))
    clock = get_device("npu1_1col").arch.clock_hz
    whole = 1e3 * (TIME["whole_cycles"] - TIME["array_cycles"] + array) / clock
    first = re.search(r'class="facts"><div><dt>([^<]*)</dt><dd>([^<]*)</dd>', text)
    assert first is not None
    assert first[1] == "a run, predicted"
    assert first[2] == f"{whole:.3g} ms"
    parts = [1e3 * TIME[f"{part}_cycles"] / clock for part in ("launch", "change", "copy", "cpu")]
    assert f"<dd>{', '.join(f'{part:.2g}' for part in parts)} ms</dd>" in text
    assert "less: --amd-aie-route=cpu" in text
