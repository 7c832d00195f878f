"""What the commands that call a function of an artifact share: the options that say what to call."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from aie_conv.errors import UsageError
from aie_conv.suggest import closest

if TYPE_CHECKING:
    from aie_conv.runtime.interface import RuntimeDevice
    from aie_conv.runtime.program import LoadedFunction, Program

INPUTS_HELP = """\
inputs, one --input each, as iree-run-module takes them:
  @x.npy                  an array from a file
  1x3x224x224xf32=0.5     a shape, its type, one value for all or all values
  4xi8=@x.bin             the raw bytes of a file
  f32=1.0                 a tensor without dims;  1.0  a scalar
  NAME=@x.npy             by its name in the model, in any order; NAME=0.5 fills its shape, NAME=@x.bin
                          takes raw bytes
"""

CALL_DEVICES = ("cpu", "sim", "xrt", "hrx")
"""What a user may name; each is one of the runtime's."""


class CallParser(argparse.ArgumentParser):
    """A parser with the options of a call, whose complaints are a user's mistakes.

    Args:
        command: the word behind aie-conv.
        description, epilog: what --help says before and behind the options; the epilog keeps its lines.
    """

    def __init__(self, command: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=f"aie-conv {command}",
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_call_options(self)

    @property
    def option_names(self) -> list[str]:
        """The options, as they are written."""
        return [name for action in self._actions for name in action.option_strings]

    def error(self, message: str) -> NoReturn:
        """One line, with where to read on."""
        raise UsageError(f"{message}: see {self.prog} --help")


@dataclass(frozen=True)
class PreparedCall:
    """A function of a loaded artifact with its inputs.

    Attributes:
        program: the artifact.
        function: what is called.
        name: its name.
        inputs: in order, as the command line has them.
    """

    program: Program
    function: LoadedFunction
    name: str
    inputs: list[Any]


def _add_call_options(parser: argparse.ArgumentParser) -> None:
    """The artifact, its function, the inputs and the device."""
    add = parser.add_argument
    add("--module", required=True, metavar="OUT.vmfb", help="what aie-conv compile wrote")
    add("--function", metavar="NAME", help="the function; may be left out where there is one")
    add("--input", action="append", default=[], metavar="VALUE", help="an input, see below")
    add(
        "--device",
        type=_device,
        metavar=f"{{{','.join(CALL_DEVICES)}}}",
        help="the simulated NPU, or a real one through pyxrt or HRX; cpu for an artifact without NPU"
        " dispatches; default: xrt where both are, else sim",
    )


def _device(name: str) -> str:
    """A device's name, as it is.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in CALL_DEVICES:
        hint, known = closest(name, CALL_DEVICES), ", ".join(CALL_DEVICES)
        raise UsageError(f"--device={name}: unknown{hint}: use one of {known}")
    return name


def parse_call(parser: CallParser, arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line.

    Raises:
        UsageError: one is unknown, lacks its value or has one that cannot be.
    """
    for word in arguments:
        if word.endswith("=--"):
            # argparse takes the dashes for the end of the options.
            raise UsageError(f"{word}: no value: see {parser.prog} --help")
        option = word.partition("=")[0]
        if option.startswith("--") and option not in parser.option_names:
            hint = closest(option, parser.option_names)
            raise UsageError(f"{option}: unknown option{hint}: see {parser.prog} --help")
    return parser.parse_args(list(arguments))


def prepare_call(options: argparse.Namespace, device: RuntimeDevice) -> PreparedCall:
    """Load the artifact on a device and read the inputs.

    Raises:
        UsageError: there is no such file, function or input, or one cannot be read.
        DeviceError: the artifact cannot be loaded there.
    """
    from aie_conv.cli.bind import bind_inputs, function_name
    from aie_conv.runtime.program import load_program

    program = load_program(options.module, device)
    name = function_name(program.functions, options.function)
    function = program[name]
    return PreparedCall(program, function, name, bind_inputs(function, options.input))


def count_of(option: str, text: str) -> int:
    """A whole number from 1 to 999 999 999.

    Raises:
        UsageError: it is none.
    """
    if re.fullmatch("0*[1-9][0-9]{0,8}", text) is None:
        raise UsageError(f"--{option}={text[:40]}: give a whole number from 1 to 999999999")
    return int(text)
