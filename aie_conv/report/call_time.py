"""What one call of an artifact's function took, all of it, and its parts.

On a simulated NPU the array, the launches and the changes of configuration take simulated time, whatever
their simulation took; the CPU's part, host copies among it, takes the time of this machine. On an NPU every
part is measured. What the host copies of a call take cannot be measured apart from the CPU's other
dispatches, so their figure is the compiler's prediction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from aie_conv.arch import get_device

Record = Mapping[str, Any]
"""Figures of one NPU dispatch, as ``Program.records`` has them."""

SIMULATED = {
    "array_seconds": "array, simulated",
    "launch_seconds": "{} launch{es}, simulated",
    "change_seconds": "{} change{s} of configuration, simulated",
    "cpu_seconds": "CPU, measured on this machine",
}
MEASURED = {
    "submission_seconds": "{} submission{s} to the NPU",
    "transfer_seconds": "buffers to and from the NPU",
    "cpu_seconds": "CPU",
}
"""Part -> what people call it, for calls with dispatches on a simulated NPU and on a real one."""


@dataclass(frozen=True)
class CallTime:
    """A call.

    Attributes:
        parts: seconds of each part: :data:`SIMULATED`'s or :data:`MEASURED`'s; of the CPU alone where no
            dispatch ran on the NPU.
        wall: seconds that passed on this machine, the simulation's own among them.
        launches: calls of the NPU.
        changes: how often the array changed its configuration; 0 on an NPU, where nobody counts.
    """

    parts: Mapping[str, float]
    wall: float
    launches: int
    changes: int

    @property
    def whole(self) -> float:
        """Seconds that a user waits for: all parts."""
        return sum(self.parts.values())

    @property
    def simulation(self) -> float:
        """Seconds that the simulation itself took; 0 without one."""
        return self.wall - self.parts["cpu_seconds"] if self.simulated else 0.0

    @property
    def simulated(self) -> bool:
        """Whether parts are of a simulated NPU."""
        return "array_seconds" in self.parts


def call_time(wall: float, records: Sequence[Record]) -> CallTime:
    """The time of one call.

    Args:
        wall: seconds from its begin to its end on this machine.
        records: of its NPU dispatches.
    """

    def total(key: str) -> float:
        return sum(record.get(key, 0.0) for record in records)

    cpu = wall - total("seconds")
    changes = sum(record.get("reconfigure_seconds", 0.0) > 0 for record in records)
    if not records:
        parts = {"cpu_seconds": wall}
    elif all("array_seconds" in record for record in records):
        parts = {
            "array_seconds": total("array_seconds"),
            "launch_seconds": total("launch_seconds"),
            "change_seconds": total("reconfigure_seconds"),
            "cpu_seconds": cpu,
        }
    else:
        submitted = total("device_seconds")
        parts = {
            "submission_seconds": submitted,
            "transfer_seconds": total("seconds") - submitted,
            "cpu_seconds": cpu,
        }
    return CallTime(parts, wall, len(records), changes)


def describe_parts(time: CallTime) -> dict[str, str]:
    """Part -> what people call it, for the parts that a call has."""
    names = SIMULATED if time.simulated else MEASURED
    counts = {"change_seconds": time.changes}
    described: dict[str, str] = {}
    for key in time.parts:
        count = counts.get(key, time.launches)
        more = count != 1
        described[key] = names[key].format(count, s="s" * more, es="es" * more)
    return described


def predicted_copies(report: Mapping[str, Any] | None, records: Sequence[Record]) -> float | None:
    """Predicted seconds of the host copies around a call's NPU dispatches; None where nobody knows.

    Args:
        report: of the artifact's compilation; None where it has none.
        records: of the call.
    """
    if report is None or not report.get("regions"):
        return None if records else 0.0
    cycles = {region["name"]: region["copy_cycles"] for region in report["regions"]}
    names = [record["name"] for record in records]
    if not set(names) <= set(cycles):
        return None
    return sum(cycles[name] for name in names) / get_device(report["device"]).arch.clock_hz


def sum_up(seconds: Sequence[float]) -> dict[str, float]:
    """Mean, median and least of the seconds of several calls."""
    return {"mean": fmean(seconds), "median": median(seconds), "min": min(seconds)}
