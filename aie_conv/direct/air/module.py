"""A scalar plan one level up, as mlir-air sees it: a launch, a segment and a herd around ``linalg.generic``.

The launch brings inputs and filters into the array and takes results out of it, the segment's memory
tiles pass them on, and the cores of the herd add a tile's products and run its epilogue. What passes
anything on is a channel (:mod:`aie_conv.direct.air.streams`): its order alone says what belongs together.

mlir-air of March 2026 makes descriptors of it, and keeps its meaning where it is written as its passes take
it: a buffer of the memory tiles is filled by one transfer and emptied by one, each of all of
it; what goes through a channel has its turn once a step; offsets stand in DDR alone, are numbers, and have
no loop around them.

Memory spaces: 0 (default) is DDR, 1 the memory tiles, 2 the cores.
"""

from collections.abc import Callable, Sequence

from aie_conv.codegen.scalar import ScalarKernel
from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.air.core import Herd
from aie_conv.direct.air.host import HostTransfers, Moved, tasks
from aie_conv.direct.air.operations import AirBuilder, ChannelBundle
from aie_conv.direct.air.streams import Relay, Streams
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import Function
from aie_conv.ir.core import Block, Op, Value, memref
from aie_conv.ir.text import print_module
from aie_conv.layout.pattern import Task
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Argument

VERSIONS = {
    "march": "March 2026 (d1ade562): offsets, sizes and strides are operands",
    "august": "August 2026 (e972f29): offsets, sizes and strides are operands, and attributes say so",
}
"""The versions of mlir-air that a module can be written for; each refuses the other's form."""

_MEMORY_TILES = 1

MoveInHost = Callable[[ChannelBundle, Sequence[Value], Value, Task], None]
"""Puts into a channel, or gets from it, part of a buffer."""


def air_module(plan: ArrayPlan, version: str = "august") -> str:
    """The plan's module for mlir-air; its first line says for which version.

    The function ``conv`` takes flat buffers: the plan's input, the filter as the plan's N tiles hold it
    ([N tiles][weights], see :attr:`TileAddresses.pack`), each per-channel operand, the
    residual if there is one, and the result. Its herd has the plan's columns x rows of cores, its
    buffers are the plan's tiles.

    Args:
        plan: the plan.
        version: one of :data:`VERSIONS`.

    Raises:
        Unsupported: the plan is none of scalar loops: vector code has no ``linalg.generic``; or March's tools
            would overrun a shim's queue.
    """
    addresses, kernel = plan.mapping.addresses, plan.mapping.kernel
    if not isinstance(kernel, ScalarKernel) or not isinstance(addresses, TileAddresses):
        raise Unsupported(
            f"air: a plan of route {plan.route}{f' ({plan.style})' if plan.style else ''} has no"
            " linalg.generic: use --amd-aie-route=direct --amd-aie-direct=scalar"
        )
    module = _Module(plan.mapping, addresses, kernel, static=version != "march").module()
    return f"// for mlir-air of {VERSIONS[version]}\n{print_module(module)}"


def air_arguments(mapping: Mapping) -> tuple[Argument, ...]:
    """The buffers that ``conv`` of :func:`air_module` takes, by the names of host values."""
    assert isinstance(mapping.kernel, ScalarKernel)
    return Streams(mapping, mapping.kernel.generic).arguments


class _Module:
    """Writes the module of one mapping."""

    def __init__(
        self, mapping: Mapping, addresses: TileAddresses, kernel: ScalarKernel, *, static: bool
    ) -> None:
        self._m = mapping
        self._generic = kernel.generic
        self._streams = streams = Streams(mapping, kernel.generic)
        self._moves = HostTransfers(mapping, addresses, kernel.generic, streams)
        kinds = [(f"arg{i}", memref(a.dtype, a.elements)) for i, a in enumerate(streams.arguments)]
        self._f = Function("conv", kinds, private=False)
        self._w = self._f.builder
        self._air = AirBuilder(self._w, static=static)
        self._bounded = not static

    def module(self) -> Op:
        """The module: its channels, and one function."""
        streams, grid = self._streams, self._m.grid
        with self._air.region("launch", [1], self._f.arguments) as (_, buffers):
            by_argument = dict(zip(streams.arguments, buffers, strict=True))
            for c in range(grid.columns):
                moved = self._moves.inputs(c)
                self._host(
                    self._air.put, streams.host_inputs, streams.core(c, 0), moved, by_argument
                )
            for r in range(grid.rows):
                moved = self._moves.filters(r)
                self._host(
                    self._air.put, streams.host_filters, streams.core(0, r), moved, by_argument
                )
            with self._air.region("segment", [], []):
                self._segment()
            for c in range(grid.columns):
                moved = self._moves.results(c)
                self._host(
                    self._air.get, streams.host_results, streams.core(c, 0), moved, by_argument
                )
        channels = [channel.op for channel in streams.channels]
        return Op("module", 0, blocks=[Block(ops=[*channels, self._f.finish()])])

    def _host(
        self,
        transfer: MoveInHost,
        channel: ChannelBundle,
        core: tuple[int, int],
        moved: Moved,
        buffers: dict[Argument, Value],
    ) -> None:
        """All that goes through a channel between DDR and a memory tile."""
        arch = self._m.device.arch
        each = list(tasks(moved, arch))
        if self._bounded and len(each) > arch.shim_queue_depth:
            raise Unsupported(
                f"air: {len(each)} transfers through a channel of @{channel.name}: aircc of March 2026 waits"
                f" for none before the last, and a shim queues {arch.shim_queue_depth}: use"
                " --amd-aie-air-version=august"
            )
        for argument, task in each:
            transfer(channel, self._index(channel, core), buffers[argument], task)

    def _index(self, channel: ChannelBundle, core: tuple[int, int]) -> list[Value]:
        """Which stream of a channel is a core's."""
        return [self._air.constant(i) for i in channel.source(core)]

    # -- the memory tiles -------------------------------------------------------------------------
    def _segment(self) -> None:
        """Pass on what comes from DDR in each step, let the cores compute, and pass their results on."""
        w, streams = self._w, self._streams
        # March's passes give a channel that several buffers are filled from the tile's next free one for each
        # of them: it must not be its last.
        by_step = [(relay, self._buffer(relay)) for relay in streams.step_relays]
        by_turn = [(relay, self._buffer(relay)) for relay in streams.turn_relays]
        outgoing = [(relay, self._buffer(relay)) for relay in streams.outgoing]
        trips, steps = self._m.grid.steps, self._m.tile.k_steps
        with self._air.loop("step", trips * steps):
            self._pass_on(by_step)
        with self._air.loop("turn", trips * steps * streams.turns):
            self._pass_on(by_turn)
        Herd(w, self._air, self._m, self._generic, streams).write()
        with self._air.loop("trip", trips):
            self._pass_on(outgoing)
        for _, buffer in (*by_step, *by_turn, *outgoing):
            w.op("memref.dealloc", buffer)

    def _buffer(self, relay: Relay) -> Value:
        kind = memref(relay.dtype, relay.elements, space=_MEMORY_TILES)
        return self._w.value("m", "memref.alloc", to=kind)

    def _pass_on(self, relays: list[tuple[Relay, Value]]) -> None:
        for relay, buffer in relays:
            self._air.get(relay.source, self._index(relay.source, relay.core), buffer)
            self._air.put(relay.dest, self._index(relay.dest, relay.core), buffer)
