"""What the page says of each dispatch, from the report and the runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aie_conv.arch import get_device
from aie_conv.arch.machine import Machine, current
from aie_conv.arch.rates import WORD_BYTES, channel_rates
from aie_conv.report.html.measure import Measured


@dataclass(frozen=True)
class Row:
    """One dispatch.

    Attributes:
        number: from 1, in program order.
        style: with the arithmetic, where it is not the problem's own.
        cycles: simulated on the NPU; of the array's clock, an estimate, on the CPU; None if unknown.
        bytes: that crossed the array's border; on the CPU those of the operands.
        share: of the peak for its operands; None where cycles or peak are unknown.
    """

    number: int
    name: str
    problem: str
    route: str
    style: str
    cycles: int | None
    predicted: int
    macs: int
    bytes: int
    share: float | None
    cores: int
    bound: str
    reason: str

    @property
    def simulated(self) -> bool:
        """Whether the cycles are measured in the simulator."""
        return self.route != "cpu"

    @property
    def intensity(self) -> float | None:
        """MACs a byte."""
        return self.macs / self.bytes if self.macs and self.bytes else None


def peak_type(entry: Mapping[str, Any], peaks: Mapping[str, int]) -> str:
    """The type whose peak a dispatch is held against: its operands', or bf16's where they have none."""
    dtypes = (entry["problem"] or {}).get("dtypes") or [""]
    return dtypes[0] if dtypes[0] in peaks else "bf16"


def make_rows(report: Mapping[str, Any], measured: Mapping[str, Measured]) -> list[Row]:
    """A row for each dispatch of a report."""
    peaks = report["peak_macs_per_cycle"]
    rows: list[Row] = []
    for number, entry in enumerate(report["dispatches"], 1):
        run = measured.get(entry["name"])
        cycles = run.stats.cycles if run is not None else _cpu_cycles(entry)
        peak = peaks[peak_type(entry, peaks)]
        macs = entry["macs"]
        style = " ".join(
            part for part in (entry["style"], entry["arithmetic"]) if part and part != "native"
        )
        rows.append(
            Row(
                number=number,
                name=entry["name"],
                problem=entry["problem"]["text"] if entry["problem"] else "",
                route=entry["route"],
                style=style,
                cycles=cycles,
                predicted=entry["predicted_cycles"],
                macs=macs,
                bytes=run.stats.shim_bytes if run is not None else entry["minimum_bytes"],
                share=macs / (cycles * peak) if cycles and macs else None,
                cores=entry["cores"],
                bound=entry["bound"] or _cpu_bound(entry),
                reason=entry["reason"],
            )
        )
    return rows


def _cpu_price(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    priced = (c for c in entry["candidates"] if c["route"] == "cpu" and c.get("predicted_cycles"))
    return next(priced, {}) if entry["route"] == "cpu" else {}


def _cpu_cycles(entry: Mapping[str, Any]) -> int | None:
    return _cpu_price(entry).get("predicted_cycles")


def _cpu_bound(entry: Mapping[str, Any]) -> str:
    return str(_cpu_price(entry).get("bound", ""))


def border_bytes_per_cycle(device: str, machine: Machine | None = None) -> float:
    """Bytes a cycle that can cross a device's border, both ways together, at the very most.

    Every shim channel at its full rate, or what the host's memory gives them all, if that is less.
    """
    facts, machine = get_device(device), machine or current()
    arch = facts.arch
    speed = channel_rates(machine, arch.name)
    channels = facts.columns * arch.shim_dma_channels
    words = channels * (1 / speed.read_word + 1 / speed.write_word)
    memory = machine.memory_of(arch.name)
    return min(WORD_BYTES * words, memory.total / arch.clock_hz)


def spaced(number: float) -> str:
    """A whole number in groups of three digits, set apart by thin spaces that do not break."""
    return f"{round(number):,}".replace(",", "\u202f")
