"""Loops and branches."""

from typing import TYPE_CHECKING

from aie_conv.ir.attributes import dictionary_text
from aie_conv.ir.core import INDEX, Op, Type
from aie_conv.ir.definition import define, results_text
from aie_conv.ir.dialects.func import Yielded
from aie_conv.ir.dialects.inference import nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class _For:
    """``%i = %a to %b step %c [iter_args(%x = %y, …) -> (T, …)] [: T] { … }``."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        counter = r.next()
        r.expect("=")
        for word in ("to", "step", ""):
            op.operands.append(r.use())
            if word:
                r.expect(word)
        names: list[str] = []
        if r.accept("iter_args"):

            def carried() -> None:
                names.append(r.next())
                r.expect("=")
                op.operands.append(r.use())

            r.listed(carried, "(", ")")
            r.expect("->")
            kinds += r.types()
        counts = r.type() if r.accept(":") else INDEX
        r.check(op.operands[:3], counts, counts, counts)
        r.check(op.operands[3:], *kinds)
        op.blocks.append(r.block([(counter, counts), *zip(names, kinds, strict=True)]))
        ops = op.blocks[0].ops
        last = ops[-1] if ops else None
        r.check(last.operands if last and last.name == "scf.yield" else [], *kinds)
        op.attrs.update(r.attributes())

    def print(self, p: "Printer", op: Op) -> None:
        lower, upper, step, *start = op.operands
        counter, *carried = op.blocks[0].args
        p.write(f" %{counter.name} = %{lower.name} to %{upper.name} step %{step.name}")
        if carried:
            pairs = zip(carried, start, strict=True)
            names = ", ".join([f"%{x.name} = %{value.name}" for x, value in pairs])
            types = ", ".join([x.type.text for x in carried])
            p.write(f" iter_args({names}) -> ({types})")
        p.write(" " if counter.type is INDEX else f" : {counter.type.text} ")
        p.block(op.blocks[0])
        attributes = dictionary_text(op.attrs, {})
        p.write(f" {attributes}" if attributes else "")


class _If:
    """``%c [-> (T, …)] { … } [else { … }]``."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.operands = [r.use()]
        kinds += r.types() if r.accept("->") else []
        op.blocks.append(r.block())
        if r.accept("else"):
            op.blocks.append(r.block())
        for block in op.blocks if kinds else ():
            last = block.ops[-1] if block.ops else None
            r.check(last.operands if last and last.name == "scf.yield" else [], *kinds)

    def print(self, p: "Printer", op: Op) -> None:
        p.write(f" %{op.operands[0].name} ")
        if op.results:
            kinds = [value.type for value in op.results]
            p.write(f"-> ({results_text(kinds).strip('()')}) ")
        p.block(op.blocks[0])
        if len(op.blocks) > 1:
            p.write(" else ")
            p.block(op.blocks[1])


define("scf.for", (_For(),), may_drop=True)
define("scf.if", (_If(),), may_drop=True)
define("scf.yield", (Yielded(),), nothing)
