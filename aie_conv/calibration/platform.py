"""Which machine a row was measured on, and whose compiler made the code, from what the row says."""

import re
from dataclasses import dataclass

from aie_conv.arch import get_device
from aie_conv.arch.machine import Machine
from aie_conv.calibration.rows import Measurement


@dataclass(frozen=True)
class Platform:
    """Where a row was measured.

    Attributes:
        arch: the architecture's name.
        columns: columns of cores.
        clock: cycles a second.
        memory: section of the machine's table for its memory.
        launch: seconds from the host's call to the array and back.
    """

    arch: str
    columns: int
    clock: float
    memory: str
    launch: float


_OTHER = re.compile(r"vck190|vek280|v70\b|aie1\b")
_SECOND = re.compile(r"xdna2|npu2|npu4|strix|krackan|hx 370|aie2p")
_FIRST = re.compile(r"xdna|npu1|phoenix|aie2|hawk|8700g|8845|7940")


def platform_of(row: Measurement, machine: Machine) -> Platform | None:
    """The row's machine; None for other arrays (AIE1, AIE-ML in Versal devices)."""
    device = row.device.lower()
    if _OTHER.search(device):
        return None
    clocks, first, second = machine.clock, get_device("npu1_4col"), get_device("npu4")
    if _SECOND.search(device):
        halo = "strix halo" in device
        launch = machine.host.launch_strix_halo if halo else machine.host.launch
        return Platform(second.arch.name, second.columns, clocks.xdna2, "npu4", launch)
    if not _FIRST.search(device):
        return None
    if "7940" in device:
        clock = clocks.phoenix_7940hs
    elif "8845" in device or re.fullmatch(r"npu1\b.*", device):
        clock = clocks.hawk_point_8845hs
    else:
        clock = clocks.phoenix_8700g
    memory = "npu1_1ghz" if "7940" in device else "npu1"
    return Platform(first.arch.name, first.columns, clock, memory, machine.host.launch)


_OPEN_TOOLS = re.compile(r"mlir-aie|mlir-air|iree-amd-aie|ignite|casselc|npu-embeddings|andrej")


def profile_of(row: Measurement) -> str:
    """The compiler: as the row says; the open tool chain's projects use Peano, others xchesscc."""
    text = row.text
    if "hand assembly" in text or "scalable-analyses" in text:
        return "hand-written"
    if "method direct" in text:
        return "peano-plain"
    if "chess" in text:
        return "chess-like"
    if "peano" in text or _OPEN_TOOLS.search(text):
        return "peano-like"
    return "chess-like"
