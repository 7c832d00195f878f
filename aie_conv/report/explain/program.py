"""The last stages of the NPU: the AIE program, and what each core runs; both read from its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from aie_conv.ir.text import read_module
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem
from aie_conv.report.explain.counts import calls, count_sums, products
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import commented, excerpt, gist, plural, spaced, wrap
from aie_conv.sim.functional.commands import Transfer, transfers
from aie_conv.sim.functional.sequence import read_sequence
from aie_conv.sim.model.module import Model, build_model


@dataclass(frozen=True)
class EmittedProgram:
    """An emitted module and what the simulator's reader finds in it.

    Attributes:
        text: the module.
        model: its tiles, FIFOs and cores.
        transfers: the tasks of its runtime sequence.
        parameters: the run-time parameters of its call, which steer its loops.
    """

    text: str
    model: Model
    transfers: tuple[Transfer, ...]
    parameters: tuple[int, ...]

    @property
    def shim_bytes(self) -> tuple[int, int]:
        """Bytes that its tasks bring in and take out."""
        return (
            sum(t.bytes for t in self.transfers if not t.writes),
            sum(t.bytes for t in self.transfers if t.writes),
        )


def read_program(text: str, parameters: Iterable[int] = ()) -> EmittedProgram:
    """Parse an emitted module, whose call gets these run-time parameters."""
    model = build_model(read_module(text))
    return EmittedProgram(text, model, tuple(transfers(read_sequence(model))), tuple(parameters))


# -- the program ----------------------------------------------------------------------------------
def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """The device's operations in order: each first line, with the lines of its body."""
    head, body = "", list[str]()
    for line in text.splitlines()[2:-2]:
        if line.startswith("    ") and not line.startswith(("     ", "    }")):
            if head:
                yield head, body
            head, body = line, []
        else:
            body.append(line)
    if head:
        yield head, body


_COLUMN = re.compile(r"[@%](?:shim|mem|core|acc|program|a_l[13]|c_l[13])_(\d+)|[@%]b_l[13]_(\d+)")


def _of_another(head: str) -> bool:
    """Whether a line declares something of another column or row than the first of its kind."""
    numbers = re.findall(r"_(\d+)(?:_(\d+))?\b", re.split(r"[(=]", head, maxsplit=1)[0])
    if "objectfifo.link" in head:
        numbers = re.findall(r"@\w+?_l3_(\d+)()", head)[:1]
    return any(int(n) > 0 for pair in numbers for n in pair if n)


def _abridge(text: str) -> str:
    """The program with the first column, row and core of each kind, and the first transfers."""
    lines: list[str] = []
    left: Counter[str] = Counter()
    for head, body in _blocks(text):
        kind = next(
            (k for k in ("aie.tile", "objectfifo.link", "objectfifo", "aie.buffer", "aie.core",
                         "func.func", "runtime_sequence") if k in head), "other",
        )  # fmt: skip
        if kind not in ("func.func", "runtime_sequence") and _of_another(head):
            left[kind] += 1
            continue
        if kind == "runtime_sequence":
            lines += [*wrap(head), *body[:6]]
            if len(body) > 7:
                lines.append(f"      ... {len(body) - 7} more commands")
            lines.append("    }")
        elif body:
            lines.append(f"{head} ... {plural(len(body) - 1, 'line')} ... }}")
        else:
            lines.append(head)
    names = {"objectfifo.link": "link", "aie.core": "core", "aie.tile": "tile",
             "aie.buffer": "buffer", "objectfifo": "object FIFO"}  # fmt: skip
    rest = ", ".join(plural(count, names.get(kind, kind)) for kind, count in left.items())
    if rest:
        lines.append(f"... and alike, for the other columns and rows: {rest}")
    return "\n".join(
        row[4:] if row.startswith("    ") else row for line in lines for row in wrap(line)
    )


def program(parsed: EmittedProgram) -> StageReport:
    """The AIE program."""
    model = parsed.model
    kinds = Counter(tile.kind for tile in model.tiles.values())
    inward, outward = parsed.shim_bytes
    facts = [
        f"tiles: {kinds['core']} core, {kinds['mem']} mem, {kinds['shim']} shim ({model.ir_name})",
        f"object FIFOs: {len(model.fifos)}, links in mem tiles: {len(model.links)}",
        f"runtime sequence: {plural(len(parsed.transfers), 'transfer')}, {spaced(inward)} bytes in,"
        f" {spaced(outward)} bytes out",
        *_fifos(model),
    ]
    text = "\n".join((*facts, "", _abridge(parsed.text)))
    return StageReport(
        "program",
        "The plan as a program for the array: object FIFOs carry tiles from the shim through mem tiles"
        " to the cores and back, each end with its own buffers, so that the next tile travels while"
        " this one is computed; the runtime sequence tells the shim's DMA which addresses to walk.",
        text,
        parsed.text,
    )


def _fifos(model: Model) -> list[str]:
    """The FIFOs of the first column in words: from where to where, what, how many buffers."""
    lines: list[str] = []
    for name, fifo in model.fifos.items():
        if not re.fullmatch(r"[abc]_l[13]_0(_0)?", name):
            continue
        first, *others = fifo.consumers
        more = f" and {len(others)} more" if others else ""
        depths = " -> ".join(str(d) for d in dict.fromkeys(fifo.depths))
        lines.append(
            f"  @{name}: {fifo.producer} to {first}{more},"
            f" objects of {spaced(fifo.bytes)} bytes, buffers {depths}"
        )
    return lines


# -- the cores ------------------------------------------------------------------------------------


def _section(text: str, start: str) -> str:
    """The operation that begins with a line holding ``start``, as far as its closing brace."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if start in line), None)
    if first is None:
        return ""
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = next(
        (i for i in range(first + 1, len(lines)) if lines[i].startswith(" " * indent + "}")), first
    )
    return "\n".join(line[indent:] for line in lines[first : last + 1])


def _of_tile(plan: Plan, each: int) -> str:
    """The products of one call, as the tile's sizes make them."""
    if not isinstance(plan, ArrayPlan):
        return f"{spaced(each)} MACs"
    tile = plan.mapping.tile
    sizes = (tile.pixels, tile.n, tile.k_elements)
    if prod(sizes) != each:
        # Sliding instructions multiply by zeros behind the taps.
        return f"{spaced(each)} MACs"
    return f"{sizes[0]} pixels x {sizes[1]} channels x {sizes[2]} of K = {spaced(each)} MACs"


def core(plan: Plan, parsed: EmittedProgram, problem: ConvProblem) -> StageReport:
    """What each core runs, for a dispatch's problem."""
    cores = parsed.model.cores
    body = _section(parsed.text, "= aie.core(")
    # A tile whose whole K comes at once is begun and never added to.
    name = next(n for n in ("multiply", "start") if n in parsed.model.functions)
    kernel = _section(parsed.text, f"func.func private @{name}")
    multiply = parsed.model.functions[name]
    each, registers = products(multiply, parsed.parameters), count_sums(multiply)
    counted = [calls(one.op, parsed.parameters) for one in cores]
    each_core = [count.get("multiply", 0) + count.get("start", 0) for count in counted]
    counts = ", ".join(f"@{name} {spaced(count)}" for name, count in counted[0].items())
    array = each * sum(each_core)
    facts = [
        f"a call of @{name}: {_of_tile(plan, each)}",
        *([f"sums held in registers: {registers[0]} of {registers[1]}"] if registers else []),
        f"calls a core: {counts}",
        f"MACs a core: {spaced(each * each_core[0])}; of all {len(cores)} cores:"
        f" {spaced(array)}, {array / problem.macs:.2f} times the problem's {spaced(problem.macs)}",
    ]
    text = "\n".join(
        (
            *facts,
            "",
            "one core's program (the others differ in the names of their FIFOs):",
            excerpt(gist(body), 40),
            "",
            "the product that it calls, without its address arithmetic:",
            excerpt(gist(kernel), 36),
        )
    )
    full = "\n".join((commented("\n".join(facts)), "", body, "", *_functions(parsed.text)))
    return StageReport(
        "core",
        "Every core runs the same loop: take an object of input and one of filter, multiply them into"
        " the sums, and when K is through turn the sums into output. What the array multiplies beyond"
        " the problem is padding, and pixels where the last tiles overlap.",
        text,
        full,
    )


def operation_core(plan: Plan, parsed: EmittedProgram) -> StageReport:
    """What each core runs for an operation that is no contraction."""
    body = _section(parsed.text, "= aie.core(")
    names = _functions(parsed.text)
    text = "\n".join(
        (
            f"{plan.cores} cores, each with tiles of {dict(plan.parameters)}",
            "",
            "one core's program (the others differ in the names of their FIFOs):",
            excerpt(gist(body), 40),
            "",
            "what it calls, without its address arithmetic:",
            *(excerpt(gist(function), 36) for function in names),
        )
    )
    return StageReport(
        "core",
        "Every core runs the same loop: take an object that holds its part of every input, compute an object"
        " of output. Tiles at an edge overlap the ones before instead of being shorter.",
        text,
        "\n".join((body, "", *names)),
    )


def _functions(text: str) -> list[str]:
    names = re.findall(r"func\.func (?:private )?@(\w+)", text)
    return [_section(text, f"@{name}(") for name in names if f"@{name}(" in text]
