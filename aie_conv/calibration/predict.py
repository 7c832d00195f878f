"""Predictions of rows, and how far they are from what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from aie_conv.arch.machine import Machine
from aie_conv.calibration.arrays import predict_array
from aie_conv.calibration.kernels import PredictedWork, UnexpressedError, predict_kernel
from aie_conv.calibration.platform import platform_of, profile_of
from aie_conv.calibration.rows import Measurement
from aie_conv.calibration.transfers import predict_host, predict_transfer
from aie_conv.errors import UsageError


@dataclass(frozen=True)
class Prediction:
    """One row's prediction.

    Attributes:
        value: in the row's unit; None if the model cannot express the row.
        profile: the compiler that was assumed; empty where none matters.
        reason: why there is no value, or why the row does not count; empty if it counts.
        work: what the value was made of; None without one.
        clock: cycles a second of the row's machine, 0 without one.
    """

    row: Measurement
    value: float | None
    profile: str
    reason: str
    work: PredictedWork | None = None
    clock: float = 0.0

    @property
    def error(self) -> float | None:
        """Relative error of the time or rate, predicted against measured; None without either."""
        if self.value is None or not self.row.measured:
            return None
        return self.value / self.row.measured - 1

    @property
    def counts(self) -> bool:
        """The row has a prediction and a measurement that is not under suspicion."""
        return self.error is not None and not self.reason


def suspicion(row: Measurement) -> str:
    """Why a row's measurement is not to be trusted; empty if nothing is known against it."""
    notes = row.notes.lower()
    if "suspect" in notes:
        return "suspect by its source"
    if "mismatch" in notes:
        return "its runs gave wrong results"
    if "bimodal" in notes:
        return "bimodal"
    if "callrepl" in notes and "commit message" in row.source:
        return "an earlier compiler; the project's later measurements replace it"
    return ""


def predict_row(row: Measurement, machine: Machine, profile: str | None = None) -> Prediction:
    """One row; ``profile`` in place of the compiler that the row tells."""
    used = profile or profile_of(row)
    if used not in machine.profile:
        known = ", ".join(machine.profile)
        raise UsageError(f"profile '{used}': unknown: use one of {known}")
    platform = platform_of(row, machine)
    if platform is None:
        return Prediction(row, None, "", "another array than npu1's or npu4's")
    try:
        if row.kind == "kernel":
            work = predict_kernel(row, platform, used, machine)
        elif row.kind == "dma":
            used = ""
            work = predict_transfer(row, platform, machine)
        elif row.kind == "array":
            work = predict_array(row, platform, used, machine)
        elif row.kind == "host":
            used = ""
            work = predict_host(row, platform, machine)
        else:
            raise UnexpressedError(f"rows of kind '{row.kind}'")
        value = work.value(row.unit, platform.clock)
    except UnexpressedError as error:
        return Prediction(row, None, used, str(error))
    return Prediction(row, value, used, suspicion(row), work, platform.clock)


@dataclass(frozen=True)
class Summary:
    """Errors of the rows that count, as shares: median and largest of their absolute values."""

    rows: int
    median: float
    worst: float
    within_15: float


def summary(predictions: Sequence[Prediction]) -> Summary:
    """The errors of the rows that count."""
    errors = [abs(p.error) for p in predictions if p.counts and p.error is not None]
    if not errors:
        return Summary(0, 0.0, 0.0, 0.0)
    near = sum(error <= 0.15 for error in errors) / len(errors)
    return Summary(len(errors), median(errors), max(errors), near)
