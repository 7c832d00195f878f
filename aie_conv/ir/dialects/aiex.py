"""aiex: what the runtime sequence tells the shim's DMAs (mlir-aie 1e400306)."""

from typing import TYPE_CHECKING

from aie_conv.ir.attributes import BOOL, I32, I64, SYMBOL, Kind
from aie_conv.ir.core import Op, Type
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import index, nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


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


_MOVE: dict[str, Kind] = {"id": I64, "metadata": SYMBOL, "issue_token": BOOL}
_FORMS = {"chain": _Chain()}

define(
    "aiex.npu.dma_memcpy_nd",
    "(%0$offsets:ints$sizes:ints$strides:ints) attr-dict : type(0)",
    nothing,
    attrs=_MOVE,
    refers=("metadata",),
)
define("aiex.npu.dma_wait", " attr-dict", nothing, attrs={"symbol": SYMBOL}, refers=("symbol",))
define(
    "aiex.dma_configure_task_for",
    " $fifo:symbol chain! attr-dict",
    index,
    attrs={"issue_token": BOOL, "repeat_count": I32},
    refers=("fifo",),
    custom=_FORMS,
)
define("aiex.dma_start_task aiex.dma_await_task", "(%0)", nothing)
