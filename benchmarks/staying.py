"""What activations that stay in the array could save at most, for benchmarks/figures.py: simulated.

Each region is simulated as it is emitted; once more with transfers of its arena that take no time, though
their tasks are issued; then with no time for the sequence's commands; and with neither. A program that keeps
values in the mem tiles, with the same tiles of work in the same order, does not beat the second by more than
its fewer commands save, and these are bounded by the last.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from common import argument_bytes
from whole_networks import NETWORKS, WholeNetwork, plan_regions

from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.mapping.region import RegionOperation, emit_region
from aie_conv.partitioner.regions import Region
from aie_conv.sim import Simulator

SHOWN = ("ResNet-50 int8", "MobileNetV2 int8")
"""The networks that are simulated: those whose convolutions are one call."""


@dataclass(frozen=True)
class Staying:
    """Cycles of a region.

    Attributes:
        now: as it is emitted.
        kept: if its activations moved in no time.
        commanded: if the sequence's commands took none.
        neither: if neither did.
        bytes, arena_bytes: that cross the shim, and those of them that activations are.
    """

    now: int
    kept: int
    commanded: int
    neither: int
    bytes: int
    arena_bytes: int


def bound_region(region: Region) -> Staying:
    """A region of several operations with an arena, simulated four times."""
    layout = region.layout
    if layout is None or layout.arena is None:
        raise ValueError(f"{region.name}: no value goes from one operation to another")
    pairs = zip(region.members, layout.places, strict=True)
    operations = [RegionOperation(member.plan, places) for member, places in pairs]
    text = emit_region(operations, layout.arguments).text
    operands, machine = region.blank_operands(), current()
    free = replace(machine, host=replace(machine.host, issue=0, start=0, wait=0))
    usual, unissued = Simulator(text), Simulator(text, free)
    arena = (layout.arena,)
    runs = [
        simulator.run(operands, instant=instant)
        for simulator in (usual, unissued)
        for instant in ((), arena)
    ]
    now, kept, commanded, neither = (run.cycles for run in runs)
    moved = argument_bytes(usual)
    return Staying(now, kept, commanded, neither, moved.total(), moved[layout.arena])


def bounds(network: WholeNetwork) -> Iterator[tuple[Region, Staying]]:
    """The regions of a network through whose arenas values go."""
    for region in plan_regions(network).regions:
        if region.layout is not None and region.layout.arena is not None:
            yield region, bound_region(region)


def times() -> bool:
    """What each network would save; no aim."""
    print("simulated; a bound: nothing like it is emitted")
    for network in NETWORKS:
        if network.title not in SHOWN:
            continue
        clock = get_device(network.device).arch.clock_hz
        for region, one in bounds(network):
            print(
                f"{network.title} on {network.device}, {region.name} of {len(region.members)} operations:"
                f" {1e3 * one.now / clock:.2f} ms, {one.bytes / 1e6:.1f} MB over the shim,"
                f" {one.arena_bytes / 1e6:.1f} of them activations"
            )
            for what, cycles in (
                ("activations stay", one.kept),
                ("commands take no time", one.commanded),
                ("both", one.neither),
            ):
                less = 100 * (1 - cycles / one.now)
                print(f"  {what}: {1e3 * cycles / clock:.2f} ms, {less:.0f} % less")
            sys.stdout.flush()
    return True
