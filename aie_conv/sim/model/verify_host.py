"""Limits of the runtime sequence: fields, bounds, descriptor ids, queues and tokens.

Ids and queues are judged by what the program knows, not by luck of timing: a task counts as
unfinished until a token of it, or of a later task of its channel, has been waited for.
"""

from itertools import product

from aie_conv.errors import VerifyError
from aie_conv.layout.footprint import Footprint, are_apart
from aie_conv.sim.functional.commands import (
    Command,
    Start,
    TaskChain,
    TileTask,
    Transfer,
    Wait,
    channel_of,
    transfers,
)
from aie_conv.sim.model.module import Model
from aie_conv.sim.model.tile import Tile

_ITERATIONS = 64
"""Largest outermost size (6-bit iteration field, stored minus one) [mlir-aie, tested: 65 fails]."""


def verify_host(model: Model, commands: list[Command]) -> None:
    """Check the whole sequence.

    Raises:
        VerifyError: the first breach.
    """
    arguments = len(model.sequence.blocks[0].args) if model.sequence else 0
    if arguments > model.arch.host_buffers:
        raise VerifyError(
            f"runtime sequence: {arguments} host buffers: there are {model.arch.host_buffers}"
        )
    for transfer in transfers(commands):
        _check_bounds(transfer)
        _check_granularity(transfer)
        _check_fields(model, transfer)
    for command in commands:
        if isinstance(command, TaskChain):
            _check_chain(command)
    _Order(model).check(commands)


_Task = Transfer | TaskChain | TileTask


def _footprint(transfer: Transfer) -> Footprint:
    """The bytes that a transfer touches."""
    return Footprint(transfer.offset, tuple((n, s) for n, s in transfer.dims if n > 1 and s))


def _parts(task: _Task) -> tuple[Transfer, ...]:
    """The transfers of a task; a tile's own has none."""
    if isinstance(task, TileTask):
        return ()
    return task.parts if isinstance(task, TaskChain) else (task,)


def _descriptors(task: _Task) -> list[tuple[Tile, int, str]]:
    """The descriptors that a task writes: tile, number, and what each is called."""
    if isinstance(task, TileTask):
        return [(task.port.tile, -1 if one.id is None else one.id, one.what) for one in task.parts]
    return [(one.end.tile, one.id, one.what) for one in _parts(task)]


def _end(transfer: Transfer) -> int:
    """The byte behind the last that a transfer touches."""
    pairs = zip(transfer.sizes, transfer.strides, strict=True)
    return transfer.offset + (sum((n - 1) * s for n, s in pairs) + 1) * transfer.element


def _check_bounds(transfer: Transfer) -> None:
    if min(transfer.sizes) < 1 or min(transfer.strides) < 0:
        raise VerifyError(f"{transfer.what}: sizes are at least 1 and strides at least 0")
    reach = sum((n - 1) * s for n, s in zip(transfer.sizes, transfer.strides, strict=True))
    last = transfer.offset + (reach + 1) * transfer.element
    if transfer.offset < 0 or last > transfer.memref.bytes:
        raise VerifyError(
            f"{transfer.what}: out of bounds: bytes {transfer.offset} to {last} of an argument of "
            f"{transfer.memref.bytes} bytes"
        )


def _check_granularity(transfer: Transfer) -> None:
    element = transfer.element
    if element > 4:
        raise VerifyError(f"{transfer.what}: elements of {element} bytes: at most 4")
    if element < 4 and transfer.strides[3] != 1 and transfer.sizes[3] > 1:
        raise VerifyError(f"{transfer.what}: 4-byte granularity: innermost stride must be 1")
    numbers = {"innermost size": transfer.sizes[3] * element, "offset": transfer.offset}
    numbers.update({f"stride {3 - i}": transfer.strides[i] * element for i in range(3)})
    for what, count in numbers.items():
        if count % 4:
            raise VerifyError(f"{transfer.what}: 4-byte granularity: {what} is {count} bytes")


def _check_fields(model: Model, transfer: Transfer) -> None:
    arch = model.arch
    d3, d2, d1, d0 = transfer.sizes
    s3, s2, s1, s0 = transfer.strides
    linear = d1 == d2 == 1 and s1 == s2 == 0
    words = d0 * transfer.element // 4
    if d3 > _ITERATIONS:
        raise VerifyError(f"{transfer.what}: iteration: size {d3}: at most {_ITERATIONS}")
    for size, number in ((words, 0), (d1, 1)):
        if size >= 1 << arch.shim_wrap_bits and not linear:
            raise VerifyError(
                f"{transfer.what}: wrap: size {size} in dimension {number} does not fit its "
                f"{arch.shim_wrap_bits}-bit field"
            )
    for size, stride in ((d3, s3), (d2, s2), (d1, s1), (d0, s0)):
        if size > 1 and stride * transfer.element // 4 > 1 << arch.shim_step_bits:
            raise VerifyError(
                f"{transfer.what}: step: stride {stride} does not fit its "
                f"{arch.shim_step_bits}-bit field"
            )


def _check_chain(chain: TaskChain) -> None:
    """What the tools and the hardware need of a chain besides each of its descriptors."""
    for one in chain.parts:
        if one.sizes[0] != chain.runs:
            raise VerifyError(
                f"{one.what}: iteration: size {one.sizes[0]} in a chain that runs {chain.runs} "
                "times: they must be equal"
            )


class _Order:
    """Follows ids, queues and tokens through a sequence."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.queues: dict[str, list[_Task]] = {}
        self.ids: dict[tuple[Tile, int], str] = {}
        self.configured: list[TaskChain | TileTask] = []

    def check(self, commands: list[Command]) -> None:
        """The whole sequence."""
        for command in commands:
            if isinstance(command, Wait):
                self._wait(command)
            elif isinstance(command, Start):
                self._start(command.chain)
            else:
                self._take(command)
                if isinstance(command, Transfer):
                    self._push(command)
                else:
                    self.configured.append(command)
        for chain in self.configured:
            raise VerifyError(f"{chain.what}: it is never started")
        for tasks in self.queues.values():
            for task in tasks:
                if task.issues_token:
                    raise VerifyError(
                        f"{task.what}: token unmatched: it is never waited for: add a dma_wait"
                    )

    def _take(self, task: _Task) -> None:
        """Descriptors are written."""
        limit = self.model.arch.shim_bds
        for tile, number, what in _descriptors(task):
            if tile.kind == "shim" and not 0 <= number < limit:
                raise VerifyError(f"{what}: shim descriptors have ids 0 to {limit - 1}")
            if (tile, number) in self.ids:
                raise VerifyError(
                    f"{what}: id reused while {self.ids[tile, number]} may still run: "
                    + ("wait for it first" if tile.kind == "shim" else "take another")
                )
            self.ids[tile, number] = what

    def _start(self, chain: TaskChain | TileTask) -> None:
        if chain not in self.configured:
            raise VerifyError(f"{chain.what}: started twice: configure it again")
        self.configured.remove(chain)
        self._push(chain)

    def _push(self, task: _Task) -> None:
        self._check_races(task)
        queue = self.queues.setdefault(channel_of(task), [])
        queue.append(task)
        depth = self.model.arch.shim_queue_depth
        if len(queue) > depth:
            raise VerifyError(
                f"{task.what}: queue overflow: {len(queue)} unfinished tasks on the channel of "
                f"{channel_of(task)}, its queue holds {depth}: "
                + ("give them one chain" if isinstance(task, TileTask) else "wait before pushing")
            )

    def _check_races(self, task: _Task) -> None:
        """Nothing reads what may still be written, or writes what may still be read.

        Two that write the same are no race: tiles overlap, and say the same there.
        """
        for other in (other for queue in self.queues.values() for other in queue):
            for one, two in product(_parts(task), _parts(other)):
                if one.writes == two.writes or one.argument != two.argument:
                    continue
                first = max(one.offset, two.offset)
                last = min(_end(one), _end(two))
                if first < last and not are_apart(_footprint(one), _footprint(two)):
                    verb, kept = ("writes", "reads") if one.writes else ("reads", "writes")
                    raise VerifyError(
                        f"{one.what}: race: it {verb} bytes {first} to {last} of argument"
                        f" {one.argument}, among which {two.what} {kept} and may still run: wait for"
                        " its token first"
                    )

    def _wait(self, wait: Wait) -> None:
        """A token ends its task and all before it on the channel."""
        queue = self.queues.get(wait.channel, [])
        index = next((i for i, task in enumerate(queue) if task.issues_token), None)
        who = f"line {wait.op.line}: {wait.op.name.rpartition('.')[2]} {wait.channel}"
        if index is None:
            raise VerifyError(f"{who}: token unmatched: no task of it is open")
        ends = queue[index]
        if ends is not wait.chain and (wait.chain or isinstance(ends, TaskChain)):
            # The tools take a chain's descriptors as free from its own dma_await_task on.
            raise VerifyError(
                f"{who}: the channel's next token is of {ends.what}: "
                + ("await that one" if isinstance(ends, TaskChain) else "wait for it with dma_wait")
            )
        for task in queue[: index + 1]:
            for tile, number, _ in _descriptors(task):
                del self.ids[tile, number]
        del queue[: index + 1]
