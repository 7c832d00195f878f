"""Loops of size 1 are dropped: their strides mean nothing."""

from dataclasses import replace

from aie_conv.problem import ConvProblem


def drop_unit_loops(problem: ConvProblem) -> ConvProblem:
    """The same problem without its loops of size 1, whose strides mean nothing."""
    kept = [i for i, loop in enumerate(problem.loops) if loop.size > 1]
    inputs = tuple(
        replace(input_, strides=tuple(input_.strides[i] for i in kept))
        for input_ in problem.epilogue.inputs
    )
    return replace(
        problem,
        loops=tuple(problem.loops[i] for i in kept),
        epilogue=replace(problem.epilogue, inputs=inputs),
    )
