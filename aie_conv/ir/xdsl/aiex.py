"""The aiex dialect: transfers, tasks and waits in the runtime sequence (mlir-aie 1e400306)."""

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    FlatSymbolRefAttr,
    IntegerAttr,
    MemRefType,
    i64,
)
from xdsl.ir import Attribute, Dialect
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from aie_conv.ir.xdsl.aie_bd import (
    DMAAwaitTaskOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartTaskOp,
)


@irdl_op_definition
class NpuDmaMemcpyNdOp(IRDLOperation):
    """One shim transfer over at most four dimensions, outermost first, all static."""

    name = "aiex.npu.dma_memcpy_nd"
    memref = operand_def(MemRefType)
    offsets = var_operand_def()
    sizes = var_operand_def()
    strides = var_operand_def()
    static_offsets = prop_def(DenseArrayBase.constr(i64))
    static_sizes = prop_def(DenseArrayBase.constr(i64))
    static_strides = prop_def(DenseArrayBase.constr(i64))
    metadata = prop_def(FlatSymbolRefAttr)
    id = prop_def(IntegerAttr)
    issue_token = opt_prop_def(BoolAttr)
    packet = opt_prop_def(Attribute)
    d0_zero_before = opt_prop_def(IntegerAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    @classmethod
    def parse(cls, parser: Parser) -> "NpuDmaMemcpyNdOp":
        """``(%a[offsets][sizes][strides]) {id = 0 : i64, metadata = @f} : memref<…>``."""
        parser.parse_punctuation("(")
        name = parser.parse_unresolved_operand()
        properties: dict[str, Attribute] = {}
        for what in ("static_offsets", "static_sizes", "static_strides"):
            numbers = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
            )
            properties[what] = DenseArrayBase.from_list(i64, numbers)
        parser.parse_punctuation(")")
        properties.update(parser.parse_optional_attr_dict())
        parser.parse_punctuation(":")
        memref = parser.resolve_operand(name, parser.parse_type())
        return cls.build(operands=[memref, [], [], []], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string("(")
        printer.print_operand(self.memref)
        for numbers in (self.static_offsets, self.static_sizes, self.static_strides):
            printer.print_string(f"[{', '.join(map(str, numbers.get_values()))}]")
        printer.print_string(") ")
        shown = ("id", "issue_token", "metadata", "packet", "d0_zero_before")
        printer.print_attr_dict({k: self.properties[k] for k in shown if k in self.properties})
        printer.print_string(" : ")
        printer.print_attribute(self.memref.type)

    def verify_(self) -> None:
        """Four numbers each; an id of a shim descriptor."""
        lists = (self.static_offsets, self.static_sizes, self.static_strides)
        if any(len(numbers) != 4 for numbers in lists):
            raise VerifyException(f"{self.name}: offsets, sizes and strides have 4 numbers")
        if not 0 <= self.id.value.data < 16:
            raise VerifyException(f"{self.name}: id {self.id.value.data}: shim ids are 0 to 15")


@irdl_op_definition
class NpuDmaWaitOp(IRDLOperation):
    """Wait for one token of a FIFO's shim channel."""

    name = "aiex.npu.dma_wait"
    symbol = prop_def(FlatSymbolRefAttr)

    @classmethod
    def parse(cls, parser: Parser) -> "NpuDmaWaitOp":
        """``{symbol = @fifo}``."""
        return cls.build(properties=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_attr_dict(self.properties)


AIEX = Dialect(
    "aiex",
    [
        NpuDmaMemcpyNdOp,
        NpuDmaWaitOp,
        DMAConfigureTaskForOp,
        DMAConfigureTaskOp,
        DMAStartTaskOp,
        DMAAwaitTaskOp,
    ],
)
