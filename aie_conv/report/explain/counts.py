"""What a core's program does, counted from its operations: calls, multiply-accumulates and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aie_conv.ir.core import Block, Op, Value
from aie_conv.sim.functional.lower_bfp16 import MULTIPLY
from aie_conv.sim.functional.lower_bfp16 import PRODUCTS as BLOCK_PRODUCTS
from aie_conv.sim.functional.lower_intrinsics import FLOAT, INTEGER, SIGN_X, SIGN_Y, ZERO_ACC
from aie_conv.sim.model.module import walk

INSTRUCTIONS = {**INTEGER, **FLOAT}
"""The multiply-accumulate intrinsics by name."""


_SCALAR_PRODUCTS = ("arith.mulf", "arith.muli")


_FOLLOWS = ("arith.index_cast", "arith.addi", "arith.muli", "arith.cmpi", "arith.select")
"""What is computed of known numbers; cores compare for equality, or for its opposite."""

_ENDLESS = 2**62
"""Trips from which on a loop is the one that never ends."""


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
    elif op.name in _FOLLOWS:
        if any(value is None for value in values):
            return
        first, *others = (value for value in values if value is not None)
        known[op.results[0]] = {
            "arith.index_cast": lambda: first,
            "arith.addi": lambda: first + others[0],
            "arith.muli": lambda: first * others[0],
            "arith.cmpi": lambda: int((first == others[0]) != (op.attrs["predicate"] == "ne")),
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
        return BLOCK_PRODUCTS if op.attrs.get("callee") == MULTIPLY else 0
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
        macs = 0
        for op in ops.ops:
            macs += scalar and _is_scalar_product(op)
            inside = sum(total(inner) for inner in op.blocks)
            macs += inside * (_trips(op, constants) if op.name == "scf.for" else 1)
            macs += _products(op, constants)
        return macs

    return total(block)


def count_sums(function: Op) -> tuple[int, str] | None:
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
