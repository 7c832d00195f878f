"""The timelines in Chrome's trace format, which Perfetto opens.

One unit of ``ts`` and ``dur``, which viewers call a microsecond, is one cycle of the array's clock: cycles
are what the simulator counts, and viewers round to a thousandth of the unit.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from aie_conv.report.html.measure import Measured
from aie_conv.sim.timing.timeline import Lane, LaneInterval, State

CATEGORIES = {
    State.BUSY: "busy",
    State.DATA: "waits for data",
    State.SPACE: "waits for space",
    State.COMMAND: "waits for a command",
    State.TOKEN: "waits for a token",
    State.START: "starts or locks",
    State.IDLE: "idle",
}
"""What each state is called, here and on the page."""

_OVERVIEW = 0
"""Process of the whole network; the dispatches are 1, 2, …"""


def chrome_trace(runs: Sequence[tuple[str, Measured]], device: str, clock_hz: int) -> bytes:
    """A trace with a process for each dispatch, one laid behind the other.

    Args:
        runs: dispatches and their programs, in program order.
        device: the NPU's name.
        clock_hz: of the array.
    """
    events: list[dict[str, Any]] = [
        _named("process_name", _OVERVIEW, 0, name=f"{device}: all dispatches"),
        _named("process_sort_index", _OVERVIEW, 0, sort_index=_OVERVIEW),
        _named("thread_name", _OVERVIEW, 0, name="dispatches"),
    ]
    start = 0
    for pid, (name, measured) in enumerate(runs, 1):
        cycles = measured.timeline.cycles
        events.append(_event(_OVERVIEW, 0, name, "dispatch", start, cycles))
        events += _process(pid, name, measured, start)
        start += cycles
    data = {
        "displayTimeUnit": "ns",
        "otherData": {"device": device, "clock_hz": clock_hz, "unit": "1 us is 1 cycle"},
        "traceEvents": events,
    }
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def _process(pid: int, name: str, measured: Measured, start: int) -> Iterator[dict[str, Any]]:
    yield _named("process_name", pid, 0, name=f"{pid} {name}")
    yield _named("process_sort_index", pid, 0, sort_index=pid)
    for tid, lane in enumerate(measured.timeline.lanes, 1):
        yield _named("thread_name", pid, tid, name=lane.name)
        yield _named("thread_sort_index", pid, tid, sort_index=tid)
        for interval in lane:
            if interval.state is not State.IDLE:
                yield _slice(pid, tid, lane, interval, start)


def _slice(pid: int, tid: int, lane: Lane, interval: LaneInterval, offset: int) -> dict[str, Any]:
    """One interval; both ends are rounded, so that neighbours still touch."""
    category = CATEGORIES[interval.state]
    start, end = round(interval.start, 3), round(interval.end, 3)
    duration = round(end - start, 3)
    if interval.state is State.BUSY:
        name = "moves" if lane.kind == "dma" else interval.what
        return _event(pid, tid, name, category, offset + start, duration)
    event = _event(pid, tid, category, category, offset + start, duration)
    if lane.kind != "dma":
        event["args"] = {"fifo": interval.what}
    return event


def _event(
    pid: int, tid: int, name: str, category: str, start: float, duration: float
) -> dict[str, Any]:
    return {
        "ph": "X",
        "pid": pid,
        "tid": tid,
        "ts": round(start, 3),
        "dur": duration,
        "name": name,
        "cat": category,
    }


def _named(what: str, pid: int, tid: int, **args: Any) -> dict[str, Any]:
    return {"ph": "M", "pid": pid, "tid": tid, "ts": 0, "name": what, "args": args}
