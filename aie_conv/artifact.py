"""A compiled program, its NPU programs, and the files that are written beside it."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aie_conv.errors import Unsupported, UsageError, VerifyError
from aie_conv.files import check_folder, check_writable, read_bytes, reason, write_all, write_whole
from aie_conv.mapping.region import RegionOperation, emit_region
from aie_conv.options import Options
from aie_conv.partitioner.regions import Region
from aie_conv.plan import Plan, Sample
from aie_conv.planning import Say
from aie_conv.report.json import summary
from aie_conv.report.pictures import make_pictures
from aie_conv.runtime.executable import Buffer, Executable, ScratchArgument


@dataclass(frozen=True)
class Artifact:
    """A compiled program.

    Attributes:
        vmfb: the VM flatbuffer, with every NPU program inside, sealed (:mod:`aie_conv.seal`).
        report: what went where and why (docs/report-schema.md).
        modules: AIE module text of each call of the NPU, by its region's name: of one dispatch alone the
            dispatch's.
    """

    vmfb: bytes
    report: dict[str, Any]
    modules: dict[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<aie_conv artifact, {len(self.vmfb):,} bytes: {summary(self.report)}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the flatbuffer; the file appears whole or not at all."""
        write_whole(Path(path), self.vmfb)


class Verifier:
    """Checks AIE modules against every limit of their device; equal ones once."""

    def __init__(self) -> None:
        self._refusals: dict[bytes, VerifyError | None] = {}
        self._room: dict[Sample, bool] = {}

    def check(self, text: str) -> None:
        """Raise VerifyError for a module that breaks a limit."""
        from aie_conv.sim import verify

        key = hashlib.sha256(text.encode()).digest()
        if key not in self._refusals:
            self._refusals[key] = None
            try:
                verify(text)
            except VerifyError as refusal:
                self._refusals[key] = refusal
        refusal = self._refusals[key]
        if refusal is not None:
            raise refusal

    def fits(self, plan: Plan) -> bool:
        """Whether a plan's program keeps within the limits."""
        return self._holds(plan.emit())

    def has_room(self, plan: Plan) -> bool:
        """Whether one core has room for what a plan's program needs in it; others need the same."""
        from aie_conv.sim import verify_sample

        sample = plan.emit_sample()
        if sample not in self._room:
            try:
                verify_sample(sample.text, dict(sample.functions))
            except VerifyError:
                self._room[sample] = False
            else:
                self._room[sample] = True
        return self._room[sample]

    def _holds(self, text: str) -> bool:
        try:
            self.check(text)
        except VerifyError:
            return False
        return True


def make_executable(plan: Plan, verifier: Verifier) -> Executable:
    """A plan's executable, without what a toolchain makes of it.

    Args:
        plan: the plan.
        verifier: checks its program.

    Raises:
        VerifyError: its program breaks a limit of its device.
    """
    text = plan.emit()
    verifier.check(text)
    buffers = tuple(Buffer(a.dtype, a.elements, a.slack) for a in plan.arguments)
    keeps = plan.problem.keeps_base and not plan.finish
    return Executable(plan.device, buffers, keeps, text)


def make_region_executable(region: Region, verifier: Verifier) -> Executable:
    """The executable of a region of several dispatches.

    Args:
        region: the region.
        verifier: checks its program.

    Raises:
        VerifyError: its program breaks a limit of its device.
    """
    layout = region.layout
    if layout is None:
        raise ValueError(f"{region.name}: a region of one dispatch has that one's executable")
    pairs = zip(region.members, layout.places, strict=True)
    emitted = emit_region(
        [RegionOperation(m.plan, places) for m, places in pairs], layout.arguments
    )
    verifier.check(emitted.text)
    scratch = None
    if layout.arena is not None:
        fills = tuple((fill.first, fill.elements, fill.value) for fill in layout.fills)
        scratch = ScratchArgument(layout.arena, fills)
    written = [region.members[each.member] for each in layout.results]
    return Executable(
        device=region.device,
        arguments=tuple(Buffer(a.dtype, a.elements, a.slack) for a in layout.arguments),
        keeps_base=any(m.plan.problem.keeps_base and not m.plan.finish for m in written),
        text=emitted.text,
        results=len(layout.arguments) - layout.first_result,
        scratch=scratch,
        operations=tuple(zip(region.names, emitted.tasks, strict=True)),
    )


def air_text(name: str, plan: Plan, version: str = "august") -> str:
    """A plan's module one level up, for a version of mlir-air; raises UsageError for one that has none."""
    from aie_conv.direct.air.module import air_module
    from aie_conv.mapping.plan import ArrayPlan

    try:
        if not isinstance(plan, ArrayPlan):
            raise Unsupported(f"a plan of route {plan.route} has no form for mlir-air")
        return air_module(plan, version)
    except Unsupported as refusal:
        raise UsageError(f"--amd-aie-emit-level=air: {name}: {refusal}") from None


# -- files ----------------------------------------------------------------------------------------------
def check_input(path: Path) -> None:
    """Raise UsageError for a file that cannot be read, or holds nothing; a pipe is not touched."""
    try:
        plain = path.is_file()
        if plain:
            with path.open("rb"):
                pass
        elif not path.exists() or path.is_dir():
            read_bytes(path, ".onnx, .mlir or .mlirbc file")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    if plain and path.stat().st_size == 0:
        raise UsageError(f"{path}: empty file: give MLIR text or bytecode")


def check_outputs(options: Options, output: Path | None = None) -> None:
    """Raise UsageError for a file or folder of a compilation that cannot be written.

    Args:
        options: with the names of what stands beside the artifact.
        output: the artifact's; None for no file.
    """
    if options.emit is not None:
        check_folder(options.emit)
    named = (output, options.report, options.trace, options.html)
    files = [path for path in named if path is not None]
    for number, path in enumerate(files):
        check_writable(path)
        if path in files[:number]:
            raise UsageError(f"{path}: given for two files: name another")


def write_outputs(
    options: Options,
    artifact: Artifact,
    regions: Sequence[Region],
    texts: dict[str, str],
    progress: Say,
    output: Path | None = None,
) -> None:
    """Write an artifact and what stands beside it, where it was asked for: all of it or nothing.

    Args:
        options: with the files' names.
        artifact: the compilation's.
        regions: the calls of the NPU.
        texts: what ``options.emit`` shows of each.
        progress: told which program is being simulated.
        output: the artifact's file; None for none.

    Raises:
        UsageError: a file cannot be written, or there is nothing to trace.
    """
    files = make_pictures(options, artifact.report, artifact.modules, regions, progress)
    if options.report is not None:
        files[options.report] = json.dumps(artifact.report, indent=1).encode() + b"\n"
    if options.emit is not None:
        files |= {options.emit / _file_name(name): text.encode() for name, text in texts.items()}
    if output is not None:
        files[output] = artifact.vmfb
    write_all(files)


def _file_name(dispatch: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", dispatch) + ".mlir"
