"""aie: locks, flows, and descriptors of tiles' DMAs (mlir-aie 1e400306; not in its August form)."""

from typing import TYPE_CHECKING

from aie_conv.ir.attributes import I32, STRING, Word
from aie_conv.ir.core import Op, Type, scalar
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import index, nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class Keyword:
    """An attribute that is one of some words."""

    def __init__(self, name: str, *words: str) -> None:
        self.names = (name,)
        self._word = Word(*words)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        """Take the word."""
        op.attrs[self.names[0]] = self._word.parse(r)

    def print(self, p: "Printer", op: Op) -> None:
        """Write it."""
        p.write(op.attrs[self.names[0]])


class _Chain:
    """``{ … ^next: … }``: blocks without arguments; the attribute ``labels`` names them, the first ""."""

    names = ("labels",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        blocks = r.blocks()
        op.blocks = list(blocks.values())
        op.attrs["labels"] = list(blocks)

    def print(self, p: "Printer", op: Op) -> None:
        p.write("{\n")
        for label, block in zip(op.attrs["labels"], op.blocks, strict=True):
            if label:
                p.label(label)
            p.ops(block.ops)
        p.write(f"{p.margin}}}")


CHAIN = _Chain()
DIRECTION = Keyword("direction", "S2MM", "MM2S")

_FORMS = {
    "chain": CHAIN,
    "direction": DIRECTION,
    "action": Keyword("action", "AcquireGreaterEqual", "Release"),
}


def _switch(op: Op) -> tuple[Type]:
    """What dma_start gives: whether the channel starts."""
    del op
    return (scalar("i1"),)


define(
    "aie.lock",
    "(%0, $lockID:int) attr-dict",
    index,
    attrs={"init": I32, "sym_name": STRING},
)
define("aie.use_lock", "(%0, action!, $value:int)", nothing, custom=_FORMS)
define(
    "aie.flow",
    "(%0, $source_bundle:word : $source_channel:int, %1, $dest_bundle:word : $dest_channel:int)",
    nothing,
)
define(
    "aie.shim_dma_allocation",
    " $sym_name:symbol(%0, direction!, $channel_index:int)",
    nothing,
    custom=_FORMS,
)
define("aie.mem aie.memtile_dma", "(%0) chain!", index, custom=_FORMS, may_drop=True)
define(
    "aie.dma_start",
    "(direction!, $channel_index:int, $dest:word, $chain:word)",
    _switch,
    custom=_FORMS,
    may_drop=True,
)
define("aie.next_bd", " $dest:word", nothing)
