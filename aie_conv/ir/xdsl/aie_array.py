"""The array's own operations: device, tiles, buffers, cores, the runtime sequence.

As in mlir-aie 1e400306 (March 2026).
"""

from collections.abc import Mapping

from xdsl.dialects.builtin import IndexType, IntegerAttr, MemRefType, StringAttr, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsolatedFromAbove, IsTerminator, NoTerminator, SymbolTable
from xdsl.utils.exceptions import VerifyException

INDEX = IndexType()


def print_dict(printer: Printer, attributes: Mapping[str, Attribute]) -> None:
    """``{…}`` with a space before it, or nothing."""
    if attributes:
        printer.print_string(" ")
        printer.print_attr_dict(attributes)


@irdl_op_definition
class DeviceOp(IRDLOperation):
    """One array; ``device`` is "npu1", "npu2", …"""

    name = "aie.device"
    device = prop_def(StringAttr)
    sym_name = opt_prop_def(StringAttr)
    body_region = region_def("single_block")
    traits = traits_def(NoTerminator(), IsolatedFromAbove(), SymbolTable())

    @classmethod
    def parse(cls, parser: Parser) -> "DeviceOp":
        """``(npu1) [@name] { … }``."""
        parser.parse_punctuation("(")
        properties: dict[str, Attribute] = {"device": StringAttr(parser.parse_identifier())}
        parser.parse_punctuation(")")
        name = parser.parse_optional_symbol_name()
        if name is not None:
            properties["sym_name"] = name
        region = parser.parse_region()
        attributes = parser.parse_optional_attr_dict()
        return cls.build(properties=properties, regions=[region], attributes=attributes)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(f"({self.device.data}) ")
        if self.sym_name is not None:
            printer.print_symbol_name(self.sym_name.data)
            printer.print_string(" ")
        printer.print_region(self.body_region)
        print_dict(printer, self.attributes)


@irdl_op_definition
class TileOp(IRDLOperation):
    """A tile by column and row."""

    name = "aie.tile"
    col = prop_def(IntegerAttr)
    row = prop_def(IntegerAttr)
    result = result_def(IndexType)
    traits = traits_def(HasParent(DeviceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "TileOp":
        """``(col, row)``."""
        parser.parse_punctuation("(")
        col = parser.parse_integer(allow_boolean=False)
        parser.parse_punctuation(",")
        row = parser.parse_integer(allow_boolean=False)
        parser.parse_punctuation(")")
        return cls.build(
            result_types=[INDEX],
            properties={"col": IntegerAttr(col, i32), "row": IntegerAttr(row, i32)},
            attributes=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(f"({self.col.value.data}, {self.row.value.data})")
        print_dict(printer, self.attributes)

    def verify_(self) -> None:
        """Places are not negative."""
        if self.col.value.data < 0 or self.row.value.data < 0:
            raise VerifyException("aie.tile: column and row are at least 0")


@irdl_op_definition
class BufferOp(IRDLOperation):
    """A named piece of a tile's memory."""

    name = "aie.buffer"
    tile = operand_def(IndexType)
    sym_name = opt_prop_def(StringAttr)
    address = opt_prop_def(IntegerAttr)
    mem_bank = opt_prop_def(IntegerAttr)
    initial_value = opt_prop_def(Attribute)
    buffer = result_def(MemRefType)

    @classmethod
    def parse(cls, parser: Parser) -> "BufferOp":
        """``(%tile) {sym_name = "b"} : memref<…> [= dense<…>]``."""
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(")")
        properties = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        kind = parser.parse_type()
        if parser.parse_optional_punctuation("="):
            properties["initial_value"] = parser.parse_attribute()
        return cls.build(operands=[tile], result_types=[kind], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(")")
        print_dict(printer, {k: v for k, v in self.properties.items() if k != "initial_value"})
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)
        if self.initial_value is not None:
            printer.print_string(" = ")
            printer.print_attribute(self.initial_value)


@irdl_op_definition
class EndOp(IRDLOperation):
    """The end of a core's program, or of a chain of buffer descriptors."""

    name = "aie.end"
    traits = traits_def(IsTerminator())
    assembly_format = "attr-dict"


@irdl_op_definition
class CoreOp(IRDLOperation):
    """A core's program."""

    name = "aie.core"
    tile = operand_def(IndexType)
    stack_size = opt_prop_def(IntegerAttr)
    link_with = opt_prop_def(StringAttr)
    dynamic_objfifo_lowering = opt_prop_def(Attribute)
    body = region_def()
    result = result_def(IndexType)

    @classmethod
    def parse(cls, parser: Parser) -> "CoreOp":
        """``(%tile) { … } {stack_size = 2048 : i32}``."""
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(")")
        region = parser.parse_region()
        return cls.build(
            operands=[tile],
            result_types=[INDEX],
            regions=[region],
            properties=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(") ")
        printer.print_region(self.body)
        print_dict(printer, self.properties)

    def verify_(self) -> None:
        """The program ends."""
        if not isinstance(self.body.block.last_op, EndOp):
            raise VerifyException("aie.core: its body must end in aie.end")


@irdl_op_definition
class RuntimeSequenceOp(IRDLOperation):
    """What the host's command stream does; its arguments are the host's buffers."""

    name = "aie.runtime_sequence"
    sym_name = opt_prop_def(StringAttr)
    body = region_def("single_block")
    traits = traits_def(NoTerminator(), HasParent(DeviceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "RuntimeSequenceOp":
        """``[@name](%a: memref<…>, …) { … }``."""
        name = parser.parse_optional_symbol_name()
        arguments = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=True)
        )
        region = parser.parse_region(arguments)
        return cls.build(
            properties={"sym_name": name} if name is not None else {}, regions=[region]
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        if self.sym_name is not None:
            printer.print_string(" ")
            printer.print_symbol_name(self.sym_name.data)
        printer.print_string("(")
        printer.print_list(self.body.block.args, printer.print_block_argument)
        printer.print_string(") ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)
