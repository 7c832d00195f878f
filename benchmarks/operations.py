"""What stands between convolutions: elements that a core computes a cycle, beside what its loads allow.

Every kind of operation is planned, emitted and simulated on random operands. A core's rate is the elements of
the result over the cycles in which cores were busy, waiting left out; the bound is what its two loads and one
store a cycle would allow, if every operand of every element, and every tap of a window, were loaded once.

Columns: cores in use; elem/cyc a core's rate; bound; share of it; kcyc of the array, simulated; model what
the planner predicted of them. A line ends in "!" where an operation of LIMITED has less than half its bound.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from aie_conv.arch import device_names, get_device
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import (
    DTYPE_BYTES,
    REDUCE,
    Epilogue,
    EpilogueInput,
    Loop,
    Operand,
    OperationProblem,
    Step,
)
from aie_conv.sim import Simulator

SIDE, CHANNELS = 56, 64
ROWS, ROW = 512, 256
LOADS, STORES = 2, 1
"""Of a vector each, in a cycle."""
LIMITED = ("element-wise", "pool", "concatenation")
"""Kinds, by how their names begin, of which int8 and bf16 should have half of their bound."""


@dataclass(frozen=True)
class Line:
    """One operation's figures.

    Attributes:
        rate, bound: elements of the result a cycle of a core.
        cycles: of the array, simulated.
    """

    plan: OperationPlan
    rate: float
    bound: float
    cycles: int


def _elementwise(
    dtype: str, steps: Sequence[Step], operands: int = 2, out: str = ""
) -> OperationProblem:
    shape = (SIDE * SIDE, CHANNELS)
    loops = (Loop("p", "m", shape[0], CHANNELS, 0, CHANNELS), Loop("c", "m", CHANNELS, 1, 0, 1))
    inputs = tuple(EpilogueInput(Operand(dtype, shape), (CHANNELS, 1)) for _ in range(operands - 1))
    epilogue = Epilogue(inputs, tuple(steps), operands + len(steps) - 1)
    return OperationProblem(
        "elementwise", loops, Operand(dtype, shape), Operand(out or dtype, shape), epilogue, dtype
    )


def _pool(dtype: str, combine: str, accumulator: str, size: int, stride: int) -> OperationProblem:
    out = SIDE // stride
    side = (out - 1) * stride + size
    loops = (
        Loop("oh", "m", out, stride * side * CHANNELS, 0, out * CHANNELS),
        Loop("ow", "m", out, stride * CHANNELS, 0, CHANNELS),
        Loop("c", "m", CHANNELS, 1, 0, 1),
        Loop("kh", "k", size, side * CHANNELS, 0, 0),
        Loop("kw", "k", size, CHANNELS, 0, 0),
    )
    steps = () if accumulator == dtype else (Step("arith.truncf", (0,), "bf16"),)
    return OperationProblem(
        "window", loops, Operand(dtype, (side, side, CHANNELS)), Operand(dtype, (out, out, CHANNELS)),
        Epilogue((), steps, len(steps)), accumulator, combine,
    )  # fmt: skip


def _move(dtype: str, lhs: tuple[int, int], out: tuple[int, int]) -> OperationProblem:
    """Elements of SIDE x SIDE pixels, with each pixel's and each channel's stride on both sides."""
    pixels = SIDE * SIDE
    loops = (
        Loop("p", "m", pixels, lhs[0], 0, out[0]),
        Loop("c", "m", CHANNELS, lhs[1], 0, out[1]),
    )
    source, target = (
        Operand(dtype, (max(pixels * pixel, CHANNELS * channel),)) for pixel, channel in (lhs, out)
    )
    return OperationProblem("move", loops, source, target, Epilogue((), (), 0), dtype)


def _rows(dtype: str, steps: Sequence[Step], wide: bool = True) -> OperationProblem:
    loops = (Loop("r", "m", ROWS, ROW, 0, ROW if wide else 1), Loop("k", "k", ROW, 1, 0, int(wide)))
    out = Operand(dtype, (ROWS, ROW) if wide else (ROWS,))
    kind = "normalisation" if wide else "reduction"
    epilogue = Epilogue((), tuple(steps), len(steps))
    return OperationProblem(kind, loops, Operand(dtype, (ROWS, ROW)), out, epilogue, dtype)


def _softmax() -> list[Step]:
    return [
        Step("arith.extf", (0,), "f32"),
        Step(REDUCE, (1,), "f32", "arith.maximumf"),
        Step("arith.subf", (1, 2), "f32"),
        Step("math.exp", (3,), "f32"),
        Step(REDUCE, (4,), "f32", "arith.addf"),
        Step("arith.divf", (4, 5), "f32"),
        Step("arith.truncf", (6,), "bf16"),
    ]


def _norm() -> list[Step]:
    return [
        Step("arith.extf", (0,), "f32"),
        Step(REDUCE, (1,), "f32", "arith.addf"),
        Step("arith.constant", (), "f32", float(ROW)),
        Step("arith.divf", (2, 3), "f32"),
        Step("arith.subf", (1, 4), "f32"),
        Step("arith.mulf", (5, 5), "f32"),
        Step(REDUCE, (6,), "f32", "arith.addf"),
        Step("arith.divf", (7, 3), "f32"),
        Step("math.rsqrt", (8,), "f32"),
        Step("arith.mulf", (5, 9), "f32"),
        Step("arith.truncf", (10,), "bf16"),
    ]


def _sum_of_squares() -> list[Step]:
    return [
        Step("arith.extf", (0,), "f32"),
        Step("arith.mulf", (1, 1), "f32"),
        Step(REDUCE, (2,), "f32", "arith.addf"),
        Step("arith.truncf", (3,), "bf16"),
    ]


def _one(op: str, dtype: str) -> list[Step]:
    return [Step(f"arith.{op}", (0, 1), dtype)]


OPERATIONS: dict[str, Callable[[], OperationProblem]] = {
    "element-wise maximum i8": lambda: _elementwise("i8", _one("maxsi", "i8")),
    "element-wise sum i8": lambda: _elementwise("i8", _one("addi", "i8")),
    "element-wise maximum bf16": lambda: _elementwise("bf16", _one("maximumf", "bf16")),
    "element-wise sum bf16": lambda: _elementwise("bf16", _one("addf", "bf16")),
    "element-wise product bf16": lambda: _elementwise("bf16", _one("mulf", "bf16")),
    "pool maximum 3x3/2 i8": lambda: _pool("i8", "arith.maxsi", "i8", 3, 2),
    "pool maximum 3x3/2 bf16": lambda: _pool("bf16", "arith.maximumf", "bf16", 3, 2),
    "pool maximum 2x2/2 bf16": lambda: _pool("bf16", "arith.maximumf", "bf16", 2, 2),
    "pool sum 3x3/1 bf16": lambda: _pool("bf16", "arith.addf", "f32", 3, 1),
    "concatenation i8": lambda: _move("i8", (CHANNELS, 1), (2 * CHANNELS, 1)),
    "concatenation bf16": lambda: _move("bf16", (CHANNELS, 1), (2 * CHANNELS, 1)),
    "slice bf16": lambda: _move("bf16", (2 * CHANNELS, 1), (CHANNELS, 1)),
    "transposition i8": lambda: _move("i8", (1, SIDE * SIDE), (CHANNELS, 1)),
    "transposition bf16": lambda: _move("bf16", (1, SIDE * SIDE), (CHANNELS, 1)),
    "sum of squares bf16": lambda: _rows("bf16", _sum_of_squares(), wide=False),
    "softmax bf16": lambda: _rows("bf16", _softmax()),
    "layer norm bf16": lambda: _rows("bf16", _norm()),
}  # fmt: skip


def bound_of(problem: OperationProblem, vector: int) -> float:
    """Elements of the result a cycle that a core's loads and stores allow.

    Args:
        problem: the operation.
        vector: bytes of a load or a store.
    """
    walked = prod(loop.size for loop in problem.loops if loop.lhs)
    loaded = walked * DTYPE_BYTES[problem.lhs.dtype]
    for entry in problem.epilogue.inputs:
        pairs = zip(problem.loops, entry.strides, strict=True)
        walked = prod(loop.size for loop, stride in pairs if stride)
        loaded += walked * DTYPE_BYTES[entry.operand.dtype]
    stored = problem.elements * DTYPE_BYTES[problem.out.dtype]
    return problem.elements / max(loaded / (LOADS * vector), stored / (STORES * vector))


def measure(problem: OperationProblem, device: str) -> Line:
    """An operation on one device, simulated."""
    plan = OperationRoute().propose(problem, device)
    rng = np.random.default_rng(0)
    buffers = {"lhs": problem.lhs, "out": problem.out}
    buffers |= {f"in{n}": entry.operand for n, entry in enumerate(problem.epilogue.inputs)}
    arrays = {
        name: rng.integers(-100, 100, each.elements).astype(NUMPY_DTYPE[each.dtype])
        for name, each in buffers.items()
    }
    known = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    known["result"] = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    flat = [np.resize(known[a.name].reshape(-1), a.elements + a.slack) for a in plan.arguments]
    stats = Simulator(plan.emit()).run(flat)
    busy = sum(stats.core_cycles.values())
    bound = bound_of(problem, get_device(device).arch.vector_load_bytes)
    return Line(plan, problem.elements / busy, bound, stats.cycles)


def main() -> int:
    """Print a line for each operation and device; 1 where a limit is missed and ``--strict`` asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", choices=device_names(), action="append")
    parser.add_argument("--only", default="", help="operations whose names have this")
    parser.add_argument("--strict", action="store_true", help="fail where a limit is missed")
    arguments = parser.parse_args()
    missed = 0
    for device in arguments.device or ("npu1_4col", "npu4"):
        print(f"{device:28} cores  elem/cyc  bound  share   kcyc  model")
        for name, problem in OPERATIONS.items():
            if arguments.only not in name:
                continue
            line = measure(problem(), device)
            share = line.rate / line.bound
            low = name.startswith(LIMITED) and share < 0.5
            missed += low
            print(
                f"{name:28} {line.plan.cores:5} {line.rate:9.2f} {line.bound:6.1f} {share:6.0%}"
                f" {line.cycles / 1e3:6.1f} {line.plan.predicted_cycles / 1e3:6.1f}{' !' if low else ''}"
            )
    return int(bool(missed and arguments.strict))


if __name__ == "__main__":
    sys.exit(main())
