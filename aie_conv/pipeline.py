"""The compiler: a list of stages over one state.

Whoever compiles runs :data:`STAGES`, or a part of it, or puts another function in the place of one.
"""

import dataclasses
import time
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aie_conv import assignment, isolate, splitting
from aie_conv.artifact import (
    Verifier,
    make_executable,
    make_region_executable,
)
from aie_conv.assignment import Request
from aie_conv.errors import UsageError
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.options import Options
from aie_conv.partitioner.joining import Member, RegionInput, RegionLayout, RegionResult
from aie_conv.partitioner.pins import RegionPin
from aie_conv.partitioner.regions import Region
from aie_conv.partitioner.regions import form_regions as regions_of
from aie_conv.plan import Decision, Dispatch, Plan
from aie_conv.planning import Planning, Say, silent
from aie_conv.runtime.executable import Executable

if TYPE_CHECKING:
    from aie_conv.bridge.calls.host_values import NpuRegion
    from aie_conv.bridge.dispatch_call import DispatchCall
    from aie_conv.bridge.flow import FlowModule


@dataclass(frozen=True)
class Emitted:
    """An NPU program: its executable, and that packed."""

    executable: Executable
    packed: bytes


@dataclass
class CompileState:
    """A module on its way through the compiler; each stage fills in what the next ones read.

    Attributes:
        source: MLIR text or bytecode.
        name: what messages call it.
        planning: the options, and what they give the partitioner.
        progress: told what is being done.
        flow: the module at IREE's `flow` phase.
        calls: its dispatch calls in program order, until they are rewritten.
        dispatches: where each call goes.
        npu_excess: where all stays on the CPU though it need not, the cycles more that the NPU would take.
        regions: which dispatches one call of the NPU does.
        programs: the NPU's, by the name of their region: of one dispatch alone the dispatch's.
        binaries: the array's configurations as a device loads them, by their digest; {} without a toolchain.
        toolchain: what was said of the programs by tools: "" where none was asked.
        vmfb: the result.
        verifier: checks the programs.
        seconds: of each stage that has run, by its function's name.
    """

    source: bytes
    name: str
    planning: Planning
    progress: Say = silent
    flow: "FlowModule | None" = None
    calls: "tuple[DispatchCall, ...]" = ()
    dispatches: tuple[Dispatch, ...] = ()
    npu_excess: int | None = None
    regions: tuple[Region, ...] = ()
    programs: dict[str, Emitted] = field(default_factory=dict[str, Emitted])
    binaries: dict[str, bytes] = field(default_factory=dict[str, bytes])
    toolchain: str = ""
    vmfb: bytes = b""
    verifier: Verifier = field(default_factory=Verifier)
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def options(self) -> Options:
        """The compilation's options."""
        return self.planning.options

    @property
    def module(self) -> "FlowModule":
        """The module at `flow`; there once it was imported."""
        if self.flow is None:
            raise RuntimeError(f"{self.name}: no stage has imported the module yet")
        return self.flow

    @property
    def plans(self) -> dict[str, Plan]:
        """The plan of each dispatch that goes to the NPU, by its name."""
        return {d.name: d.decision.plan for d in self.dispatches if d.decision.plan is not None}

    @property
    def joined(self) -> dict[str, Region]:
        """The region of each dispatch that shares its call with others, by its name."""
        return {n: region for region in self.regions if region.layout for n in region.names}

    @property
    def requests(self) -> list[Request]:
        """The dispatches that a route may take."""
        return [
            Request(call.name, call.recognised.problem, call.constants, call.split)
            for call in self.calls
            if not call.refusal and call.recognised.problem is not None
        ]


def start(
    source: bytes | Path,
    options: Options | None = None,
    progress: Say = silent,
    warn: Say = warnings.warn,
    name: str = "module",
) -> CompileState:
    """A module before its first stage.

    Args:
        source: MLIR text or bytecode, or a file of it, whose name messages use.
        options: the options; None for the defaults.
        progress: told what takes long.
        warn: told of what a user should know though it is no error.
        name: what messages call a module that is no file.

    Raises:
        UsageError: the file, the pins, the plans or the measured costs cannot be used.
    """
    planning = Planning(options if options is not None else Options(), progress, warn)
    if isinstance(source, Path):
        from aie_conv.bridge.compiler import read_source

        return CompileState(read_source(source), source.name, planning, progress)
    return CompileState(source, name, planning, progress)


# -- the stages: the first line of each is what `aie-conv compile --help` prints -----------------------
Stage = Callable[[CompileState], None]


def import_module(state: CompileState) -> None:
    """Torch, linalg, tosa or stablehlo to IREE's flow phase."""
    from aie_conv.bridge.flow import to_flow

    state.progress("importing and forming dispatches")
    state.flow = to_flow(state.source, state.name, "auto", state.options.iree_flags)


def recognise(state: CompileState) -> None:
    """Each dispatch's body to a ConvProblem with its epilogue."""
    from aie_conv.bridge.flow import find_dispatches

    state.calls = find_dispatches(state.module)


def import_as_stock(state: CompileState) -> None:
    """In place of import_module: with IREE's own flags, where it refuses the module with this compiler's."""
    from aie_conv.bridge.flow import to_flow

    state.progress("compiling with IREE's own flags")
    state.flow = to_flow(state.source, state.name, "stock", state.options.iree_flags)


def stay_on_cpu(state: CompileState) -> None:
    """In place of choose: every dispatch stays where IREE's own flags put it."""
    reason = "IREE refuses the module with this compiler's flags"
    decide_each(state, lambda _: Decision("cpu", reason))
    if state.planning.pins is not None:
        state.planning.pins.check(state.dispatches)
    state.calls = ()


def decide_each(state: CompileState, decide: Callable[[Request], Decision]) -> None:
    """Let a function decide where each dispatch goes that a route may take."""
    requests = {request.name: request for request in state.requests}
    dispatches: list[Dispatch] = []
    for number, call in enumerate(state.calls, 1):
        state.progress(f"choosing for dispatch {number} of {len(state.calls)}")
        request = requests.get(call.name)
        decision = decide(request) if request is not None else Decision("cpu", call.refusal)
        seen = call.recognised
        dispatches.append(Dispatch(call.name, seen.problem, seen.contraction, decision))
    state.dispatches = tuple(dispatches)


def choose(state: CompileState) -> None:
    """Every route's best plan and the CPU are priced; the cheapest wins."""
    # Which route wins a close call hardly matters to a plan that gives way to a shared one.
    measure, planning = state.options.configurations == "each", state.planning
    refusals: dict[str, UsageError] = {}

    def decide(request: Request) -> Decision:
        try:
            return assignment.decide(planning, request, measure=measure)
        except UsageError as refusal:
            if planning.pins is None:
                raise
            refusals[request.name] = refusal
            reason = planning.pins.split_reason(request.name)
            if reason:
                return Decision("cpu", reason)
            unpinned = assignment.decide(planning, request, measure=False, pinned=False)
            if unpinned.plan is not None:
                raise
            return unpinned

    decide_each(state, decide)
    splitting.split_refused(state, measure=measure)
    for call in state.calls:
        if call.name in refusals and call.split is None:
            raise refusals[call.name]


def assign_configurations(state: CompileState) -> None:
    """The NPU or the CPU for each, and plans that share configurations: the whole takes the least time."""
    from aie_conv.bridge.graph import find_graphs

    planning = state.planning
    planning.warn_of_misfits()
    if planning.pins is not None:
        planning.pins.check(state.dispatches)
    requests = state.requests
    decisions = {d.name: d.decision for d in state.dispatches}
    each = [decisions[request.name] for request in requests]
    graphs = find_graphs(state.calls)
    choice = assignment.assign(planning, requests, each, graphs, state.verifier)
    state.npu_excess = choice.npu_excess
    decisions |= {r.name: d for r, d in zip(requests, choice.decisions, strict=True)}
    notes = {call.name: call.note for call in state.calls}
    state.dispatches = tuple(
        Dispatch(d.name, d.problem, d.contraction, _add_note(decisions[d.name], notes[d.name]))
        for d in state.dispatches
    )
    splitting.add_rests(state)


def refuse_cpu(state: CompileState) -> None:
    """With --amd-aie-only: an error where an operation stays on the CPU."""
    stays = next((d for d in state.dispatches if d.decision.plan is None), None)
    if state.options.only and stays is not None:
        raise UsageError(
            f"--amd-aie-only: {state.name}: {stays.name} stays on the CPU: {stays.decision.reason}"
        )


def _add_note(decision: Decision, note: str) -> Decision:
    """A decision for the NPU whose reason also says how the dispatch was read."""
    if not note or decision.plan is None:
        return decision
    return dataclasses.replace(decision, reason=f"{decision.reason}; {note}")


def form_regions(state: CompileState) -> None:
    """Dispatches that one call of the NPU does, in one configuration, become regions."""
    from aie_conv.bridge.graph import find_graphs

    calls = {call.name: call for call in state.calls}
    plans = {name: plan for name, plan in state.plans.items() if isinstance(plan, ArrayPlan)}
    pinned = state.planning.pins.regions if state.planning.pins is not None else ()
    regions: list[Region] = []
    for graph in find_graphs(state.calls) if plans else ():
        members: list[Member] = []
        for number, node in enumerate(graph.nodes):
            if node.name in plans:
                call = calls[node.name]
                apart = "the CPU follows" if call.follower is not None else ""
                members.append(Member(number, node, plans[node.name], call.constants, apart))
        numbered = sum(region.layout is not None for region in regions)
        mode, host = state.options.regions, state.planning.host
        regions += regions_of(graph, members, mode, host, numbered, pinned)
    state.regions = tuple(regions)
    formed = {name for region in regions for name in region.names}
    _check_pinned(pinned, formed, state.dispatches)


def _check_pinned(
    pinned: Sequence[RegionPin], formed: set[str], dispatches: Sequence[Dispatch]
) -> None:
    """That pinned calls are of dispatches that are there; one whose only dispatch is on the CPU is none."""
    on_cpu = {dispatch.name for dispatch in dispatches} - formed
    for pin in pinned:
        missing = next((name for name in pin.dispatches if name not in formed), None)
        if missing is None or (pin.dispatches == (missing,) and missing in on_cpu):
            continue
        what = "is not on the NPU" if missing in on_cpu else "no such dispatch"
        raise UsageError(f"{pin.where}: {missing}: {what}: correct or remove the entry")


def emit(state: CompileState) -> None:
    """Plan to an AIE module, verified against the device's limits."""
    programs: dict[Hashable, Emitted] = {}
    joined = state.joined
    for region in dict.fromkeys(joined.values()):
        state.progress(f"emitting {region.name}, {len(region.members)} dispatches")
        executable = make_region_executable(region, state.verifier)
        state.programs[region.name] = Emitted(executable, executable.pack())
    for name, plan in state.plans.items():
        if name in joined:
            continue
        state.progress(f"emitting {name}")
        key = (plan.route, plan.style, plan.problem, tuple(sorted(plan.parameters.items())))
        if key not in programs:
            executable = make_executable(plan, state.verifier)
            programs[key] = Emitted(executable, executable.pack())
        state.programs[name] = programs[key]


def check_with_tools(state: CompileState) -> None:
    """With --amd-aie-check=tools, mlir-aie lowers each program, and its instruction words are compared."""
    if state.options.check != "tools":
        return
    from aie_conv.toolchain.check import check_all, open_checker

    checker = open_checker(state.options.mlir_aie_dir)
    texts = {program.executable.text: name for name, program in state.programs.items()}
    checked = check_all({name: text for text, name in texts.items()}, checker, state.progress)
    words, cores = sum(len(c.words) for c in checked), sum(c.cores for c in checked)
    state.toolchain = (
        f"{checker.version}: {len(checked)} programs checked: {words} instruction words as their"
        f" text says, {cores} cores lowered to LLVM IR"
    )
    state.progress(state.toolchain)


def build_binaries(state: CompileState) -> None:
    """NPU binaries, one a configuration, where mlir-aie and Peano are installed."""
    options = state.options
    if options.binaries == "off" or not state.programs:
        return
    from aie_conv.toolchain.build import build_all, open_toolchain

    folders, wanted = (options.mlir_aie_dir, options.peano_dir), options.binary_format
    toolchain = open_toolchain(options.binaries, *folders, wanted)
    if toolchain is None:
        return
    texts = dict.fromkeys(p.executable.text for p in state.programs.values())
    built = build_all(list(texts), toolchain, state.progress, wanted)
    state.binaries = dict(built.binaries)
    state.programs = {
        name: _with_code(program.executable, built.programs[program.executable.text])
        for name, program in state.programs.items()
    }


def _with_code(executable: Executable, blobs: Mapping[str, bytes]) -> Emitted:
    whole = dataclasses.replace(executable, blobs=dict(blobs))
    return Emitted(whole, whole.pack())


def name_programs(state: CompileState) -> None:
    """In place of emit where no program is run: each stands for itself by its dispatch's name."""
    state.regions = ()
    for name, plan in state.plans.items():
        state.programs[name] = Emitted(Executable(plan.device, (), False, ""), name.encode())


def rewrite(state: CompileState) -> None:
    """Dispatch to host copies around a call of the runtime module."""
    from aie_conv.bridge.calls.host_values import NpuProgram
    from aie_conv.bridge.flow import replace, to_flow

    plans = state.plans
    if not plans and any(d.contraction for d in state.dispatches):
        # The NPU's layouts are slow on the CPU, and nobody needs them here.
        form = "cpu" if state.options.route == "cpu" else "none"
        state.flow = to_flow(state.source, state.name, form, state.options.iree_flags)
        state.calls = ()
        return
    joined = state.joined
    programs = {
        n: NpuProgram(plan, state.programs[n].packed)
        for n, plan in plans.items()
        if n not in joined
    }
    regions = {
        region.names: _bind_region(region, layout, state.programs[region.name].packed)
        for region in dict.fromkeys(joined.values())
        if (layout := region.layout) is not None
    }
    replace(state.module, state.calls, programs, regions)
    state.calls = ()


def _bind_region(region: Region, layout: RegionLayout, packed: bytes) -> "NpuRegion":
    """A region as the bridge knows it."""
    from aie_conv.bridge.calls.host_values import NpuBuffer, NpuRegion, NpuValue

    def place(each: RegionInput | RegionResult, argument: str, first: int) -> NpuValue:
        number = layout.number_of(each.place) - first
        return NpuValue(each.member, argument, number, each.place.offset)

    buffers = [NpuBuffer(a.dtype, a.elements) for a in layout.arguments]
    first = layout.first_result
    return NpuRegion(
        name=region.name,
        plans=tuple(member.route_plan for member in region.members),
        inputs=tuple(place(each, each.argument, 0) for each in layout.inputs),
        entering=tuple(buffers[: layout.packed]),
        weights=buffers[layout.packed],
        offsets=layout.weights,
        results=tuple(place(each, "", first) for each in layout.results),
        leaving=tuple(buffers[first:]),
        packed=packed,
    )


def generate(state: CompileState) -> None:
    """The CPU's dispatches and the host program to a .vmfb."""
    from aie_conv.bridge.flow import to_vmfb

    state.progress("generating code for the CPU's dispatches")
    state.vmfb = to_vmfb(state.module)


STAGES: tuple[Stage, ...] = (
    import_module,
    recognise,
    choose,
    assign_configurations,
    refuse_cpu,
    form_regions,
    emit,
    check_with_tools,
    build_binaries,
    rewrite,
    generate,
)
"""What a compilation does, in order."""

STOCK_STAGES: tuple[Stage, ...] = (
    import_as_stock,
    recognise,
    stay_on_cpu,
    refuse_cpu,
    generate,
)
"""What it does instead where IREE refuses the module that this compiler's own flags or rewrites make."""


def describe_stages() -> list[tuple[str, str]]:
    """Name and first line of each stage, for people."""
    return [
        (stage.__name__.replace("_", "-"), (stage.__doc__ or "").partition("\n")[0].rstrip("."))
        for stage in STAGES
    ]


def run(state: CompileState, stages: Sequence[Stage] = STAGES) -> CompileState:
    """Run stages one after the other on a state, which is returned.

    Raises:
        UsageError: IREE refused the module (the message is IREE's), or an option cannot be followed.
    """
    for stage in stages:
        begun = time.perf_counter()
        name = stage.__name__
        with isolate.stage(f"{name} of {state.name}"):
            stage(state)
        state.seconds[name] = state.seconds.get(name, 0.0) + time.perf_counter() - begun
    return state
