"""Transfer rows: one task of a channel, copies and sums through the whole array."""

import re

from aie_conv.arch.machine import SHIM_MEASURED_ON, Machine
from aie_conv.arch.rates import PAGE, HostRates
from aie_conv.calibration.kernel import time_function
from aie_conv.calibration.kernels import PredictedWork, UnexpressedError
from aie_conv.calibration.platform import Platform
from aie_conv.calibration.rows import Measurement
from aie_conv.ir.builder import Function
from aie_conv.ir.core import memref, scalar, vector

WORD = 4
"""Bytes of a stream's word in the sources' tables."""

GEMM_RUN = 224
"""Bytes of a run in access like a product's: Taka et al.'s designs read 224 to 450 of them."""


def predict_transfer(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork:
    """The time of a dma row.

    Raises:
        UnexpressedError: the row does not say what was moved by how many channels.
    """
    for predict in (_task, _inside, _sums, _copy, _rate):
        work = predict(row, platform, machine)
        if work is not None:
            return work
    raise UnexpressedError("the row does not say what was moved, or by how many channels")


def _task(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork | None:
    """One task of a shim channel on an idle array, or one of a chain."""
    match = re.search(r"shim (mm2s|s2mm)", row.text)
    if platform.arch != SHIM_MEASURED_ON or row.unit != "cycles" or not match:
        return None
    shim, reads = machine.shim, match[1] == "mm2s"
    word = shim.read_word if reads else shim.write_word
    words = row.m or 64
    if "steady" in row.text:
        # In a chain the words move while the next task starts.
        return PredictedWork(max(shim.read_next if reads else shim.write_next, words * word))
    return PredictedWork((shim.read_start if reads else shim.write_start) + words * word)


def _inside(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork | None:
    """A channel inside the array."""
    stream = machine.stream
    width = machine.stream_bytes(platform.arch)
    if "memtile->core stream" in row.text:
        return PredictedWork(1, bytes=width)
    match = re.search(r"(?:tile mm2s|memtile strided bd) (\d+) words", row.text)
    if not match or row.unit != "cycles":
        return None
    return PredictedWork(stream.bd_start + int(match[1]) * WORD / width)


def _channels(row: Measurement) -> tuple[int, int] | None:
    """Columns and channels a column (each way) that a row names."""
    if match := re.search(r"(\d) columns x (\d) channels", row.text):
        return int(match[1]), int(match[2])
    if match := re.search(r"(\d) (?:shim )?channels?\b", row.tile):
        count = int(match[1])
        return (count, 1) if count <= 4 else (4, count // 4)
    return None


def _predict_shared(
    platform: Platform, machine: Machine, channels: int, read: float, written: float
) -> float:
    """Cycles to move so many bytes each way by so many channels each way."""
    memory = machine.memory[platform.memory]
    seconds = max((read + written) / memory.total, read / memory.read, written / memory.write)
    slower = machine.shim.read_word if platform.arch == SHIM_MEASURED_ON else 1
    rate = memory.read_bytes / slower
    return max(seconds * platform.clock, max(read, written) / (channels * rate))


def _copy(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork | None:
    """A copy of so many elements, launch included."""
    if "copy" not in row.dtype or row.m is None or row.unit not in ("us", "ms"):
        return None
    size = row.m if "m = bytes" in row.text or row.dtype == "copy" else row.m * 4
    columns, each = _channels(row) or (platform.columns, 2)
    cycles = _predict_shared(platform, machine, columns * each, size, size)
    return PredictedWork(cycles + platform.launch * platform.clock, bytes=2 * size)


def _sums(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork | None:
    """Sums of two bf16 vectors, one core a column, two channels in and one out."""
    if "bf16 add" not in row.dtype or row.m is None or not row.cores:
        return None
    lanes, elements = 16, row.m / row.cores
    each = _sum_cycles(platform.arch, machine) / lanes
    moved = _predict_shared(platform, machine, 2 * row.cores, row.m * 4, row.m * 2)
    cycles = max(elements * each, moved) + platform.launch * platform.clock
    return PredictedWork(cycles, bytes=row.m * 6)


def _sum_cycles(arch: str, machine: Machine) -> float:
    """Cycles of one trip of a loop that adds 16 elements, which the compiler does not pipeline."""
    trips, lanes = 128, 16
    wide = vector("f32", lanes)
    f = Function("kernel", [(name, memref("bf16", trips * lanes)) for name in "abc"])
    w, (*inputs, out) = f.builder, f.arguments
    zero, end, step = w.constant(0), w.constant(trips * lanes), w.constant(lanes)
    shift = w.constant(0, scalar("i32"))
    with w.loop("i", zero, end, step) as index:
        sides = [
            w.value("u", "aievec.ups", w.load("x", buffer, index, lanes), to=wide, shift=0)
            for buffer in inputs
        ]
        total = w.value("t", "arith.addf", *sides)
        w.store(w.value("s", "aievec.srs", total, shift, to=vector("bf16", lanes)), out, index)
    return time_function(arch, f.finish(), machine, "peano-plain") / trips


def _rate(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork | None:
    """Rows that are a bandwidth."""
    memory = machine.memory[platform.memory]
    size = 1e9
    if "gemm-like" in row.text:
        host = HostRates(memory.read, memory.write, memory.total, memory, machine.page_cost)
        moved = size * host.factor(GEMM_RUN, PAGE)
        return PredictedWork(moved / memory.total * platform.clock, bytes=size)
    if row.unit == "GB/s/column" and "shim mm2s channel per column" in row.text:
        return PredictedWork(_predict_shared(platform, machine, 4, size, 0), bytes=size / 4)
    if row.unit == "GB/s/column" and "two mm2s channels" in row.text:
        return PredictedWork(_predict_shared(platform, machine, 8, size, 0), bytes=size / 4)
    counts = _channels(row)
    if counts is None:
        return None
    channels = counts[0] * counts[1]
    if row.unit == "GB/s/direction":
        return PredictedWork(_predict_shared(platform, machine, channels, size, size), bytes=size)
    if row.unit == "GB/s read":
        return PredictedWork(
            _predict_shared(platform, machine, channels, size, size / 2), bytes=size
        )
    return None


def predict_host(row: Measurement, platform: Platform, machine: Machine) -> PredictedWork:
    """The time of a host row: it is in the table, or it is not known.

    Raises:
        UnexpressedError: the table has no such time.
    """
    table = {
        "cmd_chain": machine.host.chained,
        "reconfigure_only": machine.reconfiguration(platform.arch),
        "control packets": machine.reconfiguration(platform.arch),
        "whole-design": machine.switching(platform.arch),
        "round trip": platform.launch,
    }
    seconds = next((time for words, time in table.items() if words in row.text), None)
    if seconds is None or row.unit.partition("/")[0] not in ("us", "ms"):
        raise UnexpressedError("a time of the host that the table does not have")
    return PredictedWork(seconds * platform.clock)
