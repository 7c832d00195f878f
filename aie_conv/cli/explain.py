"""`aie-conv explain`: what the compiler does with a module, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv.cli.stderr import Stderr
from aie_conv.errors import UsageError

if TYPE_CHECKING:
    from aie_conv.options import Options
    from aie_conv.report.explain.source import Source
    from aie_conv.report.explain.stage import StageReport

_HELP = """\
usage: aie-conv explain [options] IN
       aie-conv explain [options] "COMMAND"
       aie-conv explain [options] -- COMMAND
       aie-conv explain --pipeline=offload IN.mlir [--print-ir-after-all]

Compiles as `aie-conv compile` does and prints what each stage made and why.

  IN             .onnx, .mlir or .mlirbc as for compile; - reads stdin; or module:function, a Python
                 function that returns a torch model and a tuple of its example inputs
  COMMAND        a convolution as `aie-conv driver` takes it: "convbfp16 -n 1 -c 16 -H 8 -W 8 -k 16"

options:
  --stage=NAME   this stage only; several are given one by one or with commas
  --dispatch=NAME  the dispatch of a network to show; default: the one with the most products
  --full         the whole text of each stage instead of what matters of it
  -o DIR         a file for each stage, in full, instead of printing: DIR/NN-name.mlir or .txt
  --pipeline=offload  show how every convolution is moved out into a program of its own, instead
  --print-ir-after-all  with it: each stage, not the last form alone

  --input-shape=NAME:1x3x640x640  sizes that an ONNX model leaves open
  --amd-aie-device, -route, -f32 and the others, and IREE's flags, are those of `aie-conv compile`,
  written --name=value; those that write files are not taken.

stages:
{stages}
"""

_OUTPUTS = ("--amd-aie-report", "--amd-aie-emit", "--amd-aie-html", "--amd-aie-trace")
"""Flags of compile that write files, by how they begin."""


@dataclass
class _Words:
    """The command line, parted."""

    inputs: list[str] = field(default_factory=list[str])
    command: list[str] | None = None
    flags: list[str] = field(default_factory=list[str])
    shapes: list[str] = field(default_factory=list[str])
    stages: list[str] = field(default_factory=list[str])
    values: dict[str, str] = field(default_factory=dict[str, str])
    switches: set[str] = field(default_factory=set[str])


_WITH_VALUE = {"--stage": "stage", "--dispatch": "dispatch", "-o": "o", "--o": "o",
               "--pipeline": "pipeline"}  # fmt: skip
_SWITCHES = ("--full", "--print-ir-after-all")


def _help() -> str:
    from aie_conv.report.explain import STAGES

    return _HELP.format(stages="\n".join(f"  {name:<15} {what}" for name, what in STAGES.items()))


def _part(arguments: Sequence[str]) -> _Words:
    """Part a command line.

    Raises:
        UsageError: an option lacks its value, has one that it does not take, or is of `compile`.
    """
    words = _Words()
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, _ = word.partition("=")
        if word == "--":
            words.command, waiting = waiting, []
        elif name in _WITH_VALUE:
            _take(words, word, waiting)
        elif name in _SWITCHES:
            if equals:
                raise UsageError(f"{name}: takes no value")
            words.switches.add(name)
        elif name == "--input-shape":
            words.shapes.append(word.partition("=")[2] if equals else _next(waiting))
        elif word.startswith("-") and word != "-":
            words.flags.append(_flag(word, waiting))
        else:
            words.inputs.append(word)
    return words


def _take(words: _Words, word: str, waiting: list[str]) -> None:
    """Store an option with its value, which may be the next word."""
    name, equals, value = word.partition("=")
    if not equals and waiting and not waiting[0].startswith("-"):
        value = waiting.pop(0)
    if not value:
        raise UsageError(f"{name}: needs a value")
    if _WITH_VALUE[name] == "stage":
        words.stages += [stage for stage in value.split(",") if stage]
    words.values[_WITH_VALUE[name]] = value


def _next(waiting: list[str]) -> str:
    return waiting.pop(0) if waiting else ""


def _flag(word: str, waiting: list[str]) -> str:
    """A flag of the compiler, written --name=value."""
    name, equals, _ = word.partition("=")
    flag = word if word.startswith("--") else f"-{word}"
    _check_flag(flag.partition("=")[0])
    named = name.startswith(("--amd-aie-", "--iree-hal-target-backends"))
    if named and not equals and waiting and not waiting[0].startswith("-"):
        flag += f"={waiting.pop(0)}"
    return flag


def _check_flag(name: str) -> None:
    if name.startswith(_OUTPUTS):
        raise UsageError(f"{name}: writes a file of a compilation: use `aie-conv compile`")


def _sources(words: _Words, options: Options) -> list[Source]:
    from aie_conv.frontends.onnx import parse_shapes
    from aie_conv.report.explain.source import from_command, from_name, is_command

    if words.command is not None:
        if words.inputs:
            raise UsageError(f"{words.inputs[0]}: give one of IN and -- COMMAND")
        return from_command(words.command, for_cpu=options.route == "cpu")
    if not words.inputs:
        raise UsageError("no input: name a module, or give a driver's command in quotes")
    if len(words.inputs) > 1:
        if is_command(words.inputs[0]):
            raise UsageError(f"{words.inputs[0]}: put the command in quotes, or write -- before it")
        raise UsageError(
            f"several inputs ({', '.join(words.inputs)}): flags are written --name=value"
        )
    if is_command(words.inputs[0]):
        return from_command(words.inputs[0], for_cpu=options.route == "cpu")
    return [from_name(words.inputs[0], parse_shapes(words.shapes))]


def _select(stages: Sequence[StageReport], names: Sequence[str]) -> list[tuple[int, StageReport]]:
    """The stages that are asked for, with their numbers."""
    numbered = list(enumerate(stages, 1))
    if not names:
        return numbered
    missing = [name for name in names if name not in {stage.name for stage in stages}]
    if missing:
        have = ", ".join(stage.name for stage in stages)
        raise UsageError(f"--stage={missing[0]}: there is no such stage here: use one of {have}")
    return [(number, stage) for number, stage in numbered if stage.name in names]


def _check_names(names: Sequence[str]) -> None:
    """Refuse names that no dispatch has, before anything is compiled."""
    from aie_conv.report.explain import STAGES

    for name in names:
        if name not in STAGES:
            raise UsageError(f"--stage={name}: unknown: use one of {', '.join(STAGES)}")


def run_explain(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: what the user gave cannot be used; nothing was written.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        print(_help(), end="")
        return 0 if arguments else 2
    words = _part(arguments)
    if "pipeline" in words.values or "--print-ir-after-all" in words.switches:
        return _offload(words)
    _check_names(words.stages)
    from aie_conv.options import parse_flags
    from aie_conv.report.explain.write import check_folder

    options = parse_flags(words.flags)
    sources = _sources(words, options)
    if "o" in words.values:
        check_folder(Path(words.values["o"]))
    said = Stderr("aie-conv explain", quiet=options.search == "fast")
    groups: list[tuple[Source, list[tuple[int, StageReport]]]] = []
    for source in sources:
        stages = _explain(source, options, words.values.get("dispatch"), said)
        groups.append((source, _select(stages, words.stages)))
    said.end()
    _give(words, groups)
    return 0


def _explain(
    source: Source, options: Options, dispatch: str | None, said: Stderr
) -> list[StageReport]:
    """The stages of a module, in the first of its forms that the compiler takes."""
    from aie_conv.report.explain import explain

    def made(data: bytes) -> list[StageReport]:
        return explain(
            data, source.name, options, dispatch=dispatch, progress=said.progress, warn=said.warn
        )

    try:
        return made(source.data)
    except UsageError:
        if source.plain is None:
            raise
        return made(source.plain)


def _give(words: _Words, groups: Sequence[tuple[Source, list[tuple[int, StageReport]]]]) -> None:
    """Print the stages, or write them."""
    from aie_conv.report.explain.write import shown, write_folder

    full = "--full" in words.switches
    if "o" in words.values:
        folder = Path(words.values["o"])
        write_folder(
            folder,
            [(f"{source.mode}-" * bool(source.mode), stages) for source, stages in groups],
        )
        count = sum(len(stages) for _, stages in groups)
        print(f"{folder}: {count} stage{'s' * (count != 1)}")
        return
    for source, stages in groups:
        if source.mode:
            print(f"==== {source.mode}: {source.name}\n")
        print("\n".join(shown(number, stage, full) for number, stage in stages), end="")


def _offload(words: _Words) -> int:
    """The pipeline that moves every convolution into a program of its own."""
    pipeline = words.values.get("pipeline")
    if pipeline is None:
        raise UsageError("--print-ir-after-all: is of --pipeline=offload")
    if pipeline != "offload":
        raise UsageError(f"--pipeline={pipeline}: unknown: use offload")
    from aie_conv.options import parse_flags

    options = parse_flags(words.flags)
    (source, *others) = _sources(words, options)
    if others:
        raise UsageError("--pipeline=offload: takes one module: choose one direction with -F")
    stages = _offload_stages(source, options)
    chosen = _select(stages, words.stages)
    if not words.stages and "--print-ir-after-all" not in words.switches:
        chosen = chosen[-1:]
    _give(words, [(source, chosen)])
    return 0


def _offload_stages(source: Source, options: Options) -> list[StageReport]:
    from aie_conv.offload import stages

    return stages(source.data, options)
