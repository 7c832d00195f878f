"""Rivals whose predicted costs are near each other are measured; the others are not."""

from pathlib import Path

import pytest

from aie_conv.partitioner import Pricing, choose
from aie_conv.partitioner.cache import PlanCache
from aie_conv.partitioner.planner import Planner
from aie_conv.plan import Plan
from aie_conv.planning import SimulatorMeasurer
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
    decision = choose(CONV, device=DEVICE, pricing=Pricing(planner=Planner(arbiter=arbiter)))
    assert decision.route == "near"
    assert sorted(arbiter.asked) == ["near", "quick"]
    assert "judged" in decision.reason
    best = decision.candidates[0]
    assert (best.measured, best.run_cycles) == (True, 30_000)
    assert best.plan is not None
    assert best.plan.predicted_cycles == 48_000
    assert choose(CONV, device=DEVICE).route == "quick"


def test_far_rivals_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    arbiter = Arbiter()
    assert (
        choose(CONV, device=DEVICE, pricing=Pricing(planner=Planner(arbiter=arbiter))).route
        == "quick"
    )
    assert arbiter.asked == []


def test_a_route_alone_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEAR)
    arbiter = Arbiter()
    choose(CONV, device=DEVICE, route="near", pricing=Pricing(planner=Planner(arbiter=arbiter)))
    assert arbiter.asked == []


def test_without_an_answer_the_prediction_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NEAR)
    arbiter = Arbiter(near=None, quick=None)
    assert (
        choose(CONV, device=DEVICE, pricing=Pricing(planner=Planner(arbiter=arbiter))).route
        == "quick"
    )


def test_measurements_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use(monkeypatch, {"near": {"": "Near"}, "nearer": {"": "Nearer"}})
    arbiter = Arbiter(near=30_000, nearer=40_000)
    for _ in range(2):
        planner = Planner(store=PlanCache(tmp_path, "v"), arbiter=arbiter)
        assert choose(CONV, device=DEVICE, pricing=Pricing(planner=planner)).route == "near"
    assert len(arbiter.asked) == 2


def test_the_simulator_settles_real_routes() -> None:
    measurer = SimulatorMeasurer()
    decision = choose(CONV, device=DEVICE, pricing=Pricing(planner=Planner(arbiter=measurer)))
    measured = {c.route: c.run_cycles for c in decision.candidates if c.measured}
    assert decision.plan is not None
    if measured:
        assert measured[decision.route] == measurer(decision.plan)
    assert SimulatorMeasurer(most_macs=CONV.macs - 1)(decision.plan) is None
