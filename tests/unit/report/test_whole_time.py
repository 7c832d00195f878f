"""The predicted time of a run in a report: what counts on which side."""

from typing import Any

from aie_conv.report.regions import verdict, whole_time


def entry(route: str, cpu: int | None, *, contraction: bool) -> dict[str, Any]:
    candidates = [] if cpu is None else [{"route": "cpu", "cost": cpu}]
    return {"route": route, "contraction": contraction, "candidates": candidates}


def time_of(*entries: dict[str, Any]) -> dict[str, Any]:
    region = {"predicted_cycles": 1000, "copy_cycles": 10}
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
