"""memref: views of buffers, and their elements."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import BARE
from aie_conv.ir.core import DYNAMIC, Op, Type, Value, refuse
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import check, element, indexed, nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class _CastSyntax:
    """``offset: [0], sizes: [2, 3], strides: [3, 1]``."""

    names = ("offset", "sizes", "strides")

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        for number, name in enumerate(self.names):
            if number:
                r.expect(",")
            r.expect(name)
            r.expect(":")
            op.attrs[name] = r.listed(r.integer)

    def print(self, p: "Printer", op: Op) -> None:
        p.write(", ".join(f"{name}: {op.attrs[name]}" for name in self.names))


class _Mixed:
    """``[%c, 0]``: numbers and index operands; the list holds DYNAMIC for an operand."""

    def __init__(self, name: str) -> None:
        self.names = (name,)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        def one() -> int:
            if not r.tokens[r.position].startswith("%"):
                return BARE.parse(r)
            op.operands.append(r.use())
            return DYNAMIC

        op.attrs[self.names[0]] = r.listed(one)

    def print(self, p: "Printer", op: Op) -> None:
        values = iter(self._operands(op))
        said = op.attrs[self.names[0]]
        items = (f"%{next(values).name}" if one == DYNAMIC else str(one) for one in said)
        p.write(f"[{', '.join(items)}]")

    def _operands(self, op: Op) -> Sequence[Value]:
        """Those of this list: offsets come first, then sizes, then strides."""
        first = 1
        for name in ("static_offsets", "static_sizes", "static_strides"):
            count = op.attrs[name].count(DYNAMIC)
            if name == self.names[0]:
                return op.operands[first : first + count]
            first += count
        return ()


def _infer_load(op: Op) -> Sequence[Type]:
    return (element(indexed(op, 0)),)


def _check_store(op: Op) -> Sequence[Type]:
    check(op, op.operands[0], element(indexed(op, 1)))
    return ()


def _check_collapse(op: Op, results: Sequence[Type]) -> None:
    source = op.operands[0].type
    if source.elem != results[0].elem or source.elements != results[0].elements:
        refuse(op, f"{source} into {results[0]}")


_CAST = {"layout": _CastSyntax()}
_VIEW = {
    "offsets": _Mixed("static_offsets"),
    "sizes": _Mixed("static_sizes"),
    "strides": _Mixed("static_strides"),
}

define("memref.load", " %0[%1*] attr-dict : type(0)", _infer_load)
define("memref.store", " %0, %1[%2*] attr-dict : type(1)", _check_store)
define("memref.cast", " %0 attr-dict : type(0) to type(result)")
define(
    "memref.collapse_shape",
    " %0 $reassociation:nested attr-dict : type(0) into type(result)",
    check=_check_collapse,
)
define(
    "memref.expand_shape",
    " %0 $reassociation:nested[[ output_shape $output_shape:ints]] attr-dict"
    " : type(0) into type(result)",
    check=_check_collapse,
)
define(
    "memref.reinterpret_cast",
    " %0 to layout! attr-dict : type(0) to type(result)",
    custom=_CAST,
)
define("memref.alloc", "() attr-dict : type(result)")
define("memref.dealloc", " %0 attr-dict : type(0)", nothing)
define(
    "memref.subview",
    " %0/offsets! sizes! strides! attr-dict : type(0) to type(result)",
    custom=_VIEW,
)
