"""The chosen plan: tiles at each memory level, who holds what, and what it costs."""

from __future__ import annotations

from aie_conv.mapping.check import COUNTER_BYTES, STACK_BYTES
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.streams import Channel, channels
from aie_conv.plan import Plan
from aie_conv.problem import DTYPE_BYTES
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import plural, spaced, table


def _tile(mapping: Mapping) -> list[str]:
    """The tile of one core, in words."""
    k, steps = mapping.view.k, mapping.tile.k_steps
    lines = mapping.addresses.describe(f"{k} of K in {plural(steps, 'step')} of {k // steps}")
    r, s, t = mapping.kernel.rst
    if (r, s, t) != (1, 1, 1):
        shape = (plural(r, "pixel"), plural(s, "element") + " of K", plural(t, "output channel"))
        lines.append(f"  instruction    {' x '.join(shape)}")
    return lines


def _mapping(mapping: Mapping) -> list[str]:
    grid, where = mapping.grid, mapping.device
    used = grid.columns * grid.rows
    residency = "stays for all tiles" if mapping.l1.resident else "comes for each tile"
    return [
        f"cores            {plural(grid.columns, 'column')} x {plural(grid.rows, 'row')} ="
        f" {used} of {where.cores}",
        f"  a column       {grid.column_tiles} of {grid.tiles} tiles of pixels, in"
        f" {plural(grid.rounds, 'round')}",
        f"  a row          1 of {grid.n_tiles} N tiles a round; the filter {residency}",
        *_mem_tiles(mapping),
    ]


def _mem_tiles(mapping: Mapping) -> list[str]:
    """What the mem tiles hold beyond what a core gets at a time."""
    lines: list[str] = []
    tile = mapping.memtile
    if tile.k_chunks > 1:
        sent = f", sent for {plural(tile.input_reuse, 'round')}" if tile.input_reuse > 1 else ""
        lines.append(f"  a mem tile     {plural(tile.k_chunks, 'step')} of K of the input{sent}")
    elif tile.input_reuse > 1:
        lines.append(f"  a mem tile     sends the input for {plural(tile.input_reuse, 'round')}")
    if tile.filter_reuse > 1:
        times = plural(tile.filter_reuse, "tile")
        lines.append(f"  a mem tile     the filter of an N tile, sent for {times}")
    return lines


def _level(
    level: str, holds: str, elements: int, dtype: str, buffers: int
) -> tuple[str, str, str, str, int]:
    size = elements * DTYPE_BYTES[dtype]
    return level, holds, f"{spaced(size)} ({elements} {dtype})", str(buffers), size * buffers


def memory_rows(mapping: Mapping) -> list[tuple[str, str, str, str, int]]:
    """(memory, what it holds, bytes of one object, buffers, bytes) of a mem tile and a core."""
    dtype, out = mapping.view.dtype, mapping.view.problem.out.dtype
    grid, l1, tile = mapping.grid, mapping.l1, mapping.memtile
    residual = " or residual" if mapping.view.residual else ""
    bias = [_level("core", "per-channel operands", l1.bias, dtype, 1)] if l1.bias else []
    return [
        _level(
            "mem tile",
            f"input of its column{residual}",
            tile.input_parts * tile.input,
            dtype,
            tile.input_depth,
        ),
        _level(
            "mem tile",
            f"filters of {plural(grid.shared_rows, 'row')}",
            grid.shared_rows * tile.filter,
            dtype,
            tile.filter_depth,
        ),
        _level("mem tile", "output of its column", grid.rows * l1.output, out, 2),
        _level("core", f"input{residual}", l1.input, dtype, 2),
        _level("core", "filter of an N tile", l1.filter, dtype, l1.filter_depth),
        _level("core", "output", l1.output, out, l1.output_depth),
        _level("core", "sums", l1.accumulators, mapping.kernel.accumulator, 1),
        _level("core", "run-time parameters", l1.parameter_words, "i32", 1),
        *bias,
    ]


def _memory(mapping: Mapping) -> str:
    heading = ("memory", "holds", "bytes of an object", "buffers", "bytes")
    buffers = memory_rows(mapping)
    rows = [(*row[:4], spaced(row[4])) for row in buffers]
    fixed = {"stack": STACK_BYTES, "counters of the FIFOs": COUNTER_BYTES}
    rows += [("core", what, spaced(size), "1", spaced(size)) for what, size in fixed.items()]
    arch = mapping.device.arch
    mem = sum(row[4] for row in buffers if row[0] == "mem tile")
    core = sum(row[4] for row in buffers if row[0] == "core") + sum(fixed.values())
    return "\n".join(
        (
            table([heading, *rows], right=(2, 3, 4)),
            f"a mem tile holds {spaced(mem)} of {spaced(arch.memtile_bytes)} bytes,"
            f" a core {spaced(core)} of {spaced(arch.core_data_bytes)}",
        )
    )


_STREAMS = {"a": "input", "b": "filter", "c": "output"}


def _bytes_of(channel: Channel) -> int:
    return sum(part.task.elements * DTYPE_BYTES[part.dtype] for part in channel.parts)


def stream_bytes(mapping: Mapping) -> dict[str, tuple[int, int, int]]:
    """Stream -> (bytes over the shim, channels, descriptors), of what is issued."""
    streams: dict[str, tuple[int, int, int]] = {}
    for channel in channels(mapping):
        name = _STREAMS[channel.symbol[0]]
        size, count, tasks = streams.get(name, (0, 0, 0))
        streams[name] = (size + _bytes_of(channel), count + 1, tasks + len(channel.parts))
    return streams


def _traffic(plan: ArrayPlan) -> str:
    mapping = plan.mapping
    heading = ("shim stream", "bytes", "channels", "tasks")
    streams = stream_bytes(mapping)
    rows = [(name, spaced(size), count, tasks) for name, (size, count, tasks) in streams.items()]
    least = plan.problem.minimum_bytes
    total = sum(size for size, _, _ in streams.values())
    # f32 by way of bf16 moves other bytes than the problem has.
    same = plan.problem.lhs.dtype == mapping.view.dtype
    against = f", {total / least:.1f} times every operand once ({spaced(least)})" * same
    loads = sorted(mapping.cost.loads.items(), key=lambda pair: -pair[1])
    busy = [(name, spaced(cycles)) for name, cycles in loads]
    return "\n".join(
        (
            table([heading, *rows], right=(1, 2, 3)),
            f"bytes moved: {spaced(total)}" + against,
            "",
            table([("resource", "cycles busy"), *busy], right=(1,)),
            f"predicted cycles: {spaced(plan.predicted_cycles)}, bound by: {plan.bound}",
        )
    )


def chosen(plan: Plan) -> StageReport:
    """The plan that the decision holds."""
    if not isinstance(plan, ArrayPlan):
        text = table(
            [("cores", "bytes moved", "predicted cycles", "bound"),
             (plan.cores, spaced(plan.shim_bytes), spaced(plan.predicted_cycles), plan.bound)]
        )  # fmt: skip
        return StageReport("plan", f"The plan of route {plan.route}.", text, text, "txt")
    mapping = plan.mapping
    text = "\n".join(
        (
            f"route {plan.route} {plan.style} on {plan.device}",
            "",
            *_tile(mapping),
            *_mapping(mapping),
            "",
            _memory(mapping),
            "",
            _traffic(plan),
        )
    )
    full = "\n".join((text, "", *(f"{k} = {v}" for k, v in plan.parameters.items())))
    return StageReport("plan", _sentence(plan), text, full, "txt")


def _sentence(plan: ArrayPlan) -> str:
    how = (
        "Windows are read by DMA addresses, so that the im2col matrix exists on the streams alone"
        if plan.route == "im2col"
        else "A tile of the input comes once with its halo, and the core uses it for every tap"
    )
    kept = (
        "its part of the filter stays in the core"
        if plan.mapping.l1.resident
        else "its part of the filter comes beside it, step by step"
    )
    return (
        f"{how}; {kept}. Larger tiles move less, smaller ones leave room for the second buffers that let"
        " the next transfer run under the work; of the tiles that fit the memories this one was taken."
    )
