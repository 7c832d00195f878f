"""aiex: what the runtime sequence tells the DMAs of shims and mem tiles (mlir-aie 1e400306)."""

from aie_conv.ir.attributes import BOOL, I32, I64, SYMBOL, Kind
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.dma import CHAIN, DIRECTION
from aie_conv.ir.dialects.inference import index, nothing

_MOVE: dict[str, Kind] = {"id": I64, "metadata": SYMBOL, "issue_token": BOOL}
_FORMS = {"chain": CHAIN, "direction": DIRECTION}
_TASK: dict[str, Kind] = {"issue_token": BOOL, "repeat_count": I32}

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
    attrs=_TASK,
    refers=("fifo",),
    custom=_FORMS,
)
define(
    "aiex.dma_configure_task",
    "(%0, direction!, $channel:int) chain! attr-dict",
    index,
    attrs=_TASK,
    custom=_FORMS,
)
define("aiex.dma_start_task aiex.dma_await_task aiex.dma_free_task", "(%0)", nothing)
