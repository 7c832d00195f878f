"""The depthwise network: names, shapes, its integers by hand and end to end on the simulated NPU."""

import int8_mlir
import int8_network
import ml_dtypes
import mobilenet_v2_model
import numpy as np
import pytest
import torch
from folding import fold_batch_norm
from imagenet import synthetic_images
from mobilenet_v2_int8 import walk

import aie_conv
from aie_conv.frontends.torch import import_model

SIZE = 64


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return mobilenet_v2_model.build(0, size=SIZE)


@pytest.fixture(scope="module")
def network(model: torch.nn.Module) -> int8_network.Network:
    return int8_network.quantise(walk, fold_batch_norm(model), synthetic_images(2, 7, SIZE))


def test_parameter_names_are_torchvisions(model: torch.nn.Module) -> None:
    names = set(model.state_dict())
    assert len(names) == 314  # torchvision's mobilenet_v2 has as many, running statistics included
    assert sum(p.numel() for p in model.parameters()) == 3_504_872  # and as many parameters
    for name in ("features.0.0.weight", "features.1.conv.1.weight", "classifier.1.bias"):
        assert name in names
    assert model.features[2].conv[1][0].groups == 96


def test_the_52_shapes_are_the_networks(model: torch.nn.Module) -> None:
    seen = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(
                lambda m, _, out, name=name: seen.__setitem__(
                    name,
                    (
                        out.shape[-1],
                        m.in_channels,
                        m.out_channels,
                        m.kernel_size[0],
                        m.stride[0],
                        m.groups,
                    ),
                )
            )
    with torch.no_grad():
        model(torch.zeros(1, 3, 96, 96))
    shapes = list(mobilenet_v2_model.conv_shapes(96))
    assert len(shapes) == 52
    expected = {s.name: (s.size, s.cin, s.cout, s.kernel, s.stride, s.groups) for s in shapes}
    assert list(seen.items()) == list(expected.items())


def test_activations_keep_their_scale(model: torch.nn.Module) -> None:
    with torch.no_grad():
        logits = model(synthetic_images(2, 9, SIZE))
    assert 0.1 < float(logits.std()) < 10
    assert float((logits[0] - logits[1]).std()) > 0.05  # not blind to its input


def test_relu6_bounds_the_integers() -> None:
    weight = np.ones((1, 1, 1, 2), np.int8)  # depthwise: each channel times one
    bias = np.array([2, 2], np.int32)
    layer = int8_network.Layer(weight, bias, 1, 0, 2, 0, 0, 24, groups=2)
    reference = int8_network._Reference(int8_network.Network(layers={"a": layer}), torch.zeros(0))
    x = torch.tensor([[-9, 94], [97, 127]]).reshape(1, 2, 1, 2)
    assert reference.conv("a", x, activation="relu6").flatten().tolist() == [0, 24, 24, 24]
    assert int8_network._bounds("relu6", 2) == (0, 24)
    assert int8_network._bounds("relu6", 5) == (0, 127)


def test_integers_stay_near_f32() -> None:
    """At the full size: smaller images leave the last maps too few pixels for the statistics."""
    model = fold_batch_norm(mobilenet_v2_model.build(0))
    image = synthetic_images(1, 2)
    network = int8_network.quantise(walk, model, synthetic_images(2, 7))
    with torch.no_grad():
        expected = model(image).numpy()
    result = int8_network.reference(walk, network, image) * 2.0**-network.logit_exponent
    assert np.corrcoef(result[0], expected[0])[0, 1] > 0.9


def check(network: int8_network.Network, size: int, **options: str) -> None:
    """The compiled network equals the reference, with every convolution on the NPU."""
    image = synthetic_images(1, 2, size)
    artifact = aie_conv.compile(int8_mlir.module_text(walk, network), **options)
    entries = [e for e in artifact.report["dispatches"] if e["contraction"]]
    assert len(entries) == 53
    left = [f"{e['name']}: {e['reason']}" for e in entries if e["route"] != "direct"]
    assert not left
    result = np.asarray(aie_conv.load(artifact, device="sim").main(image.numpy()))
    np.testing.assert_array_equal(result, int8_network.reference(walk, network, image))


def test_every_convolution_runs_on_the_npu(network: int8_network.Network) -> None:
    check(network, SIZE, route="direct")


@pytest.mark.slow
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_at_the_full_size_too(device: str) -> None:
    model = fold_batch_norm(mobilenet_v2_model.build(0))
    network = int8_network.quantise(walk, model, synthetic_images(2, 7))
    check(network, 224, route="direct", device=device)


@pytest.mark.slow
@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_bf16_is_as_near_to_f32_as_torchs_bf16(device: str) -> None:
    """Of two roundings of one network neither is the truth: both are held against f32."""
    model = fold_batch_norm(mobilenet_v2_model.build(0))
    image = synthetic_images(1, 2)
    with torch.no_grad():
        truth = model(image).numpy()
        model, given = model.to(torch.bfloat16), image.to(torch.bfloat16)
        theirs = model(given).float().numpy()
    artifact = aie_conv.compile(import_model(model, (given,)), route="direct", device=device)
    entries = [e for e in artifact.report["dispatches"] if e["contraction"]]
    assert {e["route"] for e in entries} == {"direct"}
    program = aie_conv.load(artifact, device="sim")
    ours = np.asarray(program.main(given.float().numpy().astype(ml_dtypes.bfloat16)))
    error = np.linalg.norm(ours.astype(np.float32) - truth)
    assert error < 1.25 * np.linalg.norm(theirs - truth)
