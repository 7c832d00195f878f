"""`aie-conv compile`: a model to an artifact."""

from __future__ import annotations

import sys
from pathlib import Path

from aie_conv.cli.stderr import Stderr
from aie_conv.errors import UsageError

_INPUT_SHAPE = "--input-shape"

_HELP = """\
usage: aie-conv compile IN -o OUT.vmfb --iree-hal-target-backends=amd-aie [flags]

Compiles a model with IREE and routes each of its convolutions and matmuls to the NPU or the CPU.

  IN             .onnx, or .mlir or .mlirbc in torch, linalg, tosa or stablehlo form; - reads stdin
  -o OUT.vmfb    the artifact: one file, for `aie-conv run` and aie_conv.load

  --input-shape=NAME:1x3x640x640  the sizes of an input that an ONNX model leaves open, for each one

flags of this backend:
  --amd-aie-device=NAME      the NPU: {devices} (default npu1_4col)
  --amd-aie-route=ROUTE      {routes}: where convolutions go (default auto: each to
                             the cheapest, the CPU included; a route that refuses leaves the CPU).
                             What no core does behind a convolution is split off, for the CPU
  --amd-aie-direct=auto|vector|sliding|scalar|parametric  the direct route's core code (default
                             auto: the cheapest; scalar takes every type as it is, f32 too)
  --amd-aie-f32=cpu|bf16|bf16x3  how the NPU may compute f32 convolutions: not at all, with both
                             operands rounded to bf16 (each product off by 2^-7 at most), or as
                             three bf16 products (3 x 2^-16, three times the work); sums are
                             f32 (default cpu)
  --amd-aie-f16=cpu|bf16x3   how the NPU may compute f16 convolutions: not at all (default), or as
                             three bf16 products (off by 2^-16 at most); sums are f32, rounded
                             once to f16 on the CPU
  --amd-aie-bf16=exact|bfp16 npu4 alone: multiply bf16, and f32 that is computed in bf16, as they
                             are (default), or as blocks of eight values that share an exponent
                             (bfp16: 8 times the rate, each value off by 2^-6 of the largest in
                             its block at most; sums are f32)
  --amd-aie-cpu-cost=fixed|measured  what the CPU's time is taken to be: the same on every
                             machine, or as `aie-conv cpu-cost measure` found it here (default
                             fixed)
  --amd-aie-route-file=FILE.json  choices that are pinned, by dispatch or problem; a report
                             serves as it is (docs/report-schema.md)
  --amd-aie-search=fast|best how plans are searched for: by the cost model (default), or its
                             favourites by the simulator, some seconds for each problem
  --amd-aie-plan-db=FILE.json plans that `aie-conv tune` found (docs/tuning.md)
  --amd-aie-plan-cache=on|off  keep plans in the user's cache folder (default on)
  --amd-aie-configurations=few|each  few (default): dispatches take plans that share configurations
                             of the array, where the changes saved are worth more than each
                             one's own best plan
  --amd-aie-only             fail where an operation stays on the CPU, naming the first one and why
  --amd-aie-regions=auto|large|single  auto (default): a call of the NPU does several dispatches of one
                             configuration where that is cheaper; large: as many as can be; single:
                             one each
  --amd-aie-report=FILE.json where each dispatch went and why (docs/report-schema.md)
  --amd-aie-emit=DIR         write the AIE module of each call of the NPU as DIR/<its name>.mlir, the
                             dispatch's or region_1, …
  --amd-aie-emit-level=L     aie (default), or air: what mlir-air takes, for scalar direct code
  --amd-aie-air-version=V    august (default) or march: the version of mlir-air (2026) that air is for
  --amd-aie-html=FILE.html   a page of the dispatches, their roofline, and each one's array and
                             timeline, simulated (docs/pictures.md)
  --amd-aie-trace=FILE.json  the simulated timelines for Perfetto or chrome://tracing
  --amd-aie-trace-dispatch=D,…  of these dispatches alone: names, patterns with * or numbers
  --amd-aie-binaries=auto|off|require  NPU binaries, one xclbin a configuration of the array and
                             instruction words for each program: where mlir-aie and Peano are
                             installed (default), never, or refuse without them (docs/hardware.md)
  --amd-aie-binary-format=xclbin|elf  xclbin (default), or elf: a configuration's binary with its
                             programs' instruction words in it, of mlir-aie of August 2026
  --amd-aie-check=off|tools  tools: mlir-aie's aie-opt and aie-translate lower every program, and
                             what its instruction words say is compared; no Peano, no NPU needed
  --amd-aie-mlir-aie-dir=DIR, --amd-aie-peano-dir=DIR  where these are, to be used in place of
                             installed wheels and PATH (aie-conv doctor shows what is found)

Every other flag goes to IREE as to iree-compile (`iree-compile --help`), written --name=value. By
default the CPU's part is compiled for this machine's processor; --iree-llvmcpu-target-cpu=NAME
names another, for an artifact that moves.

stages:
{stages}
"""


def _help() -> str:
    from aie_conv.arch import device_names
    from aie_conv.partitioner import route_names
    from aie_conv.pipeline import describe_stages

    stages = "\n".join(f"  {name:<22} {what}" for name, what in describe_stages())
    return _HELP.format(
        devices=", ".join(device_names()), routes="|".join(route_names()), stages=stages
    )


def _split(arguments: list[str]) -> tuple[str, Path, list[str]]:
    """Input, output and flags."""
    inputs: list[str] = []
    flags: list[str] = []
    output: str | None = None
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        if token == "-o":
            if not waiting:
                raise UsageError("-o: needs a file: write -o OUT.vmfb")
            output = waiting.pop(0)
        elif token.startswith(("-o=", "--o=")):
            output = token.partition("=")[2]
        elif token.startswith("-") and token != "-":
            flags.append(token if token.startswith("--") else f"-{token}")
            named = token.startswith(
                ("--amd-aie-", "--iree-hal-target-", "--iree-amd", _INPUT_SHAPE)
            )
            if named and "=" not in token and waiting and not waiting[0].startswith("-"):
                flags[-1] += f"={waiting.pop(0)}"
        else:
            inputs.append(token)
    if not inputs:
        raise UsageError("no input: name a .onnx, .mlir or .mlirbc file")
    if len(inputs) > 1:
        raise UsageError(f"several inputs ({', '.join(inputs)}): flags are written --name=value")
    if output is None:
        raise UsageError("no output: add -o OUT.vmfb")
    return inputs[0], Path(output), flags


def run_compile(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: what the user gave cannot be used; nothing was written.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        print(_help(), end="")
        return 0 if arguments else 2
    name, output, flags = _split(arguments)
    from aie_conv.compiler import compile_onnx, compile_source
    from aie_conv.frontends.onnx import is_onnx, parse_shapes
    from aie_conv.options import parse_flags
    from aie_conv.report.json import summary
    from aie_conv.toolchain.discover import can_build

    shapes = parse_shapes(
        [flag.partition("=")[2] for flag in flags if flag.startswith(_INPUT_SHAPE)]
    )
    options = parse_flags([flag for flag in flags if not flag.startswith(_INPUT_SHAPE)])
    source = sys.stdin.buffer.read() if name == "-" else Path(name)
    if shapes and not is_onnx(source):
        raise UsageError(f"{_INPUT_SHAPE}: only ONNX models take it: fix the sizes in the module")
    quick = options.search == "fast" and options.html is None and options.trace is None
    quick = quick and options.check == "off" and not can_build(options)
    said = Stderr("aie-conv compile", quiet=quick)
    try:
        if is_onnx(source):
            artifact = compile_onnx(
                source, options, shapes, said.progress, said.warn, output=output
            )
        else:
            artifact = compile_source(source, options, said.progress, said.warn, output=output)
    finally:
        said.end()
    print(f"{output}: {summary(artifact.report)}")
    if artifact.report["toolchain"]["check"]:
        print(f"{output}: {artifact.report['toolchain']['check']}")
    return 0
