"""The regions of a compilation for its report, and the predicted time of the whole network with its parts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aie_conv.arch import get_device
from aie_conv.mapping.region import sequence_words
from aie_conv.partitioner.configurations import overheads_of
from aie_conv.partitioner.cost import FIXED, HostCost
from aie_conv.partitioner.regions import Region
from aie_conv.problem import DTYPE_BYTES


def region_entries(
    regions: Iterable[Region], texts: Mapping[str, str], host: HostCost = FIXED
) -> list[dict[str, Any]]:
    """An entry for each call of the NPU.

    Args:
        regions: in program order.
        texts: the module of each, by its name.
        host: what copies cost.
    """
    return [_entry(region, texts[region.name], host) for region in regions]


def _entry(region: Region, text: str, host: HostCost) -> dict[str, Any]:
    layout, members = region.layout, region.members
    clock = get_device(region.device).arch.clock_hz
    copies = sum(host.copy_seconds(m.route_plan, m.constants) for m in members)
    plan = members[0].plan
    arguments = plan.arguments if layout is None else layout.arguments
    sizes = {a.name: a.elements * DTYPE_BYTES[a.dtype] for a in arguments}
    results = [0] if layout is None else [each.member for each in layout.results]
    return {
        "name": region.name,
        "dispatches": list(region.names),
        "results": [region.names[number] for number in results],
        "buffers": len(arguments),
        "weights_bytes": sizes.get("weights", 0),
        "arena_bytes": 0 if layout is None else sizes.get("arena", 0),
        "sequence_words": sequence_words(text),
        "predicted_cycles": region.predicted_cycles,
        "copy_cycles": round(copies * clock),
        "border": region.border,
    }


def calls_apart(
    dispatches: Iterable[Mapping[str, Any]], regions: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The entries of dispatches on the NPU that are in no region: operations in calls of their own."""
    joined = {name for region in regions for name in region["dispatches"]}
    return [e for e in dispatches if e["route"] != "cpu" and e["name"] not in joined]


def whole_time(
    device: str,
    dispatches: Sequence[Mapping[str, Any]],
    regions: Sequence[Mapping[str, Any]],
    change_cycles: int,
    npu_excess: int | None = None,
) -> dict[str, Any]:
    """The predicted time of a run in cycles of the array's clock, and its parts.

    Args:
        device: the user's name of the device.
        dispatches: the report's entries.
        regions: the report's.
        change_cycles: of all changes of configuration.
        npu_excess: how much more it would be with the NPU, where all stays on the CPU for that.
    """
    overheads = overheads_of(device)
    on_cpu = [e for e in dispatches if e["route"] == "cpu"]
    prices = [_cpu_price(e) for e in on_cpu]
    known = sum(price for price in prices if price is not None)
    apart = calls_apart(dispatches, regions)
    calls = [*regions, *apart]
    # Alone an operation's price has a launch and a change, which are counted by themselves here.
    fixed = overheads.launch + overheads.change
    copies = sum(max(0, _host_cycles(e) - fixed) for e in apart)
    parts = {
        "array_cycles": sum(call["predicted_cycles"] for call in calls),
        "launch_cycles": len(calls) * overheads.launch,
        "change_cycles": change_cycles,
        "copy_cycles": sum(region["copy_cycles"] for region in regions) + copies,
        "cpu_cycles": known,
    }
    # Operations beside contractions count on both sides, or the CPU alone would seem to save them; one that
    # is on the CPU without a price is on neither.
    alone = [_cpu_price(e) for e in dispatches]
    complete = all(
        price is not None or (e["route"] == "cpu" and not e["contraction"])
        for price, e in zip(alone, dispatches, strict=True)
    )
    return {
        "whole_cycles": sum(parts.values()),
        **parts,
        "launches": len(calls),
        "cpu_unpriced": sum(price is None for price in prices),
        "cpu_alone_cycles": sum(price or 0 for price in alone) if complete else None,
        "npu_excess_cycles": npu_excess,
    }


def _cpu_price(entry: Mapping[str, Any]) -> int | None:
    """What the CPU would take for a dispatch; None where nobody knows."""
    priced = (c["cost"] for c in entry["candidates"] if c["route"] == "cpu" and "cost" in c)
    return next(priced, None)


def _host_cycles(entry: Mapping[str, Any]) -> int:
    """What the host spends on an operation's call of its own; 0 where nobody said."""
    plan = entry["route"], entry["style"]
    named = (c for c in entry["candidates"] if (c["route"], c.get("style")) == plan)
    return next((c["host_cycles"] for c in named if "host_cycles" in c), 0)


def describe_time(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The whole time of a report and its parts, each with its name, for people."""
    time = report["totals"]["time"]
    clock = get_device(report["device"]).arch.clock_hz

    def ms(cycles: float) -> str:
        return f"{1e3 * cycles / clock:.3g} ms"

    launches = f"{time['launches']} launch{'es' * (time['launches'] != 1)}"
    parts = [
        ("whole, predicted", ms(time["whole_cycles"])),
        ("array", ms(time["array_cycles"])),
        (launches, ms(time["launch_cycles"])),
        ("changes of configuration", ms(time["change_cycles"])),
        ("host copies", ms(time["copy_cycles"])),
    ]
    unpriced = f", without {time['cpu_unpriced']} dispatches" if time["cpu_unpriced"] else ""
    parts.append((f"on the CPU{unpriced}", ms(time["cpu_cycles"])))
    return parts


def verdict(report: Mapping[str, Any]) -> str:
    """What a user should know where one side is predicted to be slower for the whole; else empty."""
    time = report["totals"]["time"]
    alone, excess = time["cpu_alone_cycles"], time["npu_excess_cycles"]
    clock = get_device(report["device"]).arch.clock_hz
    if excess is not None:
        return f"the NPU is predicted to be {1e3 * excess / clock:.3g} ms slower"
    if alone is None or not time["launches"] or alone >= time["whole_cycles"]:
        return ""
    return (
        f"the CPU alone is predicted to take {1e3 * alone / clock:.3g} ms for the same:"
        " --amd-aie-route=cpu leaves them there"
    )
