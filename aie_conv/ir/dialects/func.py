"""The module itself, functions and calls."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from aie_conv.ir.attributes import STRING, Kind, dictionary_text
from aie_conv.ir.core import Op, Type
from aie_conv.ir.definition import define, results_text
from aie_conv.ir.dialects.inference import nothing
from aie_conv.ir.shared import read_body

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class _ModuleSyntax:
    """``module [@name] [attributes {…}] { … }``."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        if r.peek().startswith("@"):
            op.attrs["sym_name"] = r.symbol()
        if r.accept("attributes"):
            op.attrs.update(r.attributes())
        op.blocks.append(r.block(isolated=True))

    def print(self, p: "Printer", op: Op) -> None:
        if "sym_name" in op.attrs:
            p.write(f" @{op.attrs['sym_name']}")
        attributes = dictionary_text(op.attrs, {}, ("sym_name",))
        p.write(f" attributes {attributes} " if attributes else " ")
        p.block(op.blocks[0])


_BESIDES = ("sym_name", "sym_visibility", "function_type")


class _FunctionSyntax:
    """``[private] @name(%a: T, …) [-> T] [attributes {…}] [{ … }]``."""

    _ATTRS: ClassVar[dict[str, Kind]] = {"link_with": STRING, "link_with_mode": STRING}

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        if r.peek() in ("private", "public", "nested"):
            op.attrs["sym_visibility"] = r.next()
        op.attrs["sym_name"] = r.symbol()
        names: list[str] = []

        def argument() -> Type:
            if r.peek().startswith("%"):
                names.append(r.next())
                r.expect(":")
            return r.type()

        arguments = r.listed(argument, "(", ")")
        results = r.types() if r.accept("->") else []
        op.attrs["function_type"] = (tuple(arguments), tuple(results))
        if r.accept("attributes"):
            op.attrs.update(r.attributes())
        if r.peek() == "{":
            if len(names) != len(arguments):
                r.fail(
                    f"@{op.attrs['sym_name']}: every argument of a function with a body has a name"
                )
            args = list(zip(names, arguments, strict=True))
            op.blocks.append(read_body(r, args))

    def print(self, p: "Printer", op: Op) -> None:
        inputs, results = op.attrs["function_type"]
        if "sym_visibility" in op.attrs:
            p.write(f" {op.attrs['sym_visibility']}")
        named = bool(op.blocks)
        written = p.arguments(op.blocks[0].args) if named else ", ".join([t.text for t in inputs])
        p.write(f" @{op.attrs['sym_name']}({written})")
        if results:
            p.write(f" -> {results_text(results)}")
        attributes = dictionary_text(op.attrs, self._ATTRS, _BESIDES)
        if attributes:
            p.write(f" attributes {attributes}")
        if named:
            p.write(" ")
            p.block(op.blocks[0])


class Yielded:
    """``[%a, %b : T, U]``."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        if r.tokens[r.position][:1] != "%":
            return
        op.operands = r.uses()
        r.expect(":")
        types = [r.type()]
        while r.accept(","):
            types.append(r.type())
        r.check(op.operands, *types)

    def print(self, p: "Printer", op: Op) -> None:
        if op.operands:
            names = ", ".join([f"%{value.name}" for value in op.operands])
            p.write(f" {names} : {', '.join([value.type.text for value in op.operands])}")


def _pieces(
    piece: "_ModuleSyntax | _FunctionSyntax | Yielded",
) -> Sequence["_ModuleSyntax | _FunctionSyntax | Yielded"]:
    return (piece,)


define("module", _pieces(_ModuleSyntax()), nothing)
define("func.func", _pieces(_FunctionSyntax()), nothing)
define("func.call", " $callee:symbol(%*) attr-dict : signature", may_drop=True, refers=("callee",))
define("func.return", _pieces(Yielded()), nothing, written="return")
