"""What the examples print: the table of convolutions and the comparison with torch."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
from imagenet import ConvShape
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.report.regions import describe_time

_HEAD = ("name", "shape", "stride", "dtype", "route", "cores", "MMACs", "kcycles", "peak", "reason")


class Phases:
    """Wall-clock time of each phase, printed as it ends and again at the end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time the block under a name."""
        print(f"{name} …", flush=True)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        print(f"{name}: {self.seconds[name]:.1f} s", flush=True)

    def summary(self) -> str:
        """One line a phase, with its share."""
        total = sum(self.seconds.values())
        rows = [f"  {n:<28}{s:7.1f} s {s / total:6.1%}" for n, s in self.seconds.items()]
        return "\n".join(["where the time went:", *rows, f"  {'total':<28}{total:7.1f} s"])


def _is(entry: Mapping[str, Any], shape: ConvShape) -> bool:
    """Whether a dispatch computes a convolution of this shape, by its loops."""
    extent = dict.fromkeys("mnkg", 1)
    for loop in entry["problem"]["loops"]:
        extent[loop["role"]] *= loop["size"]
    inputs, outputs = shape.cin // shape.groups, shape.cout // shape.groups
    wanted = (shape.size**2, outputs, inputs * shape.kernel**2, shape.groups)
    return tuple(extent.values()) == wanted


def named(
    entries: Sequence[Mapping[str, Any]], shapes: Iterable[ConvShape]
) -> list[tuple[ConvShape, Mapping[str, Any] | None]]:
    """The convolutions, each with the first dispatch in program order that computes its shape.

    Only convolutions of equal shape that do not depend on one another can change places.
    """
    left = [entry for entry in entries if entry["problem"]]
    pairs: list[tuple[ConvShape, Mapping[str, Any] | None]] = []
    for shape in shapes:
        found = next((entry for entry in left if _is(entry, shape)), None)
        if found is not None:
            left.remove(found)
        pairs.append((shape, found))
    return pairs


def _row(shape: ConvShape, entry: Mapping[str, Any] | None, device: str, dtype: str) -> list[str]:
    window = f"{shape.kernel}x{shape.kernel}x{shape.cin // shape.groups}"
    size = f"{shape.size}x{shape.size}x{shape.cout} <- {window}"
    start = [shape.name, size, str(shape.stride), dtype]
    macs = f"{shape.macs / 1e6:.1f}"
    if entry is None:
        # The NPU runs only what the report describes, so this one is not among its programs.
        return [*start, "cpu", "", macs, "", "", "IREE gave it another form for the CPU"]
    cycles = entry["predicted_cycles"]
    peak = get_device(device).arch.macs_per_cycle.get("i8" if dtype == "int8" else "bf16", 0)
    share = shape.macs / (cycles * peak * get_device(device).cores) if cycles else 0.0
    return [
        *start,
        str(entry["route"]),
        str(entry["cores"] or ""),
        macs,
        f"{cycles / 1e3:.1f}" if cycles else "",
        f"{share:.1%}" if cycles else "",
        str(entry["reason"]),
    ]


def table(report: Mapping[str, Any], shapes: Iterable[ConvShape], device: str, dtype: str) -> str:
    """A row for each convolution and a line of totals."""
    pairs = named(report["dispatches"], shapes)
    rows = [list(_HEAD), *(_row(shape, entry, device, dtype) for shape, entry in pairs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD) - 1)]
    lines = [
        "  ".join(
            [*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]
        ).rstrip()
        for row in rows
    ]
    on_npu = [entry for _, entry in pairs if entry is not None and entry["route"] != "cpu"]
    cycles = sum(entry["predicted_cycles"] for entry in on_npu)
    clock = get_device(device).arch.clock_hz
    lines.append(
        f"{len(on_npu)} of {len(pairs)} convolutions on the NPU; {cycles / 1e6:.2f} Mcycles "
        f"predicted, {cycles / clock * 1e3:.2f} ms at {clock / 1e9:.1f} GHz"
    )
    totals = report["totals"]
    if totals["configurations"]:
        changes, change = totals["configuration_changes"], totals["change_cycles"] / clock
        lines.append(
            f"{totals['configurations']} configurations of the array; a run changes it {changes} times,"
            f" {change * 1e3:.2f} ms more"
        )
    if totals["time"]["launches"]:
        (_, whole), *parts = describe_time(report)
        lines.append(f"a run, predicted: {whole}: {', '.join(' '.join(part) for part in parts)}")
    return "\n".join(lines)


def comparison(
    result: NDArray[np.float32], expected: NDArray[np.float32], against: str
) -> tuple[str, dict[str, float]]:
    """The result beside a reference, for people and as numbers.

    Args:
        result, expected: logits [n, classes].
        against: what the reference is.
    """
    error = np.abs(result - expected)
    ranks = [np.argsort(-logits, axis=1, kind="stable")[:, :5] for logits in (result, expected)]
    common = sum(len(set(a) & set(b)) for a, b in zip(*ranks, strict=True)) / prod(ranks[0].shape)
    numbers = {
        "top5_agreement": float(common),
        "top1_agreement": float((ranks[0][:, 0] == ranks[1][:, 0]).mean()),
        "largest_error": float(error.max()),
        "relative_error": float(np.linalg.norm(error) / np.linalg.norm(expected)),
    }
    text = (
        f"against {against}: top-5 {common:.0%} the same "
        f"({', '.join(map(str, ranks[0][0]))} | {', '.join(map(str, ranks[1][0]))}), "
        f"largest error {numbers['largest_error']:.3g}, "
        f"relative error {numbers['relative_error']:.2e}"
    )
    return text, numbers
