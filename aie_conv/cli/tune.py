"""`aie-conv tune`: the fastest plans of a network's or a file's convolutions, in a database for compile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.cli.stderr import Stderr
from aie_conv.errors import AieConvError, UsageError
from aie_conv.files import read_text
from aie_conv.frontends.miopen.jobs import Failure, guarded, run_all

if TYPE_CHECKING:
    from aie_conv.frontends.miopen.signature import ConvSignature
    from aie_conv.options import Options
    from aie_conv.partitioner.database import Database, Entry
    from aie_conv.problem import ConvProblem
    from aie_conv.tuning import Tuned, TuningItem

WHO = "aie-conv tune"

_HELP = """\
usage: aie-conv tune IN -o PLANS.json [options]
       aie-conv tune merge A.json B.json ... -o PLANS.json

Searches for the fastest plan of every distinct convolution and matmul, by simulating those that the cost
model likes best, and keeps them in a database for `aie-conv compile --amd-aie-plan-db=PLANS.json`.

  IN               a model (.onnx, .mlir or .mlirbc), or a file of driver commands (any other name)
  -o PLANS.json    the database; it is written after every problem, and one that is there is continued

options:
  --input-shape=NAME:1x3x640x640  the sizes of an input that an ONNX model leaves open, for each one
  --device=NAME    the NPU: {devices} (default npu1_4col; also --amd-aie-device)
  --jobs N         as many processes (default 1)
  --search=fast|best  how many plans are simulated: the cost model's own alone, or up to {finalists} of each
                   route (default best; also --amd-aie-search)
  --dask ADDRESS   let the workers of this Dask scheduler search (pip install 'aie_conv[tune]')

The flags of compile that say what may run where (--amd-aie-route, -direct, -f32, -cpu-cost, -plan-cache) and
IREE's, for a model, are as there. merge keeps the faster of two plans for the same problem, and says so.
"""

_WITH_VALUE = {"jobs", "search", "device", "dask"}
_FINISHED = {"fast": ("fast", "best"), "best": ("best",)}
"""How an entry was searched for that is not searched for again."""


@dataclass(frozen=True)
class _Problem:
    """A distinct problem, its constant operands, and how often it occurs."""

    problem: ConvProblem
    constants: frozenset[str]
    count: int = 1


def _help() -> str:
    from aie_conv.arch import device_names
    from aie_conv.partitioner.planner import SEARCHES

    return _HELP.format(devices=", ".join(device_names()), finalists=SEARCHES["best"])


def run_tune(arguments: list[str]) -> int:
    """The command; returns 0, or 1 where a problem could not be tuned.

    Raises:
        UsageError: what the user gave cannot be used.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        print(_help(), end="")
        return 0 if arguments else 2
    from aie_conv.cli.words import number, part

    words = part(arguments, _WITH_VALUE, set())
    inputs, output, flags, shapes = _split(words.command)
    if inputs[0] == "merge":
        if flags or shapes or words.values:
            raise UsageError("merge: takes files and -o alone")
        return _merge(inputs[1:], output)
    if len(inputs) > 1:
        raise UsageError(f"several inputs ({', '.join(inputs)}): flags are written --name=value")
    options = _options(flags, words.values)
    jobs = number(words.values, "jobs", 1, 1)
    return _tune(Path(inputs[0]), shapes, output, options, jobs, words.values.get("dask"))


def _split(words: Sequence[str]) -> tuple[list[str], Path, list[str], list[str]]:
    """Inputs, output, flags, and shapes of an ONNX model's inputs."""
    inputs: list[str] = []
    flags: list[str] = []
    shapes: list[str] = []
    output: str | None = None
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "-o":
            if not waiting:
                raise UsageError("-o: needs a file: write -o PLANS.json")
            output = waiting.pop(0)
        elif word.partition("=")[0] == "--input-shape":
            _, equals, shape = word.partition("=")
            shapes.append(shape if equals or not waiting else waiting.pop(0))
        elif word.startswith("-"):
            flags.append(word)
        else:
            inputs.append(word)
    if not inputs:
        raise UsageError("no input: name a .onnx or .mlir file, or a file of driver commands")
    if output is None:
        raise UsageError("no output: add -o PLANS.json")
    return inputs, Path(output), flags, shapes


def _options(flags: list[str], values: dict[str, str]) -> Options:
    from aie_conv.options import parse_flags

    flags = ["--amd-aie-search=best", *flags]
    flags += [f"--amd-aie-{name}={values[name]}" for name in ("device", "search") if name in values]
    options = parse_flags(flags)
    if options.route == "cpu":
        raise UsageError("--amd-aie-route=cpu: nothing to tune: use auto or a route of the NPU")
    unused = {
        "plan-db": options.plan_db,
        "route-file": options.route_file,
        "report": options.report,
        "emit": options.emit,
    }
    for name, value in unused.items():
        if value is not None:
            raise UsageError(f"--amd-aie-{name}: not used by tune: give it to compile")
    return options


# -- what is tuned ----------------------------------------------------------------------------------
def _note(source: bytes | Path, flags: Sequence[str], name: str = "module") -> list[_Problem]:
    """The problems of a module, in program order; a file's name is its own."""
    from aie_conv.options import Options
    from aie_conv.pipeline import import_module, recognise, run, start
    from aie_conv.problem import ConvProblem

    state = start(source, Options(iree_flags=tuple(flags)), name=name)
    run(state, [import_module, recognise])
    return [
        _Problem(request.problem, request.constants)
        for request in state.requests
        if isinstance(request.problem, ConvProblem)
    ]


def _of_signature(signature: ConvSignature) -> list[_Problem]:
    """The problems of a driver command; for worker processes, which IREE's library may end."""
    from aie_conv.frontends.miopen.linalg import module_text

    return _note(module_text(signature).encode(), ())


def _of_commands(path: Path, jobs: int, said: Stderr) -> tuple[list[_Problem], int]:
    """The problems of a file of commands, and how many commands have failed."""
    from aie_conv.frontends.miopen.command import parse, read_commands

    text = read_text(path, "model, or a file of driver commands")
    failed = 0
    asked: list[tuple[int, str, ConvSignature]] = []
    for line, command in read_commands(text):
        parsed = guarded(parse, command)
        if isinstance(parsed, Failure):
            failed += 1
            said.line(f"line {line}: {command}: {parsed.message}")
        else:
            asked += [(line, command, signature) for signature in parsed.signatures]
    problems: list[_Problem] = []
    results = run_all(_of_signature, [s for *_, s in asked], jobs=jobs) if asked else []
    for (line, command, _), result in zip(asked, results, strict=True):
        if isinstance(result, Failure):
            failed += 1
            said.line(f"line {line}: {command}: {result.message}")
        else:
            problems += result
    return problems, failed


def _distinct(problems: Sequence[_Problem]) -> list[_Problem]:
    """One of each form, with how often it occurs."""
    from aie_conv.partitioner.database import key_of

    distinct: dict[str, _Problem] = {}
    for each in problems:
        key = key_of(each.problem)
        first = distinct.get(key, replace(each, count=0))
        distinct[key] = replace(first, count=first.count + 1)
    return list(distinct.values())


# -- tuning -----------------------------------------------------------------------------------------
def _tune(
    path: Path, shapes: list[str], output: Path, options: Options, jobs: int, dask: str | None
) -> int:
    from aie_conv.files import check_writable
    from aie_conv.frontends.onnx import import_onnx, is_onnx, parse_shapes
    from aie_conv.partitioner.database import Database
    from aie_conv.planning import open_database, plans_version
    from aie_conv.tuning import tune_problem

    said, failed = Stderr(WHO), 0
    check_writable(output)
    database = (
        open_database(output, said.warn) if output.exists() else Database((), plans_version())
    )
    client = None if dask is None else _dask_client(dask)
    sizes = parse_shapes(shapes)
    if is_onnx(path):
        problems = _note(import_onnx(path, sizes), options.iree_flags, path.name)
    elif shapes:
        raise UsageError(f"{path}: --input-shape is for ONNX models")
    elif path.suffix in (".mlir", ".mlirbc"):
        problems = _note(path, options.iree_flags)
    else:
        problems, failed = _of_commands(path, jobs, said)
    distinct = _distinct(problems)
    if not distinct:
        raise UsageError(f"{path}: no convolution or matmul to tune")
    said.line(f"{len(distinct)} distinct problems of {len(problems)}")
    run = _Run(distinct, database, output, said)
    if client is None:
        run_all(tune_problem, run.items(options), jobs=jobs, done=run.end)
    else:
        _on_dask(client, run.items(options), run.end)
    _print_table(distinct, run.results, output, database)
    return 1 if failed or run.failed else 0


class _Run:
    """Problems on their way into a database.

    Attributes:
        results: what came of each problem; None where nothing did yet.
        failed: how many could not be tuned.
    """

    def __init__(
        self, distinct: Sequence[_Problem], database: Database, output: Path, said: Stderr
    ) -> None:
        self._distinct = distinct
        self._database = database
        self._output = output
        self._said = said
        self._begun = time.monotonic()
        self._done = 0
        self.results: list[Tuned | None] = [None] * len(distinct)
        self.failed = 0

    def items(self, options: Options) -> list[TuningItem]:
        """What the workers get: each problem, and what an earlier run found of it."""
        from aie_conv.planning import plans_version
        from aie_conv.tuning import TuningItem

        def known(each: _Problem) -> tuple[Entry, ...]:
            entries = self._database.of(each.problem, options.device)
            finished = _FINISHED[options.search]
            return tuple(e for e in entries if self._database.usable(e) and e.search in finished)

        version = plans_version()
        return [
            TuningItem(p.problem, p.constants, options, known(p), version) for p in self._distinct
        ]

    def end(self, index: int, result: Any) -> None:
        """Keep what came of a problem: from here on it survives the end of this process."""
        from aie_conv.files import write_whole

        self._done += 1
        spent = time.monotonic() - self._begun
        what = self._distinct[index].problem.describe()
        head = f"{self._done} of {len(self._distinct)}, {spent:.0f} s: {what}"
        if isinstance(result, Failure):
            self.failed += 1
            self._said.line(f"{head}: {result.message}")
            return
        tuned: Tuned = result
        self.results[index] = tuned
        for warning in tuned.warnings:
            self._said.warn(warning)
        for entry in tuned.entries:
            self._database.add(entry)
        write_whole(self._output, self._database.text())
        how = " (known)" if tuned.entries and not tuned.searched else ""
        self._said.line(f"{head}: {_change(tuned)}{how}")


def _dask_client(address: str) -> Any:
    """A client of a Dask scheduler."""
    try:
        distributed: Any = import_module("dask.distributed")
    except ImportError:
        raise UsageError(
            "--dask: Dask is not installed: pip install 'aie_conv[tune]', or use --jobs"
        ) from None
    try:
        return distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise UsageError(f"--dask={address}: no scheduler answers: {error}") from None


def _on_dask(client: Any, items: list[TuningItem], end: Callable[[int, Any], None]) -> None:
    """Tune on the workers of a Dask scheduler; ``end`` is told of each item as it ends."""
    from aie_conv.tuning import tune_elsewhere

    with client:
        # Not pure: Dask shall not give back what an earlier run was given.
        futures = client.map(tune_elsewhere, items, pure=False, retries=2)
        places = {future.key: index for index, future in enumerate(futures)}
        for future in import_module("dask.distributed").as_completed(futures):
            error = future.exception()
            if error is None:
                end(places[future.key], future.result())
                continue
            kind = "" if isinstance(error, AieConvError) else f"{type(error).__name__}: "
            end(places[future.key], Failure(f"{kind}{' '.join(str(error).split())}"))


# -- what is printed --------------------------------------------------------------------------------
def _change(tuned: Tuned) -> str:
    """What tuning changed, in a line."""
    before, after = tuned.before, tuned.after
    if after.cycles is None:
        return "stays on the CPU"
    if before.cycles is None:
        return f"cpu -> {after.route} {after.cycles}"
    gain = after.cycles / before.cycles - 1
    return f"{before.route} {before.cycles} -> {after.route} {after.cycles} cycles ({gain:+.1%})"


def _print_table(
    distinct: Sequence[_Problem],
    results: Sequence[Tuned | None],
    output: Path,
    database: Database,
) -> None:
    head = ("problem", "x", "before", "cycles", "after", "cycles", "change")
    rows: list[tuple[str, ...]] = [head]
    before = after = npu = 0
    for each, tuned in zip(distinct, results, strict=True):
        if tuned is None:
            continue
        first, last = tuned.before, tuned.after
        cells = (first.route, first.cycles, last.route, last.cycles)
        change = "-"
        if first.cycles is not None and last.cycles is not None:
            change = f"{last.cycles / first.cycles - 1:+.1%}"
            before += first.cycles * each.count
            after += last.cycles * each.count
            npu += each.count
        shown = ("-" if cell is None else str(cell) for cell in cells)
        rows.append((each.problem.describe(), str(each.count), *shown, change))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    left = (0, 2, 4)
    for row in rows:
        cells = (
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
    if npu:
        print(
            f"{npu} calls on the NPU: {before} -> {after} simulated cycles ({after / before - 1:+.1%})"
        )
    for dtype, modes in (("f32", "bf16 or bf16x3"), ("f16", "bf16x3")):
        stay = sum(
            tuned is not None and not tuned.entries and each.problem.lhs.dtype == dtype
            for each, tuned in zip(distinct, results, strict=True)
        )
        if stay:
            print(f"{stay} {dtype} problems stay on the CPU: --amd-aie-{dtype}={modes} tunes them")
    print(f"{output}: {len(database.entries)} plans")


def _merge(names: Sequence[str], output: Path) -> int:
    """Merge databases."""
    from aie_conv.files import check_writable, write_whole
    from aie_conv.partitioner.database import Database, read_database
    from aie_conv.planning import plans_version

    if not names:
        raise UsageError("merge: no input: name one or more databases")
    said, version = Stderr(WHO), plans_version()
    check_writable(output)
    merged = Database((), version)
    conflicts = 0
    for name in names:
        for entry in read_database(Path(name), version).entries:
            conflict = merged.add(entry)
            if conflict is not None:
                conflicts += 1
                said.line(f"{name}: {conflict.line()}")
    write_whole(output, merged.text())
    print(f"{output}: {len(merged.entries)} plans of {len(names)} files, {conflicts} conflicts")
    return 0
