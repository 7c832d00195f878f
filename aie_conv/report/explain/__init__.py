"""What the compiler did, stage by stage: each with its reason and the IR that shows it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.problem import ConvProblem
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import short

if TYPE_CHECKING:
    from aie_conv.bridge.cpu.stages import CpuCode
    from aie_conv.options import Options
    from aie_conv.pipeline import CompileState
    from aie_conv.plan import Dispatch

__all__ = ["STAGES", "StageReport", "explain"]

STAGES: dict[str, str] = {
    "imported": "the module as it was given",
    "dispatches": "the pieces that IREE cuts it into",
    "problem": "one of them as a convolution: loops, strides, buffers",
    "candidates": "the routes, what they cost, and why the losers lost",
    "plan": "NPU: tiles at each memory level, who holds what, bytes and cycles",
    "index-maps": "NPU: which element of each buffer a step meets",
    "program": "NPU: the AIE program",
    "core": "NPU: what each core runs",
    "regions": "networks: which dispatches a call of the NPU does, and why each border is there",
    "cpu-form": "CPU: the module in the form for the CPU alone",
    "cpu-tiles": "CPU: strategy, tile sizes and grid of workgroups",
    "cpu-workgroups": "CPU: the loops after distribution",
    "cpu-parallel": "CPU: the loops after the parallel tiling",
    "cpu-reduction": "CPU: the loops after the reduction tiling",
    "cpu-decomposed": "CPU: the convolution of fewer dimensions",
    "cpu-kernel": "CPU: the call of a micro-kernel",
    "cpu-vector": "CPU: the vector operations",
    "cpu-final": "CPU: the last form before LLVM, vectorised or not",
}
"""Every stage that there may be, in order; a dispatch has those of its route."""


def explain(
    source: bytes,
    name: str,
    options: Options,
    *,
    dispatch: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = warnings.warn,
) -> list[StageReport]:
    """Compile a module as :func:`aie_conv.compile` does, and keep what each stage made.

    Args:
        source: MLIR text or bytecode.
        name: what messages call it.
        options: the backend's.
        dispatch: the dispatch that is shown from the third stage on, its name with or without its
            function's before it; None for the convolution or
            matmul with the most multiply-accumulates.
        progress: told what takes long.
        warn: told of what a user should know though it is no error.

    Raises:
        UsageError: IREE refuses the module, or it has no such dispatch, or no convolution.
    """
    from aie_conv.pipeline import (
        assign_configurations,
        choose,
        form_regions,
        import_module,
        recognise,
        run,
        start,
    )

    state = run(start(source, options, progress, warn, name), [import_module])
    texts = _read_texts(state)
    run(state, [recognise, choose, assign_configurations, form_regions])
    dispatches = state.dispatches
    shown = _heaviest(dispatches, name) if dispatch is None else _select_named(dispatches, dispatch)
    stages = _first(state, texts, shown)
    if shown is not None and shown.decision.plan is not None:
        return [*stages, *_npu(shown), *_network(state, shown)]
    # The regions are read before the CPU's form takes their place.
    return [*stages, *_network(state, shown), *_cpu(state, shown, dispatch)]


@dataclass(frozen=True)
class _Texts:
    """What a reader sees of a module before its dispatches are decided on.

    Attributes:
        source: the module as it comes.
        flow: its dispatches.
        executables: the code of each dispatch by its exported name.
    """

    source: str
    flow: str
    executables: dict[str, str]


def _read_texts(state: CompileState) -> _Texts:
    from aie_conv.bridge.trace import print_executables, print_flow, print_source

    source = print_source(state.source, state.name)
    return _Texts(source, print_flow(state.module), print_executables(state.module))


def _select_named(dispatches: Sequence[Dispatch], wanted: str) -> Dispatch | None:
    from aie_conv.report.explain.module import short_names

    cut = short_names(dispatches)
    return next((d for d in dispatches if wanted in (d.name, cut[d.name])), None)


def _heaviest(dispatches: Sequence[Dispatch], name: str) -> Dispatch:
    """The convolution or matmul with the most multiply-accumulates."""
    able = [d for d in dispatches if d.contraction]
    if not able:
        more = ": --dispatch=NAME shows another dispatch's code" if dispatches else ""
        raise UsageError(f"{name}: no convolution or matmul in it{more}")
    return max(able, key=lambda d: d.problem.macs if d.problem is not None else 0)


def _first(state: CompileState, texts: _Texts, shown: Dispatch | None) -> list[StageReport]:
    """The stages that every dispatch has; without one, those of the module."""
    from aie_conv.bridge.flags import session_flags
    from aie_conv.report.explain import module, problem
    from aie_conv.report.explain.cpu import symbol_of

    layout = " ".join(session_flags("auto", state.options.iree_flags)[0])
    name = shown.name if shown is not None else ""
    code = texts.executables.get(name) or texts.executables.get(symbol_of(name), "")
    stages = [
        module.imported(texts.source),
        module.dispatches(state.dispatches, shown, code, texts.flow, layout),
    ]
    if shown is None:
        return stages
    stages.append(problem.problem(shown))
    return [*stages, problem.candidates(shown)] if shown.problem is not None else stages


def _network(state: CompileState, shown: Dispatch | None) -> list[StageReport]:
    """The calls of the NPU, where there is more than one dispatch to join."""
    from aie_conv.report.explain.calls import regions
    from aie_conv.report.explain.module import short_names

    if sum(len(region.members) for region in state.regions) < 2:
        return []
    names = short_names(state.dispatches)
    pins, mode = state.planning.pins, state.options.regions
    pinned = pins is not None and bool(pins.regions)
    return [regions(state.regions, mode, shown, names, pinned=pinned)]


def _npu(shown: Dispatch) -> list[StageReport]:
    from aie_conv.report.explain.maps import index_maps
    from aie_conv.report.explain.plan import chosen as chosen_plan
    from aie_conv.report.explain.program import core, operation_core, program, read_program
    from aie_conv.sim import verify

    plan = shown.decision.plan
    assert plan is not None
    assert shown.problem is not None
    text = plan.emit()
    verify(text)
    read = read_program(text, plan.run_time)
    if not isinstance(shown.problem, ConvProblem):
        return [chosen_plan(plan), program(read), operation_core(plan, read)]
    return [
        chosen_plan(plan),
        index_maps(plan),
        program(read),
        core(plan, read, shown.problem),
    ]


def _cpu(state: CompileState, shown: Dispatch | None, wanted: str | None) -> list[StageReport]:
    """The stages of a dispatch on the CPU.

    Args:
        state: the module, decided on.
        shown: the dispatch among those that were decided on, if it is one of them.
        wanted: the name that the user gave; None where none was given.
    """
    from aie_conv.bridge.cpu.stages import CpuCode
    from aie_conv.bridge.flags import session_flags
    from aie_conv.pipeline import name_programs, rewrite, run
    from aie_conv.report.explain import cpu

    # Only the CPU's dispatches of the rewritten module are looked at.
    run(state, [name_programs, rewrite])
    form = state.module.form
    code = CpuCode(state.module)
    function = cpu.named(code.functions, wanted or (shown.name if shown else ""))
    if function is None and shown is not None and isinstance(shown.problem, ConvProblem):
        function = cpu.alike(code.functions, shown.problem)
    if function is None:
        raise UsageError(
            f"--dispatch={wanted}: {state.name} has no such dispatch:"
            f" use one of {_known(state.dispatches, code)}"
        )
    flags = session_flags(form, state.options.iree_flags)[0]
    return cpu.stages(code, function, flags, alone=form != "auto")


def _known(dispatches: Sequence[Dispatch], code: CpuCode) -> str:
    """A few of the names that may be given."""
    from aie_conv.report.explain.module import short_names

    cut = short_names(dispatches)
    names = [cut[d.name] for d in dispatches if d.contraction]
    names = names or [short(f.name) for f in code.functions]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{', '.join(names[:4])}{more}"
