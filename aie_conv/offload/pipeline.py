"""The offload pipeline: the five stages of a module, its executables, and what runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError
from aie_conv.files import is_mlir
from aie_conv.report.explain.stage import StageReport

if TYPE_CHECKING:
    from aie_conv.artifact import Artifact
    from aie_conv.bridge.offload import ModuleText, OffloadModule
    from aie_conv.options import Options
    from aie_conv.runtime.bundle import Bundle
    from aie_conv.runtime.interface import RuntimeDevice
    from aie_conv.runtime.offloaded import OffloadedProgram


@dataclass(frozen=True)
class Offloaded:
    """A module after the pipeline.

    Attributes:
        stages: what each stage made, in order.
        sources: each region as the module that was compiled, by the executable's name.
        artifacts: what it was compiled to.
        bundle: the final form with its executables; ``load_offloaded`` takes it.
    """

    stages: tuple[StageReport, ...]
    sources: Mapping[str, str] = field(repr=False)
    artifacts: Mapping[str, Artifact] = field(repr=False)
    bundle: Bundle = field(repr=False)

    def load(self, device: str | RuntimeDevice | None = None) -> OffloadedProgram:
        """Load the final form; see :func:`aie_conv.runtime.load_offloaded`."""
        from aie_conv.runtime.offloaded import load_offloaded

        return load_offloaded(self.bundle, device)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the final form and its executables to one file."""
        self.bundle.save(path)


def _read(source: str | bytes | os.PathLike[str]) -> tuple[bytes, str]:
    """A module's bytes, and what messages call it."""
    if isinstance(source, bytes):
        return source, "module"
    if isinstance(source, str) and is_mlir(source):
        return source.encode(), "module"
    from aie_conv.bridge.compiler import read_source

    path = Path(source)
    return read_source(path), path.name


def _facts(name: str, artifact: Artifact) -> dict[str, str | int]:
    """What a declaration says of its executable."""
    from aie_conv.runtime.bundle import digest

    totals = artifact.report["totals"]
    contractions = [entry for entry in artifact.report["dispatches"] if entry["contraction"]]
    where = ", ".join(f"{entry['route']} {entry['style']}".rstrip() for entry in contractions)
    if totals["npu"]:
        where += f" on {artifact.report['device']}"
    return {
        "executable": name,
        "digest": digest(artifact.vmfb),
        "where": where or "cpu",
        "npu_dispatches": totals["npu"],
    }


@dataclass
class OffloadState:
    """What the stages pass on.

    Attributes:
        module: the module, one stage further after each.
        options: how the executables are compiled.
        sources: each region as the module that is compiled, by the executable's name.
        artifacts: what it was compiled to.
    """

    module: OffloadModule
    options: Options
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    artifacts: dict[str, Artifact] = field(default_factory=dict[str, "Artifact"])


def outline_regions(state: OffloadState) -> ModuleText:
    """Cut the module into functions and calls of them."""
    outlined = state.module.outline()
    state.sources = outlined.sources
    return outlined.text


def name_executables(state: OffloadState) -> ModuleText:
    """Compile each region, and declare what it was compiled to."""
    from aie_conv.compiler import compile_source

    for region, text in state.sources.items():
        state.artifacts[region] = compile_source(text.encode(), state.options)
    return state.module.name_executables(
        {region: _facts(region, artifact) for region, artifact in state.artifacts.items()}
    )


def pass_destinations(state: OffloadState) -> ModuleText:
    """Let calls take their results' tensors."""
    return state.module.pass_destinations()


def bufferize(state: OffloadState) -> ModuleText:
    """Tensors become buffers."""
    return state.module.bufferize()


def take_results(state: OffloadState) -> ModuleText:
    """Let the caller provide the results."""
    return state.module.take_results()


@dataclass(frozen=True)
class OffloadStage:
    """A stage of the pipeline.

    Attributes:
        name: what reports and files call what it makes.
        sentence: what has changed, for people.
        run: takes the module through it, and gives its text behind it.
    """

    name: str
    sentence: str
    run: Callable[[OffloadState], ModuleText]


PIPELINE: tuple[OffloadStage, ...] = (
    OffloadStage(
        "outlined-regions",
        "Each convolution, with its border, bias and activation, is a function of its own; constants are"
        " copied in, so that only tensors flow between the calls.",
        outline_regions,
    ),
    OffloadStage(
        "named-executables",
        "Each function was compiled as a module of its own; in its place stands a declaration that names the"
        " executable, its digest, and where its dispatches run.",
        name_executables,
    ),
    OffloadStage(
        "destination-passing",
        "Each call takes a destination, at first a new tensor, for each of its results.",
        pass_destinations,
    ),
    OffloadStage(
        "bufferized",
        "Tensors are buffers: an executable writes its destination, and what flows from one to the next is"
        " allocated inside, and freed behind its last reader.",
        bufferize,
    ),
    OffloadStage(
        "results-as-arguments",
        "The caller provides the results: what was returned is an argument, written where it lies. This is"
        " the form that runs.",
        take_results,
    ),
)
"""What :func:`offload` runs, in order."""


def offload(
    source: str | bytes | os.PathLike[str], options: Options | None = None, **choices: Any
) -> Offloaded:
    """Take a module through the pipeline.

    Args:
        source: a path to MLIR, MLIR text or bytecode: linalg on tensors, or the torch dialect.
        options: how the executables are compiled; no files are read or written for one of them.
        choices: instead of ``options``, its fields: device="npu1_4col", route="auto", f32="cpu", …

    Raises:
        UsageError: the module cannot be read or compiled, holds what cannot be offloaded, or an option
            names a file that is about one compilation.
    """
    from aie_conv.bridge.offload import OffloadModule
    from aie_conv.options import Options
    from aie_conv.runtime.bundle import Bundle

    chosen = options if options is not None else Options(**choices)
    for file in ("route_file", "report", "emit", "trace", "html"):
        if getattr(chosen, file) is not None:
            raise UsageError(
                f"offload: {file}={getattr(chosen, file)}: is of one compilation, and each region is one:"
                " compile a region's module by itself for it"
            )
    data, name = _read(source)
    state = OffloadState(OffloadModule(data, name), chosen)
    texts = [stage.run(state) for stage in PIPELINE]
    reports = tuple(
        StageReport(stage.name, stage.sentence, text.short, text.full)
        for stage, text in zip(PIPELINE, texts, strict=True)
    )
    executables = {region: artifact.vmfb for region, artifact in state.artifacts.items()}
    bundle = Bundle(texts[-1].full, executables)
    return Offloaded(reports, state.sources, state.artifacts, bundle)


def stages(
    source: str | bytes | os.PathLike[str], options: Options | None = None, **choices: Any
) -> list[StageReport]:
    """The pipeline's stages of a module; see :func:`offload`."""
    return list(offload(source, options, **choices).stages)
