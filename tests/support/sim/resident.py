"""Modules whose data stays in a mem tile, filled and read by descriptors that the runtime sequence writes."""

BUFFER = "memref<4096xi8>"
HOST = "memref<1024xi8>"

HEAD = """module {
  aie.device(npu1) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    %resident = aie.buffer(%mem) {sym_name = "resident"} : memref<4096xi8>
    %empty = aie.lock(%mem, 0) {init = 1 : i32, sym_name = "empty"}
    %full = aie.lock(%mem, 1) {init = 0 : i32, sym_name = "full"}
    aie.flow(%shim, DMA : 0, %mem, DMA : 0)
    aie.flow(%mem, DMA : 2, %shim, DMA : 0)
    aie.shim_dma_allocation @from_host(%shim, MM2S, 0)
    aie.shim_dma_allocation @to_host(%shim, S2MM, 0)
"""

CORE = """    %in = aie.buffer(%core) {sym_name = "in"} : memref<1024xi8>
    %in_free = aie.lock(%core, 0) {init = 1 : i32, sym_name = "in_free"}
    %in_full = aie.lock(%core, 1) {init = 0 : i32, sym_name = "in_full"}
    %out = aie.buffer(%core) {sym_name = "out"} : memref<1024xi8>
    %out_free = aie.lock(%core, 2) {init = 1 : i32, sym_name = "out_free"}
    %out_full = aie.lock(%core, 3) {init = 0 : i32, sym_name = "out_full"}
    aie.flow(%mem, DMA : 0, %core, DMA : 0)
    aie.flow(%core, DMA : 0, %mem, DMA : 2)
    %dma = aie.mem(%core) {
      %0 = aie.dma_start(S2MM, 0, ^bb1, ^bb2)
    ^bb1:
      aie.use_lock(%in_free, AcquireGreaterEqual, 1)
      aie.dma_bd(%in : memref<1024xi8>, 0, 1024)
      aie.use_lock(%in_full, Release, 1)
      aie.next_bd ^bb1
    ^bb2:
      %1 = aie.dma_start(MM2S, 0, ^bb3, ^bb4)
    ^bb3:
      aie.use_lock(%out_full, AcquireGreaterEqual, 1)
      aie.dma_bd(%out : memref<1024xi8>, 0, 1024)
      aie.use_lock(%out_free, Release, 1)
      aie.next_bd ^bb3
    ^bb4:
      aie.end
    }
    %program = aie.core(%core) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c64 = arith.constant 64 : index
      %n = arith.constant 1024 : index
      %ever = arith.constant 9223372036854775807 : index
      scf.for %i = %c0 to %ever step %c1 {
        aie.use_lock(%in_full, AcquireGreaterEqual, 1)
        aie.use_lock(%out_free, AcquireGreaterEqual, 1)
        scf.for %j = %c0 to %n step %c64 {
          %v = vector.load %in[%j] : memref<1024xi8>, vector<64xi8>
          vector.store %v, %out[%j] : memref<1024xi8>, vector<64xi8>
        }
        aie.use_lock(%in_free, Release, 1)
        aie.use_lock(%out_full, Release, 1)
      }
      aie.end
    } {stack_size = 1024 : i32}
"""


def descriptor(
    number: int,
    offset: int,
    length: int,
    locks: tuple[str, str] | None,
    dims: str = "",
    follows: str = "",
) -> str:
    """A descriptor of the resident buffer: offset and length in bytes, locks acquired and released."""
    walk = f", [{dims}]" if dims else ""
    bd = f"        aie.dma_bd(%resident : {BUFFER}, {offset}, {length}{walk}) {{bd_id = {number} : i32}}\n"
    if locks:
        bd = (
            f"        aie.use_lock(%{locks[0]}, AcquireGreaterEqual, 1)\n{bd}"
            f"        aie.use_lock(%{locks[1]}, Release, 1)\n"
        )
    return bd + (f"        aie.next_bd ^{follows}\n" if follows else "        aie.end\n")


def task(name: str, port: str, body: str, attributes: str = "") -> str:
    """A task of a channel of the mem tile, such as "S2MM, 0", configured and started."""
    suffix = f" {{{attributes}}}" if attributes else ""
    return (
        f"      %{name} = aiex.dma_configure_task(%mem, {port}) {{\n{body}      }}{suffix}\n"
        f"      aiex.dma_start_task(%{name})\n"
    )


def host(name: str, allocation: str, number: int, size: int, *, token: bool) -> str:
    """A task of a shim's channel, %y to the host (with a token) or %x from it."""
    argument, suffix = ("y", " {issue_token = true}") if token else ("x", "")
    return (
        f"      %{name} = aiex.dma_configure_task_for @{allocation} {{\n"
        f"        aie.dma_bd(%{argument} : {HOST}, 0, {size}) {{bd_id = {number} : i32}}\n        aie.end\n"
        f"      }}{suffix}\n      aiex.dma_start_task(%{name})\n"
    )


def module(sequence: str, more: str = "") -> str:
    """The module of a sequence, with ``more`` among its declarations."""
    return f"{HEAD}{more}    aie.runtime_sequence @sequence(%x: {HOST}, %y: {HOST}) {{\n{sequence}    }}\n  }}\n}}\n"


FILL, READ = ("empty", "full"), ("full", "empty")
COLUMNS = "<size = 16, stride = 4>, <size = 16, stride = 64>, <size = 4, stride = 1>"
TO = host("to", "to_host", 1, 1024, token=True)
FROM = host("from", "from_host", 0, 1024, token=False)
WAIT = "      aiex.dma_await_task(%to)\n"

THROUGH_CORE = module(
    task("fill", "S2MM, 0", descriptor(0, 0, 1024, FILL))
    + task("read", "MM2S, 0", descriptor(1, 0, 1024, READ, COLUMNS))
    + task("keep", "S2MM, 2", descriptor(2, 1024, 1024, FILL))
    + task("send", "MM2S, 2", descriptor(3, 1024, 1024, READ))
    + TO
    + FROM
    + WAIT,
    CORE,
)
"""16 rows of 16 pixels of 4 channels go into the mem tile; a core copies them column by column; its result stays
behind them and leaves for the host in the end."""
