"""A report of the hardware tests: what was measured on an NPU beside what the model predicted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.files import read_text

VERSION = 1
"""Of the reports that are read."""


@dataclass(frozen=True)
class Timing:
    """One dispatch's times.

    Attributes:
        test: the test it ran in.
        npu: what it was compiled for.
        problem, route, style: what it computed and how.
        predicted: seconds from the host's call to the result, as the planner has them.
        measured: the fastest of its calls, in seconds.
    """

    test: str
    npu: str
    problem: str
    route: str
    style: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """Relative: positive where the model is too slow."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True)
class HardwareReport:
    """A report.

    Attributes:
        device: what the tests ran on: "xrt" or "hrx" for an NPU.
        npu: what `aie-conv doctor` said of it.
        timings: those that have a measured time.
        failed: the names of tests that failed.
    """

    device: str
    npu: str
    timings: tuple[Timing, ...]
    failed: tuple[str, ...]

    @property
    def is_hardware(self) -> bool:
        """Whether its times are an NPU's."""
        return self.device in ("xrt", "hrx")


def read_hardware_report(path: str) -> HardwareReport:
    """Read what `make hw-test` wrote.

    Raises:
        UsageError: it cannot be read, or is no such report.
    """
    text = read_text(Path(path), "hw-report.json of make hw-test")
    try:
        report = json.loads(text)
        if report["version"] != VERSION:
            raise UsageError(f"{path}: version {report['version']}, this reads {VERSION}")
        findings = report["doctor"]["findings"]
        npu = next((f["detail"] for f in findings if f["name"] == "NPU"), "")
        tests = report["tests"]
        timings = tuple(t for test in tests for t in _timings(test))
        failed = tuple(str(test["name"]) for test in tests if test["outcome"] == "failed")
        return HardwareReport(str(report["device"]), str(npu), timings, failed)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise UsageError(
            f"{path}: no report of the hardware tests ({type(error).__name__}: {error}):"
            " write one with make hw-test"
        ) from None


def _timings(test: dict[str, Any]) -> Iterator[Timing]:
    for timing in test["timings"]:
        if timing["measured_seconds"] is not None:
            predicted, measured = (
                float(timing[f"{key}_seconds"]) for key in ("predicted", "measured")
            )
            if not (0 < measured < inf and 0 < predicted < inf):
                raise ValueError(f"{test['name']}: a time that is not positive")
            yield Timing(
                str(test["name"]), str(timing["npu"]), str(timing["problem"]), str(timing["route"]),
                str(timing["style"]), predicted, measured,
            )  # fmt: skip


def compare(report: HardwareReport) -> list[str]:
    """A line a dispatch, the farthest off first, then one for each kind of code."""
    lines = [f"{'predicted':>10} {'measured':>10} {'error':>7}  {'route':<18} problem"]
    for t in sorted(report.timings, key=lambda t: -abs(t.error)):
        lines.append(
            f"{1e6 * t.predicted:>7.0f} us {1e6 * t.measured:>7.0f} us {100 * t.error:>+6.0f}%"
            f"  {f'{t.route} {t.style}'.strip():<18} {t.npu}: {t.problem}"
        )
    kinds: dict[str, list[Timing]] = {}
    for t in report.timings:
        kinds.setdefault(f"{t.npu} {t.route} {t.style}".strip(), []).append(t)
    for kind, timings in sorted(kinds.items()):
        errors = [timing.error for timing in timings]
        lines.append(
            f"{kind}: {len(timings)} dispatches: median {100 * median(errors):+.0f} %,"
            f" from {100 * min(errors):+.0f} to {100 * max(errors):+.0f} %"
        )
    return lines
