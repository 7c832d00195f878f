"""The command lines of mlir-aie's compiler driver, by generation, as data.

A generation is told by a flag that only its ``aiecc --help`` names.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from aie_conv.errors import UsageError

SECONDS = 20.0
"""How long a tool may take to say which it is."""

_NO_LIBRARY = 127
"""The exit status of a program whose shared libraries are not there."""


@dataclass(frozen=True)
class Generation:
    """How one generation of aiecc is called.

    ``{peano}`` stands for Peano's folder. Output names are relative to the working folder, where the module
    lies as ``program.mlir``; ``{device}`` is the module's device.

    Attributes:
        name: for people.
        source: the version that it was read from.
        marker: a flag that its help names and the other's does not.
        common: arguments of every call.
        words: arguments that ask for instruction words alone, and the file that they make.
        binary: arguments that ask for the xclbin as well, and the file of it.
        elf: arguments that ask for one ELF of a configuration and all runtime sequences of the module, and
            the file of it; () where it takes too few buffers.
    """

    name: str
    source: str
    marker: str
    common: tuple[str, ...]
    words: tuple[str, ...]
    words_file: str
    binary: tuple[str, ...]
    binary_file: str
    elf: tuple[str, ...] = ()
    elf_file: str = ""


GENERATIONS = (
    Generation(
        "August 2026",
        "mlir-aie 3ca0193c (2026-08-14)",
        "--get-npu-insts",
        ("--peano", "{peano}"),
        ("--get-npu-insts",),
        "insts_{device}_sequence.bin",
        ("--get-xclbin",),
        "aie.xclbin",
        ("--get-full-elf",),
        "aie.elf",
    ),
    Generation(
        "March 2026",
        "mlir-aie 1e400306 (2026-03-13)",
        "--aie-generate-npu-insts",
        ("--no-xchesscc", "--no-xbridge", "--peano={peano}", "--no-compile-host"),
        ("--aie-generate-npu-insts", "--npu-insts-name=program.bin"),
        "program.bin",
        # Its --generate-full-elf declares three buffers, whatever the sequence takes.
        ("--aie-generate-xclbin", "--xclbin-name=program.xclbin"),
        "program.xclbin",
    ),
)


def ask(program: Path, flag: str) -> str:
    """What a tool says of itself; an exit status of its own does not matter, a signal does.

    Raises:
        UsageError: it cannot be run, gives no answer in time, or ends by a signal.
    """
    try:
        done = subprocess.run(
            [str(program), flag], capture_output=True, text=True, timeout=SECONDS,
            check=False, stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "no answer" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        raise UsageError(f"{program}: cannot be run with {flag}: {why}") from None
    if done.returncode < 0 or done.returncode == _NO_LIBRARY:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = lines[-1].strip() if lines else f"ended by signal {-done.returncode}"
        raise UsageError(f"{program}: cannot be run with {flag}: {why}")
    return f"{done.stdout}\n{done.stderr}"


def generation_of(aiecc: Path) -> Generation:
    """The generation of an aiecc, by what its help says.

    Raises:
        UsageError: it does not answer, or names no flag of a known generation.
    """
    said = set(ask(aiecc, "--help").replace("=", " ").replace(",", " ").split())
    for generation in GENERATIONS:
        if generation.marker in said:
            return generation
    known = ", ".join(each.name for each in GENERATIONS)
    raise UsageError(
        f"{aiecc}: of no generation that this project knows ({known}): its --help names neither"
        f" {' nor '.join(each.marker for each in GENERATIONS)}"
    )
