"""Constants fitted to half of the rows: the halves, what a fit finds, and what is reported."""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from aie_conv.arch.machine import current
from aie_conv.calibration.predict import predict_row
from aie_conv.calibration.rows import Measurement, read_rows

ROOT = Path(__file__).parents[3]


@pytest.fixture
def held_out(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    return importlib.import_module("held_out")


@pytest.fixture(scope="module")
def small() -> list[Measurement]:
    """Array rows that are quick to predict."""
    rows = read_rows(ROOT / "benchmarks" / "calibration.csv")
    picked = [r for r in rows if r.kind == "array" and "drain" in r.text and (r.m or 0) <= 256]
    assert len(picked) > 8
    return picked


def measured_with(rows: list[Measurement], machine: object) -> list[Measurement]:
    """The rows as a table predicts them."""
    found = [predict_row(row, machine) for row in rows]  # pyright: ignore[reportArgumentType]
    return [replace(p.row, measured=p.value) for p in found]


def test_the_halves_share_no_row(held_out: ModuleType, small: list[Measurement]) -> None:
    one, other = held_out.halves(small, current())
    assert sorted(map(repr, (*one, *other))) == sorted(map(repr, small))
    assert abs(len(one) - len(other)) <= 1


@pytest.mark.parametrize("factors", [{"host.launch": 0.7}, {"memory.npu4.total": 0.5}])
def test_a_fit_finds_what_rows_were_made_with(
    held_out: ModuleType,
    small: list[Measurement],
    monkeypatch: pytest.MonkeyPatch,
    factors: Mapping[str, float],
) -> None:
    constants = {name: held_out.CONSTANTS[name] for name in factors}
    monkeypatch.setattr(held_out, "CONSTANTS", constants)
    rows = measured_with(small, held_out.set_factors(current(), factors))
    assert held_out.fit(rows, current()) == factors


def test_the_report_has_both_ways(
    held_out: ModuleType, small: list[Measurement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "CONSTANTS", {"host.launch": held_out.CONSTANTS["host.launch"]})
    lines = held_out.report(small, current())
    halves = [line for line in lines if line.startswith("  the other half: ")]
    assert len(halves) == 2
    (whole,) = (line for line in lines if line.startswith("both halves held out: "))
    assert f"{len(small)} rows" in whole
    assert sum("too fast" in line for line in lines) == 1
