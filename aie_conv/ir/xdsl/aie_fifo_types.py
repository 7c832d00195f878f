"""Types and attributes of object FIFOs.

As in mlir-aie 1e400306 (March 2026).
"""

from collections.abc import Sequence
from typing import ClassVar, Self

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType, i32
from xdsl.ir import Attribute, OpaqueSyntaxAttribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer


class _Pairs(ParametrizedAttribute, OpaqueSyntaxAttribute):
    """A list of pairs of integers, ``[<first = 1, second = 2>, …]``.

    Each attribute declares ``pairs`` itself: a field that is only inherited takes no part in equality.
    """

    pairs: ArrayAttr[ArrayAttr[IntegerAttr]]
    WORDS: ClassVar[tuple[str, str]]

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, int]]) -> Self:
        """From plain integers."""
        rows = [ArrayAttr([IntegerAttr(a, i32), IntegerAttr(b, i32)]) for a, b in pairs]
        return cls.new([ArrayAttr(rows)])

    @property
    def values(self) -> tuple[tuple[int, int], ...]:
        """As plain integers."""
        return tuple((a.value.data, b.value.data) for a, b in self.pairs)

    @classmethod
    def parse_one(cls, parser: AttrParser) -> tuple[int, int]:
        """``<first = 1, second = 2>``."""
        numbers: list[int] = []
        with parser.in_angle_brackets():
            for word in cls.WORDS:
                if numbers:
                    parser.parse_punctuation(",")
                parser.parse_keyword(word)
                parser.parse_punctuation("=")
                numbers.append(parser.parse_integer(allow_boolean=False))
        return numbers[0], numbers[1]

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """``[<…>, …]``, as upstream prints it behind the attribute's name."""
        pairs = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: cls.parse_one(parser)
        )
        return cls.of(pairs).parameters

    def text(self) -> str:
        """The pairs without brackets around them."""
        a, b = self.WORDS
        return ", ".join(f"<{a} = {first}, {b} = {second}>" for first, second in self.values)

    def print_parameters(self, printer: Printer) -> None:
        """See :meth:`parse_parameters`."""
        printer.print_string(f"[{self.text()}]")


@irdl_attr_definition
class BDDimLayoutArrayAttr(_Pairs):
    """(size, stride) in elements of each dimension of a buffer descriptor, outermost first."""

    name = "aie.bd_dim_layout_array"
    pairs: ArrayAttr[ArrayAttr[IntegerAttr]]
    WORDS: ClassVar[tuple[str, str]] = ("size", "stride")


@irdl_attr_definition
class BDPadLayoutArrayAttr(_Pairs):
    """Zeros (before, after) in elements of each dimension."""

    name = "aie.bd_pad_layout_array"
    pairs: ArrayAttr[ArrayAttr[IntegerAttr]]
    WORDS: ClassVar[tuple[str, str]] = ("const_pad_before", "const_pad_after")


@irdl_attr_definition
class ObjectFifoType(ParametrizedAttribute, TypeAttribute):
    """``!aie.objectfifo<memref<…>>``."""

    name = "aie.objectfifo"
    element: MemRefType


@irdl_attr_definition
class ObjectFifoSubviewType(ParametrizedAttribute, TypeAttribute):
    """``!aie.objectfifosubview<memref<…>>``."""

    name = "aie.objectfifosubview"
    element: MemRefType
