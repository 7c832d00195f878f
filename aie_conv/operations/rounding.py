"""Rounding f32 to bf16 in lanes of 16 bits: half the registers of lanes of 32."""

from aie_conv.codegen.epilogue_blocks import WIDE
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.step_work import ROUNDED
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Value, vector
from aie_conv.problem import OperationProblem

LANES = 32
"""Lanes of f32 that fill two registers: with fewer, lanes of 16 bits take as many operations."""

SAVED = 3
"""Operations that it takes fewer for 16 lanes than :meth:`BlockEpilogue._round_to_bf16`."""


def rounds_in_halves(problem: OperationProblem, lanes: int) -> bool:
    """Whether an operation's sums and products may be rounded so: none of its NaNs has low bits alone."""
    read = {problem.lhs.dtype, *(entry.operand.dtype for entry in problem.epilogue.inputs)}
    return lanes >= LANES and "f32" not in read


def roundings(problem: OperationProblem) -> int:
    """Steps that are rounded to bf16."""
    steps = problem.epilogue.steps
    return sum(s.dtype == "bf16" and (s.op in ROUNDED or s.op == "arith.truncf") for s in steps)


def round_halves(w: Builder, value: Value, lanes: int) -> Value:
    """f32 to bf16, nearest with ties to even; exponents of infinities and NaN stay as they are.

    A number's upper half goes up by one where its lower half is over 0x8000, or is 0x8000 and the upper
    one is odd: where the lower half, with the upper one's last bit or-ed into its own, is over 0x8000.
    """

    def half(first: int) -> Value:
        seen = bitcast(w, value, vector("i16", 2 * lanes))
        picked = w.shuffle("h", seen, seen, range(first, 2 * lanes, 2))
        wide = [lane if lane < lanes else -1 for lane in range(WIDE)]
        return w.shuffle("h", picked, picked, wide)

    def apply(op: str, left: Value, constant: int) -> Value:
        return w.value("h", f"arith.{op}", left, w.constant(constant, kind, "k"))

    kind = vector("i16", WIDE)
    high, low = half(1), half(0)
    decides = w.value("h", "arith.ori", low, apply("andi", high, 1))
    up = w.compare("ugt", decides, w.constant(-0x8000, kind, "k"))
    rounded = w.value("h", "arith.select", up, apply("addi", high, 1), high)
    finite = w.compare("ult", apply("andi", high, 0x7FFF), w.constant(0x7F80, kind, "k"))
    kept = w.value("h", "arith.select", finite, rounded, high)
    narrow = w.shuffle("h", kept, kept, range(lanes))
    return w.value("h", "vector.bitcast", narrow, to=vector("bf16", lanes))
