"""The plain dataflow of published products over the whole array, as a timing-only event recurrence.

Every core makes its own tile of C and goes over K. A tile of A goes to all cores of a row of tiles, a
tile of B to all of a column; both are double-buffered in the mem tiles and in the cores. A tile of C
leaves when its K is through; with one buffer the core waits for that. Memory is one server that all
columns share. No data is moved: each step's times follow from those before it, so a whole product
takes milliseconds to time.
"""

from dataclasses import dataclass
from math import ceil

from aie_conv.arch.machine import Machine, MemoryTiming
from aie_conv.arch.rates import HostRates
from aie_conv.calibration.kernel import SIZES, PeerKernel


@dataclass(frozen=True)
class Product:
    """One product on one array.

    Attributes:
        m, k, n: the whole product.
        kernel: a core's tile.
        rows, columns: cores that share B, and that share A.
        run_k: elements of K that lie together in what is read of A at once (a mem tile's share).
        b_by_columns: B lies column by column, so that its runs are along K too.
        outputs: buffers of C in a core.
        out: element type in which C leaves the core; a core that adds in a wider one converts it.
    """

    m: int
    k: int
    n: int
    kernel: PeerKernel
    rows: int
    columns: int
    run_k: int
    b_by_columns: bool
    outputs: int
    out: str

    @property
    def tiles(self) -> int:
        """Tiles of C that each core makes."""
        over_m = ceil(self.m / (self.kernel.m * self.rows))
        return over_m * ceil(self.n / (self.kernel.n * self.columns))

    @property
    def steps(self) -> int:
        """Steps of K a tile."""
        return ceil(self.k / self.kernel.k)


@dataclass(frozen=True)
class Parts:
    """Times of one product's parts, in cycles: a step of the core, of A's and B's streams, of memory both
    ways together, and of what reads it; zeroing and sending a tile of C, writing one to the memory."""

    core: float
    a_stream: float
    b_stream: float
    read: float
    channel: float
    clear: float
    send: float
    write_column: float
    write_all: float
    task: float


def parts_of(
    product: Product, memory: MemoryTiming, machine: Machine, profile: str, clock: float
) -> Parts:
    """The parts' times."""
    kernel, control, stream = product.kernel, machine.control, machine.stream
    size, wide = SIZES[kernel.dtype], SIZES[product.out]
    width = machine.stream_bytes(kernel.arch)
    a, b = kernel.m * kernel.k * size, kernel.k * kernel.n * kernel.b_size
    c = kernel.m * kernel.n * wide
    run_a = min(product.run_k, product.k) * size
    along = min(product.run_k, product.k) if product.b_by_columns else kernel.n
    run_b = int(along * kernel.b_size)
    # What lies together is a row of a tile, or what a mem tile holds of it.
    pitch_b = product.k if product.b_by_columns else product.n
    host = HostRates(
        memory.read / clock, memory.write / clock, memory.total / clock, memory, machine.page_cost
    )
    # Converted weights lie in the order in which they are read.
    pitch_b = run_b if kernel.converted else int(pitch_b * kernel.b_size)
    all_a, all_b, all_c = a * product.rows, b * product.columns, c * product.rows * product.columns
    read = all_a * host.factor(run_a, product.k * size) + all_b * host.factor(run_b, pitch_b)
    written = all_c * host.factor(kernel.n * wide, product.n * wide)
    core = kernel.cycles(machine, profile) + control.call + 4 * control.lock
    rate = memory.read_bytes / machine.shim.read_word
    return Parts(
        core=core,
        a_stream=stream.bd_start + a / width,
        b_stream=stream.bd_start + b / width,
        read=read / host.total,
        channel=max(b / rate, all_a / (product.columns * rate), (all_a + all_b) / host.read),
        clear=_clear(product, machine),
        send=stream.bd_start + c / width,
        write_column=max(c * product.rows / (width * machine.shim.write_word), all_c / host.write),
        write_all=written / host.total,
        task=machine.host.issue,
    )


def _clear(product: Product, machine: Machine) -> float:
    """Cycles to zero a tile of C, and to convert it where it is added up in a wider type."""
    kernel = product.kernel
    stores = kernel.m * kernel.n * SIZES[kernel.out] / machine.core[kernel.arch].vector_bytes
    passes = 1 if kernel.out == product.out else 2
    return passes * (stores + machine.control.call)


def product_cycles(product: Product, parts: Parts, machine: Machine) -> float:
    """Cycles from the first command to the last byte of C."""
    latency = machine.stream.latency + machine.control.lock_to_core
    step = max(parts.a_stream, parts.b_stream)
    memory = channel = machine.shim.read_start + 2 * parts.task
    sent = core = out = written = 0.0
    done: list[float] = []
    arrived: list[float] = []
    freed: list[float] = []
    for tile in range(product.tiles):
        if tile >= product.outputs:
            core = max(core, freed[tile - product.outputs])
        core += parts.clear
        for _ in range(product.steps):
            index = len(done)
            # Two buffers in the mem tile: memory may be two steps ahead of the streams.
            room = arrived[index - 2] if index >= 2 else 0.0
            memory = max(memory, room) + parts.read
            channel = max(channel, room) + parts.channel
            sent = max(sent, memory, channel, done[index - 2] if index >= 2 else 0.0) + step
            arrived.append(sent)
            core = max(core, sent + latency) + parts.core
            done.append(core)
        out = max(core, out) + parts.send
        freed.append(out)
        written = max(out, written) + parts.write_column
        memory += parts.write_all
    tasks = 3 * product.columns * ceil(product.m / (product.kernel.m * product.rows))
    return max(written, memory, tasks * parts.task)
