"""air, in MLIR's generic form: a launch, its segment and its herd, and copies between memories.

Written for mlir-air of 22 August 2026 (commit e972f29).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import ANY, I32, STRING, Kind, dictionary_text
from aie_conv.ir.core import Op, Type
from aie_conv.ir.definition import define, results_text

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class _Form:
    """``(%a, …) [<{properties}>] [({ … })] [{attributes}] : (T, …) -> (U, …)``.

    Properties are those attributes that the operation has of its own.
    """

    def __init__(self, properties: Mapping[str, Kind], others: Mapping[str, Kind]) -> None:
        self._properties, self._others = properties, others

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.operands = r.listed(r.use, "(", ")")
        if r.accept("<"):
            op.attrs.update(r.attributes())
            r.expect(">")
        if r.accept("("):
            op.blocks.append(r.block(isolated=True))
            r.expect(")")
        for name, value in r.attributes().items():
            op.attrs[name] = value
        r.expect(":")
        r.check(op.operands, *r.listed(r.type, "(", ")"))
        r.expect("->")
        kinds += r.types()

    def print(self, p: "Printer", op: Op) -> None:
        p.write(f"({', '.join(f'%{value.name}' for value in op.operands)})")
        mine = {name: value for name, value in op.attrs.items() if name in self._properties}
        if mine:
            p.write(f" <{dictionary_text(mine, self._properties)}>")
        for block in op.blocks:
            p.write(" ({\n")
            p.label(f"^bb0({p.arguments(block.args)})")
            p.ops(block.ops)
            p.write(f"{p.margin}}})")
        others = dictionary_text(op.attrs, self._others, tuple(mine))
        p.write(f" {others}" if others else "")
        inputs = ", ".join(value.type.text for value in op.operands)
        p.write(f" : ({inputs}) -> {results_text([value.type for value in op.results])}")


_SIDES = [
    f"static_{side}_{what}" for side in ("dst", "src") for what in ("offsets", "sizes", "strides")
]
_REGION = _Form({"operandSegmentSizes": ANY, "sym_name": STRING}, {})
_COPY = _Form(dict.fromkeys(("operandSegmentSizes", *_SIDES), ANY), {"id": I32})

define("air.launch air.segment air.herd", (_REGION,), written='"{}"')
define(
    "air.launch_terminator air.segment_terminator air.herd_terminator",
    (_Form({}, {}),),
    written='"{}"',
)
define("air.dma_memcpy_nd", (_COPY,), written='"{}"')
