"""Which elements of its buffers a problem reads and writes."""

from aie_conv.layout.footprint import Footprint
from aie_conv.problem import ConvProblem


def accessed(problem: ConvProblem, operand: str) -> Footprint:
    """What a problem reads or writes of a buffer: "lhs", "out", or an input of its epilogue by its name."""
    if operand in ("lhs", "out"):
        buffer = problem.lhs if operand == "lhs" else problem.out
        strides = [loop.lhs if operand == "lhs" else loop.out for loop in problem.loops]
    else:
        entry = problem.epilogue.inputs[int(operand.removeprefix("in"))]
        buffer, strides = entry.operand, list(entry.strides)
    sizes = [loop.size for loop in problem.loops]
    walked = tuple((n, s) for n, s in zip(sizes, strides, strict=True) if n > 1 and s)
    return Footprint(buffer.offset, walked)
