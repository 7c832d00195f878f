"""The middle stages: what a dispatch was recognised as, and the candidates for running it."""

from collections.abc import Sequence
from math import gcd

from aie_conv.plan import Candidate, Dispatch
from aie_conv.problem import ConvProblem, Loop, Operand, OperationProblem
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import spaced, table, times

_WALKS = {
    "m": "output pixel: walks input and output",
    "n": "output channel: walks filter and output",
    "k": "summed: walks input and filter",
    "g": "group: walks all three",
}


def _meaning(problem: ConvProblem, loop: Loop) -> str:
    """What a loop is, in words."""
    window = _window_of(problem, loop)
    if window is not None:
        pixel, stride, dilation = window
        notes = [f"stride {stride}"] * (stride > 1) + [f"dilation {dilation}"] * (dilation > 1)
        return f"window along {pixel}, summed" + f" ({', '.join(notes)})" * bool(notes)
    if loop.role == "k" and loop.name.startswith("ic"):
        return "input channel, summed"
    return _WALKS[loop.role]


def _window_of(problem: ConvProblem, loop: Loop) -> tuple[str, int, int] | None:
    """The pixel loop that a tap's loop slides along, with stride and dilation; by their names."""
    if loop.role != "k" or not loop.name.startswith("k") or len(loop.name) < 2:
        return None
    pixel = next((o for o in problem.loops if o.name == f"o{loop.name[1:]}"), None)
    if pixel is None or not pixel.lhs or not loop.lhs:
        return None
    pitch = gcd(pixel.lhs, loop.lhs)
    return pixel.name, pixel.lhs // pitch, loop.lhs // pitch


def _buffer(name: str, operand: Operand) -> tuple[str, ...]:
    return (
        name,
        f"{times(operand.shape)}x{operand.dtype}",
        spaced(operand.bytes),
        str(operand.offset),
    )


def problem(dispatch: Dispatch) -> StageReport:
    """The ConvProblem that a dispatch was read as, or why it is none."""
    contraction = dispatch.problem
    if contraction is None:
        reason = dispatch.decision.reason
        if dispatch.contraction:
            sentence = (
                "The dispatch multiplies and adds, but not in a form that a route could take."
            )
        else:
            sentence = "The dispatch is nothing that a route could take, so the CPU runs it."
        return StageReport("problem", sentence, reason, reason, "txt")
    if isinstance(contraction, OperationProblem):
        return _operation(contraction)
    loops = [
        (
            loop.name,
            loop.size,
            loop.role,
            loop.lhs,
            loop.rhs,
            loop.out,
            _meaning(contraction, loop),
        )
        for loop in contraction.loops
    ]
    heading = ("loop", "size", "role", "input", "filter", "output", "what it is")
    buffers = [_buffer("input", contraction.lhs), _buffer("filter", contraction.rhs)]
    buffers += [
        _buffer(f"operand {i}", extra.operand)
        for i, extra in enumerate(contraction.epilogue.inputs)
    ]
    buffers.append(_buffer("output", contraction.out))
    fused = [step.op for step in contraction.epilogue.steps if step.op != "arith.constant"]
    sizes = " x ".join(str(loop.size) for loop in contraction.loops)
    lines = [
        contraction.describe(),
        "",
        table([heading, *loops], right=(1, 3, 4, 5)),
        "",
        table([("buffer", "shape", "bytes", "first element"), *buffers], right=(2, 3)),
        "",
        f"MACs: {sizes} = {spaced(contraction.macs)}",
        f"sums in {contraction.accumulator}; fused behind them: {', '.join(fused) or 'nothing'}",
    ]
    if dispatch.decision.split:
        lines.append(
            f"the dispatch's first part, split behind the product: {dispatch.decision.split}"
        )
    if contraction.keeps_base:
        lines.append("the output is the interior of a larger buffer, whose border keeps its values")
    text = "\n".join(lines)
    return StageReport(
        "problem",
        "The dispatch is read by its index maps, not by the names of its operations. Every loop walks"
        " each buffer with one stride (columns input, filter, output, in elements), so layout, stride,"
        " dilation and overlapping windows are nothing but numbers; padding is in the input's buffer.",
        text,
        text,
        "txt",
    )


def _operation(read: OperationProblem) -> StageReport:
    """An operation that is no contraction."""
    extras = read.epilogue.inputs
    heading = (
        "loop",
        "size",
        "role",
        "input",
        *(f"operand {i}" for i in range(len(extras))),
        "output",
    )
    loops = [
        (loop.name, loop.size, loop.role, loop.lhs, *(e.strides[n] for e in extras), loop.out)
        for n, loop in enumerate(read.loops)
    ]
    buffers = [_buffer("input", read.lhs)]
    buffers += [_buffer(f"operand {i}", extra.operand) for i, extra in enumerate(extras)]
    buffers.append(_buffer("output", read.out))
    steps = [step.op for step in read.epilogue.steps if step.op != "arith.constant"]
    lines = [
        read.describe(),
        "",
        table([heading, *loops], right=(1, *range(3, len(heading)))),
        "",
        table([("buffer", "shape", "bytes", "first element"), *buffers], right=(2, 3)),
        "",
        *([f"combined by {read.combine} in {read.accumulator}"] if read.combine else []),
        f"computed of each: {', '.join(steps) or 'nothing'}",
    ]
    if read.keeps_base:
        lines.append("the output is the interior of a larger buffer, whose border keeps its values")
    text = "\n".join(lines)
    return StageReport(
        "problem",
        "The dispatch is read by its index maps and its body, not by the names of its operations. Every loop"
        " walks each buffer with one stride, in elements; 0 is a broadcast; a loop of role k is combined.",
        text,
        text,
        "txt",
    )


# -- candidates -----------------------------------------------------------------------------------
def _row(candidate: Candidate, best: bool, minimum: int | None) -> tuple[str, ...]:
    if not candidate.cost:
        return ("", candidate.label, "-", "-", "-", "-", "-", "")
    plan = candidate.plan
    return (
        "*" if best else "",
        candidate.label,
        spaced(candidate.cost),
        spaced(candidate.run_cycles),
        spaced(candidate.host_cycles),
        "-" if plan is None else str(plan.cores),
        "-" if plan is None else spaced(plan.shim_bytes),
        "" if plan is None or minimum is None else f"{plan.shim_bytes / minimum:.1f}",
    )


def _lost(candidate: Candidate, best: Candidate | None) -> str:
    """Why a candidate was not taken."""
    name = candidate.label
    if candidate.refused:
        return f"{name}: {candidate.refused.removeprefix(candidate.route + ': ')}"
    if best is None or candidate is best:
        return f"{name}: taken"
    dear = candidate.cost / best.cost
    on_array = candidate.run_cycles >= candidate.host_cycles
    most = f"{candidate.bound} bound it" if on_array else "its copies on the host do it"
    if dear < 1:
        return f"{name}: {1 - dear:.1%} cheaper, which the model cannot tell apart, and moves more"
    return f"{name}: {dear:.2f} times as dear; {most}"


def _rest(weighed: Sequence[Candidate]) -> str:
    """That the rest of a split dispatch is counted."""
    rest = max(candidate.rest_cycles for candidate in weighed)
    if not rest:
        return ""
    return (
        " The routes do the first part alone, split behind the product:"
        f" {spaced(rest)} of their cycles on the host are the rest's."
    )


def candidates(dispatch: Dispatch) -> StageReport:
    """Every way to run the problem that was weighed, and why it was taken or not."""
    decision, contraction = dispatch.decision, dispatch.problem
    if not decision.candidates or contraction is None:
        return StageReport(
            "candidates",
            f"Nothing was weighed: {decision.reason}.",
            decision.reason,
            decision.reason,
            "txt",
        )
    weighed = decision.candidates
    best = next((c for c in weighed if c.cost and c.route == decision.route), None)
    heading = ("", "route", "cost", "array", "host", "cores", "bytes moved", "x once")
    # f32 and f16 by way of bf16 move other bytes than the problem has.
    least = contraction.minimum_bytes if contraction.lhs.dtype not in ("f32", "f16") else None
    rows = [_row(candidate, candidate is best, least) for candidate in weighed]
    priced = sum(candidate.cost > 0 for candidate in weighed)
    why = "the cheapest is taken" if priced > 1 else "it is the one that was asked for"
    if decision.withheld == "f32":
        why = "f32 stays on the CPU unless --amd-aie-f32 lets the NPU round its operands"
    if decision.withheld == "f16":
        why = "f16 stays on the CPU unless --amd-aie-f16 lets the NPU split its operands"
    measured = ", ".join(candidate.label for candidate in weighed if candidate.measured)
    notes = [f"array cycles by the simulator: {measured}"] if measured else []
    text = "\n".join(
        (
            table([heading, *rows], right=(2, 3, 4, 5, 6, 7)),
            "",
            *(_lost(candidate, best) for candidate in weighed),
            "",
            *notes,
            f"every operand once is {spaced(contraction.minimum_bytes)} bytes",
        )
    )
    return StageReport(
        "candidates",
        "Each route offered its best plan and was priced in cycles of the array's clock (array: the"
        " NPU's work, or the CPU's; host: the dispatch and the CPU's copies around it);"
        f" {why}.{_rest(weighed)}",
        text,
        text,
        "txt",
    )
