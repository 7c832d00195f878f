"""Limits of the runtime sequence: fields, bounds, descriptor ids, queues and tokens.

Ids and queues are judged by what the program knows, not by luck of timing: a task counts as
unfinished until a token of it, or of a later task of its channel, has been waited for.
"""

from aie_conv.errors import VerifyError
from aie_conv.sim.model import Model, Tile
from aie_conv.sim.sequence import Transfer, Wait

_ITERATIONS = 64
"""Largest outermost size (6-bit iteration field, stored minus one) [mlir-aie, tested: 65 fails]."""


def verify_host(model: Model, commands: list[Transfer | Wait]) -> None:
    """Check the whole sequence.

    Raises:
        VerifyError: the first breach.
    """
    arguments = len(model.sequence.blocks[0].args) if model.sequence else 0
    if arguments > model.arch.host_buffers:
        raise VerifyError(
            f"runtime sequence: {arguments} host buffers: there are {model.arch.host_buffers}"
        )
    for command in commands:
        if isinstance(command, Transfer):
            _check_bounds(command)
            _check_granularity(command)
            _check_fields(model, command)
    _check_order(model, commands)


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


def _shim(transfer: Transfer) -> Tile:
    fifo = transfer.fifo
    if fifo.producer.kind == "shim":
        return fifo.producer
    return next(tile for tile in fifo.consumers if tile.kind == "shim")


def _check_order(model: Model, commands: list[Transfer | Wait]) -> None:
    open_tasks: dict[str, list[Transfer]] = {}
    ids: dict[tuple[Tile, int], Transfer] = {}
    for command in commands:
        if isinstance(command, Transfer):
            _push(model, open_tasks, ids, command)
        else:
            _wait(open_tasks, ids, command)
    for tasks in open_tasks.values():
        for task in tasks:
            if task.issues_token:
                raise VerifyError(
                    f"{task.what}: token unmatched: it is never waited for: add a dma_wait"
                )


def _push(
    model: Model,
    open_tasks: dict[str, list[Transfer]],
    ids: dict[tuple[Tile, int], Transfer],
    task: Transfer,
) -> None:
    limit = model.arch.shim_bds
    if not 0 <= task.id < limit:
        raise VerifyError(f"{task.what}: shim descriptors have ids 0 to {limit - 1}")
    place = (_shim(task), task.id)
    if place in ids:
        raise VerifyError(
            f"{task.what}: id reused while {ids[place].what} may still run: wait for it first"
        )
    ids[place] = task
    queue = open_tasks.setdefault(task.fifo.name, [])
    queue.append(task)
    depth = model.arch.shim_queue_depth
    if len(queue) > depth:
        raise VerifyError(
            f"{task.what}: queue overflow: {len(queue)} unfinished tasks on the channel of "
            f"@{task.fifo.name}, its queue holds {depth}: wait before pushing"
        )


def _wait(
    open_tasks: dict[str, list[Transfer]], ids: dict[tuple[Tile, int], Transfer], wait: Wait
) -> None:
    """A token ends its task and all before it on the channel."""
    queue = open_tasks.get(wait.fifo, [])
    at = next((i for i, task in enumerate(queue) if task.issues_token), None)
    if at is None:
        raise VerifyError(
            f"line {wait.op.line}: dma_wait @{wait.fifo}: token unmatched: no task of it is open"
        )
    for task in queue[: at + 1]:
        del ids[_shim(task), task.id]
    del queue[: at + 1]
