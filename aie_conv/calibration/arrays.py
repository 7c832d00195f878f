"""Array rows: products whose tile a source names, with the dataflow it describes."""

import re
from dataclasses import replace

from aie_conv.arch.machine import Machine
from aie_conv.calibration.kernels import PredictedWork, UnexpressedError, peer_kernel
from aie_conv.calibration.platform import Platform
from aie_conv.calibration.product import Product, parts_of, product_cycles
from aie_conv.calibration.rows import Measurement

L1_BYTES = 65536
BYTES = {"i8": 1, "i16": 2, "bf16": 2, "i32": 4, "f32": 4, "bfp16": 1}

CAST_BYTES = BYTES["f32"] + BYTES["bf16"]
"""Bytes of an element that a cast behind a product moves: as long as measured ones take, the sums cross the
host's memory."""

FEWEST_RUN = 4
"""Steps of K that a mem tile holds together in the balanced designs of Taka et al. (56 x 4 = 224)."""


def _tile(row: Measurement) -> tuple[int, int, int] | None:
    """(m, k, n) of a core's tile."""
    if match := re.search(r"m(\d+) kl2(\d+?) kl1(\d+) n(\d+)", row.tile.lower()):
        return int(match[1]), int(match[3]), int(match[4])
    return row.tile_dims


def _grid(row: Measurement, platform: Platform) -> tuple[int, int]:
    """Rows and columns of cores that work."""
    if match := re.search(r"herd \[(\d+), (\d+)\]", row.text):
        return int(match[2]), int(match[1])
    cores = row.cores or 4 * platform.columns
    return min(4, cores), max(1, cores // 4)


def _run(row: Measurement, k: int) -> int:
    """Elements of K read together."""
    if match := re.search(r"k_mt=(\d+)", row.tile):
        return int(match[1])
    if match := re.search(r"kl2(\d+?) kl1", row.tile.lower()):
        return int(match[1])
    return FEWEST_RUN * k if "taka" in row.text else k


def _l1_bytes(row: Measurement, tile: tuple[int, int, int]) -> int:
    """Bytes of a tile's operands and result in a core, single buffers."""
    dtype, out = row.operands
    m, k, n = tile
    a = b = BYTES.get(dtype, 1)
    if row.has_blocks:
        b = BYTES["bfp16"]
    return m * k * a + k * n * b + m * n * BYTES.get(out, 1)


def predict_array(
    row: Measurement, platform: Platform, profile: str, machine: Machine
) -> PredictedWork:
    """The time of a product over the array.

    Raises:
        UnexpressedError: the row is no product with a tile and a known kernel.
    """
    tile = _tile(row)
    if row.shape or row.dims is None:
        raise UnexpressedError("a network or a convolution whose mapping the row does not give")
    if row.unit == "MAC/cycle/core":
        raise UnexpressedError("an average over traced windows that the row does not define")
    if tile is None:
        raise UnexpressedError("the row names no tile")
    if "native bf16" in row.text:
        raise UnexpressedError("a kernel that the model has no instructions for")
    tile_bytes = _l1_bytes(row, tile)
    if tile_bytes > L1_BYTES:
        raise UnexpressedError(f"a tile of {tile_bytes} bytes is not a core's")
    m, k, n = row.dims
    rows, columns = _grid(row, platform)
    kernel = peer_kernel(row, platform, profile, tile)
    out = kernel.out
    casts = "fused-cast" in row.text
    if casts:
        kernel, out = replace(kernel, out="f32"), "f32"
    double = "double-buffered c" in row.text
    by_columns = re.search(r"col-major|column-major|taka|gemm-til", row.text) is not None
    product = Product(
        m, k, n, kernel, rows, columns, _run(row, tile[1]),
        b_by_columns=by_columns, outputs=2 if double else 1, out=out,
    )  # fmt: skip
    memory = machine.memory[platform.memory]
    parts = parts_of(product, memory, machine, profile, platform.clock)
    cycles = product_cycles(product, parts, machine)
    if casts:
        cycles += m * n * CAST_BYTES / memory.total * platform.clock
    cycles += platform.launch * platform.clock
    return PredictedWork(cycles, m * k * n, rows * columns)
