"""`aie-conv bench`: what a call of a function of an artifact takes."""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aie_conv.cli.call import (
    INPUTS_HELP,
    CallParser,
    PreparedCall,
    count_of,
    parse_call,
    prepare_call,
)
from aie_conv.errors import UsageError
from aie_conv.report.call_time import (
    CallTime,
    call_time,
    describe_parts,
    predicted_copies,
    sum_up,
)

_EPILOG = f"""\
{INPUTS_HELP}
The first call warms up and is not counted. Then the function is called, each call timed by itself, for
--min_time or so many times, --repetitions times over. A figure is of one call, and of all of it:

  cpu, xrt, hrx   the time of this machine; on an NPU its parts as well
  sim             the simulated time of the array, of launches and of changes of configuration, and beside
                  them the CPU's part as it was measured on this machine, host copies among it. What the
                  simulation itself took is in no figure
"""


@dataclass(frozen=True)
class _Limit:
    """How long a repetition is: calls, or seconds that it takes on this machine."""

    calls: int | None
    seconds: float


@dataclass(frozen=True)
class _Result:
    """What was measured.

    Attributes:
        first: the call that warmed up.
        repetitions: the calls of each.
        copies: seconds of a call's host copies, predicted; None where nobody knows.
    """

    first: CallTime
    repetitions: list[list[CallTime]]
    copies: float | None

    @property
    def calls(self) -> list[CallTime]:
        """Of all repetitions."""
        return [call for calls in self.repetitions for call in calls]


def _parser() -> CallParser:
    parser = CallParser(
        "bench",
        "Measures a function of a compiled artifact, in the manner of iree-benchmark-module.",
        _EPILOG,
    )
    add = parser.add_argument
    add(
        "--min_time",
        "--benchmark_min_time",
        metavar="T",
        default="0.5s",
        help="how long a repetition is: seconds as 0.5s, or calls as 20x; default: 0.5s",
    )
    add(
        "--repetitions",
        "--benchmark_repetitions",
        metavar="N",
        default="1",
        help="how often all of it is done; each has its line",
    )
    add("--json", action="store_true", help="print JSON, times in seconds, in place of the table")
    return parser


def run_bench(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: what the user gave cannot be used.
        DeviceError: the device or the artifact failed.
    """
    options = parse_call(_parser(), arguments)
    limit = _parse_limit(options.min_time)
    repetitions = count_of("repetitions", options.repetitions)
    from aie_conv.runtime.devices import default_device, open_device
    from aie_conv.runtime.embedded import read_report

    device = open_device(options.device or default_device())
    call = prepare_call(options, device)
    print(f"aie-conv bench: device {device.name}", file=sys.stderr, flush=True)
    first = _measure(call)
    measured = [_repeat(call, limit) for _ in range(repetitions)]
    copies = predicted_copies(read_report(Path(options.module).read_bytes()), call.program.records)
    result = _Result(first, measured, copies)
    if options.json:
        print(json.dumps(_as_json(options.module, call.name, device.name, result), indent=1))
    else:
        print(_table(f"{call.name} of {options.module}", result))
    return 0


def _parse_limit(text: str) -> _Limit:
    """--min_time as iree-benchmark-module takes it.

    Raises:
        UsageError: it is neither seconds nor calls.
    """
    if re.fullmatch("[0-9]+x", text):
        return _Limit(count_of("min_time", text[:-1]), 0.0)
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise UsageError(
            f"--min_time={text[:40]}: give seconds as 0.5s, or a number of calls as 20x"
        )
    return _Limit(None, seconds)


def _measure(call: PreparedCall) -> CallTime:
    start = time.perf_counter()
    call.function.invoke(call.inputs)
    return call_time(time.perf_counter() - start, call.program.records)


def _repeat(call: PreparedCall, limit: _Limit) -> list[CallTime]:
    """The calls of one repetition, one at least."""
    start = time.perf_counter()
    calls = [_measure(call)]
    while (
        time.perf_counter() - start < limit.seconds
        if limit.calls is None
        else len(calls) < limit.calls
    ):
        calls.append(_measure(call))
    return calls


def _part_times(result: _Result) -> dict[str, dict[str, float]]:
    """Mean, median and least of each part."""
    return {
        key: sum_up([call.parts[key] for call in result.calls]) for key in result.calls[-1].parts
    }


def _table(what: str, result: _Result) -> str:
    """The table, for people."""
    last, calls = result.calls[-1], result.calls
    whole = "whole call, on a simulated NPU" if last.simulated else "whole call, host time"
    rows: list[tuple[str, Mapping[str, float] | None]] = []
    rows.append((whole, sum_up([call.whole for call in calls])))
    names = describe_parts(last)
    if len(names) > 1:
        rows += [(f"  {names[key]}", times) for key, times in _part_times(result).items()]
        known = None if result.copies is None else sum_up([result.copies])
        rows.append(("    of it host copies, predicted", known))
    if len(result.repetitions) > 1:
        for number, repetition in enumerate(result.repetitions, 1):
            times = sum_up([call.whole for call in repetition])
            label = f"whole call, repetition {number} ({_count(len(repetition), 'call')})"
            rows.append((label, times))
    width = max(len(label) for label, _ in rows)
    line = "-" * (width + 45)
    head = f"{'per call':<{width}}{'mean':>15}{'median':>15}{'min':>15}"
    body = [_row(label, times, width) for label, times in rows]
    lines = [f"{what}: {_count(len(calls), 'call')} after one that warmed up", line, head, line]
    return "\n".join([*lines, *body, *_notes(result)])


def _row(label: str, times: Mapping[str, float] | None, width: int) -> str:
    if times is None:
        return f"{label:<{width}}{'unknown':>15}"
    return f"{label:<{width}}" + "".join(f"{1e3 * each:>12.4f} ms" for each in times.values())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _notes(result: _Result) -> list[str]:
    """What a user should know beside the figures."""
    last = result.calls[-1]
    notes: list[str] = []
    if not last.launches:
        notes.append("no dispatch ran on an NPU")
    if last.simulated:
        seconds = sum_up([call.simulation for call in result.calls])["mean"]
        notes.append(f"simulating a call takes {seconds:.3g} s, which is in no figure")
    loading = result.first.parts.get("change_seconds", 0.0) - last.parts.get("change_seconds", 0.0)
    if loading > 0:
        notes.append(
            f"the first call takes {1e3 * loading:.3g} ms more, simulated, to configure the array"
        )
    return notes


def _as_json(module: str, function: str, device: str, result: _Result) -> dict[str, Any]:
    """The figures for machines; seconds a call."""
    calls, last = result.calls, result.calls[-1]

    def seconds(of: Sequence[CallTime]) -> dict[str, float]:
        return sum_up([call.whole for call in of])

    return {
        "module": module,
        "function": function,
        "device": device,
        "simulated": last.simulated,
        "calls": len(calls),
        "seconds": seconds(calls),
        "parts": _part_times(result),
        "predicted_copy_seconds": result.copies,
        "launches": last.launches,
        "changes": last.changes,
        "wall_seconds": sum_up([call.wall for call in calls]),
        "first_call": {"seconds": result.first.whole, "changes": result.first.changes},
        "repetitions": [
            {"calls": len(each), "seconds": seconds(each)} for each in result.repetitions
        ],
    }
