"""air, in MLIR's generic form: a launch, its segment and its herd, and channels between memories.

As mlir-air of March (commit d1ade562) and of August 2026 (e972f29) have them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import ANY, INTS, STRING, SYMBOL, Kind, dictionary_text
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


_LISTS = ("offsets", "sizes", "strides")
_REGION = _Form({"operandSegmentSizes": ANY, "sym_name": STRING}, {})

define("air.launch air.segment air.herd", (_REGION,), written='"{}"')
define(
    "air.launch_terminator air.segment_terminator air.herd_terminator",
    (_Form({}, {}),),
    written='"{}"',
)
define(
    "air.channel",
    (_Form({"sym_name": STRING, "size": INTS}, {"broadcast_shape": INTS}),),
    written='"{}"',
)
for _what, _side in (("put", "src"), ("get", "dst")):
    _properties = ("operandSegmentSizes", *(f"static_{_side}_{name}" for name in _LISTS))
    define(
        f"air.channel.{_what}",
        (_Form({"chan_name": SYMBOL, **dict.fromkeys(_properties, ANY)}, {}),),
        written='"{}"',
    )
