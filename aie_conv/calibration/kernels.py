"""Kernel rows: the core code that a row describes, scheduled."""

import re
from dataclasses import dataclass

from aie_conv.arch.instructions import API_MATMUL, BLOCK_FLOATS, OPEN_BLOCKS, OPEN_BLOCKS_PEANO
from aie_conv.arch.machine import Machine
from aie_conv.calibration.kernel import PeerKernel, time_function
from aie_conv.calibration.platform import Platform
from aie_conv.calibration.rows import Measurement
from aie_conv.codegen.matrix_unit import I32, aie2_integer, bitcast
from aie_conv.ir.builder import Function
from aie_conv.ir.core import memref, vector

UKERNEL_TILE = 64
"""Side of the tile that iree-amd-aie's single-core products of 512 x 512 x 512 are taken to use; the
source does not say."""


class UnexpressedError(Exception):
    """A row that the model cannot express; the message says why."""


@dataclass(frozen=True)
class PredictedWork:
    """What a prediction is made of: cycles, multiply-accumulates, and cores."""

    cycles: float
    macs: float = 0
    cores: int = 1
    bytes: float = 0

    def value(self, unit: str, clock: float) -> float:
        """In the unit of a row.

        Raises:
            UnexpressedError: no such unit.
        """
        seconds = self.cycles / clock
        table = {
            "cycles": self.cycles,
            "cycles/call": self.cycles,
            "MAC/cycle/core": self.macs / self.cycles / self.cores,
            "us": seconds * 1e6,
            "us/command": seconds * 1e6,
            "ms": seconds * 1e3,
            "GFLOPS": 2 * self.macs / seconds / 1e9,
            "GOPS": 2 * self.macs / seconds / 1e9,
            "TFLOPS": 2 * self.macs / seconds / 1e12,
            "TOPS": 2 * self.macs / seconds / 1e12,
            "GB/s": self.bytes / seconds / 1e9,
            "GB/s/column": self.bytes / seconds / 1e9,
            "GB/s/direction": self.bytes / seconds / 1e9,
            "GB/s read": self.bytes / seconds / 1e9,
            "B/cycle": self.bytes / self.cycles,
        }
        if unit not in table:
            raise UnexpressedError(f"unit '{unit}'")
        return table[unit]


def blocks_of(arch: str, dtype: str, profile: str) -> tuple[int, int]:
    """Accumulator blocks that a kernel holds, (rows, columns).

    The open tools' bf16 kernels for AIE2 fill the accumulator file (32 bundles, 16 VMAC.f
    [ignite-xdna]); the others take half of it, as ours do.
    """
    table = OPEN_BLOCKS_PEANO if profile.startswith("peano") else OPEN_BLOCKS
    return table.get((arch, dtype), (2, 2))


def peer_kernel(
    row: Measurement, platform: Platform, profile: str, tile: tuple[int, int, int]
) -> PeerKernel:
    """The matrix product of a row's types on a tile (m, k, n).

    Raises:
        UnexpressedError: types without instructions.
    """
    dtype, out = row.operands
    if dtype == "bfp16" and platform.arch in BLOCK_FLOATS:
        # Blocks of 8 x 8 in 72 bytes, one instruction each: as int8, but for the exponents.
        dtype, out = "i8", "i8" if out == "bfp16" else "i32"
    elif dtype == "u8":
        dtype = "i8"
    elif dtype == "bf16" and out not in ("bf16", "f32"):
        out = "bf16"
    sums = {"i8": ("i8", "i16", "i32"), "bf16": ("bf16", "f32"), "i16": ("i32",)}
    if out not in sums.get(dtype, ()) or (platform.arch, dtype) not in API_MATMUL:
        raise UnexpressedError(f"no kernel for {row.dtype}")
    m, k, n = tile
    blocks = blocks_of(platform.arch, dtype, profile)
    converted = platform.arch in BLOCK_FLOATS and row.has_blocks
    return PeerKernel(platform.arch, dtype, out, m, k, n, blocks, converted=converted)


def predict_kernel(
    row: Measurement, platform: Platform, profile: str, machine: Machine
) -> PredictedWork:
    """The time of a kernel row's core code.

    Raises:
        UnexpressedError: the row does not say what code ran, or says nothing that this model times.
    """
    if "empty call" in row.text:
        return PredictedWork(machine.control.call)
    if match := re.search(r"(\d+)-element vector-scalar mul", row.tile):
        return PredictedWork(_scaled_vector(int(match[1]), platform.arch, machine, profile))
    if "callrepl" in row.text and row.dims is not None:
        return _predict_repeated(row, platform, profile, machine)
    if "scalar" in row.text:
        raise UnexpressedError("scalar code that the row does not give")
    tile = row.tile_dims
    if tile is None or row.dims is None or row.unit in ("us", "ms"):
        raise UnexpressedError("the row does not say what code ran")
    kernel = peer_kernel(row, platform, profile, tile)
    cycles = kernel.cycles(machine, profile)
    if row.unit == "cycles/call":
        cycles += machine.control.call
    return PredictedWork(cycles, tile[0] * tile[1] * tile[2])


def _predict_repeated(
    row: Measurement, platform: Platform, profile: str, machine: Machine
) -> PredictedWork:
    """A product on one core, its code repeated 100 times to hide the rest."""
    if "_o2_" in row.text or "o2," in row.text:
        raise UnexpressedError("code compiled with -O2; the profiles are of -O3")
    m, k, n = row.dims or (0, 0, 0)
    side = UKERNEL_TILE
    kernel = peer_kernel(row, platform, profile, (side, side, side))
    calls = (m // side) * (n // side) * (k // side)
    once = kernel.cycles(machine, profile) + machine.control.call
    return PredictedWork(100 * calls * once, 100 * m * k * n)


def _scaled_vector(elements: int, arch: str, machine: Machine, profile: str) -> int:
    """16-bit elements times a number, shifted back to 16 bits."""
    lanes, words = 32, vector("i32", 16)
    f = Function("kernel", [(name, memref("i16", elements)) for name in "abc"])
    w, (a, b, c) = f.builder, f.arguments
    zero, end, step = w.constant(0), w.constant(elements), w.constant(lanes)
    shift = w.constant(0, I32)
    factor = w.load("f", b, zero, lanes)
    with w.loop("i", zero, end, step) as index:
        x = bitcast(w, w.load("x", a, index, lanes), words)
        y = bitcast(w, factor, words)
        left = bitcast(w, x, _ELEMENTS.left)
        acc = _ELEMENTS.call(w, left, y, _ELEMENTS.zero(w), w.constant(_ELEMENTS.conf, I32))
        acc = bitcast(w, acc, vector("i32", lanes))
        w.store(w.value("s", "aievec.srs", acc, shift, to=vector("i16", lanes)), c, index)
    if arch != _ELEMENTS.arch:
        raise UnexpressedError("written for AIE2")
    return time_function(arch, f.finish(), machine, profile)


_ELEMENTS = aie2_integer(0x300 | 3 << 3 | 1 << 5 | 1)
"""32 lanes of i16, signed, without an accumulator."""
