"""The figures beside the peers': that the cheap sections run, and that a missed aim is noticed."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import aie_conv
from aie_conv.arch import device_names, get_device
from aie_conv.arch.machine import current
from aie_conv.arch.rates import host_rates
from aie_conv.artifact import Artifact
from aie_conv.calibration.platform import Platform
from aie_conv.calibration.rows import Measurement
from tests.support.regions.graphs import module_text, random_network

ROOT = Path(__file__).parents[3]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    return importlib.import_module


@pytest.fixture
def figures(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("figures")


@pytest.fixture
def network(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("network_figures")


@pytest.mark.parametrize("aim", [1.0, 1e6])
def test_kernels_below_their_aim_are_missed(
    figures: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    aim: float,
) -> None:
    kernels = {dtype: (tile, aim) for dtype, (tile, _) in figures.KERNELS.items()}
    monkeypatch.setattr(figures, "KERNELS", kernels)
    missed = aim > 1
    assert figures.main(["kernels"]) == missed
    out = capsys.readouterr().out
    assert out.count("MISSED") == 2 * missed
    assert "published 233.0 MAC/cycle: Taka et al." in out


@pytest.mark.parametrize("theirs", [1.0, 1e3])
def test_a_product_is_held_against_what_was_published(
    figures: ModuleType, capsys: pytest.CaptureFixture[str], theirs: float
) -> None:
    row = figures.best_published("i8")
    assert (row.dims, row.measured) == ((4032, 4032, 4032), 6.52)
    assert figures.one_gemm(
        "i8", replace(row, m=512, k=512, n=512, measured=theirs / 10), figures.DEVICE
    ) is (theirs == 1)
    assert "simulated" in capsys.readouterr().out


@pytest.mark.parametrize("device", device_names())
def test_another_machines_memory_in_our_clock(figures: ModuleType, device: str) -> None:
    """As many bytes a second as that machine has."""
    platform = Platform("aie2", 4, 1e9, "npu1_1ghz", 0.0)
    arch = get_device(device).arch
    rates = host_rates(figures.like(platform, device), arch.name, arch.clock_hz)
    timing = current().memory["npu1_1ghz"]
    found = [rate * platform.clock for rate in (rates.read, rates.write, rates.total)]
    assert found == pytest.approx([timing.read, timing.write, timing.total])


@pytest.mark.parametrize("bytes_", [1_400_832, 100_000])
def test_the_plugins_convolution(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch, bytes_: int
) -> None:
    assert figures.PLUGIN_BYTES == 1_400_832
    monkeypatch.setattr(figures, "PLUGIN_BYTES", bytes_)
    assert figures.main(["plugin"]) == (bytes_ == 100_000)


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return aie_conv.compile(ROOT / "examples" / "one_conv.mlir", route="direct")


@pytest.fixture
def inference(network: ModuleType, artifact: Artifact) -> Any:
    shapes = ((1, 30, 30, 64), (3, 3, 64, 64))
    inputs = [np.zeros(shape, ml_dtypes.bfloat16) for shape in shapes]
    return network.second_run(artifact, [*inputs, np.zeros(64, np.float32)], {})


def every(network: ModuleType, monkeypatch: pytest.MonkeyPatch, one: Any) -> None:
    """Take one network for all."""
    made = dict.fromkeys(network.KINDS, one)
    monkeypatch.setattr(network, "inferences", lambda *_: made)


def test_a_run_is_the_second_one(network: ModuleType, inference: Any) -> None:
    """Its program is loaded already."""
    (call,) = inference.calls
    assert inference.array > 0
    assert call.record["reconfigure_seconds"] == 0
    assert not inference.on_cpu


def test_bytes_by_operand_add_up(network: ModuleType, inference: Any) -> None:
    (call,) = inference.calls
    found = network.operand_bytes(call.program)
    assert [name for name, _, _ in found] == ["input", "filter", "output"]
    assert sum(moved for _, moved, _ in found) == call.record["shim_bytes"]


@pytest.mark.parametrize(
    ("bound", "times", "holds"),
    [("cores", 2.0, True), ("host memory", 2.0, False), ("host memory", 1.0, True)],
)
def test_traffic_that_binds_is_missed(
    network: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    inference: Any,
    bound: str,
    times: float,
    holds: bool,
) -> None:
    (call,) = inference.calls
    least = call.record["shim_bytes"] / times
    entry = {**call.entry, "bound": bound, "minimum_bytes": least}
    calls = (replace(call, layer="a", entry=entry),) * 2
    every(network, monkeypatch, replace(inference, calls=calls))
    assert network.one_traffic("bf16", "npu1_4col") is holds
    assert ("a and 1 alike" in capsys.readouterr().out) == (times > 1)


@pytest.mark.parametrize("seconds", [0.0, 0.003])
def test_reconfigurations_count(
    network: ModuleType, monkeypatch: pytest.MonkeyPatch, inference: Any, seconds: float
) -> None:
    (call,) = inference.calls
    slow = replace(call, record={**call.record, "reconfigure_seconds": seconds})
    every(network, monkeypatch, replace(inference, calls=(slow,)))
    assert network.times() is (seconds == 0)


def test_a_section_is_named(figures: ModuleType) -> None:
    with pytest.raises(SystemExit):
        figures.main(["speed"])


def test_what_stays_is_bounded(load: Callable[[str], ModuleType]) -> None:
    """Of a chain: less time without its activations' transfers, and without commands, and less with neither."""
    whole, staying = load("whole_networks"), load("staying")
    source = module_text(random_network(0, steps=3)).encode()
    network = whole.WholeNetwork("a chain", lambda: (source, ()), "npu1_4col")
    ((region, one),) = staying.bounds(network)
    assert len(region.members) == 3
    assert one.now > one.kept > one.neither
    assert one.now > one.commanded > one.neither
    assert 0 < one.arena_bytes < one.bytes


def test_the_vendors_row(network: ModuleType) -> None:
    row: Measurement = network.vendor()
    assert (row.measured, row.unit) == (5.27, "ms")
