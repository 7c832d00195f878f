"""The last stages of the NPU: the AIE program, and what each core runs; both read from its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from aie_conv.ir.core import Block, Op, Value
from aie_conv.ir.text import read_module
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem
from aie_conv.report.explain.stage import Stage
from aie_conv.report.explain.trim import commented, excerpt, gist, plural, spaced, wrap
from aie_conv.sim.functional.lower_intrinsics import FLOAT, INTEGER, SIGN_X, SIGN_Y, ZERO_ACC
from aie_conv.sim.functional.sequence import Transfer, read_sequence, transfers
from aie_conv.sim.model.module import Model, build_model, walk

INSTRUCTIONS = {**INTEGER, **FLOAT}
"""The multiply-accumulate intrinsics by name."""

_SCALAR_PRODUCTS = ("arith.mulf", "arith.muli")

_ENDLESS = 2**62
"""Trips from which on a loop is the one that never ends."""


@dataclass(frozen=True)
class Program:
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


def read_program(text: str, parameters: Iterable[int] = ()) -> Program:
    """Parse an emitted module, whose call gets these run-time parameters."""
    model = build_model(read_module(text))
    return Program(text, model, tuple(transfers(read_sequence(model))), tuple(parameters))


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


def _abridged(text: str) -> str:
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


def program(parsed: Program) -> Stage:
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
    text = "\n".join((*facts, "", _abridged(parsed.text)))
    return Stage(
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
def _trips(loop: Op, known: dict[Value, int]) -> int:
    lower, upper, step = (known[value] for value in loop.operands[:3])
    trips = max(0, -(-(upper - lower) // step))
    # The outermost loop serves one call of the sequence after the other.
    return 1 if trips > _ENDLESS else trips


def _learn(op: Op, known: dict[Value, int], parameters: Sequence[int]) -> None:
    """Add an operation's result if it is a constant or follows from what is known."""
    values = [known.get(value) for value in op.operands]
    if op.name == "arith.constant" and isinstance(op.attrs["value"], int):
        known[op.results[0]] = int(op.attrs["value"])
    elif op.name == "memref.load" and values[1] is not None and values[1] < len(parameters):
        known[op.results[0]] = parameters[values[1]]
    elif op.name in ("arith.index_cast", "arith.muli", "arith.cmpi", "arith.select"):
        if any(value is None for value in values):
            return
        first, *others = (value for value in values if value is not None)
        known[op.results[0]] = {
            "arith.index_cast": lambda: first,
            "arith.muli": lambda: first * others[0],
            "arith.cmpi": lambda: int(first == others[0]),
            "arith.select": lambda: others[not first],
        }[op.name]()


def _known(block: Block, parameters: Sequence[int] = ()) -> dict[Value, int]:
    """The constants of a function, and what follows from its run-time parameters."""
    constants: dict[Value, int] = {}
    for op in walk(block):
        _learn(op, constants, parameters)
    return constants


def _turns_differ(loop: Op) -> bool:
    """Whether what a loop does depends on the number of its turn."""
    counter = loop.blocks[0].args[0]
    return any(op.name == "arith.cmpi" and counter in op.operands for op in loop.blocks[0].ops)


def calls(core: Op, parameters: Sequence[int] = ()) -> dict[str, int]:
    """How often a core's program calls each function in one run with these run-time parameters."""
    known: dict[Value, int] = {}
    counts: Counter[str] = Counter()

    def repeat(loop: Op, times: int) -> None:
        trips, body = _trips(loop, known), loop.blocks[0]
        if not _turns_differ(loop):
            visit(body, times * trips)
            return
        for turn in range(trips):
            known[body.args[0]] = known[loop.operands[0]] + turn * known[loop.operands[2]]
            visit(body, times)

    def visit(block: Block, times: int) -> None:
        for op in block.ops:
            _learn(op, known, parameters)
            if op.name == "scf.for":
                repeat(op, times)
                continue
            if op.name == "func.call" and times:
                counts[str(op.attrs["callee"])] += times
            taken = 1 - known[op.operands[0]] if op.name == "scf.if" else None
            for number, inner in enumerate(op.blocks):
                visit(inner, times if taken in (None, number) else 0)

    visit(core.blocks[0], 1)
    return dict(counts)


def _products(op: Op, constants: dict[Value, int]) -> int:
    """The multiply-accumulates of one operation."""
    if op.name.startswith("aievec.matmul"):
        (m, k), (_, n) = (value.type.shape for value in op.operands[:2])
        return m * k * n
    if op.name in ("aievec.mac_elem", "aievec.mul_elem"):
        return op.operands[0].type.elements
    instruction = INSTRUCTIONS.get(str(op.attrs.get("callee"))) if op.name == "func.call" else None
    if instruction is None:
        return 0
    word = constants[op.operands[3]] & ~(ZERO_ACC | SIGN_X | SIGN_Y)
    terms = next(mode.terms for key, mode in instruction.modes.items() if key == word)
    return len(terms) * len(terms[0][0])


def _is_scalar_product(op: Op) -> bool:
    """Whether an operation multiplies numbers, not addresses."""
    return op.name in _SCALAR_PRODUCTS and op.results[0].type.elem != "index"


def products(function: Op, parameters: Sequence[int] = ()) -> int:
    """The multiply-accumulates of one call of a function: of vector instructions, else of scalars."""
    block = function.blocks[0]
    constants = _known(block, parameters)
    scalar = not any(_products(op, constants) for op in walk(block))

    def total(ops: Block) -> int:
        products = 0
        for op in ops.ops:
            products += scalar and _is_scalar_product(op)
            inside = sum(total(inner) for inner in op.blocks)
            products += inside * (_trips(op, constants) if op.name == "scf.for" else 1)
            products += _products(op, constants)
        return products

    return total(block)


def held(function: Op) -> tuple[int, str] | None:
    """How many sums the innermost loop of a product holds in registers, and their type.

    None where no loop does: code without one, or sums that are loaded and stored in it.
    """
    constants = _known(function.blocks[0])
    sums: list[tuple[int, str]] = []

    def visit(block: Block) -> None:
        products_here = [op for op in block.ops if _products(op, constants)]
        if products_here:
            # Of a chain of products the last stands for the sum.
            added = {op.operands[2] for op in products_here if len(op.operands) > 2}
            ends = [op for op in products_here if op.results[0] not in added]
            sums.append((len(ends), str(ends[0].results[0].type)))
        for op in block.ops:
            carries = op.name == "scf.for" and bool(op.results)
            if carries and any(_is_scalar_product(inner) for inner in op.blocks[0].ops):
                sums.append((len(op.results), str(op.results[0].type)))
            for below in op.blocks:
                visit(below)

    visit(function.blocks[0])
    return sums[0] if sums else None


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


def core(plan: Plan, parsed: Program, problem: ConvProblem) -> Stage:
    """What each core runs, for a dispatch's problem."""
    cores = parsed.model.cores
    body = _section(parsed.text, "= aie.core(")
    # A tile whose whole K comes at once is begun and never added to.
    name = next(n for n in ("multiply", "start") if n in parsed.model.functions)
    kernel = _section(parsed.text, f"func.func private @{name}")
    multiply = parsed.model.functions[name]
    each, registers = products(multiply, parsed.parameters), held(multiply)
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
    return Stage(
        "core",
        "Every core runs the same loop: take an object of input and one of filter, multiply them into"
        " the sums, and when K is through turn the sums into output. What the array multiplies beyond"
        " the problem is padding, and pixels where the last tiles overlap.",
        text,
        full,
    )


def _functions(text: str) -> list[str]:
    names = re.findall(r"func\.func (?:private )?@(\w+)", text)
    return [_section(text, f"@{name}(") for name in names if f"@{name}(" in text]
