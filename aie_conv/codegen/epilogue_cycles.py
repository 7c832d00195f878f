"""What an epilogue's steps cost on the core, for its estimate."""

from functools import cache

from aie_conv.codegen.replacements import replacements
from aie_conv.codegen.step_work import step_work
from aie_conv.problem import Epilogue

_LOOP_CYCLES = 18
"""To fill and drain a loop over blocks; a third where it only copies."""


@cache
def _moves(
    epilogue: Epilogue, accumulator: str, shorts: bool, early: tuple[int, ...]
) -> tuple[int, int]:
    """Operations on 32-bit lanes, and choices of bytes besides, for one vector of sums."""
    known = replacements(epilogue, accumulator, shorts)
    # What the vector unit multiplies takes no time of those that move.
    skipped = known.absorbed | set(known.functions) | set(known.products) | set(early)
    scalings = [scaling for i, scaling in known.scalings.items() if i not in early]
    work = sum(function.work for i, function in known.functions.items() if i not in early)
    work += sum(step_work(step) for i, step in enumerate(epilogue.steps) if i not in skipped)
    work += sum(scaling.work for scaling in scalings)
    return work, len(scalings)


def moves_of(
    epilogue: Epilogue, accumulator: str, size: int, shorts: bool, early: tuple[int, ...] = ()
) -> int:
    """Vector operations of a block of ``size`` bytes.

    Args:
        epilogue: the operations.
        accumulator: type of the sums.
        size: bytes of a block of sums.
        shorts: as of :func:`aie_conv.codegen.replacements.replacements`.
        early: steps that were done before.
    """
    work, choices = _moves(epilogue, accumulator, shorts, early)
    return max(1, size // 64) * work + choices


def pace(
    epilogue: Epilogue,
    accumulator: str,
    block: tuple[int, int],
    more: int,
    shorts: bool,
    early: tuple[int, ...] = (),
) -> tuple[int, int]:
    """Cycles of a block of sums in a loop over blocks, and of the loop's filling and draining.

    Args:
        epilogue: the operations.
        accumulator: type of the sums.
        block: bytes of a block, and of one vector load.
        more: moves of a block besides the operations'.
        shorts, early: as of :func:`moves_of`.
    """
    size, vector = block
    moves = moves_of(epilogue, accumulator, size, shorts, early) + more
    way = size // vector
    return (max(moves, way + 1), _LOOP_CYCLES) if moves else (way, _LOOP_CYCLES // 3)
