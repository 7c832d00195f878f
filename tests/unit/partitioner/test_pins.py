"""Pinned choices: what a file may say, and what is said of one that does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from aie_conv.errors import UsageError
from aie_conv.partitioner import Permission, choose, route_names
from aie_conv.partitioner.pins import Pin, Pins, read_pins
from aie_conv.plan import Decision, Dispatch
from aie_conv.problem import ConvProblem, conv2d
from tests.unit.partitioner.test_choose import DIRECT, QUICK_AND_SLOW, f32, use

CONV = conv2d(1, 58, 58, 64, 64, 3, 3)
TEXT = CONV.describe()
DEVICE = "npu1_4col"
ROUTES = ("cpu", "quick", "slow", "direct")


def written(path: Path, *entries: Any, **others: Any) -> Pins:
    file = path / "pins.json"
    file.write_text(json.dumps({"dispatches": entries, **others}))
    return read_pins(file, ROUTES, 2)


def dispatch(name: str, problem: ConvProblem | None, route: str, reason: str = "") -> Dispatch:
    return Dispatch(name, problem, True, Decision(route, reason))


def found(path: Path, entry: dict[str, Any]) -> Pin:
    pin = written(path, entry).find("d0", TEXT)
    assert pin is not None
    return pin


# -- what is found --------------------------------------------------------------------------------
def test_a_name_wins_over_a_problem(tmp_path: Path) -> None:
    pins = written(tmp_path, {"problem": TEXT, "route": "slow"}, {"name": "d1", "route": "cpu"})
    routes = [
        pin.route if pin else None for pin in (pins.find(n, TEXT) for n in ("d0", "d1", "d2"))
    ]
    assert routes == ["slow", "cpu", "slow"]
    assert pins.find("d0", "matmul m1 n1 k1 f32xf32->f32") is None


def test_what_is_no_convolution_is_passed_over(tmp_path: Path) -> None:
    entries = (
        {"name": "d1", "route": "cpu", "contraction": False, "problem": None},
        {"name": "d2", "route": "cpu", "contraction": True, "problem": None},
    )
    pins = written(tmp_path, *entries, version=2, device=DEVICE)
    assert pins.find("d1", TEXT) is None
    assert pins.device == DEVICE
    pins.check([])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("[]", "no list 'dispatches'"),
        ('{"dispatches": {}}', "no list 'dispatches'"),
        ('{"version": 9, "dispatches": []}', "of report version 9, at most 2 is read"),
        ('{"dispatches": [1]}', "dispatches[0]: an object is needed"),
        ('{"dispatches": [{"name": "d"}]}', "dispatches[0]: route 'None': unknown: use one of cpu"),
        ('{"dispatches": [{"name": "d", "route": "auto"}]}', "route 'auto': unknown"),
        ('{"dispatches": [{"name": 3, "route": "cpu"}]}', "name: a string is needed"),
        ('{"dispatches": [{"route": "cpu"}]}', "neither name nor problem"),
        (
            '{"dispatches": [{"name": "d", "route": "cpu"}, {"name": "d", "route": "slow"}]}',
            "d: named twice",
        ),
        (
            '{"dispatches": [{"name": "d", "route": "slow", "parameters": {"th": "x"}}]}',
            "parameters: an object of whole numbers",
        ),
    ],
)
def test_a_spoilt_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "pins.json"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        read_pins(file, ROUTES, 2)
    assert message in str(error.value)
    assert str(error.value).startswith(str(file))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pins\.json: cannot be read"):
        read_pins(tmp_path / "pins.json", ROUTES, 2)


# -- what no longer fits --------------------------------------------------------------------------
def test_a_name_with_another_problem_is_refused(tmp_path: Path) -> None:
    pins = written(tmp_path, {"name": "d0", "problem": {"text": "conv oh1"}, "route": "cpu"})
    with pytest.raises(UsageError, match="d0: pinned for 'conv oh1', now it is 'conv n1"):
        pins.find("d0", TEXT)


def test_a_pin_of_no_dispatch_is_refused(tmp_path: Path) -> None:
    pins = written(tmp_path, {"name": "d0", "route": "cpu"}, {"problem": TEXT, "route": "slow"})
    pins.check([dispatch("d0", None, "cpu"), dispatch("d1", CONV, "slow")])
    with pytest.raises(UsageError, match="d0: no such dispatch"):
        pins.check([dispatch("d1", CONV, "slow")])
    with pytest.raises(UsageError, match="problem 'conv .*': no such dispatch"):
        pins.check([dispatch("d0", CONV, "cpu")])


def test_a_pin_that_was_not_met_is_refused(tmp_path: Path) -> None:
    pins = written(tmp_path, {"name": "d0", "route": "slow"})
    with pytest.raises(UsageError, match="d0: pinned to slow, but it goes to cpu"):
        pins.check([dispatch("d0", None, "cpu", "dispatch has 2 results")])


# -- what they do ---------------------------------------------------------------------------------
def test_a_pin_wins_over_cost_and_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    pin = found(tmp_path, {"name": "d0", "route": "slow"})
    decision = choose(CONV, device=DEVICE, route="quick", pin=pin)
    assert decision.route == "slow"
    assert decision.reason.endswith("; pinned")
    cpu = found(tmp_path, {"name": "d0", "route": "cpu"})
    assert choose(CONV, device=DEVICE, route="quick", pin=cpu).route == "cpu"


def test_parameters_make_the_same_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    pin = found(tmp_path, {"name": "d0", "route": "quick", "parameters": {"steps": 3}})
    plan = choose(CONV, device=DEVICE, pin=pin).plan
    assert plan is not None
    assert plan.parameters == {"steps": 3}
    assert plan.predicted_cycles == 2700


def test_a_plan_that_is_refused_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    pin = found(tmp_path, {"name": "d0", "route": "quick", "parameters": {"steps": 0}})
    message = (
        r"pins.json: dispatches\[0\] \(d0\): the pinned plan does not fit: steps: none: correct"
    )
    with pytest.raises(UsageError, match=message):
        choose(CONV, device=DEVICE, pin=pin)


def test_a_style_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DIRECT)
    pin = found(tmp_path, {"name": "d0", "route": "direct", "style": "scalar"})
    plan = choose(CONV, device=DEVICE, pin=pin).plan
    assert plan is not None
    assert plan.style == "scalar"
    unknown = found(tmp_path, {"name": "d0", "route": "direct", "style": "odd"})
    with pytest.raises(UsageError, match="direct has no style 'odd'"):
        choose(CONV, device=DEVICE, pin=unknown)


def test_f32_needs_an_arithmetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    problem = f32(CONV)
    pin = found(tmp_path, {"name": "d0", "route": "quick"})
    with pytest.raises(UsageError, match='f32 stays on the CPU: add "arithmetic"'):
        choose(problem, device=DEVICE, pin=pin)
    by_flag = choose(problem, device=DEVICE, permission=Permission("bf16"), pin=pin)
    entry = {"name": "d0", "route": "quick", "arithmetic": "bf16x3"}
    by_pin = choose(
        problem, device=DEVICE, permission=Permission("bf16"), pin=found(tmp_path, entry)
    )
    assert by_flag.plan is not None
    assert by_pin.plan is not None
    assert by_flag.plan.problem.arithmetic == "bf16"
    assert by_pin.plan.problem.arithmetic == "bf16x3"


@pytest.mark.parametrize(
    ("arithmetic", "message"),
    [("f16", "arithmetic 'f16': unknown: use one of native"), ("bf16", "arithmetic bf16 of bf16")],
)
def test_a_wrong_arithmetic_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arithmetic: str, message: str
) -> None:
    use(monkeypatch, QUICK_AND_SLOW)
    pin = found(tmp_path, {"name": "d0", "route": "quick", "arithmetic": arithmetic})
    with pytest.raises(UsageError, match=message):
        choose(CONV, device=DEVICE, pin=pin)


@pytest.mark.parametrize("route", [name for name in route_names() if name not in ("auto", "cpu")])
def test_the_parameters_of_a_real_plan_make_it_again(tmp_path: Path, route: str) -> None:
    plan = choose(CONV, device=DEVICE, route=route).plan
    assert plan is not None
    given = {"name": "d0", "route": route, "style": plan.style, "parameters": dict(plan.parameters)}
    file = tmp_path / "pins.json"
    file.write_text(json.dumps({"dispatches": [given]}))
    pin = read_pins(file, route_names(), 2).find("d0", TEXT)
    again = choose(CONV, device=DEVICE, pin=pin).plan
    assert again is not None
    assert again.emit() == plan.emit()
    assert again.predicted_cycles == plan.predicted_cycles


# -- regions --------------------------------------------------------------------------------------
def test_regions_are_read_by_their_dispatches(tmp_path: Path) -> None:
    pins = written(
        tmp_path, regions=[{"name": "region_1", "dispatches": ["a", "b"], "border": ""}, {"dispatches": ["c"]}]
    )  # fmt: skip
    assert [pin.dispatches for pin in pins.regions] == [("a", "b"), ("c",)]
    assert pins.regions[1].where.endswith("pins.json: regions[1]")
    assert written(tmp_path).regions == ()


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ({}, "regions: a list is needed"),
        (["a"], "regions[0]: dispatches: a list of names is needed"),
        ([{"dispatches": []}], "regions[0]: dispatches: a list of names is needed"),
        ([{"dispatches": ["a", 1]}], "regions[0]: dispatches: a list of names is needed"),
        ([{"dispatches": ["a", "a"]}], "regions[0]: a: named twice: remove one entry"),
        (
            [{"dispatches": ["a", "b"]}, {"dispatches": ["b"]}],
            "regions[1]: b: named twice: remove one entry",
        ),
    ],
)
def test_regions_of_another_form_are_refused(tmp_path: Path, regions: Any, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        written(tmp_path, regions=regions)
    assert str(refusal.value) == f"{tmp_path}/pins.json: {message}"
