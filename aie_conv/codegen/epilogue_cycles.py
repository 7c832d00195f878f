"""What an epilogue's steps cost on the core, for its estimate."""

from functools import cache

from aie_conv.codegen.activations import absorbed_by, activations
from aie_conv.codegen.requantise import absorbed, requantisations
from aie_conv.problem import Epilogue, Step

ROUNDED = frozenset(f"arith.{n}" for n in ("addf", "subf", "mulf", "divf"))
"""Float operations whose results in bf16 are rounded from f32."""

_WORK = {
    "arith.constant": 0,
    "arith.truncf": 8,
    "arith.shrsi": 4,
    "arith.muli": 4,
    "arith.mulf": 3,
    "arith.divf": 32,
}
"""Vector operations that one step becomes, where not one."""

_LOOP_CYCLES = 18
"""To fill and drain a loop over blocks; a third where it only copies."""


def _work(step: Step) -> int:
    """Vector operations that a step becomes."""
    rounds = step.dtype == "bf16" and step.op in ROUNDED
    return _WORK.get(step.op, 1) + (_WORK["arith.truncf"] if rounds else 0)


@cache
def _moves(epilogue: Epilogue, accumulator: str) -> tuple[int, int]:
    """Operations on 32-bit lanes, and choices of bytes besides, for one vector of sums."""
    scalings = requantisations(epilogue, accumulator)
    functions = activations(epilogue, accumulator)
    skipped = absorbed(epilogue, scalings) | absorbed_by(epilogue, functions) | set(functions)
    work = sum(function.work for function in functions.values())
    work += sum(_work(step) for i, step in enumerate(epilogue.steps) if i not in skipped)
    return work + sum(scaling.work for scaling in scalings.values()), len(scalings)


def pace(
    epilogue: Epilogue, accumulator: str, block: tuple[int, int], more: int
) -> tuple[int, int]:
    """Cycles of a block of sums in a loop over blocks, and of the loop's filling and draining.

    Args:
        epilogue: the operations.
        accumulator: type of the sums.
        block: bytes of a block, and of one vector load.
        more: moves of a block besides the operations'.
    """
    size, vector = block
    work, choices = _moves(epilogue, accumulator)
    moves = max(1, size // 64) * work + choices + more
    way = size // vector
    return (max(moves, way + 1), _LOOP_CYCLES) if moves else (way, _LOOP_CYCLES // 3)
