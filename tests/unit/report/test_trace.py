"""The trace: by the rules of Chrome's format, and saying what the simulator counted."""

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aie_conv.report.html.measure import Measured, measure
from aie_conv.report.trace import CATEGORIES, chrome_trace
from aie_conv.sim.timing.timeline import State
from tests.golden.test_golden import operands
from tests.support.sim.programs import GEMM, fan, relay

GOLDEN = Path(__file__).parents[2] / "golden" / "direct3x3-i8-npu1_1col.mlir"
CLOCK = 1_800_000_000


@pytest.fixture(scope="module")
def runs() -> list[tuple[str, Measured]]:
    texts = {
        "one": relay(64, "i8", objects=5),
        "two": GEMM,
        "three": fan(),
        "four": GOLDEN.read_text(),
    }
    given = {"four": operands(GOLDEN.stem)}
    return [(name, measure(text, given.get(name))) for name, text in texts.items()]


@pytest.fixture(scope="module")
def trace(runs: list[tuple[str, Measured]]) -> dict[str, Any]:
    return json.loads(chrome_trace(runs, "npu1_1col", CLOCK))


def threads(trace: dict[str, Any]) -> dict[tuple[int, int], list[dict[str, Any]]]:
    found: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            found[event["pid"], event["tid"]].append(event)
    return found


def test_every_event_is_by_the_format(trace: dict[str, Any]) -> None:
    assert trace["displayTimeUnit"] in ("ms", "ns")
    metadata = {
        "process_name": "name",
        "thread_name": "name",
        "process_sort_index": "sort_index",
        "thread_sort_index": "sort_index",
    }
    for event in trace["traceEvents"]:
        assert {"ph", "pid", "tid", "ts", "name"} <= set(event)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] == "M":
            assert list(event["args"]) == [metadata[event["name"]]]
            continue
        assert event["ph"] == "X"
        assert isinstance(event["name"], str)
        assert event["name"]
        assert event["ts"] >= 0
        assert event["dur"] >= 0
        assert event["cat"]


def test_processes_and_threads_have_names(
    trace: dict[str, Any], runs: list[tuple[str, Measured]]
) -> None:
    named = {"process_name": {}, "thread_name": {}}
    for event in trace["traceEvents"]:
        if event["ph"] == "M" and event["name"] in named:
            key = (event["pid"], event["tid"]) if event["name"] == "thread_name" else event["pid"]
            assert key not in named[event["name"]]
            named[event["name"]][key] = event["args"]["name"]
    assert set(threads(trace)) <= set(named["thread_name"])
    for pid, (name, measured) in enumerate(runs, 1):
        assert named["process_name"][pid] == f"{pid} {name}"
        lanes = [
            named["thread_name"][pid, tid] for tid in range(1, len(measured.timeline.lanes) + 1)
        ]
        assert lanes == [lane.name for lane in measured.timeline.lanes]


def test_events_of_a_thread_do_not_overlap(trace: dict[str, Any]) -> None:
    for events in threads(trace).values():
        for a, b in pairwise(events):
            assert b["ts"] >= a["ts"] + a["dur"] - 1e-6


def test_dispatches_lie_one_behind_the_other(
    trace: dict[str, Any], runs: list[tuple[str, Measured]]
) -> None:
    at = 0
    overview = threads(trace)[0, 0]
    for pid, (event, (name, measured)) in enumerate(zip(overview, runs, strict=True), 1):
        assert (event["name"], event["ts"], event["dur"]) == (name, at, measured.stats.cycles)
        for (process, _), events in threads(trace).items():
            if process == pid:
                assert events[0]["ts"] >= at
                assert events[-1]["ts"] + events[-1]["dur"] <= at + measured.stats.cycles + 1e-6
        at += measured.stats.cycles


def test_cycles_are_those_of_the_timeline(
    trace: dict[str, Any], runs: list[tuple[str, Measured]]
) -> None:
    spent: dict[tuple[int, int, str], float] = defaultdict(float)
    for (pid, tid), events in threads(trace).items():
        for event in events:
            spent[pid, tid, event["cat"]] += event["dur"]
    for pid, (_, measured) in enumerate(runs, 1):
        for tid, lane in enumerate(measured.timeline.lanes, 1):
            for state, cycles in lane.totals().items():
                if state is not State.IDLE:
                    # Each end of an interval is rounded to a thousandth.
                    found = spent[pid, tid, CATEGORIES[state]]
                    assert found == pytest.approx(cycles, abs=0.001 * (len(lane) + 1))
        core = measured.stats.core_cycles
        for tid, lane in enumerate(measured.timeline.lanes, 1):
            if lane.name in core:
                assert spent[pid, tid, "busy"] + lane.late == pytest.approx(
                    core[lane.name], abs=0.1
                )


def test_the_unit_is_said(trace: dict[str, Any]) -> None:
    assert trace["otherData"] == {
        "device": "npu1_1col",
        "clock_hz": CLOCK,
        "unit": "1 us is 1 cycle",
    }
