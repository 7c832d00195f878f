"""Random graphs in regions: what the NPU computes in few calls equals torch, whatever the regions are."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import aie_conv
from aie_conv.artifact import Artifact
from tests.support.regions.graphs import (
    Network,
    module_text,
    random_joins,
    random_network,
    reference,
)

MODES = ("auto", "large", "single")


def compiled(network: Network, mode: str, device: str = "npu1_4col") -> Artifact:
    return aie_conv.compile(
        module_text(network), device=device, regions=mode, route="direct", direct="parametric"
    )


def image_of(network: Network, seed: int) -> NDArray[np.int8]:
    return np.random.default_rng(seed).integers(-128, 128, (network.batch, *network.size), np.int8)


def check(network: Network, artifact: Artifact) -> int:
    """Two inputs, one after the other, equal torch; how many calls that took."""
    program = aie_conv.load(artifact, device="sim")
    for seed in (1, 2, 1):
        image = image_of(network, seed)
        results = program.main(image)
        found = results if isinstance(results, tuple) else (results,)
        for got, wanted in zip(found, reference(network, image), strict=True):
            np.testing.assert_array_equal(got, wanted)
    return len(program.records)


@pytest.mark.parametrize("seed", range(4))
def test_a_graph_equals_torch_in_any_regions(seed: int) -> None:
    network = random_network(seed, steps=3 + seed)
    calls: dict[str, int] = {}
    for mode in MODES:
        artifact = compiled(network, mode)
        calls[mode] = check(network, artifact)
    assert calls["large"] <= calls["auto"] <= calls["single"]
    assert calls["single"] == artifact.report["totals"]["npu"] > 1
    assert calls["auto"] < calls["single"]


def test_more_results_than_buffers_leave_one_call() -> None:
    network = replace(random_network(2, steps=6), results=(1, 2, 3, 4, 5, 6))
    artifact = compiled(network, "large")
    assert check(network, artifact) == 1
    (region,) = artifact.report["regions"]
    assert len(region["results"]) == 6
    assert region["buffers"] <= 5


@pytest.mark.parametrize("seed", range(2))
def test_a_graph_with_joined_and_halved_values_equals_torch(seed: int) -> None:
    network = random_joins(seed, steps=4 + seed)
    calls = {mode: check(network, compiled(network, mode)) for mode in MODES}
    assert calls["large"] <= calls["auto"] <= calls["single"]
    assert calls["large"] < calls["single"]


@pytest.mark.parametrize("batch", [2, 4])
def test_a_batch_is_the_same_calls(batch: int) -> None:
    """Its images are tiles like others."""
    network = replace(random_network(1, steps=4), batch=batch)
    artifact = compiled(network, "auto")
    assert check(network, artifact) == check(
        replace(network, batch=1), compiled(replace(network, batch=1), "auto")
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 70))
@pytest.mark.parametrize("mode", MODES)
def test_many_graphs_equal_torch(seed: int, mode: str) -> None:
    network = random_network(seed, steps=2 + seed % 11)
    check(network, compiled(network, mode, "npu4" if seed % 5 == 0 else "npu1_4col"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 24))
@pytest.mark.parametrize("mode", MODES)
def test_many_graphs_with_joined_and_halved_values_equal_torch(seed: int, mode: str) -> None:
    network = random_joins(seed, steps=2 + seed % 9)
    check(network, compiled(network, mode, "npu4" if seed % 5 == 0 else "npu1_4col"))
