"""The backend's stages, as a table, and the function that runs them."""

import json
import os
import re
import time
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv import partitioner, toolchain
from aie_conv.errors import Unsupported, UsageError, VerifyError
from aie_conv.files import write_whole
from aie_conv.options import Options
from aie_conv.partitioner.configurations import Call, shared, together
from aie_conv.partitioner.cost import FIXED, load_measured
from aie_conv.partitioner.pins import Pin, Pins, read_pins
from aie_conv.plan import Decision, Plan
from aie_conv.planning import Planning, Say, plan_cache, silent
from aie_conv.problem import ConvProblem
from aie_conv.report.json import VERSION, make_report, summary
from aie_conv.report.pictures import make_pictures
from aie_conv.runtime.embedded import attach_report
from aie_conv.runtime.executable import Buffer, Executable

if TYPE_CHECKING:
    from aie_conv.bridge.pipeline import Dispatch

STAGES: tuple[tuple[str, str, str], ...] = (
    (
        "import",
        "frontends, bridge.compiler",
        "torch, linalg, tosa or stablehlo to IREE's flow phase",
    ),
    ("recognise", "bridge.recognise", "each dispatch's body to a ConvProblem with its epilogue"),
    ("choose", "partitioner", "every route's best plan and the CPU are priced; the cheapest wins"),
    ("settle", "partitioner", "plans whose programs may be one share a configuration of the array"),
    ("emit", "img2col, direct", "plan to an AIE module, verified against the device's limits"),
    ("rewrite", "bridge.rewrite", "dispatch to host copies around a call of the runtime module"),
    ("generate", "bridge.compiler", "the CPU's dispatches and the host program to a .vmfb"),
)
"""Name, where, and what each stage does; printed by ``aie-conv compile --help``."""


@dataclass(frozen=True)
class Artifact:
    """A compiled program.

    Attributes:
        vmfb: the VM flatbuffer, with every NPU program inside.
        report: what went where and why (docs/report-schema.md).
        modules: AIE module text of each NPU dispatch by name.
    """

    vmfb: bytes
    report: dict[str, Any]
    modules: dict[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<aie_conv artifact, {len(self.vmfb):,} bytes: {summary(self.report)}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the flatbuffer; the file appears whole or not at all."""
        write_whole(Path(path), self.vmfb)


def _file_name(dispatch: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", dispatch) + ".mlir"


def check_writable(path: Path) -> None:
    """Raise UsageError if a file cannot be written, before the work of making it."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: cannot be written: no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: cannot be written: {path.parent} is read-only")


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there; raises UsageError if that cannot be, or it is read-only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: cannot be written: it is read-only")


def write_modules(folder: Path, modules: dict[str, str]) -> None:
    """Write each module as DIR/<dispatch>.mlir; raises UsageError if that cannot be."""
    make_folder(folder)
    for name, text in modules.items():
        write_whole(folder / _file_name(name), text.encode())


def pack_plan(plan: Plan) -> tuple[Executable, bytes]:
    """A plan's executable, its text checked against every limit of its device, and the bytes of it."""
    from aie_conv.sim import verify

    text = plan.emit()
    verify(text)
    blobs = toolchain.build(text)
    buffers = tuple(Buffer(a.dtype, a.elements, a.slack) for a in plan.arguments)
    keeps = plan.problem.keeps_base and not plan.finish
    executable = Executable(plan.device, buffers, keeps, text, blobs)
    return executable, executable.pack()


def air_text(name: str, plan: Plan) -> str:
    """A plan's module one level up; raises UsageError for one that has none."""
    from aie_conv.direct.air import air_module
    from aie_conv.mapping.plan import ArrayPlan

    try:
        if not isinstance(plan, ArrayPlan):
            raise Unsupported(f"a plan of route {plan.route} has no form for mlir-air")
        return air_module(plan)
    except Unsupported as refusal:
        raise UsageError(f"--amd-aie-emit-level=air: {name}: {refusal}") from None


class Chooser:
    """The partitioner with a compilation's options.

    Args:
        options: the options.
        progress: told what takes long.
        warn: told of what a user should know.

    Raises:
        UsageError: at once, if the pins, the plans or the measured costs cannot be used.
    """

    def __init__(self, options: Options, progress: Say = silent, warn: Say = warnings.warn) -> None:
        self._options = options
        self._planning = Planning(options, progress, warn)
        self._host = load_measured() if options.cpu_cost == "measured" else FIXED
        self._pins = _pins(options)
        self._progress = progress
        self._asked: dict[str, _Asked] = {}

    def choose(self, name: str, problem: ConvProblem, constants: frozenset[str]) -> Decision:
        """Where a dispatch goes, but for :meth:`settle`."""
        pin = self._pins.find(name, problem.describe()) if self._pins is not None else None
        self._asked[name] = _Asked(problem, constants, pin)
        # Which route wins a close call hardly matters to a plan that gives way to a shared one.
        return self._decide(self._asked[name], measure=self._options.configurations == "each")

    def _decide(self, asked: "_Asked", *, measure: bool) -> Decision:
        options = self._options
        return partitioner.choose(
            asked.problem,
            device=options.device,
            route=options.route,
            f32=options.f32,
            direct=options.direct,
            host=self._host,
            constants=asked.constants,
            pin=asked.pin,
            planner=self._planning.planner,
            measure=measure,
        )

    def settle(self, dispatches: "Sequence[Dispatch]") -> "list[Dispatch]":
        """The dispatches with plans that share configurations where that is cheaper.

        Raises:
            UsageError: a pin was not met.
        """
        self._planning.tell()
        if self._pins is not None:
            self._pins.check(
                (d.name, d.problem and d.problem.describe(), d.decision.route, d.decision.reason)
                for d in dispatches
            )
        if len(self._asked) == 1 and self._options.configurations == "few":
            # Nothing to share: the close call may also be with the CPU.
            ((name, only),) = self._asked.items()
            decision = self._decide(only, measure=True)
            return [replace(d, decision=decision) if d.name == name else d for d in dispatches]
        npu = [d for d in dispatches if d.decision.plan is not None]
        asked = [self._asked[d.name] for d in npu]
        calls = [
            Call(d.decision, a.constants, a.pin is None) for d, a in zip(npu, asked, strict=True)
        ]
        decisions = [call.decision for call in calls]
        options = self._options
        if options.configurations == "few":
            self._progress("choosing configurations")
            routes = partitioner.shareable_routes(options.route)
            store = plan_cache() if options.plan_cache == "on" else None
            decisions = together(calls, routes, options.device, self._host, store, _fits)
            decisions = self._measured(asked, decisions)
        plans = iter(shared([d.plan for d in decisions if d.plan is not None], _fits))
        made = {
            dispatch.name: replace(
                dispatch, decision=replace(d, plan=next(plans)) if d.plan is not None else d
            )
            for dispatch, d in zip(npu, decisions, strict=True)
        }
        return [made.get(dispatch.name, dispatch) for dispatch in dispatches]

    def _measured(self, asked: "Sequence[_Asked]", decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions with close calls measured where a problem has a configuration to itself."""
        users: dict[Hashable, set[ConvProblem]] = {}
        for question, decision in zip(asked, decisions, strict=True):
            if decision.plan is not None:
                users.setdefault(decision.plan.configuration, set()).add(question.problem)
        made: dict[_Asked, Decision] = {}
        out: list[Decision] = []
        for question, decision in zip(asked, decisions, strict=True):
            plan = decision.plan
            if plan is None or question.pin or len(users[plan.configuration]) > 1:
                out.append(decision)
                continue
            if question not in made:
                made[question] = self._decide(question, measure=True)
            out.append(made[question])
        return out


@dataclass(frozen=True)
class _Asked:
    """What was asked of a dispatch: its problem, the operands equal at every call, the pin that it has."""

    problem: ConvProblem
    constants: frozenset[str]
    pin: Pin | None


def _fits(plan: Plan) -> bool:
    """Whether a plan's program keeps within the device's limits."""
    from aie_conv.sim import verify

    try:
        verify(plan.emit())
    except VerifyError:
        return False
    return True


def _pins(options: Options) -> Pins | None:
    """The pinned choices that a compilation was given."""
    if options.route_file is None:
        return None
    names = tuple(name for name in partitioner.route_names() if name != "auto")
    pins = read_pins(options.route_file, names, VERSION)
    if pins.device not in (None, options.device):
        raise UsageError(
            f"{options.route_file}: plans for {pins.device}, the device is {options.device}:"
            f" use --amd-aie-device={pins.device}, or remove 'device' and the parameters"
        )
    return pins


def compile_source(
    source: Path | bytes, options: Options, progress: Say = silent, warn: Say = warnings.warn
) -> Artifact:
    """Run every stage on MLIR.

    Args:
        source: a file, or a buffer of MLIR text or bytecode.
        options: the options.
        progress: told what takes long.
        warn: told of what a user should know though it is no error.

    Raises:
        UsageError: the input file cannot be read, or IREE refuses it; the message is IREE's.
    """
    if isinstance(source, Path):
        _check_input(source)
    _check_outputs(options)
    from aie_conv.bridge.pipeline import compile_module

    chooser = Chooser(options, progress, warn)
    modules: dict[str, str] = {}
    written: dict[str, str] = {}
    clock = {"choose": 0.0, "emit": 0.0}
    started = time.perf_counter()

    def choose(name: str, problem: ConvProblem, constants: frozenset[str]) -> Decision:
        start = time.perf_counter()
        decision = chooser.choose(name, problem, constants)
        clock["choose"] += time.perf_counter() - start
        return decision

    packed: dict[Any, tuple[Executable, bytes]] = {}
    loaded: dict[str, str] = {}

    def pack(name: str, plan: Plan) -> bytes:
        start = time.perf_counter()
        key = (plan.route, plan.style, plan.problem, tuple(sorted(plan.parameters.items())))
        if key not in packed:
            packed[key] = pack_plan(plan)
        executable, data = packed[key]
        modules[name], loaded[name] = executable.text, executable.configuration
        written[name] = air_text(name, plan) if options.emit_level == "air" else modules[name]
        clock["emit"] += time.perf_counter() - start
        return data

    with toolchain.folders(options.mlir_aie, options.peano):
        made = compile_module(
            source,
            route=options.route,
            user_flags=options.iree_flags,
            choose=choose,
            pack=pack,
            settle=chooser.settle,
            progress=progress,
        )
    seconds = {**clock, "total": time.perf_counter() - started}
    report = make_report(made.dispatches, options.device, seconds, loaded)
    artifact = Artifact(attach_report(made.vmfb, report), report, modules)
    plans = {d.name: d.decision.plan for d in made.dispatches if d.decision.plan is not None}
    files = make_pictures(options, report, modules, plans, progress)
    if options.report is not None:
        files[options.report] = json.dumps(report, indent=1).encode() + b"\n"
    if options.emit is not None:
        write_modules(options.emit, written)
    for path, data in files.items():
        write_whole(path, data)
    return artifact


def _check_outputs(options: Options) -> None:
    """Raise UsageError for a file or folder beside the artifact that cannot be written."""
    if options.emit is not None:
        make_folder(options.emit)
    files = [path for path in (options.report, options.trace, options.html) if path is not None]
    for number, path in enumerate(files):
        check_writable(path)
        if path in files[:number]:
            raise UsageError(f"{path}: given for two files: name another")


def _check_input(path: Path) -> None:
    try:
        empty = path.stat().st_size == 0
        with path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if empty:
        raise UsageError(f"{path}: empty file: give MLIR text or bytecode")


def compile_any(
    module_or_model: Any,
    options: Options,
    example_inputs: Sequence[Any] | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> Artifact:
    """Compile a path, MLIR text or bytes, an ONNX model, or a torch model with its example inputs."""
    from aie_conv.frontends.onnx import is_onnx

    if is_onnx(module_or_model):
        from aie_conv.frontends.onnx.compile import compile_onnx

        return compile_onnx(module_or_model, options, input_shapes)
    if input_shapes is not None:
        raise UsageError("input_shapes: only ONNX models take them: fix the sizes in the module")
    if isinstance(module_or_model, os.PathLike):
        return compile_source(Path(module_or_model), options)
    if isinstance(module_or_model, bytes):
        return compile_source(module_or_model, options)
    if isinstance(module_or_model, str):
        looks_like_text = "\n" in module_or_model or "func" in module_or_model
        source = module_or_model.encode() if looks_like_text else Path(module_or_model)
        return compile_source(source, options)
    if example_inputs is None:
        kind = type(module_or_model).__name__
        raise UsageError(f"compile: {kind}: a model needs example_inputs=(tensor, …)")
    from aie_conv.frontends.torch import import_model

    return compile_source(import_model(module_or_model, tuple(example_inputs)), options)
