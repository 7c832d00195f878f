"""The cycle model beside published measurements: errors by kind of row, the worst rows, a plot.

Reads calibration.csv (or another file of its columns), predicts every row that the model can express and
prints the errors. ``--svg`` draws predicted against measured, ``--rows`` lists every row, ``--held-out`` fits
the constants to one half of the array rows and prints the errors of the other, both ways.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor, log10
from pathlib import Path

import held_out

from aie_conv.arch.machine import current
from aie_conv.calibration.predict import Prediction, Summary, predict_row, summary
from aie_conv.calibration.rows import read_rows

HERE = Path(__file__).parent
KINDS = ("kernel", "dma", "array")
COLOURS = {"aie2": "#0072b2", "aie2p": "#d55e00"}
"""Blue and vermilion of Okabe and Ito's palette, which differ for every common kind of sight; the
markers differ too."""
NAMES = {"aie2": "XDNA (npu1)", "aie2p": "XDNA2 (npu4)"}
FITTED = ("taka", "ignite-xdna", "xdna-emu", "mlir-air")
"""In the names of the sources that numbers of the machine's table were fitted to, as the table says."""
SIDE, GAP, LEFT, TOP = 240, 60, 52, 34


def arch_of(prediction: Prediction) -> str:
    """Which of the two arrays a row is of."""
    text = prediction.row.device.lower()
    second = ("xdna2", "npu2", "npu4", "strix", "krackan", "hx 370")
    return "aie2p" if any(name in text for name in second) else "aie2"


def point(prediction: Prediction) -> tuple[float, float] | None:
    """(measured, predicted) as a rate: GOP/s, or for transfers GB/s or tasks a millisecond."""
    measured, value, work = prediction.row.measured, prediction.value, prediction.work
    if not prediction.counts or not measured or not value or work is None:
        return None
    if not work.macs and (prediction.row.kind != "dma" or prediction.row.unit == "B/cycle"):
        return None
    if work.macs:
        rate = 2 * work.macs * prediction.clock / work.cycles / 1e9
    elif work.bytes:
        rate = work.bytes * prediction.clock / work.cycles / 1e9
    else:
        rate = prediction.clock / work.cycles / 1e3
    is_time = prediction.row.unit in ("us", "ms", "cycles", "cycles/call")
    return rate * (value / measured if is_time else measured / value), rate


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two numbers."""
    return [
        10.0**e for e in range(floor(log10(low)), floor(log10(high)) + 2) if low <= 10.0**e <= high
    ]


def label(value: float) -> str:
    """A power of ten as people write it."""
    return f"{value:g}" if value < 10000 else f"1e{round(log10(value))}"


def panel(kind: str, left: float, rows: Sequence[Prediction]) -> list[str]:
    """One square of the plot."""
    points = [(arch_of(p), at) for p in rows if (at := point(p)) is not None]
    values = [value for _, at in points for value in at]
    low, high = min(values) / 1.4, max(values) * 1.4

    def place(value: float) -> float:
        return SIDE * (log10(value) - log10(low)) / (log10(high) - log10(low))

    def line(a: tuple[float, float], b: tuple[float, float], style: str) -> str:
        (x1, y1), (x2, y2) = ((left + place(x), TOP + SIDE - place(y)) for x, y in (a, b))
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'

    unit = "GB/s, tasks/ms" if kind == "dma" else "GOP/s"
    middle = left + SIDE / 2
    out = [
        f'<rect x="{left}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>',
        f'<text x="{middle}" y="{TOP - 10}" text-anchor="middle" font-weight="bold">{kind}</text>',
        f'<text x="{middle}" y="{TOP + SIDE + 34}" text-anchor="middle">measured, {unit}</text>',
    ]
    for value in ticks(low, high):
        x, y = left + place(value), TOP + SIDE - place(value)
        out.append(
            f'<text x="{x:.1f}" y="{TOP + SIDE + 16}" text-anchor="middle">{label(value)}</text>'
        )
        out.append(f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{label(value)}</text>')
        out.append(line((value, low), (value, high), 'stroke="#eee"'))
        out.append(line((low, value), (high, value), 'stroke="#eee"'))
    out.append(line((low, low), (high, high), 'stroke="#444"'))
    dashed = 'stroke="#888" stroke-dasharray="4 3"'
    out.append(line((low * 1.15, low), (high, high / 1.15), dashed))
    out.append(line((low, low * 1.15), (high / 1.15, high), dashed))
    out += [marker(arch, left + place(x), TOP + SIDE - place(y)) for arch, (x, y) in points]
    return out


def marker(arch: str, x: float, y: float) -> str:
    """A circle for the first generation, a triangle for the second."""
    style = f'fill="{COLOURS[arch]}" fill-opacity="0.55" stroke="{COLOURS[arch]}"'
    if arch == "aie2":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" {style}/>'
    return f'<path d="M{x:.1f} {y - 4:.1f}l3.6 6.4h-7.2z" {style}/>'


def svg(found: Sequence[Prediction]) -> str:
    """The plot: one square a kind of row."""
    width = LEFT + len(KINDS) * SIDE + (len(KINDS) - 1) * GAP + 12
    height = TOP + SIDE + 64
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="sans-serif" font-size="11" fill="#222">',
        "<title>Predicted against measured rates; dashed lines are 15 % off</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for at, kind in enumerate(KINDS):
        rows = [p for p in found if p.row.kind == kind]
        out += panel(kind, LEFT + at * (SIDE + GAP), rows)
    y = TOP + SIDE / 2
    out.append(
        f'<text transform="translate(14 {y}) rotate(-90)" text-anchor="middle">predicted</text>'
    )
    for at, (arch, name) in enumerate(NAMES.items()):
        x = LEFT + at * 120
        out.append(marker(arch, x, height - 10))
        out.append(f'<text x="{x + 9}" y="{height - 6}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def is_fitted(prediction: Prediction) -> bool:
    """Whether a number of the table was fitted to rows of this row's source."""
    return any(name in prediction.row.source.lower() for name in FITTED)


def tally(kind: str, rows: int, errors: Summary) -> str:
    """The errors of one kind of row."""
    return (
        f"{kind:<7} {rows:>4}  {errors.rows:>4}  {100 * errors.median:>5.1f}%"
        f"  {100 * errors.worst:>4.0f}%  {100 * errors.within_15:>4.0f}%"
    )


def table(found: Sequence[Prediction]) -> Iterable[str]:
    """Errors by kind of row, then why rows are not used."""
    yield "kind    rows  used  median  worst  within 15 %"
    for kind in KINDS:
        rows = [p for p in found if p.row.kind == kind]
        yield tally(kind, len(rows), summary(rows))
    yield ""
    yield "of sources that no number was fitted to (the stream width of XDNA2 aside)"
    for kind in ("kernel", "array"):
        rows = [p for p in found if p.row.kind == kind and not is_fitted(p)]
        yield tally(kind, len(rows), summary(rows))
    yield ""
    yield "rows that are not used"
    reasons = Counter((p.row.kind, p.reason) for p in found if not p.counts)
    for (kind, reason), count in reasons.most_common():
        yield f"  {count:>3} {kind:<7} {reason or 'nothing was measured'}"
    yield ""
    yield "furthest off"
    used = [p for p in found if p.counts and p.error is not None]
    for p in sorted(used, key=lambda p: -abs(p.error or 0))[:20]:
        yield entry(p)


def entry(p: Prediction) -> str:
    """One row."""
    row = p.row
    value = "-" if p.value is None else f"{p.value:.4g}"
    off = "" if p.error is None else f"{100 * p.error:+.0f}%"
    size = "x".join(str(x) for x in (row.m, row.k, row.n) if x)
    what = f"{row.kind:<6} {row.dtype:<12.12} {size:<15} {row.tile:<26.26}"
    return f"  {what} {row.measured or 0:>9.5g} {value:>9} {row.unit:<15} {off:>6}  {p.reason}"


def main() -> int:
    """Print the errors; draw the plot where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=HERE / "calibration.csv")
    parser.add_argument("--svg", type=Path, metavar="OUT")
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--held-out", action="store_true", help="fit on one half, report the other")
    arguments = parser.parse_args()
    if arguments.held_out:
        print("\n".join(held_out.report(read_rows(arguments.file), current())))
        return 0
    found = [predict_row(row, current()) for row in read_rows(arguments.file)]
    for text in table(found):
        print(text)
    if arguments.rows:
        print()
        for p in found:
            print(entry(p))
    if arguments.svg:
        arguments.svg.write_text(svg(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
