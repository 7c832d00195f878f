"""The cycle model's error on array rows that no constant was fitted to: fitted on a half, told of the other.

The rows go to the two halves in turn, as the file has them, so that each has rows of every source. The
constants that array rows bear on are searched on one half, one after the other, over a grid of which what the
table ships is but one value. Those of the cores' schedules are left as they are: they were fitted to kernel
rows, of which these are none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log
from statistics import mean, median

from aie_conv.arch.machine import Machine
from aie_conv.calibration.predict import Prediction, predict_row, summary
from aie_conv.calibration.rows import Measurement

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.7, 2.0)
"""What a constant is tried at, of the value that the table has."""
SWEEPS = 2
FAR = 0.5
"""Errors beyond count no more: a row that the model does not describe says nothing of its constants."""

Set = Callable[[Machine, float], Machine]


def of_memory(section: str, name: str) -> Set:
    """A number of a machine's memory."""

    def change(machine: Machine, factor: float) -> Machine:
        timing = machine.memory[section]
        changed = replace(timing, **{name: getattr(timing, name) * factor})
        return replace(machine, memory={**machine.memory, section: changed})

    return change


def of_host(name: str) -> Set:
    """A number of the host."""

    def change(machine: Machine, factor: float) -> Machine:
        value = getattr(machine.host, name) * factor
        return replace(machine, host=replace(machine.host, **{name: value}))

    return change


def page_cost(machine: Machine, factor: float) -> Machine:
    """Bytes that a run of addresses costs besides."""
    return replace(machine, page_cost=machine.page_cost * factor)


CONSTANTS: Mapping[str, Set] = {
    "host.launch": of_host("launch"),
    "host.launch_strix_halo": of_host("launch_strix_halo"),
    "memory.page_cost": page_cost,
    "memory.npu1.scattered": of_memory("npu1", "scattered"),
    "memory.npu1_1ghz.scattered": of_memory("npu1_1ghz", "scattered"),
    "memory.npu4.scattered": of_memory("npu4", "scattered"),
    "memory.npu4.total": of_memory("npu4", "total"),
}
"""The constants that are fitted on a half."""


def predictions(rows: Sequence[Measurement], machine: Machine) -> list[Prediction]:
    """Of the rows that count."""
    return [p for p in (predict_row(row, machine) for row in rows) if p.counts]


def loss(rows: Sequence[Measurement], machine: Machine) -> float:
    """How far a table is from rows: the mean of the errors' logarithms, each up to a bound."""
    found = predictions(rows, machine)
    return mean(min(FAR, abs(log(1 + p.error))) for p in found if p.error is not None)


def set_factors(machine: Machine, factors: Mapping[str, float]) -> Machine:
    """A table with some constants at factors of theirs."""
    for name, factor in factors.items():
        machine = CONSTANTS[name](machine, factor)
    return machine


def fit(rows: Sequence[Measurement], machine: Machine) -> dict[str, float]:
    """The factors of the constants that suit rows best, one constant searched after the other."""
    factors = dict.fromkeys(CONSTANTS, FACTORS[0])
    for _ in range(SWEEPS):
        for name in CONSTANTS:
            tried = {
                factor: loss(rows, set_factors(machine, {**factors, name: factor}))
                for factor in FACTORS
            }
            # Where rows do not tell, the value nearest to the table's.
            factors[name] = min(
                tried, key=lambda factor: (round(tried[factor], 5), abs(log(factor)))
            )
    return factors


def halves(
    rows: Sequence[Measurement], machine: Machine
) -> tuple[list[Measurement], list[Measurement]]:
    """The array rows that count, in turn to one and the other."""
    used = [p.row for p in predictions([row for row in rows if row.kind == "array"], machine)]
    return used[::2], used[1::2]


def report(rows: Sequence[Measurement], machine: Machine) -> list[str]:
    """Errors of each half with the constants of the other, and by source the sign."""
    both = halves(rows, machine)
    lines, held = [], list[Prediction]()
    for number, (fitted, other) in enumerate((both, both[::-1]), 1):
        factors = fit(fitted, machine)
        tuned = set_factors(machine, factors)
        mine, theirs = (predictions(half, tuned) for half in (fitted, other))
        held += theirs
        changed = ", ".join(f"{name} x {f:g}" for name, f in factors.items() if f != 1)
        lines.append(
            f"fitted to half {number} ({changed or 'nothing changed'}):"
            f" median {100 * summary(mine).median:.1f} % there"
        )
        lines.append(f"  the other half: {described(theirs)}")
    lines.append(f"both halves held out: {described(held)}")
    lines += by_source(held)
    return lines


def described(found: Sequence[Prediction]) -> str:
    """The errors of rows in a line."""
    errors = summary(found)
    return (
        f"{errors.rows} rows, median {100 * errors.median:.1f} %, worst {100 * errors.worst:.0f} %,"
        f" {100 * errors.within_15:.0f} % within 15 %"
    )


def by_source(found: Sequence[Prediction]) -> list[str]:
    """For each source of several rows how many rates are predicted too high, and the median error."""
    sources: dict[str, list[float]] = {}
    for p in found:
        if p.error is not None:
            rate = -p.error if p.row.unit in ("us", "ms") else p.error
            sources.setdefault(p.row.source.split(",")[0][:48], []).append(rate)
    return [
        f"  {name:<48} {len(rates):>3} rows, {sum(r > 0 for r in rates):>3} too fast,"
        f" median {100 * median(map(abs, rates)):.1f} %"
        for name, rates in sources.items()
        if len(rates) > 2
    ]
