"""Kernels of products on the matrix unit: what those of fixed sizes and the parametric one share."""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.block_float import BlockFloatUnit
from aie_conv.codegen.matrix_unit import MatrixUnit
from aie_conv.ir.core import Op
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property
from aie_conv.problem import BLOCK_FLOAT


def unit_of(arch: Arch, dtype: str) -> MatrixUnit:
    """The matrix unit of an architecture for a type of operands."""
    return (BlockFloatUnit if dtype == BLOCK_FLOAT else MatrixUnit)(arch, dtype)


@dataclass(frozen=True)
class MatrixKernel:
    """A kernel of products on the matrix unit.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16", "bf16" or "bfp16".
    """

    arch: Arch
    dtype: str

    @cached_property
    def unit(self) -> MatrixUnit:
        """The instructions."""
        return unit_of(self.arch, self.dtype)

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return self.unit.rst

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return self.unit.accumulator

    def declared(self) -> list[Op]:
        """What the module must declare for this kernel."""
        return self.unit.declared()

    def declarations(self) -> str:
        """The text of :meth:`declared`."""
        return "".join(print_op(op, 2) for op in self.declared())
