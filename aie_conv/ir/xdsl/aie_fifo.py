"""Object FIFOs: creation, links, acquire and release.

As in mlir-aie 1e400306 (March 2026).
"""

from typing import ClassVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    i32,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from aie_conv.ir.xdsl.aie_array import INDEX, CoreOp, DeviceOp, print_dict
from aie_conv.ir.xdsl.aie_fifo_types import (
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
    ObjectFifoSubviewType,
    ObjectFifoType,
)

_PORTS = ("Produce", "Consume")


def _parse_dims(parser: Parser, keyword: str) -> BDDimLayoutArrayAttr:
    pairs: list[tuple[int, int]] = []
    if parser.parse_optional_keyword(keyword):
        pairs = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: BDDimLayoutArrayAttr.parse_one(parser)
        )
    return BDDimLayoutArrayAttr.of(pairs)


def _print_dims(printer: Printer, keyword: str, dims: Attribute) -> None:
    if isinstance(dims, BDDimLayoutArrayAttr) and dims.values:
        printer.print_string(f" {keyword} [{dims.text()}]")


@irdl_op_definition
class ObjectFifoCreateOp(IRDLOperation):
    """A FIFO of memref objects from one tile to one or more."""

    name = "aie.objectfifo"
    sym_name = prop_def(StringAttr)
    producerTile = operand_def(IndexType)
    consumerTiles = var_operand_def(IndexType)
    elemNumber = prop_def(Attribute)
    elemType = prop_def(ObjectFifoType)
    dimensionsToStream = prop_def(BDDimLayoutArrayAttr)
    dimensionsFromStreamPerConsumer = prop_def(ArrayAttr)
    padDimensions = opt_prop_def(BDPadLayoutArrayAttr)
    via_DMA = opt_prop_def(Attribute)
    plio = opt_prop_def(Attribute)
    disable_synchronization = opt_prop_def(Attribute)
    repeat_count = opt_prop_def(IntegerAttr)
    iter_count = opt_prop_def(IntegerAttr)
    aie_stream = opt_prop_def(IntegerAttr)
    aie_stream_port = opt_prop_def(IntegerAttr)
    initValues = opt_prop_def(ArrayAttr)
    traits = traits_def(SymbolOpInterface(), HasParent(DeviceOp))

    _IN_SYNTAX: ClassVar = frozenset(
        {"sym_name", "elemNumber", "elemType", "dimensionsToStream",
         "dimensionsFromStreamPerConsumer", "initValues"}
    )  # fmt: skip

    @classmethod
    def parse(cls, parser: Parser) -> "ObjectFifoCreateOp":
        """``@n(%p dimensionsToStream […], {%c dimensionsFromStream […]}, 2 : i32) {…} : type``."""
        properties: dict[str, Attribute] = {"sym_name": parser.parse_symbol_name()}
        parser.parse_punctuation("(")
        producer = parser.parse_operand(INDEX)
        properties["dimensionsToStream"] = _parse_dims(parser, "dimensionsToStream")
        parser.parse_punctuation(",")
        from_stream: list[Attribute] = []

        def consumer() -> SSAValue:
            tile = parser.parse_operand(INDEX)
            from_stream.append(_parse_dims(parser, "dimensionsFromStream"))
            return tile

        tiles = parser.parse_comma_separated_list(parser.Delimiter.BRACES, consumer)
        properties["dimensionsFromStreamPerConsumer"] = ArrayAttr(from_stream)
        parser.parse_punctuation(",")
        properties["elemNumber"] = _depths(parser.parse_attribute())
        parser.parse_punctuation(")")
        properties.update(parser.parse_optional_attr_dict())
        parser.parse_punctuation(":")
        properties["elemType"] = parser.parse_type()
        if parser.parse_optional_punctuation("="):
            properties["initValues"] = parser.parse_attribute()
        return cls.build(operands=[producer, tiles], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string("(")
        printer.print_operand(self.producerTile)
        _print_dims(printer, "dimensionsToStream", self.dimensionsToStream)
        printer.print_string(", {")
        for i, tile in enumerate(self.consumerTiles):
            printer.print_string(", " if i else "")
            printer.print_operand(tile)
            dims = self.dimensionsFromStreamPerConsumer.data[i]
            _print_dims(printer, "dimensionsFromStream", dims)
        printer.print_string("}, ")
        if isinstance(self.elemNumber, ArrayAttr):
            numbers = ", ".join(map(str, _integers(self.elemNumber)))
            printer.print_string(f"[{numbers}]")
        else:
            printer.print_attribute(self.elemNumber)
        printer.print_string(")")
        print_dict(printer, {k: v for k, v in self.properties.items() if k not in self._IN_SYNTAX})
        printer.print_string(" : ")
        printer.print_attribute(self.elemType)
        if self.initValues is not None:
            printer.print_string(" = ")
            printer.print_attribute(self.initValues)

    def verify_(self) -> None:
        """As many depths as ends; padding goes with dimensions."""
        ends = 1 + len(self.consumerTiles)
        if isinstance(self.elemNumber, ArrayAttr) and len(self.elemNumber) != ends:
            raise VerifyException(
                f"aie.objectfifo @{self.sym_name.data}: {len(self.elemNumber)} depths for {ends} ends"
            )
        if self.padDimensions is not None and len(self.padDimensions.pairs) != len(
            self.dimensionsToStream.pairs
        ):
            raise VerifyException(
                f"aie.objectfifo @{self.sym_name.data}: padDimensions needs one pair a dimension"
            )


def _depths(depths: Attribute) -> Attribute:
    """Upstream keeps an array's depths as i32."""
    if not isinstance(depths, ArrayAttr):
        return depths
    return ArrayAttr([IntegerAttr(n, i32) for n in _integers(depths)])


def _integers(numbers: ArrayAttr) -> list[int]:
    return [n.value.data for n in numbers if isinstance(n, IntegerAttr)]


@irdl_op_definition
class ObjectFifoLinkOp(IRDLOperation):
    """Input FIFOs go on as output FIFOs at one tile; offsets of the parts in elements."""

    name = "aie.objectfifo.link"
    fifoIns = prop_def(ArrayAttr)
    fifoOuts = prop_def(ArrayAttr)
    src_offsets = prop_def(ArrayAttr)
    dst_offsets = prop_def(ArrayAttr)
    traits = traits_def(HasParent(DeviceOp))

    @classmethod
    def parse(cls, parser: Parser) -> "ObjectFifoLinkOp":
        """``[@a] -> [@b] ([] [])``."""

        def symbols() -> ArrayAttr:
            return ArrayAttr(
                parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE, lambda: SymbolRefAttr(parser.parse_symbol_name())
                )
            )

        def offsets() -> ArrayAttr:
            numbers = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: parser.parse_integer(allow_boolean=False)
            )
            return ArrayAttr([IntegerAttr(n, 64) for n in numbers])

        properties: dict[str, Attribute] = {"fifoIns": symbols()}
        parser.parse_punctuation("->")
        properties["fifoOuts"] = symbols()
        parser.parse_punctuation("(")
        properties["src_offsets"] = offsets()
        properties["dst_offsets"] = offsets()
        parser.parse_punctuation(")")
        return cls.build(properties=properties, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" [")
        printer.print_list(self.fifoIns, printer.print_attribute)
        printer.print_string("] -> [")
        printer.print_list(self.fifoOuts, printer.print_attribute)
        source, target = (
            ", ".join(map(str, _integers(offsets)))
            for offsets in (self.src_offsets, self.dst_offsets)
        )
        printer.print_string(f"] ([{source}] [{target}])")
        print_dict(printer, self.attributes)

    def verify_(self) -> None:
        """Not joining and distributing at once; one offset a part."""
        ins, outs = len(self.fifoIns), len(self.fifoOuts)
        if ins > 1 and outs > 1:
            raise VerifyException("aie.objectfifo.link: join and distribute at once")
        if ins > 1 and len(self.src_offsets) != ins:
            raise VerifyException(f"aie.objectfifo.link: join of {ins} needs {ins} source offsets")
        if outs > 1 and len(self.dst_offsets) != outs:
            raise VerifyException(
                f"aie.objectfifo.link: distribute to {outs} needs {outs} target offsets"
            )


class _PortOp(IRDLOperation):
    """Base of acquire and release."""

    port = prop_def(IntegerAttr)
    objFifo_name = prop_def(FlatSymbolRefAttr)
    size = prop_def(IntegerAttr)

    @staticmethod
    def port_properties(parser: Parser) -> dict[str, Attribute]:
        """``@fifo(Consume, 1)``."""
        name = SymbolRefAttr(parser.parse_symbol_name())
        parser.parse_punctuation("(")
        port = parser.parse_keyword_in(_PORTS)
        parser.parse_punctuation(",")
        size = parser.parse_integer(allow_boolean=False)
        parser.parse_punctuation(")")
        return {
            "objFifo_name": name,
            "port": IntegerAttr(_PORTS.index(port), i32),
            "size": IntegerAttr(size, i32),
        }

    def print_port(self, printer: Printer) -> None:
        """See :meth:`port_properties`."""
        printer.print_string(" ")
        printer.print_attribute(self.objFifo_name)
        printer.print_string(f"({_PORTS[self.port.value.data]}, {self.size.value.data})")

    def verify_(self) -> None:
        """At least one object, inside a core."""
        if self.size.value.data < 1:
            raise VerifyException(f"{self.name}: at least one object")
        parent: Operation | None = self.parent_op()
        while parent is not None and not isinstance(parent, CoreOp):
            parent = parent.parent_op()
        if parent is None:
            raise VerifyException(f"{self.name}: must be inside an aie.core")


@irdl_op_definition
class ObjectFifoAcquireOp(_PortOp):
    """Hold at least ``size`` objects; waits for those that are missing."""

    name = "aie.objectfifo.acquire"
    subview = result_def(ObjectFifoSubviewType)

    @classmethod
    def parse(cls, parser: Parser) -> "ObjectFifoAcquireOp":
        """``@fifo(Consume, 1) : !aie.objectfifosubview<…>``."""
        properties = cls.port_properties(parser)
        parser.parse_punctuation(":")
        return cls.build(result_types=[parser.parse_type()], properties=properties)

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        self.print_port(printer)
        printer.print_string(" : ")
        printer.print_attribute(self.subview.type)


@irdl_op_definition
class ObjectFifoReleaseOp(_PortOp):
    """Give back the ``size`` oldest objects that are held."""

    name = "aie.objectfifo.release"

    @classmethod
    def parse(cls, parser: Parser) -> "ObjectFifoReleaseOp":
        """``@fifo(Consume, 1)``."""
        return cls.build(properties=cls.port_properties(parser))

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        self.print_port(printer)


@irdl_op_definition
class ObjectFifoSubviewAccessOp(IRDLOperation):
    """One of the acquired objects."""

    name = "aie.objectfifo.subview.access"
    subview = operand_def(ObjectFifoSubviewType)
    index = prop_def(IntegerAttr)
    output = result_def(MemRefType)

    @classmethod
    def parse(cls, parser: Parser) -> "ObjectFifoSubviewAccessOp":
        """``%s[0] : !aie.objectfifosubview<T> -> T``."""
        name = parser.parse_unresolved_operand()
        parser.parse_punctuation("[")
        index = parser.parse_integer(allow_boolean=False)
        parser.parse_punctuation("]")
        parser.parse_punctuation(":")
        kind = parser.parse_type()
        parser.parse_punctuation("->")
        return cls.build(
            operands=[parser.resolve_operand(name, kind)],
            result_types=[parser.parse_type()],
            properties={"index": IntegerAttr(index, i32)},
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_operand(self.subview)
        printer.print_string(f"[{self.index.value.data}] : ")
        printer.print_attribute(self.subview.type)
        printer.print_string(" -> ")
        printer.print_attribute(self.output.type)

    def verify_(self) -> None:
        """The object has the FIFO's type; the index is among those acquired."""
        kind = self.subview.type
        if isinstance(kind, ObjectFifoSubviewType) and kind.element != self.output.type:
            raise VerifyException(f"{self.name}: {self.output.type} of {kind}")
        owner = self.subview.owner
        if isinstance(owner, ObjectFifoAcquireOp):
            acquired = owner.size.value.data
            if not 0 <= self.index.value.data < acquired:
                raise VerifyException(f"{self.name}: object {self.index.value.data} of {acquired}")
