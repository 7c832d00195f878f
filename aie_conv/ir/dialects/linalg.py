"""linalg, as the air form of scalar code uses it: a generic operation on memrefs, and filling one."""

from typing import TYPE_CHECKING

from aie_conv.ir.attributes import dictionary_text
from aie_conv.ir.core import Op, Type, Value
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.func import Yielded
from aie_conv.ir.dialects.inference import nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class _LinalgOperands:
    """``ins(%a, … : T, …) outs(%b : U)``; the last operand is the output."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        for word in ("ins", "outs"):
            r.expect(word)
            r.expect("(")
            values = r.uses()
            r.expect(":")
            for number, value in enumerate(values):
                if number:
                    r.expect(",")
                r.check([value], r.type())
            r.expect(")")
            op.operands += values

    def print(self, p: "Printer", op: Op) -> None:
        *inputs, output = op.operands

        def side(values: list[Value]) -> str:
            names = ", ".join(f"%{value.name}" for value in values)
            return f"{names} : {', '.join(value.type.text for value in values)}"

        p.write(f" ins({side(inputs)}) outs({side([output])})")


class _Generic:
    """``{indexing_maps = …} ins(…) outs(…) { ^bb0(…): … }``."""

    _OPERANDS = _LinalgOperands()

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.attrs.update(r.attributes())
        self._OPERANDS.parse(r, op, kinds)
        op.blocks.append(r.block())

    def print(self, p: "Printer", op: Op) -> None:
        p.write(f" {dictionary_text(op.attrs, {})}")
        self._OPERANDS.print(p, op)
        (block,) = op.blocks
        p.write(" {\n")
        p.label(f"^bb0({p.arguments(block.args)})")
        p.ops(block.ops)
        p.write(f"{p.margin}}}")


define("linalg.generic", (_Generic(),), nothing)
define("linalg.fill", (_LinalgOperands(),), nothing)
define("linalg.yield", (Yielded(),), nothing)
