"""The cycle model against published measurements: its errors do not grow, and no row goes missing."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from aie_conv.arch.machine import default_machine
from aie_conv.calibration.kernel import PeerKernel
from aie_conv.calibration.predict import Prediction, predict_row, summary
from aie_conv.calibration.product import Product, parts_of, product_cycles
from aie_conv.calibration.rows import COLUMNS, Measurement, read_rows
from aie_conv.cli.main import main
from aie_conv.errors import UsageError
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.plan import blank_operands
from aie_conv.problem import conv2d
from aie_conv.sim import Simulator

FILE = Path(__file__).parents[3] / "benchmarks" / "calibration.csv"
MACHINE = default_machine()


@pytest.fixture(scope="module")
def found() -> list[Prediction]:
    return [predict_row(row, MACHINE) for row in read_rows(FILE)]


@pytest.mark.parametrize(
    ("kind", "least", "median", "within"),
    [("kernel", 44, 0.04, 0.9), ("dma", 60, 0.06, 0.7), ("array", 105, 0.10, 0.6)],
)
def test_errors(
    found: list[Prediction], kind: str, least: int, median: float, within: float
) -> None:
    """Medians and the share of rows within 15 %; docs/timing.md has the figures of today."""
    errors = summary([p for p in found if p.row.kind == kind])
    assert errors.rows >= least
    assert errors.median <= median
    assert errors.within_15 >= within


def test_the_second_generations_streams_carry_eight_bytes(found: list[Prediction]) -> None:
    """What the data prefer, by little: the question is open in the sources."""
    stream = replace(MACHINE.stream, aie2p_bytes=4)
    narrow = replace(MACHINE, stream=stream)
    rows = [p for p in found if p.row.kind == "array" and p.clock == MACHINE.clock.xdna2]
    other = [predict_row(p.row, narrow) for p in rows]
    assert summary(rows).median <= summary(other).median


def test_a_row_has_a_value_or_a_reason(found: list[Prediction]) -> None:
    for p in found:
        assert (p.value is not None and p.value > 0) or p.reason


def test_predictions_do_not_see_what_was_measured(found: list[Prediction]) -> None:
    for p in found[::7]:
        blind = predict_row(replace(p.row, measured=None), MACHINE)
        assert blind.value == p.value
        assert blind.error is None


def test_no_profile_is_made_for_a_row(found: list[Prediction]) -> None:
    assert {p.profile for p in found} <= {"", *MACHINE.profile}


def test_the_command_writes_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = FILE.read_text().splitlines()
    source.write_text("\n".join(lines[:40]) + "\n")
    assert main(["timing", "predict", str(source), "-o", str(out)]) == 0
    told = capsys.readouterr().err
    assert "kernel:" in told
    assert "median error" in told
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 39
    assert set(COLUMNS) | {"predicted_value", "reason"} <= set(rows[0])
    assert all(row["predicted_value"] or row["reason"] for row in rows)


def test_the_shape_of_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="no column kind"):
        read_rows(path)
    with pytest.raises(UsageError, match="No such file"):
        read_rows(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("pixels", "c", "channels", "tile"),
    [
        (1024, 512, 256, (32, 128, 64)),
        (1024, 256, 256, (32, 64, 32)),
        (2048, 512, 256, (32, 64, 64)),
    ],
)
def test_the_recurrence_agrees_with_the_simulator(
    pixels: int, c: int, channels: int, tile: tuple[int, int, int]
) -> None:
    """A product with the plain dataflow (nothing resident), emitted and run with its data."""
    m, k, n = tile
    problem = conv2d(1, pixels // m, m, c, channels, 1, 1, dtype="i8", out_dtype="i32")
    parameters = {
        "tile_n": n, "tile_k": k, "resident": False, "filter_buffers": 2, "tile_h": 1, "tile_w": m,
        "pixel_repeats": 1,
    }  # fmt: skip
    plan = Im2colRoute().propose(problem, "npu1_4col", parameters)
    arrays = blank_operands(plan)
    simulated = Simulator(plan.emit()).run(arrays).cycles
    kernel = PeerKernel("aie2", "i8", "i32", m, k, n, (2, 2))
    product = Product(pixels, c, channels, kernel, 4, 4, k, True, 2, "i32")
    parts = parts_of(product, MACHINE.memory["npu1"], MACHINE, "chess-like", 1.8e9)
    assert product_cycles(product, parts, MACHINE) == pytest.approx(simulated, rel=0.08)


def row(**cells: object) -> Measurement:
    empty = Measurement(
        "", "npu1", "i8->i8", "kernel", 64, 64, 64, 1, "64x64x64", None, "cycles", "", ""
    )
    return replace(empty, **cells)


def test_profiles_are_chosen_by_name() -> None:
    chess, peano = (predict_row(row(), MACHINE, name) for name in ("chess-like", "peano-like"))
    assert chess.value is not None
    assert peano.value is not None
    assert chess.value < peano.value
    with pytest.raises(UsageError, match="profile 'gcc': unknown"):
        predict_row(row(), MACHINE, "gcc")


def test_what_cannot_be_said_is_told() -> None:
    cases = {
        "another array": row(device="VCK190"),
        "no kernel": row(dtype="f64->f64"),
        "unit": row(unit="furlongs"),
        "does not say what code": row(tile="", m=None),
        "rows of kind": row(kind="wish"),
    }
    for why, case in cases.items():
        found = predict_row(case, MACHINE)
        assert found.value is None
        assert why in found.reason
