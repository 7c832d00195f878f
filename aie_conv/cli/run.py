"""`aie-conv run`: a function of an artifact."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.cli.call import (
    INPUTS_HELP,
    CallParser,
    PreparedCall,
    count_of,
    parse_call,
    prepare_call,
)
from aie_conv.errors import UsageError
from aie_conv.files import check_writable, write_all

if TYPE_CHECKING:
    from aie_conv.runtime.executable import Executable
    from aie_conv.runtime.interface import Array, RuntimeDevice

_EPILOG = f"""\
{INPUTS_HELP}
outputs: printed, or one --output each, or those wanted by name, --output=NAME=@y.npy:
  @y.npy                  a .npy file, bf16 as two-byte elements
  @y.bin                  any other name: the raw bytes of the elements, row by row

--expected_output=VALUE, written as an input, one for each result or by name; (ignored) expects nothing.
Integers must be equal, f32 within 1e-4, f16 1e-3, bf16 1e-2, as in iree-run-module; the exit status
is 1 where one differs.
"""


def _parser() -> CallParser:
    parser = CallParser(
        "run",
        "Runs a function of a compiled artifact.",
        _EPILOG,
    )
    add = parser.add_argument
    add(
        "--output",
        action="append",
        default=[],
        metavar="@FILE",
        help="where a result goes, see below",
    )
    add(
        "--expected_output",
        "--expected-output",
        action="append",
        default=[],
        metavar="VALUE",
        help="what a result is compared with, see below",
    )
    add(
        "--repeat",
        metavar="N",
        default="1",
        help="call it N times with the same inputs; every call's results must be the first's, bit by bit:"
        " elsewise one line and status 1. What is written is of the last call",
    )
    add(
        "--amd-aie-stats",
        metavar="FILE.json",
        help="write cycles, bytes and seconds of each NPU dispatch",
    )
    add(
        "--amd-aie-trace",
        metavar="FILE.json",
        help="write the simulated timeline of each NPU dispatch that ran (docs/pictures.md)",
    )
    return parser


def run_module(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: what the user gave cannot be used.
        DeviceError: the device or the artifact failed.
    """
    options = parse_call(_parser(), arguments)
    from aie_conv.cli.bind import compare, order_outputs, parse_expected
    from aie_conv.runtime.devices import default_device, open_device

    others = [Path(name) for name in (options.amd_aie_stats, options.amd_aie_trace) if name]
    _check_files(others)
    times = count_of("repeat", options.repeat)
    device = open_device(options.device or default_device())
    called = _Called(device) if options.amd_aie_trace else None
    call = prepare_call(options, called or device)
    function, name = call.function, call.name
    outputs = [_output(text) if text else None for text in order_outputs(function, options.output)]
    _check_files([*(path for path in outputs if path is not None), *others])
    _check_results(name, None if function.outputs is None else len(function.outputs), outputs)
    expected = parse_expected(function, options.expected_output) if options.expected_output else []
    print(f"aie-conv run: device {device.name}", file=sys.stderr)
    results, seconds, difference = _repeat(call, times, called)
    if difference:
        return _tell(difference)
    _check_results(name, len(results), outputs)
    files = {
        path: _contents(path, result)
        for path, result in zip(outputs, results, strict=False)
        if path is not None
    }
    if called is not None:
        trace = _trace(options.amd_aie_trace, called, call.program.records)
        files[Path(options.amd_aie_trace)] = trace
    if options.amd_aie_stats:
        stats = _stats(device.name, name, seconds, call.program.records)
        files[Path(options.amd_aie_stats)] = stats
    write_all(files)
    if not outputs and not expected:
        _print(name, results)
    return _tell(compare(results, expected)) if expected else 0


def _repeat(call: PreparedCall, times: int, called: _Called | None) -> tuple[list[Any], float, str]:
    """Call a function so many times.

    Returns:
        The last call's results and its seconds; and "", or how a call's results differ from the first's,
        after which there is no other call.
    """
    from aie_conv.cli.bind import compare

    first, seconds = _invoke(call, called)
    results = first
    for number in range(2, times + 1):
        results, seconds = _invoke(call, called)
        difference = compare(results, first, exact=True)
        if difference:
            said = f"call {number} of {times} differs from the first: {difference}"
            return results, seconds, said
    return results, seconds, ""


def _invoke(call: PreparedCall, called: _Called | None) -> tuple[list[Any], float]:
    """One call: its results and its seconds."""
    if called is not None:
        called.programs.clear()
    start = time.perf_counter()
    results = call.function.invoke(call.inputs)
    return results, time.perf_counter() - start


def _tell(difference: str) -> int:
    """The verdict as iree-run-module words it; the exit status."""
    if difference:
        print(f"[FAILED] {difference}")
        return 1
    print("[SUCCESS] all function outputs matched their expected values.")
    return 0


def _print(name: str, results: Sequence[Any]) -> None:
    """Print all results."""
    from aie_conv.cli.values import format_value

    print(f"EXEC @{name}")
    for number, result in enumerate(results):
        kind = "hal.buffer_view" if isinstance(result, np.ndarray) else type(result).__name__
        print(f"result[{number}]: {kind}\n{format_value(result)}")


class _Called:
    """A device that remembers the programs it ran and what they were given."""

    def __init__(self, device: RuntimeDevice) -> None:
        self._device = device
        self.programs: list[tuple[Executable, list[Array]]] = []

    @property
    def name(self) -> str:
        """The device's own."""
        return self._device.name

    def prepare(self, device: str, binaries: Mapping[str, bytes]) -> None:
        """Let the device make ready what it can."""
        from aie_conv.runtime.interface import PreparedDevice

        if isinstance(self._device, PreparedDevice):
            self._device.prepare(device, binaries)

    def load(self, executable: Executable, kept: Collection[int]) -> None:
        """Let the device make ready a program."""
        from aie_conv.runtime.interface import PreparedDevice

        if isinstance(self._device, PreparedDevice):
            self._device.load(executable, kept)

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Run it on the device."""
        self.programs.append((executable, [buffer.copy() for buffer in buffers]))
        return self._device.run(executable, buffers)


def _trace(path: str, called: _Called, records: list[dict[str, Any]]) -> bytes:
    """The timelines of the programs that ran, in the order of the calls."""
    if not records:
        raise UsageError(f"--amd-aie-trace={path}: no dispatch ran on the NPU: nothing to trace")
    from aie_conv.arch import get_device
    from aie_conv.report.html.measure import measure_all
    from aie_conv.report.trace import chrome_trace

    numbered = {str(number): call for number, call in enumerate(called.programs)}
    texts = {number: program.text for number, (program, _) in numbered.items()}
    operands = {number: buffers for number, (_, buffers) in numbered.items()}
    measured = measure_all(texts, lambda _: None, operands)
    runs = [(record["name"], measured[str(number)]) for number, record in enumerate(records)]
    device = called.programs[0][0].device
    return chrome_trace(runs, device, get_device(device).arch.clock_hz)


def _output(text: str) -> Path:
    if not text.startswith("@") or len(text) == 1:
        raise UsageError(f"--output={text}: write @FILE.npy, or @FILE for the raw bytes")
    return Path(text[1:])


def _check_results(name: str, count: int | None, outputs: Sequence[Path | None]) -> None:
    """Refuse a number of --output's that is not the function's; None where the artifact does not say."""
    if outputs and count is not None and len(outputs) != count:
        raise UsageError(f"--output: {len(outputs)} given, {name} has {count} results")


def _check_files(files: Sequence[Path]) -> None:
    """Refuse files that cannot be written, and one that is given twice."""
    for number, path in enumerate(files):
        check_writable(path)
        if path in files[:number] and not path.is_char_device():
            raise UsageError(f"{path}: given for two files: name another")


def _contents(path: Path, result: Any) -> bytes:
    """A result as its file holds it, by the file's name as iree-run-module does it."""
    array = np.asarray(result)
    if path.suffix != ".npy":
        return array.tobytes()
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def _stats(device: str, function: str, seconds: float, records: list[dict[str, Any]]) -> bytes:
    """The file of --amd-aie-stats."""
    totals = {
        key: sum(record.get(key, 0) for record in records)
        for key in (
            "cycles",
            "macs",
            "shim_bytes",
            "seconds",
            "launch_seconds",
            "reconfigure_seconds",
        )
    }
    stats = {
        "device": device,
        "function": function,
        "seconds": seconds,
        "totals": totals,
        "dispatches": records,
    }
    return json.dumps(stats, indent=1).encode() + b"\n"
