"""The report of a compilation: every dispatch, where it went and why. Schema: docs/report-schema.md."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from aie_conv.arch import get_device
from aie_conv.numerics import error_bound
from aie_conv.partitioner.configurations import change_cycles
from aie_conv.plan import Candidate, Dispatch, Plan
from aie_conv.problem import OperationProblem, Problem, contraction_of
from aie_conv.report.regions import describe_time, verdict, whole_time

VERSION = 2


def _problem(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    if isinstance(problem, OperationProblem):
        dtypes = [problem.lhs.dtype, problem.accumulator, problem.out.dtype]
    else:
        dtypes = [problem.lhs.dtype, problem.rhs.dtype, problem.accumulator, problem.out.dtype]
    return {
        "text": problem.describe(),
        "kind": problem.kind,
        "loops": [
            {"name": lp.name, "role": lp.role, "size": lp.size, "strides": [lp.lhs, lp.rhs, lp.out]}
            for lp in problem.loops
        ],
        "dtypes": dtypes,
        "fused": [step.op for step in problem.epilogue.steps if step.op != "arith.constant"],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    """A candidate: its price and its plan as far as it has them, and why it was not taken."""
    plan = candidate.plan
    fields: dict[str, Any] = {"route": candidate.route}
    if candidate.style:
        fields["style"] = candidate.style
    if candidate.cost:
        predicted = candidate.run_cycles if plan is None else plan.predicted_cycles
        fields |= {"cost": candidate.cost, "predicted_cycles": predicted}
        if candidate.measured:
            fields["judged_cycles"] = candidate.run_cycles
        fields |= {"host_cycles": candidate.host_cycles, "bound": candidate.bound}
        if candidate.rest_cycles:
            fields["rest_cycles"] = candidate.rest_cycles
    if plan is not None:
        fields |= {"cores": plan.cores, "shim_bytes": plan.shim_bytes}
    if candidate.refused:
        fields["refused"] = candidate.refused
    return fields


def _error_bound(plan: Plan | None, problem: Problem | None) -> str:
    """Of a contraction's sums; others are the cores' own operations."""
    computed = plan.problem if plan is not None else problem
    if plan is None or any(isinstance(each, OperationProblem) for each in (problem, computed)):
        return ""
    # A plan's own problem may be over the operands' parts, three times the products.
    return error_bound(contraction_of(problem or plan.problem), plan.arithmetic)


def entry(dispatch: Dispatch, configuration: int = 0) -> dict[str, Any]:
    """One dispatch call's entry; ``configuration`` numbers the module's from 1, 0 is none."""
    plan, problem = dispatch.decision.plan, dispatch.problem
    return {
        "name": dispatch.name,
        "problem": _problem(problem),
        "contraction": dispatch.contraction,
        "route": dispatch.decision.route,
        "style": plan.style if plan else "",
        "arithmetic": plan.arithmetic if plan else "native",
        "error_bound": _error_bound(plan, problem),
        "parameters": dict(plan.parameters) if plan else {},
        "reason": dispatch.decision.reason,
        "split": dispatch.decision.split,
        "bound": plan.bound if plan else "",
        "configuration": configuration,
        "run_time": list(plan.run_time) if plan else [],
        "cores": plan.cores if plan else 0,
        "macs": problem.macs if problem else 0,
        "shim_bytes": plan.shim_bytes if plan else 0,
        "minimum_bytes": problem.minimum_bytes if problem else 0,
        "predicted_cycles": plan.predicted_cycles if plan else 0,
        "candidates": [_candidate(c) for c in dispatch.decision.candidates],
    }


def make_report(
    dispatches: Iterable[Dispatch],
    device: str,
    seconds: dict[str, float],
    configurations: Mapping[str, str],
    regions: Sequence[Mapping[str, Any]] = (),
    npu_excess: int | None = None,
) -> dict[str, Any]:
    """The whole report.

    Args:
        dispatches: in program order.
        device: the user's name of the device.
        seconds: of the compilation's parts.
        configurations: the array's by dispatch, equal where they are one.
        regions: the calls of the NPU (:func:`aie_conv.report.regions.region_entries`).
        npu_excess: cycles more that the whole would take with the NPU, where it stays on the CPU for that.
    """
    numbers = {"": 0}
    entries: list[dict[str, Any]] = []
    for d in dispatches:
        loaded = configurations.get(d.name, "")
        entries.append(entry(d, numbers.setdefault(loaded, len(numbers))))
    order = [e["configuration"] for e in entries if e["configuration"]]
    # A run begins with what the one before it left.
    changes = sum(new != old for old, new in pairwise([*order[-1:], *order]))
    npu = [e for e in entries if e["route"] != "cpu"]
    operations = sum(not e["contraction"] for e in npu)
    withheld = [d.decision.withheld for d in dispatches]
    facts = get_device(device)
    return {
        "version": VERSION,
        "device": device,
        "peak_macs_per_cycle": dict(
            (dtype, facts.peak_macs(dtype)) for dtype in facts.arch.macs_per_cycle
        ),
        "totals": {
            "dispatches": len(entries),
            "contractions": sum(e["contraction"] for e in entries),
            "npu": len(npu),
            "npu_operations": operations,
            "cpu": len(entries) - len(npu),
            "macs": sum(e["macs"] for e in entries),
            "npu_macs": sum(e["macs"] for e in npu),
            "shim_bytes": sum(e["shim_bytes"] for e in npu),
            "predicted_cycles": sum(e["predicted_cycles"] for e in npu),
            "configurations": len(numbers) - 1,
            "configuration_changes": changes,
            "change_cycles": changes * change_cycles(device),
            "f32_on_cpu": withheld.count("f32"),
            "f16_on_cpu": withheld.count("f16"),
            "time": whole_time(
                device, entries, regions, changes * change_cycles(device), npu_excess
            ),
        },
        "seconds": seconds,
        "regions": [dict(region) for region in regions],
        "dispatches": entries,
    }


def summary(report: dict[str, Any]) -> str:
    """One line for people."""
    totals = report["totals"]
    others = totals.get("npu_operations", 0)
    npu = totals["npu"] - others
    text = (
        f"{totals['contractions']} convolutions and matmuls of {totals['dispatches']} dispatches: "
        f"{npu} on {report['device']}, {totals['contractions'] - npu} on the CPU"
    )
    if others:
        text += f"; {others} other operations on {report['device']}"
    f16 = totals.get("f16_on_cpu", 0)
    if totals["contractions"] > npu and not totals["f32_on_cpu"] and not f16:
        text += " (--amd-aie-report=FILE.json says why)"
    if totals["npu"] > 1:
        text += f"; {totals['configurations']} configurations, {totals['configuration_changes']} changes"
    if totals["time"]["launches"]:
        (_, whole), *parts = describe_time(report)
        told = ", ".join(f"{name} {time}" for name, time in parts if time != "0 ms")
        text += f"; predicted {whole}: {told}"
    text += f"; {slower}" if (slower := verdict(report)) else ""
    if totals["f32_on_cpu"]:
        text += f"; {totals['f32_on_cpu']} are f32 and would move with --amd-aie-f32=bf16 or bf16x3"
    if f16:
        text += f"; {f16} are f16 and would move with --amd-aie-f16=bf16x3"
    return text
