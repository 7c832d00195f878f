"""Other compilers' command lines: which flags are taken, and what to use in place of the others.

Flags and defaults of iree-amd-aie: nod-ai/iree-amd-aie, AIETarget.h, June 2026. Of iree-compile (3.13) those
are listed that its main program has and the library that is called here does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aie_conv.arch import canonical_device, get_device, is_device
from aie_conv.errors import UsageError
from aie_conv.suggest import closest

DEVICE = "--iree-amdaie-target-device"
ROWS = "--iree-amdaie-num-rows"
COLUMNS = "--iree-amdaie-num-cols"
STACK = "--iree-amdaie-stack-size"
PEANO = "--iree-amd-aie-peano-install-dir"
INSTALL = "--iree-amd-aie-install-dir"
HAL_DEVICE = "--iree-hal-target-device"

STACK_BYTES = 1024
"""What a core's program has for its stack, as iree-amd-aie's default."""

_DRIVERS = ("amd-aie", "amdxdna", "xrt")
"""iree-amd-aie's names of its backend and devices, where stock IREE wants "local" or "hip"."""


@dataclass(frozen=True)
class Foreign:
    """A flag that has no counterpart.

    Attributes:
        harmless: values that ask for what happens here anyway.
        instead: what to use.
    """

    harmless: tuple[str, ...]
    instead: str


_GENERATED = "core code is generated here, without such a choice: leave it out"
_SEE_EMIT = "leave it out; --amd-aie-emit=DIR writes the modules"

FLAGS: dict[str, Foreign] = {
    "--aie2xclbin-print-ir-after-all": Foreign(("false",), _SEE_EMIT),
    "--aie2xclbin-print-ir-before-all": Foreign(("false",), _SEE_EMIT),
    "--aie2xclbin-print-ir-module-scope": Foreign(("false",), _SEE_EMIT),
    "--aie2xclbin-timing": Foreign(("false",), "leave it out; --amd-aie-report=FILE.json has the times"),
    "--iree-amd-aie-additional-peano-opt-flags": Foreign(("",), "aiecc's defaults are used: leave it out"),
    "--iree-amd-aie-enable-chess": Foreign(("false",), "Peano compiles the cores: leave it out"),
    "--iree-amd-aie-enable-chess-for-ukernel": Foreign(("true", "false", ""), ""),
    "--iree-amd-aie-show-invoked-commands": Foreign(("false",), _SEE_EMIT),
    "--iree-amd-aie-vitis-install-dir": Foreign((), f"Peano compiles the cores: use {PEANO}=DIR"),
    "--iree-amdaie-call-replication": Foreign(("1",), _GENERATED),
    "--iree-amdaie-device-hal": Foreign(
        ("xrt", "amdxdna"), "choose where it runs: aie-conv run --device=xrt"
    ),
    "--iree-amdaie-enable-coalescing-loops": Foreign(("false",), _GENERATED),
    "--iree-amdaie-enable-collapsing-unit-dims": Foreign(("false",), _GENERATED),
    "--iree-amdaie-enable-control-packet": Foreign(
        ("false",), "the host configures the array: leave it out"
    ),
    "--iree-amdaie-enable-function-outlining": Foreign(("none", "all", "balanced"), ""),
    "--iree-amdaie-enable-infinite-loop-around-core-block": Foreign(("true", "false", ""), ""),
    "--iree-amdaie-enable-ukernels": Foreign(("none",), _GENERATED),
    "--iree-amdaie-enable-vectorization-passes": Foreign(
        ("true", ""), "use --amd-aie-direct=scalar with --amd-aie-route=direct"
    ),
    "--iree-amdaie-lower-to-aie-pipeline": Foreign(
        ("objectFifo",), "use --amd-aie-emit=DIR --amd-aie-emit-level=air for mlir-air's form"
    ),
    "--iree-amdaie-matmul-elementwise-fusion": Foreign(
        ("true", "false", ""), "what stands behind a product is fused with it"
    ),
    "--iree-amdaie-packet-flow-strategy": Foreign(
        ("none", "auto"), "routes use circuits: leave it out"
    ),
    "--iree-amdaie-reprogram-dmas": Foreign(("false",), _GENERATED),
    "--iree-amdaie-tile-pipeline": Foreign(
        ("pack-peel", "pack-peel-4-level-tiling", "conv-decompose", "general-copy"),
        "use --amd-aie-route and --amd-aie-direct",
    ),
}  # fmt: skip
"""iree-amd-aie's flags without a counterpart."""

_OTHER_OUTPUT = (
    "an artifact is written here: use iree-compile, or aie-conv explain for what is between"
)
_PHASES = "all phases are run here: leave it out; aie-conv explain shows them"
_LISTS = "nothing is listed here: use iree-compile"

LISTING = ("--help", "--help-hidden", "--help-list", "--help-list-hidden", "--version")
"""Flags that the library answers with a text, and then ends its process."""

PROGRAM_FLAGS: dict[str, Foreign] = {
    "--compile-from": Foreign(("start",), _PHASES),
    "--compile-mode": Foreign(("std",), _OTHER_OUTPUT),
    "--compile-to": Foreign(("end",), _OTHER_OUTPUT),
    "--dump-compilation-phases-to": Foreign(("",), _PHASES),
    "--emit-mlir-bytecode": Foreign(("", "true", "false"), ""),
    "--emit-mlir-bytecode-version": Foreign((), "no MLIR is written here: leave it out"),
    **dict.fromkeys(LISTING, Foreign(("false",), _LISTS)),
    "--iree-hal-list-target-backends": Foreign(("false",), _LISTS),
    "--iree-list-plugins": Foreign(("false",), _LISTS),
    "--output-format": Foreign(("vm-bytecode",), _OTHER_OUTPUT),
    "--remarks-filter": Foreign(("",), "no remarks are written here: use iree-compile"),
    "--remarks-output-file": Foreign(("",), "no remarks are written here: use iree-compile"),
    "--split-input-file": Foreign(("false",), "a file is one module: split it first"),
    "--verify": Foreign(("", "true", "false"), ""),
}
"""Flags of iree-compile's main program, and LISTING. MLIR is only written where another form than bytecode
is; modules are always verified."""

TAKEN = (DEVICE, ROWS, COLUMNS, STACK, PEANO, INSTALL)
"""iree-amd-aie's flags that mean something here."""

_PREFIXES = ("--iree-amdaie-", "--iree-amd-aie-", "--aie2xclbin-")


@dataclass(frozen=True)
class Taken:
    """What iree-amd-aie's flags say in this backend's words.

    Attributes:
        device: the NPU, None where none is named.
        peano: Peano's folder, None where none is named.
        install: mlir-aie's folder, None where none is named.
        others: the flags that are not iree-amd-aie's.
    """

    device: str | None
    peano: str | None
    install: str | None
    others: tuple[str, ...]


def take(flags: Sequence[str]) -> Taken:
    """Part iree-amd-aie's flags from the others.

    Args:
        flags: ``--name=value``, or ``--name`` and ``value``.

    Raises:
        UsageError: a flag that asks for what is not done here, with what to use instead.
    """
    values: dict[str, str] = {}
    others: list[str] = []
    waiting = list(flags)
    while waiting:
        flag = waiting.pop(0)
        name, equals, value = flag.partition("=")
        if name == HAL_DEVICE:
            value = value if equals else _next(waiting)
            if value in _DRIVERS:
                continue
            if is_device(value):
                values[DEVICE] = value
            else:
                others.append(f"{name}={value}")
        elif name in TAKEN:
            values[name] = value if equals else _next(waiting)
        elif name.startswith(_PREFIXES):
            _check(name, value)
        else:
            others.append(flag)
    return Taken(_device(values), values.get(PEANO), values.get(INSTALL), tuple(others))


def _next(waiting: list[str]) -> str:
    return waiting.pop(0) if waiting and not waiting[0].startswith("-") else ""


def _check(name: str, value: str) -> None:
    if name not in FLAGS:
        known: Iterable[str] = (*FLAGS, *TAKEN)
        raise UsageError(f"{name}: no flag of iree-amd-aie's{closest(name, known)}: leave it out")
    _refuse_unless_harmless(f"{name}={value}" if value else name, FLAGS[name], "iree-amd-aie's")


def library_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags that IREE's library takes: those of iree-compile's main program are left out.

    Raises:
        UsageError: one of the latter asks for what is not done here.
    """
    taken: list[str] = []
    for flag in flags:
        foreign = PROGRAM_FLAGS.get(f"--{flag.partition('=')[0].lstrip('-')}")
        if foreign is None:
            taken.append(flag)
        else:
            _refuse_unless_harmless(flag, foreign, "iree-compile's")
    return tuple(taken)


def _refuse_unless_harmless(flag: str, foreign: Foreign, whose: str) -> None:
    if flag.partition("=")[2].strip('"') not in foreign.harmless:
        raise UsageError(f"{flag}: {whose}, not done here: {foreign.instead}")


def _device(values: dict[str, str]) -> str | None:
    """The device that a name and numbers of rows and columns say."""
    _check_stack(values.get(STACK, "0"))
    rows, columns = (_number(name, values.get(name, "0")) for name in (ROWS, COLUMNS))
    if DEVICE not in values and not rows and not columns:
        return None
    device = get_device(canonical_device(values.get(DEVICE, "npu1_4col")))
    if rows not in (0, device.arch.core_rows):
        raise UsageError(
            f"{ROWS}={rows}: all {device.arch.core_rows} rows of {device.name} are used: leave it out"
        )
    if columns in (0, device.columns):
        return device.name
    narrow = f"npu1_{columns}col"
    if not device.name.startswith("npu1") or not is_device(narrow):
        raise UsageError(
            f"{COLUMNS}={columns}: {device.name} has {device.columns}: use npu1_1col to npu1_4col, or"
            " leave it out"
        )
    return narrow


def _check_stack(text: str) -> None:
    size = _number(STACK, text)
    if size > STACK_BYTES:
        raise UsageError(
            f"{STACK}={size}: cores have {STACK_BYTES} bytes of stack, the rest is for tiles: leave it out"
        )


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{name}={text}: no number")
    return int(text)
