"""vector operations that xDSL 0.74.0 has not, or not in MLIR's custom syntax."""

from math import prod

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, VectorType, i64
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from aie_conv.ir.xdsl.compat_types import element_of, shape_of


@irdl_op_definition
class ShapeCastOp(IRDLOperation):
    """The same elements in another shape."""

    name = "vector.shape_cast"
    source = operand_def(VectorType)
    result = result_def(VectorType)
    traits = traits_def(Pure())
    assembly_format = "$source attr-dict `:` type($source) `to` type($result)"

    def verify_(self) -> None:
        """As many elements of the same type."""
        source, target = self.source.type, self.result.type
        if element_of(source) != element_of(target) or prod(shape_of(source)) != prod(
            shape_of(target)
        ):
            raise VerifyException(f"vector.shape_cast: {source} to {target}")


class _Integers(IRDLOperation):
    """Base of operations with a bracketed list of integers."""

    @staticmethod
    def integers(parser: Parser) -> list[int]:
        """``[1, -1, …]``."""
        return parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
        )


@irdl_op_definition
class VectorShuffleOp(_Integers):
    """Elements of two vectors by a mask; -1 where any value will do."""

    name = "vector.shuffle"
    v1 = operand_def(VectorType)
    v2 = operand_def(VectorType)
    mask = prop_def(DenseArrayBase.constr(i64))
    vector = result_def(VectorType)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "VectorShuffleOp":
        """``%a, %b [0, 1, …] : T, U``."""
        names = [parser.parse_unresolved_operand()]
        parser.parse_punctuation(",")
        names.append(parser.parse_unresolved_operand())
        mask = cls.integers(parser)
        parser.parse_punctuation(":")
        kinds = [parser.parse_type()]
        parser.parse_punctuation(",")
        kinds.append(parser.parse_type())
        operands = parser.resolve_operands(names, kinds, parser.pos)
        shape = (len(mask), *shape_of(kinds[0])[1:])
        return cls.build(
            operands=operands,
            result_types=[VectorType(element_of(kinds[0]), shape)],
            properties={"mask": DenseArrayBase.from_list(i64, mask)},
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_operand)
        mask = ", ".join(map(str, self.mask.get_values()))
        printer.print_string(f" [{mask}] : ")
        printer.print_list([value.type for value in self.operands], printer.print_attribute)

    def verify_(self) -> None:
        """Mask entries name an element or are -1."""
        limit = shape_of(self.v1.type)[0] + shape_of(self.v2.type)[0]
        if any(not -1 <= int(index) < limit for index in self.mask.get_values()):
            raise VerifyException(f"vector.shuffle: mask entries are -1 to {limit - 1}")


@irdl_op_definition
class TransposeOp(_Integers):
    """A permutation of a vector's dimensions."""

    name = "vector.transpose"
    vector = operand_def(VectorType)
    permutation = prop_def(DenseArrayBase.constr(i64))
    result = result_def(VectorType)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "TransposeOp":
        """``%v, [1, 0] : T to U``."""
        name = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        order = cls.integers(parser)
        parser.parse_punctuation(":")
        source = parser.parse_type()
        parser.parse_keyword("to")
        return cls.build(
            operands=[parser.resolve_operand(name, source)],
            result_types=[parser.parse_type()],
            properties={"permutation": DenseArrayBase.from_list(i64, order)},
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_operand(self.vector)
        order = ", ".join(map(str, self.permutation.get_values()))
        printer.print_string(f", [{order}] : ")
        printer.print_attribute(self.vector.type)
        printer.print_string(" to ")
        printer.print_attribute(self.result.type)


class _Slice(IRDLOperation):
    """Base of the strided slices: integers in the attribute dictionary."""

    @staticmethod
    def taken(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
        """The properties among an operation's attributes."""
        return {k: v for k, v in attributes.items() if k in ("offsets", "sizes", "strides")}


@irdl_op_definition
class ExtractStridedSliceOp(_Slice):
    """A box out of a vector."""

    name = "vector.extract_strided_slice"
    source = operand_def(VectorType)
    offsets = prop_def(ArrayAttr)
    sizes = prop_def(ArrayAttr)
    strides = prop_def(ArrayAttr)
    result = result_def(VectorType)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "ExtractStridedSliceOp":
        """``%v {offsets = …, sizes = …, strides = …} : T to U``."""
        name = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        source = parser.parse_type()
        parser.parse_keyword("to")
        return cls.build(
            operands=[parser.resolve_operand(name, source)],
            result_types=[parser.parse_type()],
            properties=cls.taken(attributes),
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_operand(self.source)
        printer.print_string(" ")
        printer.print_attr_dict(self.properties)
        printer.print_string(" : ")
        printer.print_attribute(self.source.type)
        printer.print_string(" to ")
        printer.print_attribute(self.result.type)


@irdl_op_definition
class InsertStridedSliceOp(_Slice):
    """A vector into a box of another."""

    name = "vector.insert_strided_slice"
    source = operand_def(VectorType)
    dest = operand_def(VectorType)
    offsets = prop_def(ArrayAttr)
    strides = prop_def(ArrayAttr)
    result = result_def(VectorType)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "InsertStridedSliceOp":
        """``%v, %w {offsets = …, strides = …} : T into U``."""
        names = [parser.parse_unresolved_operand()]
        parser.parse_punctuation(",")
        names.append(parser.parse_unresolved_operand())
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        kinds = [parser.parse_type()]
        parser.parse_keyword("into")
        kinds.append(parser.parse_type())
        return cls.build(
            operands=parser.resolve_operands(names, kinds, parser.pos),
            result_types=[kinds[1]],
            properties=cls.taken(attributes),
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_operand)
        printer.print_string(" ")
        printer.print_attr_dict(self.properties)
        printer.print_string(" : ")
        printer.print_attribute(self.source.type)
        printer.print_string(" into ")
        printer.print_attribute(self.dest.type)
