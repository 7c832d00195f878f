"""The stages of a dispatch that stays on the CPU: what IREE's code generator does with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from aie_conv.bridge.cpu.stages import CpuCode, CpuFunction, CpuStep, iree_version
from aie_conv.bridge.cpu.work import CpuContraction, CpuLoop
from aie_conv.problem import ConvProblem
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import (
    commented,
    excerpt,
    gist,
    plural,
    short,
    spaced,
    table,
    times,
    window,
)

_LINES = 32

_SENTENCES = {
    "workgroups": "The distribution tiles cut the output into workgroups, which threads take one by"
    " one; each computes its own part of the output and shares nothing.",
    "parallel": "The parallel tiles cut a workgroup's part again, into what the registers can hold as"
    " sums while K is walked; what produces and consumes the tile is fused into the same loops.",
    "reduction": "The reduction tiles cut the sum: a step multiplies one small block, and the loops"
    " over the rest of the sum stand around it.",
    "decomposed": "A window dimension of size 1 is left by the tiling; dropping it makes the"
    " convolution one of fewer dimensions, which the vectoriser knows.",
    "kernel": "The product over packed tiles becomes a call of a micro-kernel, hand-written code of"
    " IREE's, which walks K by itself.",
    "vector": "What is left inside the loops is of fixed size and becomes operations on vectors.",
}
_NAMES = {
    "workgroups": "cpu-workgroups",
    "parallel": "cpu-parallel",
    "reduction": "cpu-reduction",
    "decomposed": "cpu-decomposed",
    "kernel": "cpu-kernel",
    "vector": "cpu-vector",
    "lowered": "cpu-final",
}


def named(functions: Sequence[CpuFunction], wanted: str) -> CpuFunction | None:
    """The function of that name, written with or without its module's function before it."""
    names = {wanted, symbol_of(wanted)}
    return next((f for f in functions if names & {f.name, short(f.name)}), None)


def alike(functions: Sequence[CpuFunction], problem: ConvProblem | None) -> CpuFunction | None:
    """The function that computes a problem in another form of the module, by its products.

    Packing may add products, never drop any.
    """
    able = [f for f in functions if f.macs]
    enough = [f for f in able if f.macs and problem is not None and f.macs >= problem.macs]
    if enough:
        return min(enough, key=lambda f: f.macs or 0)
    return max(able, key=lambda f: f.macs or 0, default=None)


def symbol_of(dispatch: str) -> str:
    """The exported name behind a dispatch's, which bears a number from its second call on."""
    name, _, number = dispatch.rpartition(".")
    return name if number.isdigit() and name else dispatch


def form(
    functions: Sequence[CpuFunction], chosen: CpuFunction, flags: Sequence[str]
) -> StageReport:
    """The module in the form that is made for the CPU alone."""
    heading = ("", "dispatch", "root", "loops", "MACs")
    rows = [
        (
            "*" if f is chosen else "",
            short(f.name),
            f.root or "-",
            times(f.sizes) or "-",
            spaced(f.macs) if f.macs else "-",
        )
        for f in functions
    ]
    notes = ("", "flags of IREE:", *flags)
    near = window(rows, next(i for i, row in enumerate(rows) if row[0]))
    text = "\n".join((table([heading, *near], right=(4,)), *notes))
    return StageReport(
        "cpu-form",
        "Nothing goes to the NPU, whose layout is slow on the CPU, so the module is compiled again in"
        f" IREE's form for the CPU, of {plural(len(functions), 'dispatch')}. The next stages show the one"
        " with a star.",
        text,
        "\n".join((table([heading, *rows], right=(4,)), *notes)),
        "txt",
    )


def configuration(function: CpuFunction, steps: Sequence[CpuStep]) -> StageReport:
    """The strategy and tile sizes that IREE chose, and the grid that follows."""
    heading = ("level", "tile sizes (0: not tiled)")
    rows = [(level, "[" + ", ".join(map(str, sizes)) + "]") for level, sizes in function.tiles]
    grid = [
        loop.trips for step in steps for loop in step.loops
        if step.step == "workgroups" and loop.kind == "workgroup"
    ]  # fmt: skip
    lines = [
        f"strategy   {function.strategy} (IREE {iree_version()})",
        f"root       {function.root} over loops of {times(function.sizes)}"
        + (f" = {spaced(function.macs)} MACs" if function.macs else ""),
        _grid(grid),
        "",
        table([heading, *rows]),
    ]
    text = "\n".join(lines)
    return StageReport(
        "cpu-tiles",
        "IREE chose a strategy and tile sizes for the dispatch, by its loops and this processor's"
        " vectors; nothing is tiled yet. One size stands for each loop of the root, in its order.",
        text,
        f"{commented(text)}\n\n{function.text}",
    )


def _grid(trips: Sequence[int | None]) -> str:
    known = [trip for trip in trips if trip is not None]
    if not trips:
        return "grid       1 workgroup"
    total = f" = {prod(known)}" * (len(trips) > 1 and len(known) == len(trips))
    return f"grid       {times(trips)}{total} workgroups"


def _nest(loops: Sequence[CpuLoop], work: CpuContraction | None) -> list[str]:
    """The loops as an outline, with the work inside."""
    lines: list[str] = []
    depth = 0
    grid = [loop for loop in loops if loop.kind == "workgroup"]
    if grid:
        cuts = ", ".join(f"{_n(loop.upper)} by {_n(loop.step)}" for loop in grid)
        lines.append(f"{times(loop.trips for loop in grid)} workgroups ({cuts})")
        depth = 1
    for loop in loops:
        if loop.kind != "workgroup":
            cut = f"{_n(loop.upper)} by {_n(loop.step)}"
            lines.append(f"{'  ' * depth}loop of {_n(loop.trips)} ({cut})")
            depth += 1
    if work is not None:
        inside = "  " * depth
        lines.append(f"{inside}{_work(work)}")
        total = _total(loops, work)
        if total is not None:
            lines.append(f"all loops x the innermost = {spaced(total)} MACs")
    else:
        lines.append(f"{'  ' * depth}no products")
    return lines


def _n(value: int | None) -> str:
    return "?" if value is None else str(value)


def _total(loops: Sequence[CpuLoop], work: CpuContraction) -> int | None:
    trips = [loop.trips for loop in loops]
    known = [trip for trip in trips if trip is not None]
    if work.macs is None or len(known) < len(trips):
        return None
    return prod(known) * work.macs


def _work(work: CpuContraction) -> str:
    macs = f": {spaced(work.macs)} MACs" if work.macs else ""
    masked = ", masked at the borders" if work.masked else ""
    if work.kind == "vector" and work.op == "vector.contract":
        return f"{work.op} {', '.join(work.operands[:2])} -> {work.operands[-1]}{macs}{masked}"
    if work.kind == "vector":
        return f"{work.count} x {work.op} of {work.operands[0]}{macs}{masked}"
    return f"{work.op} over {times(work.sizes)}{macs}"


_WHOLE = {
    "parallel": "The parallel tiles hold a workgroup's whole part, so that no loop is added.",
    "reduction": "The reduction tiles hold the whole sum, so that no loop is added.",
}


def _step(step: CpuStep, before: int) -> StageReport:
    """A step, ``before`` which there were so many loops."""
    outline = "\n".join(_nest(step.loops, step.work))
    code = excerpt(short(_body(step.text)), _LINES)
    same = len(step.loops) <= before
    sentence = _WHOLE.get(step.step, _SENTENCES[step.step]) if same else _SENTENCES[step.step]
    text = f"behind {step.pass_name}:\n\n{outline}\n\n{code}"
    return StageReport(
        _NAMES[step.step],
        sentence,
        text,
        f"{commented(text.partition(code)[0])}\n{step.text}",
    )


_NOISE = (
    "hal.interface", "memref.assume_alignment", "ub.poison", "tensor.empty", "tensor.extract_slice",
    "tensor.insert_slice", "tensor.parallel_insert_slice", "load_from_buffer", "store_to_buffer",
    "scf.yield", "memref.subview", "util.assume",
)  # fmt: skip
_ATTRIBUTES = re.compile(
    r" attributes \{translation_info = .*?>>\}| attrs = +\{lowering_config = [^{}]*\}"
    r"| \{lowering_config = [^{}]*\}|, iterator_types = \[[^]]*\]|, #hal\.descriptor_type<\w+>"
    r"| \{in_bounds = \[[^]]*\]\}"
)


def _body(text: str) -> str:
    """A function's loops and operations, without slices, addresses, configuration and yields."""
    text = _ATTRIBUTES.sub("", text)
    lines = [line for line in text.splitlines() if not any(word in line for word in _NOISE)]
    outline = gist("\n".join(lines))
    return re.sub(r"\n *scf\.forall\.in_parallel \{\n *\}", "", outline)


def _final(step: CpuStep) -> StageReport:
    """The last form before LLVM's dialect, and whether it is vectorised."""
    work = step.work
    outline = "\n".join(_nest(step.loops, work))
    text = f"behind {step.pass_name}:\n\n{outline}" if outline else f"behind {step.pass_name}"
    return StageReport("cpu-final", _verdict(work), text, f"{commented(text)}\n\n{step.text}")


def _verdict(work: CpuContraction | None) -> str:
    if work is None:
        return "The last form before LLVM; it has no products."
    if work.kind == "kernel":
        return (
            f"The last form before LLVM: the product is a call of {work.op}, whose code is vectorised for"
            " this processor by hand; the loops around it only hand it tiles."
        )
    if work.kind == "scalar":
        why = (
            " Its size is not fixed (?) since a tile does not divide its loop, and IREE does not vectorise"
            " such convolutions."
            if None in work.sizes
            else ""
        )
        return (
            f"Not vectorised: {work.op} is still there when the last pass is through, and LLVM gets it as"
            f" scalar loops, one multiply-add at a time.{why} This configuration is slow; another layout or"
            " form of the convolution may be vectorised."
        )
    return (
        f"The last form before LLVM: vectorised, {plural(work.count, 'instruction')} of {work.op} on"
        f" {work.operands[0]} in the innermost loop."
    )


def stages(
    code: CpuCode, function: CpuFunction, flags: Sequence[str], *, alone: bool
) -> list[StageReport]:
    """Every stage of a CPU dispatch.

    Args:
        code: the module's CPU dispatches; its passes are run here.
        function: the dispatch.
        flags: IREE's, for the form that is made for the CPU alone.
        alone: whether the whole module is on the CPU.
    """
    steps = code.steps(function)
    parts = [form(code.functions, function, flags)] if alone else []
    parts.append(configuration(function, steps))
    before = 0
    for step in steps:
        if step.step == "lowered":
            parts.append(_final(step))
        elif step.step != "vector" or step.work is None or step.work.kind == "vector":
            # A product that this pass left alone is told of at the end.
            parts.append(_step(step, before))
        before = len(step.loops)
    return parts
