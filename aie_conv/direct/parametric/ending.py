"""How the epilogue of a program for many shapes ends: with a table that is among its parameters, or not."""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.parameters import ParameterBlock
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.codegen.tables import MOST_HINGES, ByteHinges, TablePass, cut_last
from aie_conv.problem import ConvProblem, Epilogue


@dataclass(frozen=True)
class Ending:
    """An epilogue in two parts.

    Attributes:
        epilogue: what is code of the program, up to the table.
        table: what is looked up behind it; None where the code is all.
    """

    epilogue: Epilogue
    table: ByteHinges | None

    def cycles_of(self, arch: Arch, output: int) -> int:
        """Cycles of the pass over an object of so many bytes, an estimate; 0 without a table."""
        each = TablePass(arch, ParameterBlock(()), 0, output)
        return each.cycles_of(self.table) if self.table is not None else 0


def ending_of(problem: ConvProblem) -> Ending:
    """The ending of a problem's epilogue."""
    epilogue, table = cut_last(problem.epilogue, problem.accumulator)
    if table is None or len(table.form.terms) > MOST_HINGES:
        return Ending(problem.epilogue, None)
    return Ending(epilogue, table.form)


def look_up_pass(arch: Arch, kernel: ParametricKernel, output: int) -> TablePass:
    """The pass that follows the epilogue, over objects of so many bytes."""
    return TablePass(arch, kernel.block, kernel.block.words + kernel.sums, output)
