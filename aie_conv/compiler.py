"""Compilations: every stage of the pipeline run on a module, an ONNX model, or any of these."""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aie_conv import isolate, pipeline
from aie_conv.artifact import Artifact, air_text, check_input, check_outputs, write_outputs
from aie_conv.errors import UsageError
from aie_conv.options import Options
from aie_conv.plan import Dispatch
from aie_conv.planning import Say, silent
from aie_conv.report.json import make_report
from aie_conv.report.regions import region_entries
from aie_conv.runtime.embedded import attach
from aie_conv.seal import seal, unseal


def compile_source(
    source: Path | bytes,
    options: Options,
    progress: Say = silent,
    warn: Say = warnings.warn,
    *,
    output: Path | None = None,
) -> Artifact:
    """Run every stage on MLIR.

    Args:
        source: a file, or a buffer of MLIR text or bytecode.
        options: the options.
        progress: told what takes long.
        warn: told of what a user should know though it is no error.
        output: file of the artifact, which is written with the others or not at all; None for none.

    Raises:
        UsageError: the input file cannot be read, or IREE refuses it; the message is IREE's. No file was
            written.
    """
    if isinstance(source, Path):
        check_input(source)
    check_outputs(options, output)
    _check_tools(options)
    begun = time.perf_counter()
    state = pipeline.start(source, options, progress, warn)
    texts: dict[str, str] = {}

    def level_down(state: pipeline.CompileState) -> None:
        version = options.air_version
        texts.update({name: air_text(name, plan, version) for name, plan in state.plans.items()})

    stages = list(pipeline.STAGES)
    if options.emit_level == "air":
        stages.insert(stages.index(pipeline.emit) + 1, level_down)
    try:
        pipeline.run(state, stages)
    except UsageError as refusal:
        if not refusal.by_compiler:
            raise
        # IREE keeps some of the flags for its process: with its own it is asked in another.
        told = {"progress": progress, "warn": warn}
        stock = (state.source, state.name, options)
        state.vmfb, state.dispatches = isolate.call("aie_conv.compiler:compile_stock", stock, told)
        state.programs, state.binaries, state.regions, texts = {}, {}, (), {}
        warn(f"{state.name}: for the CPU alone: with this compiler's flags IREE says: {refusal}")
    seconds = {
        "choose": state.seconds.get("choose", 0.0),
        "emit": state.seconds.get("emit", 0.0),
        "total": time.perf_counter() - begun,
    }
    modules = {name: program.executable.text for name, program in state.programs.items()}
    joined = state.joined
    loaded = {
        name: state.programs[joined[name].name if name in joined else name].executable.configuration
        for name in state.plans
    }
    regions = region_entries(state.regions, modules, state.planning.host)
    report = make_report(
        state.dispatches, options.device, seconds, loaded, regions, state.npu_excess
    )
    report["toolchain"] = {"check": state.toolchain, "binaries": len(state.binaries)}
    vmfb = seal(attach(unseal(state.vmfb), report, state.binaries))
    artifact = Artifact(vmfb, report, modules)
    write_outputs(options, artifact, state.regions, texts or modules, progress, output)
    return artifact


def _check_tools(options: Options) -> None:
    """Refuse before any work what tools are asked for and are not there.

    Raises:
        UsageError: tools that are required are missing, or a named folder has none.
    """
    from aie_conv.toolchain.build import open_toolchain
    from aie_conv.toolchain.check import open_checker
    from aie_conv.toolchain.discover import can_build

    if options.check == "tools":
        open_checker(options.mlir_aie_dir)
    if options.binaries == "require":
        folders = options.mlir_aie_dir, options.peano_dir
        open_toolchain(options.binaries, *folders, options.binary_format)
    can_build(options)


def compile_stock(
    source: bytes, name: str, options: Options, progress: Say = silent, warn: Say = warnings.warn
) -> tuple[bytes, tuple[Dispatch, ...]]:
    """A module compiled with IREE's own flags and the user's, and its dispatches, all on the CPU.

    Raises:
        UsageError: IREE refuses it so as well; the message is IREE's.
    """
    state = pipeline.run(
        pipeline.start(source, options, progress, warn, name), pipeline.STOCK_STAGES
    )
    return state.vmfb, state.dispatches


def compile_isolated(
    source: Path | bytes, options: Options, progress: Say = silent, warn: Say = warnings.warn
) -> Artifact:
    """:func:`compile_source` in a process of its own.

    Raises:
        ProcessDied: that process ended of a signal, which IREE's library can bring about.
        UsageError: as there.
    """
    told = {"progress": progress, "warn": warn}
    return isolate.call("aie_conv.compiler:compile_source", (source, options), told)


def compile_onnx(
    source: Any,
    options: Options,
    shapes: Mapping[str, Sequence[int]] | None = None,
    progress: Say = silent,
    warn: Say = warnings.warn,
    *,
    output: Path | None = None,
    isolate: bool = False,
) -> Artifact:
    """Run every stage on an ONNX model.

    Args:
        source: a path, a serialized model, or a ``ModelProto``.
        options: the options.
        shapes: sizes of inputs that the model leaves open, by name.
        progress, warn: as :func:`compile_source` takes them.
        output: file of the artifact, None for none; without ``isolate`` alone.
        isolate: compile in a process of its own.

    Raises:
        UsageError: the model cannot be read, imported or compiled.
    """
    from aie_conv.frontends.onnx import explain_refusal, import_with_flags, source_name

    progress(f"reading {source_name(source)}")
    module, flags = import_with_flags(source, shapes)
    options = replace(options, iree_flags=(*flags, *options.iree_flags))
    try:
        if isolate:
            return compile_isolated(module, options, progress, warn)
        return compile_source(module, options, progress, warn, output=output)
    except UsageError as error:
        raise UsageError(explain_refusal(str(error), source)) from None


def compile_any(
    module_or_model: Any,
    options: Options,
    example_inputs: Any = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    *,
    isolate: bool = False,
) -> Artifact:
    """Compile a path, MLIR text or bytes, an ONNX model, or a torch model with its example inputs.

    Args:
        module_or_model: what to compile.
        options: the options.
        example_inputs, example_kwargs: of a torch model.
        input_shapes: of an ONNX model's inputs, by name.
        isolate: compile in a process of its own.
    """
    from aie_conv.frontends.onnx import is_onnx

    if is_onnx(module_or_model):
        return compile_onnx(module_or_model, options, input_shapes, isolate=isolate)
    if input_shapes is not None:
        raise UsageError("input_shapes: only ONNX models take them: fix the sizes in the module")
    from aie_conv.frontends.source import read_source

    source = read_source(module_or_model, example_inputs, example_kwargs)
    return compile_isolated(source, options) if isolate else compile_source(source, options)
