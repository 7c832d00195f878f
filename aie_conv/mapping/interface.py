"""What a route gives a mapping: its view of a problem, and two functions for the cores."""

from typing import Protocol

from aie_conv.ir.core import Op
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.operands import Residual
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem


class ProblemView(Protocol):
    """A problem over flat buffers, as a route sees it; sizes and strides in elements.

    ``n`` is a group's number of output channels and ``k`` the length of its sums, both padded;
    ``groups`` lie behind one another in output, filter and per-channel operands. ``unit`` is what the matrix
    unit multiplies: operands as they are, ``dtype``, or as "bfp16". ``sent`` is a per-channel operand that
    the shim brings from where it lies, since it differs from call to call; None where all are packed with
    the filter.
    """

    @property
    def problem(self) -> ConvProblem: ...
    @property
    def dtype(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def groups(self) -> int: ...
    @property
    def n(self) -> int: ...
    @property
    def k(self) -> int: ...
    @property
    def lhs(self) -> Argument: ...
    @property
    def result(self) -> Argument: ...
    @property
    def vectors(self) -> tuple[tuple[int, str, str], ...]: ...
    @property
    def sent(self) -> Argument | None: ...
    @property
    def residual(self) -> Residual | None: ...
    @property
    def prologue(self) -> tuple[HostCopy, ...]: ...
    @property
    def finish(self) -> tuple[HostCopy, ...]: ...


class Kernel(Protocol):
    """The multiply-accumulate of one core: ``name(a, b, acc, chunk)``.

    A ``fresh`` one does not add to what ``acc`` holds: it begins a tile.
    """

    @property
    def rst(self) -> tuple[int, int, int]:
        """Pixels, channels of K and output channels of one block of the accumulator."""
        ...

    @property
    def accumulator(self) -> str:
        """Element type of the accumulator."""
        ...

    def declared(self) -> list[Op]:
        """What the module must declare for it."""
        ...

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function."""
        ...


class CoreEpilogue(Protocol):
    """The epilogue of one core: ``name(acc[, b], out[, residual, n block, residual block])``."""

    def declared(self) -> list[Op]:
        """What the module must declare for it."""
        ...

    def function(self, name: str) -> Op:
        """The function."""
        ...

    def text(self, name: str) -> str:
        """Its text."""
        ...
