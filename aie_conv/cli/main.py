"""Entry point of `aie-conv`: finds the subcommand, shows errors as one line."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

_HELP = """\
usage: aie-conv COMMAND ...

Compiles models so that their convolutions run on AMD AIE NPUs, and runs the result on an NPU or
on a simulated one.

commands:
  compile   a model (.onnx, .mlir, .mlirbc) to an artifact (.vmfb), every convolution routed
  explain   what compile does with a model or a convolution, stage by stage
  run       a function of an artifact, on the simulated NPU or a real one
  bench     what a call of such a function takes: host time, or simulated time of the NPU
  driver    run convolutions written as MIOpen's driver takes them, timed and compared
  generate  such convolutions' IR
  tune      search for the fastest plans of a model or such convolutions, for compile to use
  cpu-cost  measure what convolutions cost on this machine's CPU
  doctor    what this machine has for a run on an NPU, and what it lacks
  timing    the cycle model: its constants, and predictions of published measurements

  aie-conv COMMAND --help tells more. Every command takes --machine FILE.json: timing constants in
  place of the cycle model's own (aie-conv timing table). A first try, without a model, then with
  one of f32, whose convolutions stay on the CPU without --amd-aie-f32:

  aie-conv driver convbfp16 -n 1 -c 64 -H 28 -W 28 -k 64 -y 3 -x 3 -p 1 -q 1 -F 1
  aie-conv compile model.onnx -o model.vmfb
  aie-conv compile model.mlir -o model.vmfb --iree-hal-target-backends=amd-aie --amd-aie-f32=bf16
  aie-conv run --module=model.vmfb --function=main --input=1x3x224x224xf32=0.5
"""

_COMMANDS = {
    "compile": "aie_conv.cli.compile:run_compile",
    "explain": "aie_conv.cli.explain:run_explain",
    "run": "aie_conv.cli.run:run_module",
    "bench": "aie_conv.cli.bench:run_bench",
    "driver": "aie_conv.cli.driver:run_driver",
    "generate": "aie_conv.cli.generate:run_generate",
    "tune": "aie_conv.cli.tune:run_tune",
    "cpu-cost": "aie_conv.cli.cpu_cost:run_cpu_cost",
    "doctor": "aie_conv.cli.doctor:run_doctor",
    "timing": "aie_conv.cli.timing:run_timing",
}
"""Command -> the module and function that does it, imported when it is asked for."""


_IN_PLACE = ("timing",)
"""Commands that do not meet IREE's library, which may end its process."""

_TRACEBACK = "AIE_CONV_TRACEBACK"
"""Environment variable: "1" shows where an internal error arose."""

_INTERRUPTED = 130
_INTERNAL = 70


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 2 with one line on stderr.

    The process's own command line runs in a child of it, so that a signal out of IREE's library becomes
    a line as well. Arguments that are passed run in this process.
    """
    if argv is not None:
        return _run(list(argv))
    _open_streams()
    arguments = sys.argv[1:]
    if not _splits(arguments):
        return _run(arguments)
    from aie_conv.isolate import finish, fork

    try:
        wait = fork()
        return finish(_run(arguments)) if wait is None else _await(wait, arguments[0])
    except KeyboardInterrupt:
        return _INTERRUPTED


def _open_streams() -> None:
    """A closed standard stream is the null device: else the next file opened would be taken for it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _splits(arguments: Sequence[str]) -> bool:
    """Whether a command line is done by a child."""
    named = bool(arguments) and arguments[0] in _COMMANDS and arguments[0] not in _IN_PLACE
    helps = len(arguments) == 1 or bool({"-h", "--help"} & set(arguments))
    return named and not helps and hasattr(os, "fork") and threading.active_count() == 1


def _await(wait: Callable[[], int], command: str) -> int:
    """The exit status of the child that does a command."""
    from aie_conv.errors import ProcessDied

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)
    try:
        return wait()
    except ProcessDied as error:
        return fail(f"aie-conv {command}", str(error))


def _run(arguments: list[str]) -> int:
    """Run one command in this process."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return _guard("aie-conv", lambda: _show(_HELP, 0 if arguments else 2))
    if arguments[0] == "--version":
        from aie_conv import __version__

        return _guard("aie-conv", lambda: _show(f"aie-conv {__version__}\n", 0))
    command, rest = arguments[0], arguments[1:]
    if command not in _COMMANDS:
        from aie_conv.suggest import closest

        known = ", ".join(_COMMANDS)
        hint = closest(command, _COMMANDS)
        return fail("aie-conv", f"'{command}': unknown command{hint}: use one of {known}")
    return _guard(f"aie-conv {command}", lambda: _perform(command, rest))


def _show(text: str, status: int) -> int:
    print(text, end="")
    return status


def _perform(command: str, arguments: list[str]) -> int:
    module, _, name = _COMMANDS[command].partition(":")
    with _machine(arguments) as others:
        return getattr(import_module(module), name)(others)


def _guard(who: str, work: Callable[[], int]) -> int:
    """Do a command's work; whatever it raises becomes one line."""
    from aie_conv.errors import AieConvError

    try:
        status = work()
        sys.stdout.flush()
        return status
    except AieConvError as error:
        return fail(who, str(error))
    except BrokenPipeError:
        _drop_output()
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except MemoryError:
        return fail(who, "not enough memory: give it smaller inputs, or more memory")
    except OSError as error:
        if error.filename is None:
            _drop_output()
        return fail(who, f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001  the last place where a bug can still become a line
        return _internal(who, error)


def _drop_output() -> None:
    """What is still to be written goes nowhere: Python tries again when it ends."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _internal(who: str, error: Exception) -> int:
    """The line of a bug of this package."""
    if os.environ.get(_TRACEBACK) == "1":
        traceback = import_module("traceback")
        traceback.print_exception(error)
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = ""
    if frame is not None:
        place = f" ({os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno})"
    fail(
        who,
        f"internal error: {type(error).__name__}: {str(error)[:300]}{place}: report it;"
        f" {_TRACEBACK}=1 shows where it arose",
    )
    return _INTERNAL


@contextmanager
def _machine(arguments: list[str]) -> Generator[list[str]]:
    """The arguments without --machine, whose file is used meanwhile, in worker processes too."""
    others: list[str] = []
    path: str | None = None
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        name, equals, value = token.partition("=")
        if name != "--machine":
            others.append(token)
        elif equals:
            path = value
        elif waiting:
            path = waiting.pop(0)
        else:
            from aie_conv.errors import UsageError

            raise UsageError("--machine: needs a file: write --machine FILE.json")
    if path is None:
        yield others
        return
    from aie_conv.arch.machine import VARIABLE, load_machine

    load_machine(path)
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = os.path.abspath(path)
    try:
        yield others
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def fail(who: str, message: str) -> int:
    """One line on stderr; returns the exit status of a user's mistake."""
    with suppress(OSError):
        print(f"{who}: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
