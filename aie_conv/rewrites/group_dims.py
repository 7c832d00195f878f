"""Groups as dimensions of their buffers, or as outer output channels."""

from dataclasses import replace

from aie_conv.mapping.operands import row_major
from aie_conv.problem import ConvProblem, Loop, Operand


def _split(operand: Operand, loops: tuple[Loop, ...], strides: tuple[int, ...]) -> Operand:
    """The same buffer with a dimension of its own for each loop over groups."""
    for loop, stride in zip(loops, strides, strict=True):
        dim_strides = row_major(operand.shape)
        if loop.role != "g" or not stride or stride in dim_strides:
            continue
        for d, size in enumerate(operand.shape):
            inside = stride // dim_strides[d]
            if inside > 1 and stride % dim_strides[d] == 0 and size % inside == 0 and inside < size:
                shape = (*operand.shape[:d], size // inside, inside, *operand.shape[d + 1 :])
                operand = replace(operand, shape=shape)
                break
    return operand


def split_group_dims(problem: ConvProblem) -> ConvProblem:
    """The problem over buffers in which groups and their channels are dimensions."""
    loops = problem.loops

    def split(operand: Operand, strides: tuple[int, ...]) -> Operand:
        return _split(operand, loops, strides)

    inputs = tuple(
        replace(input_, operand=split(input_.operand, input_.strides))
        for input_ in problem.epilogue.inputs
    )
    return replace(
        problem,
        lhs=split(problem.lhs, tuple(loop.lhs for loop in loops)),
        rhs=split(problem.rhs, tuple(loop.rhs for loop in loops)),
        out=split(problem.out, tuple(loop.out for loop in loops)),
        epilogue=replace(problem.epilogue, inputs=inputs),
    )


def groups_as_outputs(problem: ConvProblem) -> ConvProblem:
    """The problem as its output and epilogue see it: groups are outer output channels."""
    loops = tuple(replace(loop, role="n") if loop.role == "g" else loop for loop in problem.loops)
    return replace(problem, loops=loops)
