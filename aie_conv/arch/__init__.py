"""Device facts: one data file (devices.json) and its loader; every number stands once.

Users name devices as XRT and iree-amd-aie do (npu1_4col, npu4); the IR names them as mlir-aie does
(npu1, npu2).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.suggest import closest


@dataclass(frozen=True)
class Arch:
    """The numbers of one generation of the array; names as in devices.json.

    Bytes are bytes, ``*_bits`` are widths of register fields, ``*_wrap_bits`` hold a size in 32-bit
    words or elements, ``*_step_bits`` a step in 32-bit words minus one. ``matmul`` gives (r, s, t):
    one matrix instruction multiplies r x s by s x t; ``matmul_issue`` says how many issue cycles
    it takes (AIE2P has no native bf16 matrix product: 8 element-wise MACs make an 8x8x4).
    ``elementwise`` gives (lanes, products a lane) of an element-wise multiply-accumulate.
    ``vector_load_bytes`` is one load on each of two ports, and the alignment that it needs.
    ``shim_burst_code`` is what mlir-aie writes into shim descriptors for the longest burst,
    ``transaction_generation`` what it writes into the header of instruction words.
    ``static_bd_size_limit`` is what mlir-aie's verifier takes for one size of a static BD.
    """

    name: str
    llvm_target: str
    shim_burst_code: int
    transaction_generation: int
    core_data_bytes: int
    core_program_bytes: int
    memtile_bytes: int
    core_rows: int
    core_dma_channels: int
    memtile_dma_channels: int
    shim_dma_channels: int
    core_bds: int
    memtile_bds: int
    shim_bds: int
    core_wrap_bits: int
    core_step_bits: int
    memtile_wrap_bits: int
    memtile_step_bits: int
    shim_wrap_bits: int
    shim_step_bits: int
    shim_iteration_bits: int
    shim_queue_depth: int
    host_buffers: int
    vector_load_bytes: int
    static_bd_size_limit: int
    clock_hz: int
    macs_per_cycle: Mapping[str, int]
    matmul: Mapping[str, tuple[int, int, int]]
    matmul_issue: Mapping[str, int]
    elementwise: Mapping[str, tuple[int, int]]

    def __hash__(self) -> int:
        """By its name: generations are few, and much that is kept is kept for one of them."""
        return hash(self.name)


@dataclass(frozen=True)
class Registers:
    """Where the DMA registers of shim and mem tiles lie, in bytes; both architectures have the same map.

    An address is ``column << column_shift | row << row_shift | offset``. A descriptor has eight 32-bit
    words; each channel has a control register and its task queue ``queue_offset`` behind it. Descriptors of
    mem tiles number their own locks from ``memtile_lock_base`` on.
    """

    source: str
    column_shift: int
    row_shift: int
    shim_bd_base: int
    shim_bd_stride: int
    shim_s2mm_control: int
    shim_mm2s_control: int
    channel_stride: int
    queue_offset: int
    memtile_bd_base: int
    memtile_s2mm_control: int
    memtile_mm2s_control: int
    memtile_lock_base: int


@dataclass(frozen=True)
class Device:
    """A device as a user names it: its architecture and how many columns it has."""

    name: str
    ir_name: str
    columns: int
    arch: Arch

    @property
    def cores(self) -> int:
        """Number of compute cores."""
        return self.columns * self.arch.core_rows

    def peak_macs(self, dtype: str) -> int:
        """Multiply-accumulates a cycle of the whole array for operands of ``dtype``."""
        return self.cores * self.arch.macs_per_cycle[dtype]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"devices.json: given twice: {', '.join(sorted(twice))}")
    return dict(pairs)


@cache
def _facts() -> dict[str, Any]:
    text = files("aie_conv.arch").joinpath("devices.json").read_text(encoding="utf-8")
    return json.loads(text, object_pairs_hook=_once)


@cache
def get_registers() -> Registers:
    """The register map of shim tiles."""
    return Registers(**_facts()["registers"])


@cache
def _catalogue() -> dict[str, Device]:
    data = _facts()
    arches: dict[str, Arch] = {}
    for name, facts in data["architectures"].items():
        for name_of in ("matmul", "elementwise"):
            facts[name_of] = {dtype: tuple(shape) for dtype, shape in facts[name_of].items()}
        arches[name] = Arch(name=name, **facts)
    return {
        name: Device(name, facts["ir_name"], facts["columns"], arches[facts["arch"]])
        for name, facts in data["devices"].items()
    }


def get_arch(name: str) -> Arch:
    """The architecture of that name ("aie2", "aie2p")."""
    return next(device.arch for device in _catalogue().values() if device.arch.name == name)


def full_device(arch: str) -> Device:
    """The device of an architecture with the most columns."""
    devices = (device for device in _catalogue().values() if device.arch.name == arch)
    return max(devices, key=lambda device: device.columns)


def arch_of(ir_name: str) -> Arch:
    """The architecture of a device as the IR names it ("npu1", "npu2")."""
    return next(device.arch for device in _catalogue().values() if device.ir_name == ir_name)


def device_names() -> tuple[str, ...]:
    """Every device a user may name."""
    return tuple(_catalogue())


@cache
def _aliases() -> dict[str, str]:
    text = files("aie_conv.arch").joinpath("devices.json").read_text(encoding="utf-8")
    named = json.loads(text, object_pairs_hook=_once)["aliases"]
    return {_plain(alias): device for device, aliases in named.items() for alias in aliases}


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().lower()))


def is_device(name: str) -> bool:
    """Whether a name is a device's, or one that people and drivers call it."""
    return name in _catalogue() or _plain(name) in _aliases()


def canonical_device(name: str) -> str:
    """The device's own name, of that or of one that people and drivers call it ("phoenix", "strix").

    Raises:
        UsageError: no such device; the message lists those that are.
    """
    if name in _catalogue():
        return name
    if _plain(name) in _aliases():
        return _aliases()[_plain(name)]
    known = ", ".join(device_names())
    hint = closest(name, (*device_names(), *_aliases()))
    raise UsageError(f"device '{name}': unknown{hint}: use one of {known}")


def get_device(name: str) -> Device:
    """The device of that name; the names that people and drivers give it count as well.

    Raises:
        UsageError: no such device; the message lists those that are.
    """
    return _catalogue()[name if name in _catalogue() else canonical_device(name)]
