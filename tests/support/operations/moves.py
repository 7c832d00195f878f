"""Random moves at problem level: any order of the dims, slices, steps, and slices of what is written."""

from math import prod

import numpy as np
from hypothesis import strategies as st

from aie_conv.problem import Epilogue, Gather, Loop, Operand, OperationProblem
from tests.support.operations.cases import Array, with_result

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


@st.composite
def gathers(draw: st.DrawFn) -> OperationProblem:
    """A move of an image that takes rows and columns anywhere: channels last, or first and rows of whole words."""
    dtype = draw(st.sampled_from(_DTYPES))
    sides = [draw(st.integers(1, 9)) for _ in range(2)]
    size = [draw(st.integers(2, 12)) for _ in range(2)]
    channels = draw(st.sampled_from([4, 8, 24, 32]))
    last = draw(st.booleans())
    if not last:
        sides[1], size[1] = 4 * draw(st.integers(1, 3)), 4 * draw(st.integers(1, 4))
    shape = [*sides, channels] if last else [channels, *sides]
    laid = [*size, channels] if last else [channels, *size]
    steps, places = ([prod(dims[d + 1 :]) for d in range(3)] for dims in (shape, laid))
    first = 0 if last else 1
    loops = tuple(
        Loop("abc"[d], "m", laid[d], steps[d], 0, places[d]) for d in range(3) if laid[d] > 1
    )
    taken = tuple(
        Gather(
            0,
            first + d,
            tuple(draw(st.lists(st.integers(0, sides[d] - 1), min_size=size[d], max_size=size[d]))),
        )
        for d in range(2)
    )
    lhs, out = Operand(dtype, tuple(shape)), Operand(dtype, tuple(laid))
    return OperationProblem("move", loops, lhs, out, Epilogue(), dtype, gathers=taken)


def gathered(problem: OperationProblem, arrays: dict[str, Array]) -> Array:
    """The output buffer by numpy's indexing."""
    view = arrays["lhs"].reshape(problem.lhs.shape)
    for gather in problem.gathers:
        view = np.take(view, gather.places, axis=gather.loop)
    return with_result(problem, arrays["out"], view)
