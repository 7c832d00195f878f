"""The predicted time of a run in a report: what counts on which side."""

from typing import Any

from aie_conv.partitioner.configurations import change_cycles
from aie_conv.report.regions import verdict, whole_time


def entry(
    route: str, cpu: int | None, *, contraction: bool, name: str = "joined"
) -> dict[str, Any]:
    candidates = [] if cpu is None else [{"route": "cpu", "cost": cpu}]
    return {
        "name": name, "route": route, "style": "row", "contraction": contraction,
        "candidates": candidates,
    }  # fmt: skip


def time_of(*entries: dict[str, Any]) -> dict[str, Any]:
    region = {"dispatches": ["joined"], "predicted_cycles": 1000, "copy_cycles": 10}
    return whole_time("npu4", list(entries), [region], 0, None)


def test_an_operation_that_stays_counts_on_both_sides() -> None:
    """Else a network with much beside its contractions would seem to be faster on the CPU alone."""
    product = entry("direct", 2_000_000, contraction=True)
    norm = entry("cpu", 5_000_000, contraction=False)
    time = time_of(product, norm)
    assert time["cpu_cycles"] == 5_000_000
    assert time["cpu_alone_cycles"] == 7_000_000
    assert time["whole_cycles"] < time["cpu_alone_cycles"]
    report = {"device": "npu4", "totals": {"time": time}}
    assert verdict(report) == ""
    slow = time_of(entry("direct", 20_000, contraction=True), norm)
    assert "CPU alone is predicted to take" in verdict(report | {"totals": {"time": slow}})


def test_a_contraction_without_a_price_leaves_the_cpu_alone_unknown() -> None:
    product = entry("direct", None, contraction=True)
    assert time_of(product)["cpu_alone_cycles"] is None
    assert time_of(entry("cpu", None, contraction=False))["cpu_alone_cycles"] == 0


def test_an_operation_in_a_call_of_its_own_counts() -> None:
    product = entry("direct", 2_000_000, contraction=True)
    own = entry("direct", 3_000_000, contraction=False, name="own")
    joined = {"route": "direct", "style": "parametric", "cost": 90_000, "host_cycles": 0}
    taken = {"route": "direct", "style": "row", "cost": 2_070_000, "host_cycles": 2_000_000}
    before = time_of(product)
    candidates = [joined, *own["candidates"], taken]
    time = time_of(product, own | {"candidates": candidates, "predicted_cycles": 70_000})
    assert time["launches"] == 2
    assert time["array_cycles"] == before["array_cycles"] + 70_000
    assert time["launch_cycles"] == 2 * before["launch_cycles"]
    # The change of configuration in its price is among the changes of all.
    host = 2_000_000 - before["launch_cycles"] - change_cycles("npu4")
    assert time["copy_cycles"] == before["copy_cycles"] + host
    assert time["cpu_alone_cycles"] == 5_000_000


def test_an_operation_on_the_npu_without_a_price_leaves_the_cpu_alone_unknown() -> None:
    own = entry("direct", None, contraction=False, name="own") | {"predicted_cycles": 70_000}
    assert time_of(own)["cpu_alone_cycles"] is None
