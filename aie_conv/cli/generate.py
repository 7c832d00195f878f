"""`aie-conv generate`: the IR of convolutions that MIOpen's driver can name."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.cli.driver import options_table, read_file
from aie_conv.cli.words import number, one_of, part
from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.command import parse
from aie_conv.frontends.miopen.jobs import Failure, guarded, run_all
from aie_conv.frontends.miopen.levels import LEVELS, generate, wanted
from aie_conv.frontends.miopen.shape import MODES
from aie_conv.frontends.miopen.signature import ConvSignature
from aie_conv.suggest import closest

if TYPE_CHECKING:
    from aie_conv.options import Options

_HELP = """\
usage: aie-conv generate [options] -c "COMMAND" [-o FILE]
       aie-conv generate [options] -f FILE -o DIR

Writes convolutions as MLIR: -c prints one (or writes it to a file or folder), -f writes each command
of a file (-f, or --commands-file) to DIR/<signature>.mlir, and what fails to DIR/failed.log.

options:
  --level=LEVEL             {levels} (default linalg): how far down.
                            aie: the module of --route, by default of the NPU route that costs least
  --pipeline=PASSES         run 'builtin.module(…)' on the imported IR (torch or linalg)
  -N, --num-spatial-dims N  commands of 1, 2 or 3 dims only; commas for several
  -F, --forw MODE           {modes} only; commas for several
  --amd-aie-device, -f32, -bf16, -direct, --route  as for aie-conv driver, for aie
  --jobs N                  as many processes (default 1)
  --timeout S               seconds after which a command is ended, with --jobs of 2 or more

COMMAND, e.g. "convbfp16 -n 16 -c 64 -H 56 -W 56 -k 64 -y 3 -x 3 -p 1 -q 1 -I NHWC -F 4":
{options}
"""

_SHORT = {"-c": "--command", "-f": "--commands-file", "-o": "--output", "-N": "--num-spatial-dims",
          "-F": "--forw"}  # fmt: skip
_WITH_VALUE = {
    "command", "commands-file", "output", "level", "pipeline", "num-spatial-dims", "forw", "route",
    "amd-aie-device", "amd-aie-route", "amd-aie-f32", "amd-aie-bf16", "amd-aie-direct", "jobs", "timeout",
}  # fmt: skip


_BACKEND = {
    "route",
    "amd-aie-route",
    "amd-aie-device",
    "amd-aie-f32",
    "amd-aie-bf16",
    "amd-aie-direct",
}


@dataclass(frozen=True)
class GenerateTask:
    """One command; made to be sent to a process.

    Attributes:
        line: the command.
        dims, modes: the filters.
        level, pipeline, options: see :func:`aie_conv.frontends.miopen.levels.generate`.
        folder: where its files go; None gives the texts back.
    """

    line: str
    dims: tuple[int, ...]
    modes: tuple[str, ...]
    level: str
    pipeline: str | None
    options: Options | None
    folder: Path | None


@dataclass(frozen=True)
class Generated:
    """What became of a command: names written (or texts), and the failures of single signatures."""

    texts: tuple[str, ...]
    failures: tuple[str, ...]


def perform(task: GenerateTask) -> Generated:
    """Generate each of a command's signatures that the filters leave.

    Raises:
        UsageError: the command is none.
    """
    texts: list[str] = []
    failures: list[str] = []
    for s in wanted(parse(task.line).signatures, task.dims, task.modes):
        text = guarded(_perform_one, (task, s))
        if isinstance(text, Failure):
            failures.append(text.message)
        else:
            texts.append(text)
    return Generated(tuple(texts), tuple(failures))


def _perform_one(job: tuple[GenerateTask, ConvSignature]) -> str:
    task, s = job
    text = generate(s, task.level, task.pipeline, task.options)
    if task.folder is None:
        return text
    _write(task.folder / f"{s.name}.mlir", text)
    return s.name


def _write(path: Path, text: str) -> None:
    from aie_conv.files import write_whole

    write_whole(path, text.encode())


def _long(arguments: Sequence[str]) -> list[str]:
    """The short options written long; the value of one is left as it is."""
    words: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        words.append(f"{_SHORT.get(name, name)}{equals}{value}")
        named = words[-1].removeprefix("--") in _WITH_VALUE
        if named and waiting:
            words[-1] += f"={waiting.pop(0)}"
    return words


def _filters(values: dict[str, str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    dims = [d for d in values.get("num-spatial-dims", "").split(",") if d]
    modes = [m for m in values.get("forw", "").split(",") if m]
    for d in dims:
        one_of("num-spatial-dims", d, ("1", "2", "3"))
    return tuple(map(int, dims)), tuple(one_of("forw", m, tuple(MODES)) for m in modes)


def _options(values: dict[str, str]) -> Options | None:
    """The backend's options, where one is given; None for the defaults, without importing them."""
    names = sorted(_BACKEND & set(values))
    if not names:
        return None
    from aie_conv.options import parse_flags

    flags = [f"--amd-aie-{name.removeprefix('amd-aie-')}={values[name]}" for name in names]
    return parse_flags(flags)


def run_generate(arguments: list[str]) -> int:
    """The command; returns 0, or 1 where a convolution failed.

    Raises:
        UsageError: what the user gave cannot be used.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        text = _HELP.format(levels="|".join(LEVELS), modes="|".join(MODES), options=options_table())
        print(text, end="")
        return 0 if arguments else 2
    words = part(_long(arguments), _WITH_VALUE, set())
    values = words.values
    if words.command:
        word = words.command[0]
        hint = closest(word.partition("=")[0], [f"--{name}" for name in _WITH_VALUE])
        raise UsageError(f"{word}: unknown option{hint}: `aie-conv generate --help` lists them")
    if ("command" in values) == ("commands-file" in values):
        raise UsageError("give one of -c COMMAND and -f FILE")
    level = one_of("level", values.get("level", "linalg"), tuple(LEVELS))
    dims, modes = _filters(values)
    output = Path(values["output"]) if "output" in values else None
    task = GenerateTask("", dims, modes, level, values.get("pipeline"), _options(values), None)
    if "command" in values:
        return _one(values["command"], task, output)
    if output is None:
        raise UsageError("no output: add -o DIR")
    jobs = number(values, "jobs", 1, 1)
    limit = number(values, "timeout", 0, 1) if "timeout" in values else None
    return _file(values["commands-file"], task, output, jobs, limit)


def _with(task: GenerateTask, line: str, folder: Path | None) -> GenerateTask:
    return GenerateTask(
        line, task.dims, task.modes, task.level, task.pipeline, task.options, folder
    )


def _one(line: str, task: GenerateTask, output: Path | None) -> int:
    folder = output if output is not None and output.is_dir() else None
    result = perform(_with(task, line, folder))
    if not result.texts and not result.failures:
        raise UsageError("-c: the filters -N and -F leave nothing of this command")
    if folder is not None:
        print("\n".join(str(folder / f"{name}.mlir") for name in result.texts))
    elif output is not None and result.texts:
        from aie_conv.files import check_writable

        check_writable(output)
        _write(output, "\n".join(result.texts))
    elif result.texts:
        sys.stdout.write("\n".join(result.texts))
    if result.failures:
        raise UsageError(result.failures[0])
    return 0


def _file(name: str, task: GenerateTask, folder: Path, jobs: int, limit: int | None) -> int:
    from aie_conv.files import make_folder

    commands = read_file(name)
    make_folder(folder)
    start = time.perf_counter()
    tasks = [_with(task, line, folder) for _, line in commands]
    if jobs == 1:
        results: list[Any] = [guarded(perform, one) for one in tasks]
    else:
        results = run_all(perform, tasks, jobs=jobs, timeout=limit)
    failures: list[str] = []
    names: set[str] = set()
    for (line_number, line), result in zip(commands, results, strict=True):
        messages = (result.message,) if isinstance(result, Failure) else result.failures
        failures += [f"{name}:{line_number}: {line}: {message}" for message in messages]
        if not isinstance(result, Failure):
            names.update(result.texts)
    log = folder / "failed.log"
    if failures:
        _write(log, "\n".join(failures) + "\n")
        print("\n".join(f"aie-conv generate: {line}" for line in failures), file=sys.stderr)
    else:
        log.unlink(missing_ok=True)
    print(
        f"{folder}: {len(names)} files of {len(commands)} commands, {len(failures)} failed"
        + (f" (see {log})" if failures else "")
        + f"; {time.perf_counter() - start:.1f} s"
    )
    return 1 if failures else 0
