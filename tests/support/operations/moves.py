"""Random moves at problem level: any order of the dims, slices, steps, and slices of what is written."""

from math import prod

from hypothesis import strategies as st

from aie_conv.problem import Epilogue, Loop, Operand, OperationProblem

_DTYPES = ("i8", "i16", "i32", "bf16", "f32")


@st.composite
def moves(draw: st.DrawFn) -> OperationProblem:
    """A move that begins and ends on 4 bytes in both buffers, so that there must be a plan."""
    dtype = draw(st.sampled_from(_DTYPES))
    rank = draw(st.integers(2, 4))
    shape = [draw(st.sampled_from([2, 3, 5, 8])) for _ in range(rank)]
    order = draw(st.permutations(range(rank)))
    # Rows of both buffers are whole words.
    for dim in {rank - 1, order[-1]}:
        shape[dim] = 4 * draw(st.integers(1, 6))
    step = [1] * rank
    stepped = draw(st.integers(-1, rank - 1))
    if stepped >= 0:
        step[stepped] = draw(st.integers(2, 3))
    first = [4 * draw(st.integers(0, 1)) for _ in range(rank)]
    read = [
        -(-(f + (size - 1) * s + 1) // 4) * 4 for f, size, s in zip(first, shape, step, strict=True)
    ]
    border = 4 * draw(st.integers(0, 1))
    laid = [shape[d] + 2 * border for d in order]
    strides = [prod(read[d + 1 :]) for d in range(rank)]
    places = {d: prod(laid[at + 1 :]) for at, d in enumerate(order)}
    loops = tuple(Loop("abcd"[d], "m", shape[d], step[d] * strides[d], 0, places[d]) for d in order)
    start = sum(f * s for f, s in zip(first, strides, strict=True))
    out = Operand(dtype, tuple(laid), border * sum(places.values()))
    lhs = Operand(dtype, tuple(read), start)
    return OperationProblem("move", loops, lhs, out, Epilogue(), dtype, keeps_base=border > 0)
