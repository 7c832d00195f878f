"""Splits dispatches that no route takes as they are: the product goes to the NPU, the rest to the CPU."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from aie_conv import assignment
from aie_conv.assignment import Request
from aie_conv.errors import UsageError
from aie_conv.plan import Candidate, Decision, Dispatch

if TYPE_CHECKING:
    from aie_conv.bridge.dispatch_call import DispatchCall
    from aie_conv.pipeline import CompileState


def split_refused(state: CompileState, *, measure: bool) -> None:
    """Split what no route takes where the first part goes to the NPU; ``state.dispatches`` are decided.

    Args:
        state: its calls and dispatches are replaced.
        measure: whether close calls are measured.
    """
    calls: list[DispatchCall] = []
    dispatches: list[Dispatch] = []
    for call, dispatch in zip(state.calls, state.dispatches, strict=True):
        part, decision = call, dispatch.decision
        if _may_be_split(state, dispatch):
            part, decision = _decide_split(state, call, decision, measure=measure)
        calls.append(part)
        problem = part.recognised.problem
        dispatches.append(Dispatch(call.name, problem, dispatch.contraction, decision))
    state.calls, state.dispatches = tuple(calls), tuple(dispatches)


def _may_be_split(state: CompileState, dispatch: Dispatch) -> bool:
    decision, pins = dispatch.decision, state.planning.pins
    if decision.plan is not None or not dispatch.contraction or state.options.route == "cpu":
        return False
    if decision.withheld:
        return False
    if pins is not None and pins.stays_on_cpu(dispatch.name):
        return False
    return not any(_is_able(candidate) for candidate in decision.candidates)


def _is_able(candidate: Candidate) -> bool:
    """Whether a route's vectors can do it; its scalar code may cost more than the CPU by far."""
    return candidate.plan is not None and candidate.style != "scalar"


def _why(call: DispatchCall, decision: Decision) -> str:
    """Why no route takes a dispatch as it is."""
    refusals = (c.refused for c in decision.candidates if c.refused)
    return (call.refusal or next(refusals, decision.reason)).removeprefix("epilogue: ")


def _decide_split(
    state: CompileState, call: DispatchCall, decision: Decision, *, measure: bool
) -> tuple[DispatchCall, Decision]:
    """The first part that a route takes, with its decision; the call as it is where none does."""
    from aie_conv.bridge.splits.split import split_behind

    for part in split_behind(call, _why(call, decision)):
        if part.recognised.problem is None:
            continue
        request = Request(part.name, part.recognised.problem, part.constants, part.split)
        try:
            answer = assignment.decide(state.planning, request, measure=measure)
        except UsageError:
            # The plan that is pinned is another part's.
            continue
        if answer.plan is not None:
            return part, answer
        if answer.withheld in ("f32", "f16") or any(map(_is_able, answer.candidates)):
            return call, answer
    return call, decision


def add_rests(state: CompileState) -> None:
    """Put the rest of each split dispatch behind it; what went to the CPU after all is whole again."""
    from aie_conv.bridge.splits.cut import follower_name

    calls: list[DispatchCall] = []
    dispatches: list[Dispatch] = []
    for call, dispatch in zip(state.calls, state.dispatches, strict=True):
        if call.follower is None or call.unsplit is None:
            calls.append(call)
            dispatches.append(dispatch)
        elif dispatch.decision.plan is None:
            calls.append(call.unsplit)
            problem = call.unsplit.recognised.problem
            dispatches.append(dataclasses.replace(dispatch, problem=problem))
        else:
            calls.append(call)
            reason = f"the rest of {call.name}, split behind the product: {dispatch.decision.split}"
            rest = Dispatch(follower_name(call.name), None, False, Decision("cpu", reason))
            dispatches += [dispatch, rest]
    state.calls, state.dispatches = tuple(calls), tuple(dispatches)
