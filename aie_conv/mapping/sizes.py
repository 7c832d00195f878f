"""Sizes worth trying in a search."""

from aie_conv.arch import Arch
from aie_conv.mapping.cut import PARAMETERS
from aie_conv.mapping.tiling import COUNTER_BYTES, STACK_BYTES

BUFFERINGS = ((True, 2), (True, 1), (False, 2))
"""Values of (resident, b_depth) worth trying, the best first."""


def divisors(value: int) -> list[int]:
    """Every divisor, ascending."""
    return [d for d in range(1, value + 1) if value % d == 0]


def fits_roughly(arch: Arch, a: int, b: int, out: int, acc: int, out_depth: int = 2) -> bool:
    """Whether bytes of input, filter (all buffers), output and accumulator can fit a core.

    Most candidates of a search overflow the core; saying so early is most of the search.
    """
    fixed = STACK_BYTES + COUNTER_BYTES + 4 * PARAMETERS
    return fixed + 2 * a + b + out_depth * out + acc <= arch.core_data_bytes
