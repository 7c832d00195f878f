"""The comparison of the routes: what it counts, and that it notices what it is there for."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import ml_dtypes
import numpy as np
import pytest

from aie_conv.problem import ConvProblem, Epilogue, Step, conv2d


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[3] / "benchmarks"), *sys.path])
    return importlib.import_module("routes")


def shifted(by: int) -> ConvProblem:
    steps = (Step("arith.constant", (), "i32", by), Step("arith.shrsi", (0, 1), "i32"))
    epilogue = Epilogue(steps=steps, result=2)
    return conv2d(1, 10, 10, 8, 16, 3, 3, dtype="i8", out_dtype="i32", epilogue=epilogue)


def test_a_row_simulates_every_route(routes: ModuleType) -> None:
    tally = routes.Tally()
    layer = routes.Layer("a", 2, shifted(3), frozenset({"rhs"}))
    cells = dict(zip(routes._head(), routes.row(layer, "npu1_4col", tally), strict=True))
    assert (cells["layer"], cells["x"]) == ("a", "2")
    assert all(float(cells[f"{route} kcyc"]) > 0 for route in routes.ROUTES)
    assert tally.layers == sum(tally.wins.values()) == sum(tally.chosen.values()) == 1
    assert not tally.different


def test_problems_that_differ_in_numbers_are_one(routes: ModuleType) -> None:
    assert shifted(2) != shifted(3)
    without = importlib.import_module("common").without_numbers
    assert without(shifted(2)) == without(shifted(3))


def test_results_agree_up_to_their_rounding(routes: ModuleType) -> None:
    a = np.array([100, -3], np.int32)
    assert routes.agree(a, a.copy())
    assert not routes.agree(a, a + 1)
    b = np.array([1.0, 64.0], ml_dtypes.bfloat16)
    assert routes.agree(b, np.array([1.0 + 2**-7, 64.0], ml_dtypes.bfloat16))
    assert not routes.agree(b, np.array([1.0 + 2**-5, 64.0], ml_dtypes.bfloat16))


@pytest.mark.parametrize(
    ("excess", "different", "holds"), [(0.04, [], True), (0.06, [], False), (0.0, ["a"], False)]
)
def test_what_the_summary_minds(
    routes: ModuleType, excess: float, different: list[str], holds: bool
) -> None:
    tally = routes.Tally(worst=(excess, "a"), layers=1, different=different)
    assert routes.summary("x", tally) is holds
