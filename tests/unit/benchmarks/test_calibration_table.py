"""The table of errors: which rows it takes for not fitted."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from aie_conv.arch.machine import current, rows
from aie_conv.calibration.predict import predict_row
from aie_conv.calibration.rows import read_rows

ROOT = Path(__file__).parents[3]


@pytest.fixture
def calibration(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    return importlib.import_module("calibration")


def test_every_fitted_number_names_a_source_that_is_left_out(calibration: ModuleType) -> None:
    """But for XDNA2's stream width, which the heading excepts."""
    fits = {name: found[1] for name, _, _, source in rows()
            if (found := re.search(r"\bfit to (\S+)", source))}  # fmt: skip
    assert len(fits) > 20
    for name, source in fits.items():
        known = any(word in source.lower() for word in calibration.FITTED)
        assert known or name == "stream.aie2p_bytes", (name, source)


def test_the_errors_of_the_rest_stand_in_the_table(calibration: ModuleType) -> None:
    points = read_rows(ROOT / "benchmarks" / "calibration.csv")
    found = [predict_row(row, current()) for row in points]
    kept = [p for p in found if p.row.kind == "kernel" and not calibration.is_fitted(p)]
    lines = [text for text in calibration.table(found) if text.startswith("kernel ")]
    assert [int(text.split()[1]) for text in lines[:2]] == [60, len(kept)]
