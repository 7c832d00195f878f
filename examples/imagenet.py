"""What the example networks share: their classes, images, and weights from a seed or a file."""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

CLASSES = 1000
SIZE = 224
"""Height and width of an image, where nothing else is said."""
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ConvShape:
    """One convolution of a network, by its parameter's name.

    Attributes:
        name: torchvision's name, e.g. "layer1.0.conv2".
        size: height and width of its output.
        cin, cout, kernel, stride, groups: as torch has them.
    """

    name: str
    size: int
    cin: int
    cout: int
    kernel: int
    stride: int
    groups: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return self.size**2 * self.cin // self.groups * self.cout * self.kernel**2


def synthetic_images(count: int, seed: int, size: int = SIZE) -> Tensor:
    """Smooth random images with some grain, normalised as ImageNet's; [count, 3, size, size] f32."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(
        coarse, size=(size, size), mode="bicubic", align_corners=False
    )
    return smooth + 0.25 * torch.randn(count, 3, size, size, generator=generator)


@torch.no_grad()
def seed_weights(
    model: nn.Module, refining: Iterable[nn.BatchNorm2d], seed: int, size: int = SIZE
) -> None:
    """Draw weights of the usual variance and measure every batch norm on seeded images.

    The statistics come from the activations themselves, which so keep a sensible scale at any depth.

    Args:
        model: its convolutions have no bias, each has a batch norm behind it.
        refining: the batch norms in front of residual additions, whose scale is made small: as in
            trained networks, a block refines its input.
        seed: of the weights; the images take the next one.
        size: of the images.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fan = module.weight[0].numel()
            module.weight.normal_(0.0, (2.0 / fan) ** 0.5, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.7, 1.3, generator=generator)
            module.bias.normal_(0.0, 0.1, generator=generator)
            module.momentum = None  # a plain average over the calibration batches
    for norm in refining:
        norm.weight.mul_(0.3)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0.0, module.in_features**-0.5, generator=generator)
            module.bias.zero_()
    model.train()(synthetic_images(4, seed + 1, size))


def load_weights(model: nn.Module, path: Path, network: str) -> None:
    """Fill a network from a state dict with torchvision's parameter names, as `torch.save` writes it.

    Raises:
        ValueError: the file is not such a state dict.
    """
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, EOFError, RuntimeError, TypeError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"--weights {path}: {why}: give a state dict of torchvision's {network}"
        ) from None


def load_image(path: Path, size: int = SIZE) -> Tensor:
    """An image as [1, 3, size, size] f32: an .npy array of that shape as it is, else through PIL.

    Raises:
        ValueError: the file cannot be used; the message says what to do.
    """
    import numpy as np

    if path.suffix == ".npy":
        array, wanted = np.load(path), (1, 3, size, size)
        if array.shape != wanted:
            raise ValueError(f"--image {path}: shape {array.shape}: expected {wanted}")
        return torch.from_numpy(array.astype(np.float32))
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(
            f"--image {path}: reading pictures needs pillow: install it or give an .npy file"
        ) from None
    picture = Image.open(path).convert("RGB")
    scale = size * 8 / 7 / min(picture.size)
    width, height = (round(side * scale) for side in picture.size)
    left, top = (width - size) // 2, (height - size) // 2
    picture = picture.resize((width, height)).crop((left, top, left + size, top + size))
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32) / 255).permute(2, 0, 1)
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in (_MEAN, _STD))
    return ((pixels - mean) / std)[None].contiguous()
