"""The chosen plan: tiles at each memory level, who holds what, and what it costs."""

from __future__ import annotations

from aie_conv.direct.tiling import DirectTiling
from aie_conv.img2col.tiling import GemmTiling
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.streams import Channel, channels
from aie_conv.mapping.tiling import COUNTER_BYTES, STACK_BYTES, Tiling
from aie_conv.plan import Plan
from aie_conv.problem import DTYPE_BYTES
from aie_conv.report.explain.stage import Stage
from aie_conv.report.explain.trim import plural, spaced, table


def _tile(tiling: Tiling) -> list[str]:
    """The tile of one core, in words."""
    k = tiling.view.k
    step = f"{k} of K in {plural(tiling.chunks, 'step')} of {k // tiling.chunks}"
    lines: list[str] = []
    if isinstance(tiling, DirectTiling):
        window = tiling.window
        lines.append(
            f"tile of a core   {tiling.rows_out} x {tiling.width} output pixels, {tiling.n} output"
            f" channels, {step}"
        )
        strips = f" in {tiling.strips} strips of {tiling.height}" if tiling.strips > 1 else ""
        lines.append(f"  output rows    {tiling.rows_out}{strips}")
        lines.append(
            f"  input          {tiling.rows_in} x {window.columns} pixels with the halo of a"
            f" {window.taps[0]} x {window.taps[1]} window, {tiling.kc} channels"
        )
    else:
        shape = f"{tiling.pixels} output pixels"
        if isinstance(tiling, GemmTiling):
            shape = f"{tiling.th} x {tiling.tw} output pixels"
            shape += f", each {tiling.rep} times over" if tiling.rep > 1 else ""
        lines.append(f"tile of a core   {shape}, {tiling.n} output channels, {step}")
    r, s, t = tiling.matmul.rst
    if (r, s, t) != (1, 1, 1):
        shape = (plural(r, "pixel"), plural(s, "element") + " of K", plural(t, "output channel"))
        lines.append(f"  instruction    {' x '.join(shape)}")
    return lines


def _mapping(tiling: Tiling) -> list[str]:
    where = tiling.device
    used = tiling.columns * tiling.rows
    held = "stays for all tiles" if tiling.resident else "comes for each tile"
    return [
        f"cores            {plural(tiling.columns, 'column')} x {plural(tiling.rows, 'row')} ="
        f" {used} of {where.cores}",
        f"  a column       {tiling.column_tiles} of {tiling.tiles} tiles of pixels, in"
        f" {plural(tiling.passes, 'pass')}",
        f"  a row          1 of {tiling.slices} slices of output channels a pass; the filter {held}",
        *_many_shapes(tiling),
        *_mem_tiles(tiling),
    ]


def _many_shapes(tiling: Tiling) -> list[str]:
    """What is particular where one program serves many shapes."""
    if not tiling.steered:
        return []
    filters = f"{plural(tiling.objects, 'object')} of the filter to one of the input"
    if tiling.spans > 1:
        filters = f"{plural(tiling.spans, 'object')} of the input to one of the filter"
    return [
        "  the program    serves many shapes: all sizes of the tile are run-time parameters",
        f"                 {filters}, {plural(tiling.units, 'object')} of output a tile",
    ]


def _mem_tiles(tiling: Tiling) -> list[str]:
    """What the mem tiles hold beyond what a core gets at a time."""
    lines: list[str] = []
    if tiling.staged > 1:
        sent = f", sent for {plural(tiling.a_repeat, 'pass')}" if tiling.a_repeat > 1 else ""
        lines.append(f"  a mem tile     {plural(tiling.staged, 'step')} of K of the input{sent}")
    elif tiling.a_repeat > 1:
        lines.append(f"  a mem tile     sends the input for {plural(tiling.a_repeat, 'pass')}")
    if tiling.b_repeat > 1:
        lines.append(f"  a mem tile     a whole slice, sent for {plural(tiling.b_repeat, 'tile')}")
    return lines


def _level(
    level: str, holds: str, elements: int, dtype: str, buffers: int
) -> tuple[str, str, str, str, int]:
    size = elements * DTYPE_BYTES[dtype]
    return level, holds, f"{spaced(size)} ({elements} {dtype})", str(buffers), size * buffers


def memory_rows(tiling: Tiling) -> list[tuple[str, str, str, str, int]]:
    """(memory, what it holds, bytes of one object, buffers, bytes) of a mem tile and a core."""
    dtype, out = tiling.view.dtype, tiling.view.problem.out.dtype
    shared = -(-tiling.rows // tiling.filter_columns)
    residual = " or residual" if tiling.view.residual else ""
    kept = [_level("core", "per-channel operands", tiling.kept, dtype, 1)] if tiling.kept else []
    return [
        _level(
            "mem tile",
            f"input of its column{residual}",
            tiling.a_parts * tiling.a_l3_elements,
            dtype,
            tiling.a_l3_depth,
        ),
        _level(
            "mem tile",
            f"filters of {plural(shared, 'row')}",
            shared * tiling.b_l3_elements,
            dtype,
            tiling.b_l3_depth,
        ),
        _level("mem tile", "output of its column", tiling.rows * tiling.out_elements, out, 2),
        _level("core", f"input{residual}", tiling.a_elements, dtype, 2),
        _level("core", "filter slice", tiling.b_elements, dtype, tiling.b_depth),
        _level("core", "output", tiling.out_elements, out, tiling.out_depth),
        _level("core", "sums", tiling.sums, tiling.matmul.accumulator, 1),
        _level("core", "run-time parameters", tiling.words, "i32", 1),
        *kept,
    ]


def _memory(tiling: Tiling) -> str:
    heading = ("memory", "holds", "bytes of an object", "buffers", "bytes")
    made = memory_rows(tiling)
    rows = [(*row[:4], spaced(row[4])) for row in made]
    own = {"stack": STACK_BYTES, "counters of the FIFOs": COUNTER_BYTES}
    rows += [("core", what, spaced(size), "1", spaced(size)) for what, size in own.items()]
    arch = tiling.device.arch
    mem = sum(row[4] for row in made if row[0] == "mem tile")
    core = sum(row[4] for row in made if row[0] == "core") + sum(own.values())
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


def stream_bytes(tiling: Tiling) -> dict[str, tuple[int, int, int]]:
    """Stream -> (bytes over the shim, channels, descriptors), of what is issued."""
    found: dict[str, tuple[int, int, int]] = {}
    for channel in channels(tiling):
        name = _STREAMS[channel.symbol[0]]
        size, count, tasks = found.get(name, (0, 0, 0))
        found[name] = (size + _bytes_of(channel), count + 1, tasks + len(channel.parts))
    return found


def _traffic(plan: ArrayPlan) -> str:
    tiling = plan.tiling
    heading = ("shim stream", "bytes", "channels", "tasks")
    made = stream_bytes(tiling)
    rows = [(name, spaced(size), count, tasks) for name, (size, count, tasks) in made.items()]
    least = plan.problem.minimum_bytes
    total = sum(size for size, _, _ in made.values())
    # f32 by way of bf16 moves other bytes than the problem has.
    same = plan.problem.lhs.dtype == tiling.view.dtype
    against = f", {total / least:.1f} times every operand once ({spaced(least)})" * same
    loads = sorted(tiling.loads.items(), key=lambda pair: -pair[1])
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


def chosen(plan: Plan) -> Stage:
    """The plan that the decision holds."""
    if not isinstance(plan, ArrayPlan):
        text = table(
            [("cores", "bytes moved", "predicted cycles", "bound"),
             (plan.cores, spaced(plan.shim_bytes), spaced(plan.predicted_cycles), plan.bound)]
        )  # fmt: skip
        return Stage("plan", f"The plan of route {plan.route}.", text, text, "txt")
    tiling = plan.tiling
    text = "\n".join(
        (
            f"route {plan.route} {plan.style} on {plan.device}",
            "",
            *_tile(tiling),
            *_mapping(tiling),
            "",
            _memory(tiling),
            "",
            _traffic(plan),
        )
    )
    full = "\n".join((text, "", *(f"{k} = {v}" for k, v in plan.parameters.items())))
    return Stage("plan", _sentence(plan), text, full, "txt")


def _sentence(plan: ArrayPlan) -> str:
    tiling = plan.tiling
    how = (
        "Windows are read by DMA addresses, so that the im2col matrix exists on the streams alone"
        if plan.route == "im2col"
        else "A tile of the input comes once with its halo, and the core uses it for every tap"
    )
    kept = (
        "its slice of the filter stays in the core"
        if tiling.resident
        else "its slice of the filter comes beside it, step by step"
    )
    return (
        f"{how}; {kept}. Larger tiles move less, smaller ones leave room for the second buffers that let"
        " the next transfer run under the work; of the tiles that fit the memories this one was taken."
    )
