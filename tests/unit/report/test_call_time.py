"""The parts of a call's time add up to all of it, whatever ran the NPU's dispatches."""

import pytest

from aie_conv.report.call_time import call_time, describe_parts, predicted_copies

SIMULATED = [
    {"name": "a", "seconds": 3.0, "array_seconds": 0.1, "launch_seconds": 0.01, "reconfigure_seconds": 0.5},
    {"name": "b", "seconds": 4.0, "array_seconds": 0.2, "launch_seconds": 0.01, "reconfigure_seconds": 0.0},
]  # fmt: skip


def test_a_simulated_call_counts_the_cpu_as_measured_and_the_simulation_not() -> None:
    time = call_time(7.25, SIMULATED)
    assert time.parts == pytest.approx(
        {"array_seconds": 0.3, "launch_seconds": 0.02, "change_seconds": 0.5, "cpu_seconds": 0.25}
    )
    assert time.whole == pytest.approx(1.07)
    assert time.simulation == pytest.approx(7.0)
    assert [*describe_parts(time).values()] == [
        "array, simulated", "2 launches, simulated", "1 change of configuration, simulated",
        "CPU, measured on this machine",
    ]  # fmt: skip


def test_a_call_of_an_npu_takes_the_time_that_passed() -> None:
    records = [{"name": "a", "seconds": 3.0, "device_seconds": 2.5}]
    time = call_time(4.0, records)
    assert time.parts == {"submission_seconds": 2.5, "transfer_seconds": 0.5, "cpu_seconds": 1.0}
    assert (time.whole, time.simulation, time.simulated) == (4.0, 0.0, False)
    assert describe_parts(time)["submission_seconds"] == "1 submission to the NPU"


def test_a_call_of_the_cpu_alone() -> None:
    time = call_time(4.0, [])
    assert (time.whole, time.parts, time.launches) == (4.0, {"cpu_seconds": 4.0}, 0)


def test_host_copies_are_those_of_the_calls_that_ran() -> None:
    regions = [
        {"name": name, "copy_cycles": cycles}
        for name, cycles in (("a", 900), ("b", 1800), ("c", 5))
    ]
    report = {"device": "npu1_4col", "regions": regions}
    assert predicted_copies(report, SIMULATED) == pytest.approx(2700 / 1.8e9)
    assert predicted_copies(report, [*SIMULATED, {"name": "d"}]) is None
    assert predicted_copies(None, SIMULATED) is None
    assert predicted_copies({"device": "npu1_4col", "regions": []}, []) == 0
