"""ResNet-50 v1.5 in plain torch, with torchvision's parameter names, and weights from a seed.

v1.5 puts the stride of a downsampling block on its 3x3 convolution. The seeded weights are drawn
once, and the statistics of every batch norm are then measured on seeded images, so activations
keep a sensible scale through all 53 convolutions.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from imagenet import CLASSES, SIZE, ConvShape, load_weights, seed_weights
from torch import Tensor, nn

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Planes, blocks and first stride of each stage."""
EXPANSION = 4


def conv_shapes(image: int = SIZE) -> Iterator[ConvShape]:
    """The 53 convolutions in the order of the forward pass, downsampling before its block's last."""
    size = image // 2
    yield ConvShape("conv1", size, 3, 64, 7, 2)
    size, cin = size // 2, 64
    for stage, (planes, blocks, first) in enumerate(STAGES, 1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", first if block == 0 else 1
            yield ConvShape(f"{name}.conv1", size, cin, planes, 1, 1)
            size //= stride
            yield ConvShape(f"{name}.conv2", size, planes, planes, 3, stride)
            if block == 0:
                yield ConvShape(f"{name}.downsample.0", size, cin, planes * EXPANSION, 1, stride)
            yield ConvShape(f"{name}.conv3", size, planes, planes * EXPANSION, 1, 1)
            cin = planes * EXPANSION


class Bottleneck(nn.Module):
    def __init__(self, cin: int, planes: int, stride: int, downsample: bool) -> None:
        super().__init__()
        cout = planes * EXPANSION
        self.conv1 = nn.Conv2d(cin, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, cout, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU()
        self.downsample = None
        if downsample:
            shortcut = nn.Conv2d(cin, cout, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(cout))

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + identity)


class ResNet50(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        cin = 64
        for stage, (planes, blocks, first) in enumerate(STAGES, 1):
            layers: list[nn.Module] = []
            for block in range(blocks):
                stride = first if block == 0 else 1
                layers.append(Bottleneck(cin, planes, stride, block == 0))
                cin = planes * EXPANSION
            self.add_module(f"layer{stage}", nn.Sequential(*layers))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(cin, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(1, len(STAGES) + 1):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def build(seed: int, weights: Path | None = None, size: int = SIZE) -> ResNet50:
    """The network in evaluation mode.

    Args:
        seed: of the weights, where no file gives them.
        weights: a state dict with torchvision's parameter names, as `torch.save` writes it.
        size: of the images on which seeded weights are measured.

    Raises:
        ValueError: the file is not such a state dict.
    """
    model = ResNet50()
    if weights is None:
        last = [module.bn3 for module in model.modules() if isinstance(module, Bottleneck)]
        seed_weights(model, last, seed, size)
    else:
        load_weights(model, weights, "resnet50")
    return model.eval()
