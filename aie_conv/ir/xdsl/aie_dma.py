"""Locks, flows, and what a tile's DMA channels are configured with.

As in mlir-aie 1e400306 (March 2026); in August 2026 descriptors are written differently.
"""

from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    i1,
    i32,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    successor_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from aie_conv.ir.xdsl.aie_array import INDEX, DeviceOp, print_dict

DIRECTIONS = ("S2MM", "MM2S")


def parse_word(parser: Parser, *words: str) -> StringAttr:
    """One of some words."""
    for word in words:
        if parser.parse_optional_keyword(word) is not None:
            return StringAttr(word)
    parser.raise_error(f"expected {' or '.join(words)}")


def parse_number(parser: Parser) -> IntegerAttr:
    """An integer of 32 bits."""
    return IntegerAttr(parser.parse_integer(allow_boolean=False), i32)


@irdl_op_definition
class LockOp(IRDLOperation):
    """A lock of a tile: a counter."""

    name = "aie.lock"
    tile = operand_def(IndexType)
    lockID = prop_def(IntegerAttr)
    init = opt_prop_def(IntegerAttr)
    sym_name = opt_prop_def(StringAttr)
    result = result_def(IndexType)
    traits = traits_def(HasParent(DeviceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "LockOp":
        """``(%tile, 0) {init = 1 : i32, sym_name = "l"}``."""
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(",")
        properties: dict[str, Attribute] = {"lockID": parse_number(parser)}
        parser.parse_punctuation(")")
        properties.update(parser.parse_optional_attr_dict())
        return cls.build(operands=[tile], properties=properties, result_types=[INDEX])

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(f", {self.lockID.value.data})")
        print_dict(printer, {k: v for k, v in self.properties.items() if k != "lockID"})


@irdl_op_definition
class UseLockOp(IRDLOperation):
    """Acquire a lock, or release it."""

    name = "aie.use_lock"
    lock = operand_def(IndexType)
    action = prop_def(StringAttr)
    value = prop_def(IntegerAttr)

    @classmethod
    def parse(cls, parser: Parser) -> "UseLockOp":
        """``(%lock, AcquireGreaterEqual, 1)``."""
        parser.parse_punctuation("(")
        lock = parser.parse_operand(INDEX)
        parser.parse_punctuation(",")
        action = parse_word(parser, "AcquireGreaterEqual", "Release")
        parser.parse_punctuation(",")
        value = parse_number(parser)
        parser.parse_punctuation(")")
        return cls.build(operands=[lock], properties={"action": action, "value": value})

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.lock)
        printer.print_string(f", {self.action.data}, {self.value.value.data})")


@irdl_op_definition
class FlowOp(IRDLOperation):
    """A stream from a port to another."""

    name = "aie.flow"
    source = operand_def(IndexType)
    dest = operand_def(IndexType)
    source_bundle = prop_def(StringAttr)
    source_channel = prop_def(IntegerAttr)
    dest_bundle = prop_def(StringAttr)
    dest_channel = prop_def(IntegerAttr)
    traits = traits_def(HasParent(DeviceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "FlowOp":
        """``(%a, DMA : 0, %b, DMA : 0)``."""
        operands, properties = [], dict[str, Attribute]()
        parser.parse_punctuation("(")
        for end in ("source", "dest"):
            if end == "dest":
                parser.parse_punctuation(",")
            operands.append(parser.parse_operand(INDEX))
            parser.parse_punctuation(",")
            properties[f"{end}_bundle"] = StringAttr(parser.parse_identifier())
            parser.parse_punctuation(":")
            properties[f"{end}_channel"] = parse_number(parser)
        parser.parse_punctuation(")")
        return cls.build(operands=operands, properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.source)
        printer.print_string(f", {self.source_bundle.data} : {self.source_channel.value.data}, ")
        printer.print_operand(self.dest)
        printer.print_string(f", {self.dest_bundle.data} : {self.dest_channel.value.data})")


@irdl_op_definition
class ShimDMAAllocationOp(IRDLOperation):
    """A shim's channel by a name."""

    name = "aie.shim_dma_allocation"
    tile = operand_def(IndexType)
    sym_name = prop_def(SymbolNameConstraint())
    channel_dir = prop_def(StringAttr)
    channel_index = prop_def(IntegerAttr)
    traits = traits_def(HasParent(DeviceOp), SymbolOpInterface())

    @classmethod
    def parse(cls, parser: Parser) -> "ShimDMAAllocationOp":
        """``@name(%tile, MM2S, 0)``."""
        properties: dict[str, Attribute] = {"sym_name": parser.parse_symbol_name()}
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(",")
        properties["channel_dir"] = parse_word(parser, *DIRECTIONS)
        parser.parse_punctuation(",")
        properties["channel_index"] = parse_number(parser)
        parser.parse_punctuation(")")
        return cls.build(operands=[tile], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(f", {self.channel_dir.data}, {self.channel_index.value.data})")


@irdl_op_definition
class DMAStartOp(IRDLOperation):
    """Start a channel on the descriptors at ``dest``; ``chain`` goes on with the next channel."""

    name = "aie.dma_start"
    channel_dir = prop_def(StringAttr)
    channel_index = prop_def(IntegerAttr)
    dest = successor_def()
    chain = successor_def()
    result = result_def(i1)
    traits = traits_def(IsTerminator())

    @classmethod
    def parse(cls, parser: Parser) -> "DMAStartOp":
        """``(S2MM, 0, ^descriptors, ^next)``."""
        parser.parse_punctuation("(")
        direction = parse_word(parser, *DIRECTIONS)
        parser.parse_punctuation(",")
        channel = parse_number(parser)
        successors = []
        for _ in range(2):
            parser.parse_punctuation(",")
            successors.append(parser.parse_successor())
        parser.parse_punctuation(")")
        return cls.build(
            properties={"channel_dir": direction, "channel_index": channel},
            successors=successors,
            result_types=[i1],
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(f"({self.channel_dir.data}, {self.channel_index.value.data}")
        for block in (self.dest, self.chain):
            printer.print_string(", ")
            printer.print_block_name(block)
        printer.print_string(")")


class _MemoryOp(IRDLOperation):
    """What the channels of a tile's DMA are configured with."""

    tile = operand_def(IndexType)
    body = region_def()
    result = result_def(IndexType)

    @classmethod
    def parse(cls, parser: Parser) -> "_MemoryOp":
        """``(%tile) { … }``."""
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(")")
        return cls.build(operands=[tile], regions=[parser.parse_region()], result_types=[INDEX])

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(") ")
        printer.print_region(self.body)

    def verify_(self) -> None:
        """Something stands in it."""
        if not self.body.blocks:
            raise VerifyException(f"{self.name}: it is empty")


@irdl_op_definition
class MemOp(_MemoryOp):
    """A core tile's DMA."""

    name = "aie.mem"
    traits = traits_def(HasParent(DeviceOp))


@irdl_op_definition
class MemTileDMAOp(_MemoryOp):
    """A mem tile's DMA."""

    name = "aie.memtile_dma"
    traits = traits_def(HasParent(DeviceOp))
