"""What the compiler did, stage by stage: each with its reason and the IR that shows it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.report.explain.stage import Stage
from aie_conv.report.explain.trim import short

if TYPE_CHECKING:
    from aie_conv.bridge.cpu_stages import CpuCode
    from aie_conv.bridge.pipeline import Dispatch
    from aie_conv.bridge.trace import Trace
    from aie_conv.options import Options

__all__ = ["STAGES", "Stage", "explain"]

STAGES: dict[str, str] = {
    "imported": "the module as it was given",
    "dispatches": "the pieces that IREE cuts it into",
    "problem": "one of them as a convolution: loops, strides, buffers",
    "candidates": "the routes, what they cost, and why the losers lost",
    "plan": "NPU: tiles at each memory level, who holds what, bytes and cycles",
    "index-maps": "NPU: which element of each buffer a step meets",
    "program": "NPU: the AIE program",
    "core": "NPU: what each core runs",
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
) -> list[Stage]:
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
    from aie_conv.bridge.trace import trace_module
    from aie_conv.pipeline import Chooser

    chooser = Chooser(options, progress, warn)
    trace = trace_module(
        source,
        name,
        route=options.route,
        user_flags=options.iree_flags,
        choose=chooser.choose,
        # Only the CPU's dispatches of the rewritten module are looked at.
        pack=lambda dispatch, _: dispatch.encode(),
        settle=chooser.settle,
    )
    dispatches = trace.routed.dispatches
    chosen = _heaviest(dispatches, name) if dispatch is None else _named(dispatches, dispatch)
    if chosen is None:
        assert dispatch is not None
        return [
            *_first(trace, None, options.iree_flags),
            *_cpu(trace, None, dispatch, name, options),
        ]
    made = _first(trace, chosen, options.iree_flags)
    if chosen.decision.plan is not None:
        return [*made, *_npu(chosen)]
    return [*made, *_cpu(trace, chosen, dispatch, name, options)]


def _named(dispatches: Sequence[Dispatch], wanted: str) -> Dispatch | None:
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


def _first(trace: Trace, chosen: Dispatch | None, user_flags: Sequence[str]) -> list[Stage]:
    """The stages that every dispatch has; without one, those of the module."""
    from aie_conv.bridge.flags import session_flags
    from aie_conv.report.explain import module, problem
    from aie_conv.report.explain.cpu import symbol_of

    layout = " ".join(session_flags("auto", user_flags)[0])
    name = chosen.name if chosen is not None else ""
    code = trace.executables.get(name) or trace.executables.get(symbol_of(name), "")
    made = [
        module.imported(trace.imported),
        module.dispatches(trace.routed.dispatches, chosen, code, trace.flow, layout),
    ]
    if chosen is None:
        return made
    made.append(problem.problem(chosen))
    return [*made, problem.candidates(chosen)] if chosen.contraction else made


def _npu(chosen: Dispatch) -> list[Stage]:
    from aie_conv.report.explain.maps import index_maps
    from aie_conv.report.explain.plan import chosen as chosen_plan
    from aie_conv.report.explain.program import core, program, read_program
    from aie_conv.sim import verify

    plan = chosen.decision.plan
    assert plan is not None
    assert chosen.problem is not None
    text = plan.emit()
    verify(text)
    found = read_program(text, plan.run_time)
    return [
        chosen_plan(plan),
        index_maps(plan),
        program(found),
        core(plan, found, chosen.problem),
    ]


def _cpu(
    trace: Trace, chosen: Dispatch | None, wanted: str | None, name: str, options: Options
) -> list[Stage]:
    """The stages of a dispatch on the CPU.

    Args:
        trace: the module.
        chosen: the dispatch among those that were decided on, if it is one of them.
        wanted: the name that the user gave; None where none was given.
        name: what messages call the module.
        options: the backend's.
    """
    from aie_conv.bridge.cpu_stages import CpuCode
    from aie_conv.bridge.flags import session_flags
    from aie_conv.report.explain import cpu

    alone = trace.routed.form != "auto"
    code = CpuCode(trace.routed, name)
    function = cpu.named(code.functions, wanted or (chosen.name if chosen else ""))
    if function is None and chosen is not None and chosen.contraction:
        function = cpu.alike(code.functions, chosen.problem)
    if function is None:
        raise UsageError(
            f"--dispatch={wanted}: {name} has no such dispatch: use one of {_known(trace, code)}"
        )
    flags = session_flags(trace.routed.form, options.iree_flags)[0]
    return cpu.stages(code, function, flags, alone=alone)


def _known(trace: Trace, code: CpuCode) -> str:
    """A few of the names that may be given."""
    from aie_conv.report.explain.module import short_names

    dispatches = trace.routed.dispatches
    cut = short_names(dispatches)
    found = [cut[d.name] for d in dispatches if d.contraction]
    found = found or [short(f.name) for f in code.functions]
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"{', '.join(found[:4])}{more}"
