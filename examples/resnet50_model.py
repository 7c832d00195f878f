"""ResNet-50 v1.5 in plain torch, with torchvision's parameter names, and weights from a seed.

v1.5 puts the stride of a downsampling block on its 3x3 convolution. The seeded weights are drawn
once, and the statistics of every batch norm are then measured on seeded images, so activations
keep a sensible scale through all 53 convolutions.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Planes, blocks and first stride of each stage."""
EXPANSION = 4
CLASSES = 1000
IMAGE = (1, 3, 224, 224)
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ConvShape:
    """One convolution of the network, by its parameter's name.

    Attributes:
        name: torchvision's name, e.g. "layer1.0.conv2".
        size: height and width of its output.
        cin, cout, kernel, stride: as torch has them.
    """

    name: str
    size: int
    cin: int
    cout: int
    kernel: int
    stride: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return self.size**2 * self.cin * self.cout * self.kernel**2


def conv_shapes(image: int = 224) -> Iterator[ConvShape]:
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


def synthetic_images(count: int, seed: int) -> Tensor:
    """Smooth random images with some grain, normalised as ImageNet's; [count, 3, 224, 224] f32."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=IMAGE[2:], mode="bicubic", align_corners=False)
    return smooth + 0.25 * torch.randn(count, *IMAGE[1:], generator=generator)


@torch.no_grad()
def _seeded(seed: int) -> ResNet50:
    """Weights of the usual variance, batch norms measured on seeded images."""
    generator = torch.Generator().manual_seed(seed)
    model = ResNet50()
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fan = module.in_channels * module.kernel_size[0] * module.kernel_size[1]
            module.weight.normal_(0.0, (2.0 / fan) ** 0.5, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.7, 1.3, generator=generator)
            module.bias.normal_(0.0, 0.1, generator=generator)
            module.momentum = None  # a plain average over the calibration batches
    for module in model.modules():
        if isinstance(module, Bottleneck):
            module.bn3.weight.mul_(0.3)  # as in trained networks, a block refines its input
    model.fc.weight.normal_(0.0, 2048**-0.5, generator=generator)
    model.fc.bias.zero_()
    model.train()(synthetic_images(4, seed + 1))
    return model


def build(seed: int, weights: Path | None = None) -> ResNet50:
    """The network in evaluation mode.

    Args:
        seed: of the weights, where no file gives them.
        weights: a state dict with torchvision's parameter names, as `torch.save` writes it.

    Raises:
        ValueError: the file is not such a state dict.
    """
    if weights is None:
        return _seeded(seed).eval()
    model = ResNet50()
    try:
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, EOFError, RuntimeError, TypeError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"--weights {weights}: {why}: give a state dict of torchvision's resnet50"
        ) from None
    return model.eval()


def load_image(path: Path) -> Tensor:
    """An image as [1, 3, 224, 224] f32: an .npy array of that shape as it is, else through PIL.

    Raises:
        ValueError: the file cannot be used; the message says what to do.
    """
    import numpy as np

    if path.suffix == ".npy":
        array = np.load(path)
        if array.shape != IMAGE:
            raise ValueError(f"--image {path}: shape {array.shape}: expected {IMAGE}")
        return torch.from_numpy(array.astype(np.float32))
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(
            f"--image {path}: reading pictures needs pillow: install it or give an .npy file"
        ) from None
    picture = Image.open(path).convert("RGB")
    scale = 256 / min(picture.size)
    width, height = (round(side * scale) for side in picture.size)
    left, top = (width - IMAGE[3]) // 2, (height - IMAGE[2]) // 2
    picture = picture.resize((width, height)).crop((left, top, left + IMAGE[3], top + IMAGE[2]))
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32) / 255).permute(2, 0, 1)
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in (_MEAN, _STD))
    return ((pixels - mean) / std)[None].contiguous()
