"""The map: what a program declares, and the bytes that the simulator moved."""

from pathlib import Path

import pytest

from aie_conv.errors import DeviceError
from aie_conv.report.html.arraymap import ArrayMap, Held
from aie_conv.report.html.measure import Measured, measure, measure_all
from aie_conv.sim import Simulator
from aie_conv.sim.model.module import Tile
from tests.golden.test_golden import operands
from tests.support.sim.programs import GEMM, relay

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.mlir"))


def holds(array: ArrayMap, tile: Tile) -> tuple[Held, ...]:
    return next(place.holds for place in array.places if place.tile == tile)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_bytes_are_those_that_moved(path: Path) -> None:
    measured = measure(path.read_text(), operands(path.stem))
    array, stats = measured.array, measured.stats
    border = [s for s in array.streams if "shim" in (s.source.kind, *(t.kind for t in s.targets))]
    assert sum(s.bytes for s in border) == stats.shim_bytes
    assert all(place.used <= place.capacity for place in array.places if place.capacity)
    assert {p.tile for p in array.places if p.tile.kind == "core"} == {
        core.tile for core in Simulator(path.read_text()).model.cores
    }
    roles = {stream.role for stream in array.streams}
    assert roles == {"input", "filter", "output"}
    for stream in array.streams:
        assert stream.bytes % stream.object_bytes == 0 or stream.source.kind == "shim"


def test_a_relay_is_read_as_declared() -> None:
    measured = measure(relay(64, "i8", objects=4, depth=3))
    core, mem = Tile(0, 2), Tile(0, 1)
    # A core that acquires one object gets two of the three: the tools lower a single depth.
    assert holds(measured.array, core) == (
        Held("o", "output", 2, 64), Held("a1", "input", 2, 64), Held("stack", "own", 1, 1024),
    )  # fmt: skip
    assert holds(measured.array, mem) == (Held("a1", "input", 3, 64),)
    streams = {
        s.name: (s.role, s.carries, s.source, s.targets, s.bytes) for s in measured.array.streams
    }
    assert streams == {
        "a3": ("input", ("x",), Tile(0, 0), (mem,), 256),
        "a1": ("input", ("x",), mem, (core,), 256),
        "o": ("output", ("y",), core, (Tile(0, 0),), 256),
    }


def test_arguments_are_told_apart() -> None:
    roles = {stream.name: stream.role for stream in measure(GEMM).array.streams}
    assert roles == {
        "a3": "input",
        "a1": "input",
        "b3": "filter",
        "b1": "filter",
        "o1": "output",
        "o3": "output",
    }


def test_a_program_that_cannot_run_is_named() -> None:
    text = relay(64, "i8", objects=4)
    stuck = text.replace("(%x[0, 0, 0, 0][1, 1, 1, 256]", "(%x[0, 0, 0, 0][1, 1, 1, 192]")
    assert stuck != text
    with pytest.raises(DeviceError, match="^second: .*simulator"):
        measure_all({"first": GEMM, "second": stuck}, lambda _: None)


def test_equal_programs_run_once() -> None:
    told: list[str] = []
    texts = {"a": relay(16, "i8"), "b": GEMM, "c": relay(16, "i8")}
    made = measure_all(texts, told.append)
    assert len(told) == 2
    assert made["a"] is made["c"]
    assert isinstance(made["b"], Measured)
