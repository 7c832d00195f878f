"""Buffer descriptors and the runtime sequence's tasks of them.

As in mlir-aie 1e400306 (March 2026); in August 2026 ``aie.dma_bd`` is written differently.
"""

from xdsl.dialects.builtin import (
    BoolAttr,
    FlatSymbolRefAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    i32,
)
from xdsl.ir import Attribute, Block
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
from xdsl.traits import HasParent, IsTerminator
from xdsl.utils.exceptions import VerifyException

from aie_conv.ir.xdsl.aie_array import INDEX, EndOp, RuntimeSequenceOp, print_dict
from aie_conv.ir.xdsl.aie_dma import DIRECTIONS, UseLockOp, parse_number, parse_word
from aie_conv.ir.xdsl.aie_fifo_types import BDDimLayoutArrayAttr


@irdl_op_definition
class DMABDOp(IRDLOperation):
    """One buffer descriptor: where its walk begins, how long and in which dimensions, in elements."""

    name = "aie.dma_bd"
    buffer = operand_def(MemRefType)
    offset = prop_def(IntegerAttr)
    len = prop_def(IntegerAttr)
    dimensions = opt_prop_def(BDDimLayoutArrayAttr)
    bd_id = opt_prop_def(IntegerAttr)

    @classmethod
    def parse(cls, parser: Parser) -> "DMABDOp":
        """``(%a : memref<…>, offset, length[, [<size = n, stride = s>, …]]) {bd_id = 0 : i32}``."""
        parser.parse_punctuation("(")
        name = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        buffer = parser.resolve_operand(name, parser.parse_type())
        properties: dict[str, Attribute] = {}
        for what in ("offset", "len"):
            parser.parse_punctuation(",")
            number = parser.parse_integer(allow_boolean=False)
            properties[what] = IntegerAttr(number, i32)
        if parser.parse_optional_punctuation(","):
            pairs = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: BDDimLayoutArrayAttr.parse_one(parser)
            )
            properties["dimensions"] = BDDimLayoutArrayAttr.of(pairs)
        parser.parse_punctuation(")")
        properties.update(parser.parse_optional_attr_dict())
        return cls.build(operands=[buffer], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.buffer)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)
        printer.print_string(f", {self.offset.value.data}, {self.len.value.data}")
        if self.dimensions is not None:
            printer.print_string(f", [{self.dimensions.text()}]")
        printer.print_string(")")
        print_dict(printer, {"bd_id": self.bd_id} if self.bd_id is not None else {})


@irdl_op_definition
class NextBDOp(IRDLOperation):
    """The descriptor that follows."""

    name = "aie.next_bd"
    dest = successor_def()
    traits = traits_def(IsTerminator())

    @classmethod
    def parse(cls, parser: Parser) -> "NextBDOp":
        """``^block``."""
        return cls.build(successors=[parser.parse_successor()])

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_block_name(self.dest)


@irdl_op_definition
class DMAConfigureTaskForOp(IRDLOperation):
    """Write the descriptors of a chain for a FIFO's shim channel; ``repeat_count`` runs but one."""

    name = "aiex.dma_configure_task_for"
    alloc = prop_def(FlatSymbolRefAttr)
    issue_token = opt_prop_def(BoolAttr)
    repeat_count = opt_prop_def(IntegerAttr)
    body = region_def()
    result = result_def(IndexType)
    traits = traits_def(HasParent(RuntimeSequenceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "DMAConfigureTaskForOp":
        """``@fifo { aie.dma_bd(…) aie.end } {issue_token = true, repeat_count = 1 : i32}``."""
        properties: dict[str, Attribute] = {"alloc": SymbolRefAttr(parser.parse_symbol_name())}
        region = parser.parse_region()
        properties.update(parser.parse_optional_attr_dict())
        return cls.build(properties=properties, regions=[region], result_types=[INDEX])

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_attribute(self.alloc)
        printer.print_string(" ")
        printer.print_region(self.body)
        print_dict(printer, {k: v for k, v in self.properties.items() if k != "alloc"})

    def verify_(self) -> None:
        """Each block is one descriptor, and each but the first follows another."""
        for block in self.body.blocks:
            if not _is_descriptor(block, locks=0):
                raise VerifyException(
                    f"{self.name}: a block holds one aie.dma_bd and an aie.next_bd or aie.end"
                )


def _is_descriptor(block: Block, *, locks: int) -> bool:
    """One descriptor, with up to so many uses of locks, and an end."""
    *ops, last = block.ops
    others = [op for op in ops if not isinstance(op, UseLockOp)]
    single = len(others) == 1 and isinstance(others[0], DMABDOp)
    return single and len(ops) - 1 <= locks and isinstance(last, NextBDOp | EndOp)


@irdl_op_definition
class DMAConfigureTaskOp(IRDLOperation):
    """Write the descriptors of a chain for a tile's channel, with their locks."""

    name = "aiex.dma_configure_task"
    tile = operand_def(IndexType)
    direction = prop_def(StringAttr)
    channel = prop_def(IntegerAttr)
    issue_token = opt_prop_def(BoolAttr)
    repeat_count = opt_prop_def(IntegerAttr)
    body = region_def()
    result = result_def(IndexType)
    traits = traits_def(HasParent(RuntimeSequenceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "DMAConfigureTaskOp":
        """``(%tile, S2MM, 0) { aie.use_lock(…) aie.dma_bd(…) … aie.end } {repeat_count = 1 : i32}``."""
        parser.parse_punctuation("(")
        tile = parser.parse_operand(INDEX)
        parser.parse_punctuation(",")
        properties: dict[str, Attribute] = {"direction": parse_word(parser, *DIRECTIONS)}
        parser.parse_punctuation(",")
        properties["channel"] = parse_number(parser)
        parser.parse_punctuation(")")
        region = parser.parse_region()
        properties.update(parser.parse_optional_attr_dict())
        return cls.build(
            operands=[tile], properties=properties, regions=[region], result_types=[INDEX]
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.tile)
        printer.print_string(f", {self.direction.data}, {self.channel.value.data}) ")
        printer.print_region(self.body)
        shown = ("issue_token", "repeat_count")
        print_dict(printer, {k: self.properties[k] for k in shown if k in self.properties})

    def verify_(self) -> None:
        """Each block is one descriptor with its locks."""
        if not all(_is_descriptor(block, locks=2) for block in self.body.blocks):
            raise VerifyException(
                f"{self.name}: a block holds one aie.dma_bd, its locks, and an aie.next_bd or aie.end"
            )


class _TaskOp(IRDLOperation):
    """Something done with a configured task."""

    task = operand_def(IndexType)
    traits = traits_def(HasParent(RuntimeSequenceOp))
    assembly_format = "`(` $task `)` attr-dict"


@irdl_op_definition
class DMAStartTaskOp(_TaskOp):
    """Push a configured task into its channel's queue."""

    name = "aiex.dma_start_task"


@irdl_op_definition
class DMAAwaitTaskOp(_TaskOp):
    """Wait for a task's token; its descriptors are free then."""

    name = "aiex.dma_await_task"
