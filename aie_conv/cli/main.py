"""Entry point of `aie-conv`: finds the subcommand, shows errors as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module

_HELP = """\
usage: aie-conv COMMAND ...

Compiles models so that their convolutions run on AMD AIE NPUs, and runs the result on an NPU or
on a simulated one.

commands:
  compile   a model (.onnx, .mlir, .mlirbc) to an artifact (.vmfb), every convolution routed
  explain   what compile does with a model or a convolution, stage by stage
  run       a function of an artifact, on the simulated NPU or a real one
  driver    run convolutions written as MIOpen's driver takes them, timed and compared
  generate  such convolutions' IR
  tune      search for the fastest plans of a model or such convolutions, for compile to use
  cpu-cost  measure what convolutions cost on this machine's CPU
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
    "driver": "aie_conv.cli.driver:run_driver",
    "generate": "aie_conv.cli.generate:run_generate",
    "tune": "aie_conv.cli.tune:run_tune",
    "cpu-cost": "aie_conv.cli.cpu_cost:run_cpu_cost",
    "timing": "aie_conv.cli.timing:run_timing",
}
"""Command -> the module and function that does it, imported when it is asked for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 2 with one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_HELP, end="")
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from aie_conv import __version__

        print(f"aie-conv {__version__}")
        return 0
    command, rest = arguments[0], arguments[1:]
    if command not in _COMMANDS:
        from aie_conv.suggest import closest

        known = ", ".join(_COMMANDS)
        hint = closest(command, _COMMANDS)
        return fail("aie-conv", f"'{command}': unknown command{hint}: use one of {known}")
    module, _, name = _COMMANDS[command].partition(":")
    from aie_conv.errors import AieConvError

    try:
        with _machine(rest) as others:
            return getattr(import_module(module), name)(others)
    except AieConvError as error:
        return fail(f"aie-conv {command}", str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


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
    print(f"{who}: {' '.join(message.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
