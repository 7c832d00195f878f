"""`aie-conv timing`: the cycle model's constants, and its predictions of published measurements."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    from aie_conv.calibration.predict import Prediction

_HELP = """\
usage: aie-conv timing table
       aie-conv timing predict FILE.csv [-o OUT.csv] [--profile NAME]
       aie-conv timing compare hw-report.json

The cycle model behind the simulator (docs/timing.md).

  table    every constant with its unit and source
  predict  what the model gives for each row of a file with the columns of
           benchmarks/calibration.csv; the measured value may be missing. Rows that the model
           cannot express are written with the reason.
  compare  measured times of an NPU, from the report of `make hw-test` (docs/hardware.md), beside
           the planner's; the dispatches that it is farthest off first

  -o OUT.csv        write the rows with what was predicted (default: to stdout)
  --profile NAME    the compiler, for every row ({profiles}; default: as the row tells)
  --machine FILE    constants that differ, as JSON (any command that plans or simulates takes it)
"""

_ADDED = ("predicted_value", "error_percent", "profile", "reason")


def _help() -> str:
    from aie_conv.arch.machine import current

    return _HELP.format(profiles=", ".join(current().profile))


def run_timing(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: what the user gave cannot be used.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        print(_help(), end="")
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    if command == "table" and not rest:
        return _table()
    if command == "compare" and len(rest) == 1:
        return _compare(rest[0])
    if command != "predict":
        raise UsageError(
            f"'{' '.join(arguments)}': write table, predict FILE.csv or compare hw-report.json"
        )
    return _predict(rest)


def _table() -> int:
    from aie_conv.arch.machine import rows

    for name, value, unit, source in rows():
        shown = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else value
        print(f"{name:<38} {shown!s:>12} {unit:<16} {source}")
    return 0


def _compare(path: str) -> int:
    from aie_conv.calibration.hardware import compare, read_hardware_report

    report = read_hardware_report(path)
    if not report.timings:
        raise UsageError(
            f"{path}: it has no measured times: run make hw-test where an NPU is (device"
            f" {report.device})"
        )
    print(f"device {report.device}: {report.npu}")
    if not report.is_hardware:
        print(f"device {report.device}: no NPU: these are times of the simulator on the host")
    print("\n".join(compare(report)))
    if report.failed:
        print(f"tests that failed: {', '.join(report.failed)}")
    return 0


def _predict(arguments: Sequence[str]) -> int:
    from aie_conv.arch.machine import current
    from aie_conv.calibration.predict import predict_row, summary
    from aie_conv.calibration.rows import read_rows

    source, output, profile = _split(arguments)
    machine = current()
    predictions = [predict_row(row, machine, profile) for row in read_rows(source)]
    if output is None:
        _write(predictions, sys.stdout)
    else:
        from aie_conv.files import write_whole

        text = io.StringIO(newline="")
        _write(predictions, text)
        write_whole(output, text.getvalue().encode())
    for kind in dict.fromkeys(p.row.kind for p in predictions):
        rows = [p for p in predictions if p.row.kind == kind]
        done = sum(p.value is not None for p in rows)
        line = f"{kind}: {done} of {len(rows)} rows predicted"
        errors = summary(rows)
        if errors.rows:
            line += (
                f"; {errors.rows} compared: median error {100 * errors.median:.1f} %, "
                f"worst {100 * errors.worst:.0f} %, {100 * errors.within_15:.0f} % within 15 %"
            )
        print(line, file=sys.stderr)
    return 0


def _split(arguments: Sequence[str]) -> tuple[str, Path | None, str | None]:
    """Input, output and profile."""
    inputs: list[str] = []
    options: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        name, equals, value = token.partition("=")
        if name in ("-o", "--profile"):
            if not equals:
                if not waiting:
                    raise UsageError(f"{name}: needs a value")
                value = waiting.pop(0)
            options[name] = value
        elif token.startswith("-"):
            raise UsageError(f"{token}: unknown: see aie-conv timing --help")
        else:
            inputs.append(token)
    if len(inputs) != 1:
        raise UsageError(f"{len(inputs)} files named: name one .csv")
    output = Path(options["-o"]) if "-o" in options else None
    if output is not None:
        from aie_conv.files import check_writable

        check_writable(output)
    return inputs[0], output, options.get("--profile")


def _write(predictions: Sequence[Prediction], file: object) -> None:
    from aie_conv.calibration.rows import COLUMNS

    writer = csv.writer(file)  # pyright: ignore[reportArgumentType]
    writer.writerow((*COLUMNS, *_ADDED))
    for p in predictions:
        row = p.row
        cells = (
            row.source, row.device, row.dtype, row.kind, row.m, row.n, row.k, row.cores, row.tile,
            row.measured, row.unit, row.notes, row.shape,
        )  # fmt: skip
        value = "" if p.value is None else f"{p.value:.6g}"
        error = "" if p.error is None else f"{100 * p.error:.1f}"
        shown = ["" if cell is None else cell for cell in cells]
        writer.writerow((*shown, value, error, p.profile, p.reason))
