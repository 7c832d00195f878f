"""Which code computes an operation: lanes beside each other, or rows."""

from functools import lru_cache

from aie_conv.arch import Arch
from aie_conv.errors import Unsupported
from aie_conv.operations.kernel import OperationCode, check_code
from aie_conv.operations.row_kernel import RowCode, check_rows
from aie_conv.operations.tile import OperationTile
from aie_conv.problem import OperationProblem


def code_of(tile: OperationTile, arch: Arch) -> OperationCode | RowCode:
    """The code of a tile."""
    problem = tile.view.problem
    kind = RowCode if _by_float_math(problem) else OperationCode
    return kind(
        arch, problem.epilogue, problem.accumulator, problem.out.dtype, tile.object_dtype,
        (1, 1, tile.vector), tile,
    )  # fmt: skip


def can_pair(tile: OperationTile) -> bool:
    """Whether a tile's code can work on two tiles at once."""
    alone = tile.chunks == 1 and not tile.tables and not tile.view.by_elements
    return alone and not _by_float_math(tile.view.problem)


@lru_cache(maxsize=512)
def _by_float_math(problem: OperationProblem) -> bool:
    """Whether it goes by rows, or has functions that other code does not have."""
    if problem.by_rows:
        return True
    if problem.combine:
        return False
    try:
        check_code(problem)
    except Unsupported:
        return True
    return False


def check_operation(problem: OperationProblem) -> None:
    """Refuse what no core computes.

    Raises:
        Unsupported: the message names the operation.
    """
    (check_rows if _by_float_math(problem) else check_code)(problem)
