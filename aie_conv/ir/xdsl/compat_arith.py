"""arith on vectors: casts, comparisons and select, which xDSL 0.74.0 takes for scalars only."""

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import IntegerAttr, IntegerType, VectorType, i1, i64
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
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

from aie_conv.ir.xdsl.compat_types import bits_of, element_of, shape_of


class _Cast(IRDLOperation):
    """A cast of a scalar or of every element of a vector."""

    input = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"

    WIDENS: ClassVar[bool]

    def verify_(self) -> None:
        """Same shape, and a width that grows or shrinks as the operation says."""
        source, target = self.input.type, self.result.type
        if shape_of(source) != shape_of(target):
            raise VerifyException(f"{self.name}: shapes of {source} and {target} differ")
        if (bits_of(target) > bits_of(source)) != self.WIDENS or bits_of(target) == bits_of(source):
            way = "wider" if self.WIDENS else "narrower"
            raise VerifyException(f"{self.name}: {target} must be {way} than {source}")


@irdl_op_definition
class ExtSIOp(_Cast):
    """Sign extension."""

    name = "arith.extsi"
    WIDENS: ClassVar = True


@irdl_op_definition
class ExtUIOp(_Cast):
    """Zero extension."""

    name = "arith.extui"
    WIDENS: ClassVar = True


@irdl_op_definition
class TruncIOp(_Cast):
    """Truncation of integers."""

    name = "arith.trunci"
    WIDENS: ClassVar = False


@irdl_op_definition
class ExtFOp(_Cast):
    """Extension of floats."""

    name = "arith.extf"
    WIDENS: ClassVar = True


@irdl_op_definition
class TruncFOp(_Cast):
    """Rounding to a narrower float."""

    name = "arith.truncf"
    WIDENS: ClassVar = False


class _Number(IRDLOperation):
    """A conversion between integers and floats."""

    input = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"


@irdl_op_definition
class SIToFPOp(_Number):
    """Signed integers to floats."""

    name = "arith.sitofp"


@irdl_op_definition
class UIToFPOp(_Number):
    """Unsigned integers to floats."""

    name = "arith.uitofp"


@irdl_op_definition
class FPToSIOp(_Number):
    """Floats to signed integers."""

    name = "arith.fptosi"


@irdl_op_definition
class FPToUIOp(_Number):
    """Floats to unsigned integers."""

    name = "arith.fptoui"


class _Compare(IRDLOperation):
    """A comparison of scalars or vectors."""

    predicate = prop_def(IntegerAttr)
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    WORDS: ClassVar[Sequence[str]]

    @classmethod
    def parse(cls, parser: Parser) -> "_Compare":
        """``predicate, %a, %b : type``."""
        word = parser.parse_identifier()
        if word not in cls.WORDS:
            parser.raise_error(f"{cls.name}: unknown predicate {word}")
        parser.parse_punctuation(",")
        names = [parser.parse_unresolved_operand()]
        parser.parse_punctuation(",")
        names.append(parser.parse_unresolved_operand())
        parser.parse_punctuation(":")
        kind = parser.parse_type()
        operands = parser.resolve_operands(names, [kind, kind], parser.pos)
        shape = shape_of(kind)
        return cls.build(
            operands=operands,
            result_types=[VectorType(i1, shape) if shape else i1],
            properties={"predicate": IntegerAttr(cls.WORDS.index(word), i64)},
        )

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(f" {self.WORDS[self.predicate.value.data]}, ")
        printer.print_operand(self.lhs)
        printer.print_string(", ")
        printer.print_operand(self.rhs)
        printer.print_string(" : ")
        printer.print_attribute(self.lhs.type)

    def verify_(self) -> None:
        """Operands of one type, a result of i1 with their shape."""
        if self.lhs.type != self.rhs.type or shape_of(self.lhs.type) != shape_of(self.result.type):
            raise VerifyException(
                f"{self.name}: {self.lhs.type}, {self.rhs.type}, {self.result.type}"
            )
        if element_of(self.result.type) != IntegerType(1):
            raise VerifyException(f"{self.name}: the result's elements must be i1")


@irdl_op_definition
class CmpiOp(_Compare):
    """Comparison of integers."""

    name = "arith.cmpi"
    WORDS: ClassVar = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")


@irdl_op_definition
class CmpfOp(_Compare):
    """Comparison of floats."""

    name = "arith.cmpf"
    WORDS: ClassVar = (
        "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord",
        "ueq", "ugt", "uge", "ult", "ule", "une", "uno", "true",
    )  # fmt: skip


@irdl_op_definition
class SelectOp(IRDLOperation):
    """Choice by a scalar or a vector of conditions."""

    name = "arith.select"
    _T: ClassVar = VarConstraint("_T", AnyAttr())
    cond = operand_def()
    lhs = operand_def(_T)
    rhs = operand_def(_T)
    result = result_def(_T)
    traits = traits_def(Pure())

    @classmethod
    def parse(cls, parser: Parser) -> "SelectOp":
        """``%c, %a, %b : T``, or ``: condition type, T`` where the condition is a vector."""
        names = [parser.parse_unresolved_operand()]
        for _ in range(2):
            parser.parse_punctuation(",")
            names.append(parser.parse_unresolved_operand())
        parser.parse_punctuation(":")
        condition, kind = i1, parser.parse_type()
        if parser.parse_optional_punctuation(","):
            condition, kind = kind, parser.parse_type()
        operands = parser.resolve_operands(names, [condition, kind, kind], parser.pos)
        return cls.build(operands=operands, result_types=[kind])

    def print(self, printer: Printer) -> None:
        """See :meth:`parse`."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_operand)
        printer.print_string(" : ")
        if self.cond.type != i1:
            printer.print_attribute(self.cond.type)
            printer.print_string(", ")
        printer.print_attribute(self.result.type)

    def verify_(self) -> None:
        """The condition is i1, or a vector of i1 of the values' shape."""
        if element_of(self.cond.type) != IntegerType(1):
            raise VerifyException("arith.select: the condition must be i1")
        if shape_of(self.cond.type) not in ((), shape_of(self.result.type)):
            raise VerifyException("arith.select: shapes of condition and values differ")
