"""The example's network: its names, shapes and seeded weights, and how reports are read."""

from pathlib import Path

import imagenet
import network_report
import numpy as np
import pytest
import resnet50_model
import torch


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return resnet50_model.build(0)


def test_parameter_names_are_torchvisions(model: torch.nn.Module) -> None:
    names = set(model.state_dict())
    assert len(names) == 320  # torchvision's resnet50 has as many, running statistics included
    for name in ("conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "fc.bias"):
        assert name in names
    assert model.layer2[0].downsample[0].weight.shape == (512, 256, 1, 1)
    assert model.layer2[0].conv2.stride == (2, 2)  # v1.5


def test_the_53_shapes_are_the_networks(model: torch.nn.Module) -> None:
    seen = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(
                lambda m, _, out, name=name: seen.__setitem__(
                    name,
                    (out.shape[-1], m.in_channels, m.out_channels, *m.kernel_size[:1], m.stride[0]),
                )
            )
    with torch.no_grad():
        model(torch.zeros(1, 3, 224, 224))
    shapes = list(resnet50_model.conv_shapes())
    assert len(shapes) == 53
    assert seen == {s.name: (s.size, s.cin, s.cout, s.kernel, s.stride) for s in shapes}


def test_activations_keep_their_scale(model: torch.nn.Module) -> None:
    with torch.no_grad():
        logits = model(imagenet.synthetic_images(2, 9))
    assert 0.1 < float(logits.std()) < 10
    assert float((logits[0] - logits[1]).std()) > 0.05  # not blind to its input


def test_the_same_seed_gives_the_same_network(model: torch.nn.Module) -> None:
    other = resnet50_model.build(0).state_dict()
    assert all(torch.equal(value, other[name]) for name, value in model.state_dict().items())


def test_weights_come_back_from_a_file(model: torch.nn.Module, tmp_path: Path) -> None:
    torch.save(model.state_dict(), tmp_path / "w.pt")
    other = resnet50_model.build(1, tmp_path / "w.pt")
    assert torch.equal(other.layer4[2].conv3.weight, model.layer4[2].conv3.weight)


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_file_without_weights_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    if content is None:
        torch.save({"conv1.weight": torch.zeros(1)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="--weights .*w.pt: .*: give a state dict"):
        resnet50_model.build(0, path)


def test_an_image_of_another_shape_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 224, 224), np.float32))
    with pytest.raises(ValueError, match="expected \\(1, 3, 224, 224\\)"):
        imagenet.load_image(tmp_path / "x.npy")


def entry(name: str, *loops: tuple[str, int]) -> dict[str, object]:
    return {"name": name, "problem": {"loops": [{"role": r, "size": s} for r, s in loops]}}


def test_dispatches_find_their_names_by_shape() -> None:
    entries = [
        entry("d1", ("m", 112), ("m", 112), ("n", 64), ("k", 7), ("k", 7), ("k", 3)),
        {"name": "d2", "problem": None},
        entry("d5", ("m", 3136), ("n", 256), ("k", 64)),
        entry("d3", ("m", 56), ("m", 56), ("n", 64), ("k", 64)),
    ]
    found = {
        shape.name: e["name"]
        for shape, e in network_report.named(entries, resnet50_model.conv_shapes())
        if e
    }
    assert found == {"conv1": "d1", "layer1.0.downsample.0": "d5", "layer1.0.conv1": "d3"}


def test_comparison_counts_common_classes_and_errors() -> None:
    expected = np.arange(20, dtype=np.float32)[None]
    result = expected.copy()
    result[0, 19] = 0
    _, numbers = network_report.comparison(result, expected, "itself")
    assert numbers["top5_agreement"] == pytest.approx(0.8)
    assert numbers["top1_agreement"] == 0
    assert numbers["largest_error"] == 19
