"""`aie-conv driver`: runs the convolutions that MIOpen's driver can name."""

from __future__ import annotations

import csv
import io
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aie_conv.cli.stderr import Stderr
from aie_conv.cli.words import Words, number, one_of, part, real
from aie_conv.errors import UsageError
from aie_conv.files import read_text
from aie_conv.frontends.miopen.command import OPTIONS, DriverCommand, parse, read_commands
from aie_conv.frontends.miopen.execute import (
    BACKENDS,
    DEVICES,
    SIM_LIMIT_CYCLES,
    SIM_LIMIT_MACS,
    Outcome,
    Settings,
    run,
    tensor_line,
    time_figures,
    time_line,
)
from aie_conv.frontends.miopen.jobs import Failure, guarded, run_all

CACHE_VARIABLE = "AIE_CONV_CACHE_DIR"


_HELP = """\
usage: aie-conv driver [options] conv|convbfp16|convfp16|convint8 [convolution]
       aie-conv driver [options] --commands-file FILE

Runs convolutions and prints each command, its result and, with -t 1, its times.

options:
  --device=sim|cpu|xrt      where amd-aie runs: the simulated NPU, this machine's CPU, an NPU
                            (default sim)
  --backend=NAME            {backends}: what runs it; several are given one by one or with
                            commas, and compared (default amd-aie)
  --amd-aie-device=NAME     the NPU (default npu1_4col)
  --route=ROUTE             {routes} (default auto: the cheapest; also --amd-aie-route)
  --amd-aie-search=fast|best, --amd-aie-plan-db=FILE.json, --amd-aie-plan-cache=on|off,
  --amd-aie-f32=cpu|bf16|bf16x3, --amd-aie-bf16=exact|bfp16,
  --amd-aie-direct=auto|scalar|vector|sliding|parametric
                            as for aie-conv compile
  --commands-file FILE      a command a line; blank lines and # comments are passed over; -t, --iter
                            and -V given beside it hold for all its commands
  --jobs N                  as many processes for a commands file (default 1)
  --timeout S               seconds after which a command of a file is ended (default none)
  --csv FILE                write a row for each result
  --cache-dir DIR           keep compiled artifacts there (also by {variable})
  --seed N                  of the random operands (default 0)
  --splat-input-value V     one value for every element of the operands instead
  --verify-numerics         compare with torch on the CPU, against the error bound of the arithmetic
  --numerics-reference-dtype=f64|f32|bf16|f16  the type that torch computes in (default f64)
  --rtol V, --atol V        a tolerance of your own: |error| <= atol + rtol * |reference|
  --sim-batch-limit N       simulate the first N images of the batch only
  --force                   simulate more than {macs} GMAC or {cycles} million predicted cycles
  --compile-only            compile, and run nothing
  --verbose, --no-verbose   print where a convolution runs and why (default), or do not

convolution (long form, short form, default):
{options}

  -F: 1 forward, 2 input gradient, 4 weight gradient, sums of these (0 is all), each in turn;
  7 bias gradient, 8 input and bias, 9 weight and bias, 10 all three. convfp16 computes in f32 and
  rounds its result once. --iter N runs (default 10; 1 on the simulator, whose times do not vary).
"""


_WITH_VALUE = {
    "device", "backend", "amd-aie-device", "route", "amd-aie-route", "amd-aie-f32",
    "amd-aie-bf16", "amd-aie-direct",
    "commands-file", "jobs", "timeout", "csv", "cache-dir", "seed", "splat-input-value",
    "numerics-reference-dtype", "rtol", "atol", "sim-batch-limit", "amd-aie-search",
    "amd-aie-plan-db", "amd-aie-plan-cache",
}  # fmt: skip


_SWITCHES = {"verify-numerics", "force", "compile-only", "verbose", "no-verbose"}


_FOR_ALL = {"-t": "time", "--time": "time", "-i": "iter", "--iter": "iter", "-V": "verify",
            "--verify": "verify"}  # fmt: skip


def options_table() -> str:
    """The options of a command for people."""
    cells = [
        f"--{long:<19} -{short}  {default if default != '' else 'NCHW'}"
        for long, short, default in OPTIONS
    ]
    half = (len(cells) + 1) // 2
    rows = [f"  {a:<36}{b}" for a, b in zip(cells[:half], [*cells[half:], ""], strict=False)]
    return "\n".join(row.rstrip() for row in rows)


def _help() -> str:
    from aie_conv.partitioner import route_names

    return _HELP.format(
        backends="|".join(BACKENDS),
        routes="|".join(route_names()),
        variable=CACHE_VARIABLE,
        macs=SIM_LIMIT_MACS // 10**9,
        cycles=SIM_LIMIT_CYCLES // 10**6,
        options=options_table(),
    )


def _settings(words: Words) -> Settings:
    values = words.values
    folder = values.get("cache-dir") or os.environ.get(CACHE_VARIABLE)
    settings = Settings(
        device=one_of("device", values.get("device", "sim"), DEVICES),
        npu=values.get("amd-aie-device", "npu1_4col"),
        route=values.get("route") or values.get("amd-aie-route", "auto"),
        f32=values.get("amd-aie-f32", "cpu"),
        bf16=values.get("amd-aie-bf16", "exact"),
        direct=values.get("amd-aie-direct", "auto"),
        verify="verify-numerics" in words.switches,
        reference_dtype=one_of(
            "numerics-reference-dtype",
            values.get("numerics-reference-dtype", "f64"),
            ("f64", "f32", "bf16", "f16"),
        ),
        rtol=real(values, "rtol"),
        atol=real(values, "atol"),
        splat=real(values, "splat-input-value"),
        seed=number(values, "seed", 0, 0),
        cache=Path(folder) if folder else None,
        force="force" in words.switches,
        batch_limit=number(values, "sim-batch-limit", 0, 1) if "sim-batch-limit" in values else 0,
        compile_only="compile-only" in words.switches,
        search=values.get("amd-aie-search", "fast"),
        plan_db=Path(values["amd-aie-plan-db"]) if "amd-aie-plan-db" in values else None,
        plan_cache=values.get("amd-aie-plan-cache", "on"),
    )
    # The backend's own check of the words that are its own.
    replace(settings, device="sim").options()
    if settings.plan_db is not None:
        from aie_conv.planning import open_database

        open_database(settings.plan_db, Stderr("aie-conv driver").warn)
    if settings.device == "xrt" and not settings.compile_only:
        from aie_conv.runtime.devices import open_device

        open_device("xrt")
    return settings


# -- one command ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ConvTask:
    """One command on its backends, and how it is run; made to be sent to a process."""

    command: DriverCommand
    backends: tuple[str, ...]
    settings: Settings
    verbose: bool


@dataclass(frozen=True)
class Done:
    """What a command printed, its rows for the table, and whether all of it succeeded."""

    lines: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    failures: tuple[str, ...]


_COLUMNS = (
    "command", "mode", "backend", "device", "status", "route", "reason", "gmac", "compile_seconds",
    "cached", "clock", "min_us", "max_us", "mean_us", "stddev_us", "max_abs", "mean_abs", "max_rel",
    "tolerance_share", "message",
)  # fmt: skip


def _row(task: ConvTask, mode: str, backend: str, outcome: Outcome | None) -> dict[str, Any]:
    row: dict[str, Any] = {"command": task.command.text, "mode": mode, "backend": backend}
    row["status"] = "ok"
    if outcome is None:
        return row
    row |= {"device": outcome.device, "gmac": f"{outcome.signature.macs / 1e9:.6g}"}
    compiled = outcome.compiled
    if compiled is not None:
        row |= {"route": compiled.route, "reason": compiled.reason, "cached": int(compiled.cached)}
        row["compile_seconds"] = f"{compiled.seconds:.3f}"
    if outcome.times:
        row["clock"] = outcome.clock
        row |= {f"{k}_us": f"{v:.3f}" for k, v in time_figures(outcome.times).items()}
    numerics = outcome.numerics
    if numerics is not None:
        row |= {
            "max_abs": numerics.max_abs,
            "mean_abs": numerics.mean_abs,
            "max_rel": numerics.max_rel,
        }
        row["tolerance_share"] = numerics.share
    return row


def _lines(outcome: Outcome, asked: int, verbose: bool) -> list[str]:
    """What is printed of an outcome, behind its heading."""
    lines: list[str] = []
    compiled = outcome.compiled
    if verbose and compiled is not None:
        how = "from the cache" if compiled.cached else f"compiled in {compiled.seconds:.2f} s"
        lines.append(f"route {compiled.route}: {compiled.reason}; {how}")
    batch = outcome.signature.input_dims["N"]
    if batch != asked:
        lines.append(f"the first {batch} of {asked} images (--sim-batch-limit)")
    if outcome.signature.dtype == "f16" and verbose and outcome.backend == "amd-aie":
        lines.append("f16: computed in f32, the result rounded once to f16")
    if outcome.result is not None:
        lines.append(tensor_line(outcome))
    if outcome.times:
        lines.append(time_line(outcome))
    if outcome.numerics is not None:
        lines.append(outcome.numerics.line())
    return [f">>> {line}" for line in lines]


def perform(task: ConvTask) -> Done:
    """Run a command: each of its signatures on each backend."""
    lines, rows, failures = [task.command.text], [], []
    several = len(task.command.signatures) * len(task.backends) > 1
    for signature in task.command.signatures:
        for backend in task.backends:
            if several:
                lines.append(f">>> {signature.mode} on {backend}")
            result = guarded(_perform_one, (task, signature, backend))
            outcome = None if isinstance(result, Failure) else result
            row = _row(task, signature.mode, backend, outcome)
            message = result.message if isinstance(result, Failure) else ""
            if outcome is not None:
                lines += _lines(outcome, signature.input_dims["N"], task.verbose)
                wrong = outcome.numerics is not None and not outcome.numerics.ok
                # torch's own kernels promise no bound.
                if wrong and backend != "torch":
                    message = "the result differs from torch's"
            if message:
                lines.append(f">>> failed: {message}")
                failures.append(f"{signature.mode} on {backend}: {message}")
                row |= {"status": "failed", "message": message}
            rows.append(row)
    return Done(tuple(lines), tuple(rows), tuple(failures))


def _perform_one(job: tuple[ConvTask, Any, str]) -> Outcome:
    task, signature, backend = job
    return run(signature, backend, task.settings)


# -- the command line -------------------------------------------------------------------------------
def _for_all(words: Sequence[str]) -> list[str]:
    """The options beside a commands file, which hold for every command."""
    waiting, kept = list(words), list[str]()
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if name not in _FOR_ALL:
            raise UsageError(
                f"{word}: with --commands-file, only --time, --iter and --verify may stand beside it"
            )
        if not equals and not waiting:
            raise UsageError(f"{word}: needs a value")
        kept.append(f"--{_FOR_ALL[name]}={value if equals else waiting.pop(0)}")
    return kept


def read_file(path: str) -> list[tuple[int, str]]:
    """The commands of a file.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    commands = read_commands(read_text(Path(path), "file of driver commands"))
    if not commands:
        raise UsageError(f"{path}: no command in it")
    return commands


def _task(
    line: str | list[str], words: Words, settings: Settings, extra: DriverCommand | None
) -> ConvTask:
    command = parse(line)
    times = command.time or (extra is not None and extra.time)
    verify = settings.verify or command.verify or (extra is not None and extra.verify)
    iterations = command.iterations or (extra.iterations if extra is not None else 0)
    settings = replace(settings, time=times, verify=verify, iterations=iterations)
    backends = tuple(one_of("backend", b, BACKENDS) for b in words.backends or ["amd-aie"])
    return ConvTask(command, backends, settings, "no-verbose" not in words.switches)


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    from aie_conv.files import write_whole

    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list[str](_COLUMNS), restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue().encode())


def run_driver(arguments: list[str]) -> int:
    """The command; returns 0, or 1 where a convolution failed.

    Raises:
        UsageError: what the user gave cannot be used.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        print(_help(), end="")
        return 0 if arguments else 2
    words = part(arguments, _WITH_VALUE, _SWITCHES)
    path = Path(words.values["csv"]) if "csv" in words.values else None
    if path is not None:
        from aie_conv.files import check_writable

        check_writable(path)
    settings = _settings(words)
    jobs = number(words.values, "jobs", 1, 1)
    limit = real(words.values, "timeout")
    if "commands-file" in words.values:
        dones = _run_file(words, settings, jobs, limit)
    elif words.command:
        dones = [perform(_task(words.command, words, settings, None))]
        print("\n".join(dones[0].lines))
    else:
        raise UsageError("no command: write conv -n 1 …, or --commands-file FILE")
    if path is not None:
        _write_csv(path, [row for done in dones for row in done.rows])
    if "commands-file" not in words.values and dones[0].failures:
        raise UsageError(dones[0].failures[0])
    return 1 if any(done.failures for done in dones) else 0


def _run_file(words: Words, settings: Settings, jobs: int, limit: float | None) -> list[Done]:
    name = words.values["commands-file"]
    commands = read_file(name)
    extra = parse(["conv", *_for_all(words.command)])
    start = time.perf_counter()
    dones: dict[int, Done] = {}
    tasks: list[ConvTask] = []
    places: list[int] = []
    for place, (_, line) in enumerate(commands):
        task = guarded(lambda text: _task(text, words, settings, extra), line)
        if isinstance(task, Failure):
            dones[place] = _refuse(line, task.message)
        else:
            tasks.append(task)
            places.append(place)
    printed = 0

    def told(place: int, done: Done) -> None:
        nonlocal printed
        dones[place] = done
        while printed in dones:
            print("\n".join(dones[printed].lines), flush=True)
            printed += 1
        if sys.stderr.isatty() or len(dones) % 10 == 0 or len(dones) == len(commands):
            bad = sum(bool(d.failures) for d in dones.values())
            seconds = time.perf_counter() - start
            print(
                f"aie-conv driver: {len(dones)} of {len(commands)} commands, {bad} failed,"
                f" {seconds:.0f} s",
                file=sys.stderr,
            )

    def end(index: int, result: Any) -> None:
        task = tasks[index]
        lost = isinstance(result, Failure)
        told(places[index], _refuse(task.command.text, result.message) if lost else result)

    if tasks:
        run_all(perform, tasks, jobs=jobs, timeout=limit, done=end)
    for place in sorted(set(dones)):
        if place >= printed:
            told(place, dones[place])
    return _summary(commands, [dones[place] for place in range(len(commands))], start)


def _refuse(line: str, message: str) -> Done:
    row = {"command": line, "status": "failed", "message": message}
    return Done((line, f">>> failed: {message}"), (row,), (message,))


def _summary(commands: list[tuple[int, str]], dones: list[Done], start: float) -> list[Done]:
    failed = [
        (number_, line, d.failures[0])
        for (number_, line), d in zip(commands, dones, strict=True)
        if d.failures
    ]
    routes: dict[str, int] = {}
    spent: list[float] = []
    for row in (row for done in dones for row in done.rows):
        if row.get("route"):
            routes[row["route"]] = routes.get(row["route"], 0) + 1
            if not row.get("cached"):
                spent.append(float(row["compile_seconds"]))
    where = ", ".join(f"{count} on {route}" for route, count in sorted(routes.items()))
    print(
        f"{len(dones)} commands: {len(dones) - len(failed)} ok, {len(failed)} failed"
        + f" ({where})" * bool(where)
        + f"; {time.perf_counter() - start:.1f} s"
        + (f"; compiling {sum(spent) / len(spent):.2f} s each" if spent else "")
    )
    for number_, line, message in failed:
        print(f"aie-conv driver: line {number_}: {line}: {message}", file=sys.stderr)
    return dones
