"""One small operation of each kind."""

from aie_conv.problem import Epilogue, EpilogueInput, Gather, Loop, Operand, OperationProblem
from tests.support.operations.cases import COMBINATIONS, FUNCTIONS


def transposition(rows: int, columns: int, dtype: str) -> OperationProblem:
    """A matrix's."""
    loops = (Loop("a", "m", columns, 1, 0, rows), Loop("b", "m", rows, columns, 0, 1))
    lhs, out = Operand(dtype, (rows, columns)), Operand(dtype, (columns, rows))
    return OperationProblem("move", loops, lhs, out, Epilogue(), dtype)


def elementwise(name: str, rows: int, columns: int) -> OperationProblem:
    """A function of matrices."""
    function = FUNCTIONS[name]
    loops = (Loop("a", "m", rows, columns, 0, columns), Loop("b", "m", columns, 1, 0, 1))
    lhs, *others = (Operand(dtype, (rows, columns)) for dtype in function.inputs)
    out = Operand(function.out, (rows, columns))
    inputs = tuple(EpilogueInput(other, (columns, 1)) for other in others)
    epilogue = Epilogue(inputs, function.steps, function.result)
    return OperationProblem("elementwise", loops, lhs, out, epilogue, lhs.dtype)


def pooling(dtype: str, what: str, outputs: int, channels: int) -> OperationProblem:
    """Windows of 2x2 elements side by side, of an image whose channels are last."""
    combine, accumulator = COMBINATIONS[dtype, what]
    side = 2 * outputs
    loops = (
        Loop("a", "m", outputs, 2 * side * channels, 0, outputs * channels),
        Loop("b", "m", outputs, 2 * channels, 0, channels),
        Loop("c", "m", channels, 1, 0, 1),
        Loop("d", "k", 2, side * channels, 0, 0),
        Loop("e", "k", 2, channels, 0, 0),
    )
    lhs, out = (
        Operand(dtype, (side, side, channels)),
        Operand(accumulator, (outputs, outputs, channels)),
    )
    return OperationProblem("window", loops, lhs, out, Epilogue(), accumulator, combine)


def enlarged(dtype: str, rows: int, outputs: int, channels: int) -> OperationProblem:
    """The rows of a matrix, some of them several times."""
    loops = (Loop("a", "m", outputs, channels, 0, channels), Loop("b", "m", channels, 1, 0, 1))
    lhs, out = Operand(dtype, (rows, channels)), Operand(dtype, (outputs, channels))
    places = tuple(i * rows // outputs for i in range(outputs))
    gathers = (Gather(0, 0, places),)
    return OperationProblem("move", loops, lhs, out, Epilogue(), dtype, gathers=gathers)
