"""The integer network: its arithmetic by hand, its distance from f32, its MLIR by IREE's CPU."""

import int8_mlir
import int8_network
import numpy as np
import pytest
import resnet50_model
import torch
from imagenet import synthetic_images
from resnet50_int8 import walk

import aie_conv


@pytest.fixture(scope="module")
def folded() -> torch.nn.Module:
    from folding import fold_batch_norm

    return fold_batch_norm(resnet50_model.build(0))


@pytest.fixture(scope="module")
def network(folded: torch.nn.Module) -> object:
    return int8_network.quantise(walk, folded, synthetic_images(2, 7))


def test_exponent_is_the_best_power_of_two() -> None:
    assert int8_network.exponent_of(torch.tensor([127.0, -3.0, 5.0])) == 0
    assert int8_network.exponent_of(torch.tensor([1.0, -0.5])) == 6
    assert int8_network.exponent_of(torch.zeros(3)) == 0


def test_requantisation_rounds_half_up_and_clamps() -> None:
    weight = np.array([[[[2]]]], np.int8)
    layer = int8_network.Layer(weight, np.array([2], np.int32), 1, 0, 2, 3, -128)
    reference = int8_network._Reference(int8_network.Network(layers={"a": layer}), torch.zeros(0))
    x = torch.tensor([1, -1, 127, -128, 3]).reshape(1, 1, 1, 5)
    residual = torch.tensor([0, 0, 127, -128, -1]).reshape(1, 1, 1, 5)
    y = reference.conv("a", x, residual)
    # (2 x + 2 + (r << 3)) >> 2: 4/4, 0/4, 1272/4, -1278/4, 0/4
    assert y.flatten().tolist() == [1, 0, 127, -128, 0]


def test_integers_stay_near_f32(folded: torch.nn.Module, network: object) -> None:
    image = synthetic_images(1, 2)
    with torch.no_grad():
        expected = folded(image).numpy()
    result = int8_network.reference(walk, network, image) * 2.0**-network.logit_exponent
    error = np.linalg.norm(result - expected) / np.linalg.norm(expected)
    assert error < 0.2
    assert np.corrcoef(result[0], expected[0])[0, 1] > 0.98


def test_the_module_on_the_cpu_equals_the_reference(network: object) -> None:
    image = synthetic_images(1, 2)
    artifact = aie_conv.compile(int8_mlir.module_text(walk, network), route="cpu")
    result = np.asarray(aie_conv.load(artifact, device="sim").main(image.numpy()))
    np.testing.assert_array_equal(result, int8_network.reference(walk, network, image))
