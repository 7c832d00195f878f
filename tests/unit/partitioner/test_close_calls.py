"""Rivals whose predicted costs are near each other are measured; the others are not."""

from pathlib import Path

import pytest

from aie_conv.partitioner import choose
from aie_conv.partitioner.database import PlanCache
from aie_conv.partitioner.planner import Planner
from aie_conv.plan import Plan
from aie_conv.planning import SimulatorJudge
from tests.unit.partitioner.test_choose import CONV, DEVICE, QUICK_AND_SLOW, use

NEAR = {"near": {"": "Near"}, "quick": {"": "Quick"}}


class Arbiter:
    """Knows the cycles of each route, and notes what it was asked."""

    version = "1"

    def __init__(self, **cycles: int | None) -> None:
        self.cycles, self.asked = cycles, list[str]()

    def __call__(self, plan: Plan) -> int | None:
        self.asked.append(plan.route)
        return self.cycles[plan.route]


def test_the_measured_cycles_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEAR)
    arbiter = Arbiter(near=30_000, quick=40_000)
    decision = choose(CONV, device=DEVICE, planner=Planner(arbiter=arbiter))
    assert decision.route == "near"
    assert sorted(arbiter.asked) == ["near", "quick"]
    assert "judged" in decision.reason
    best = decision.candidates[0]
    assert (best["predicted_cycles"], best["judged_cycles"]) == (48_000, 30_000)
    assert choose(CONV, device=DEVICE).route == "quick"


def test_far_rivals_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    arbiter = Arbiter()
    assert choose(CONV, device=DEVICE, planner=Planner(arbiter=arbiter)).route == "quick"
    assert arbiter.asked == []


def test_a_route_alone_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEAR)
    arbiter = Arbiter()
    choose(CONV, device=DEVICE, route="near", planner=Planner(arbiter=arbiter))
    assert arbiter.asked == []


def test_without_an_answer_the_prediction_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEAR)
    arbiter = Arbiter(near=None, quick=None)
    assert choose(CONV, device=DEVICE, planner=Planner(arbiter=arbiter)).route == "quick"


def test_measurements_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use(monkeypatch, {"near": {"": "Near"}, "nearer": {"": "Nearer"}})
    arbiter = Arbiter(near=30_000, nearer=40_000)
    for _ in range(2):
        planner = Planner(store=PlanCache(tmp_path, "v"), arbiter=arbiter)
        assert choose(CONV, device=DEVICE, planner=planner).route == "near"
    assert len(arbiter.asked) == 2


def test_the_simulator_settles_real_routes() -> None:
    judge = SimulatorJudge()
    decision = choose(CONV, device=DEVICE, planner=Planner(arbiter=judge))
    measured = {c["route"]: c["judged_cycles"] for c in decision.candidates if "judged_cycles" in c}
    assert decision.plan is not None
    if measured:
        assert measured[decision.route] == judge(decision.plan)
    assert SimulatorJudge(most_macs=CONV.macs - 1)(decision.plan) is None
