"""Networks as people use them, built from torch's layers with seeded weights: the graph is what counts.

Weights are drawn so that activations neither vanish nor grow; batch norms have statistics as if trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from networks import classifiers, pictures, sequences


@dataclass(frozen=True)
class Network:
    """A network of the table.

    Attributes:
        title: what people call it.
        make: builds it, untrained.
        shape: of its input at full size, the batch first.
        small: of a small input, for tests.
    """

    title: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    small: tuple[int, ...]

    def build(self, seed: int = 0) -> nn.Module:
        """The network in evaluation mode, with seeded weights and statistics."""
        torch.manual_seed(seed)
        model = self.make().eval()
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for module in model.modules():
                _draw(module, generator)
        return model

    def input(self, *, small: bool = False, seed: int = 1) -> torch.Tensor:
        """Smooth noise between -1 and 1, of the input's shape."""
        shape = self.small if small else self.shape
        generator = torch.Generator().manual_seed(seed)
        coarse = [max(size // 8, 2) for size in shape[2:]]
        noise = torch.rand((*shape[:2], *coarse), generator=generator) * 2 - 1
        mode = "bilinear" if len(coarse) == 2 else "linear"
        return nn.functional.interpolate(noise, shape[2:], mode=mode)


def _draw(module: nn.Module, generator: torch.Generator) -> None:
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, generator=generator)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        for tensor, low, high in (
            (module.running_mean, -0.2, 0.2),
            (module.running_var, 0.8, 1.6),
            (module.weight, 0.6, 1.0),
            (module.bias, -0.1, 0.1),
        ):
            if tensor is not None:
                tensor.uniform_(low, high, generator=generator)


_IMAGE, _TINY = (1, 3, 224, 224), (1, 3, 64, 64)

NETWORKS = {
    "resnet18": Network("ResNet-18", lambda: classifiers.resnet(18), _IMAGE, _TINY),
    "resnet50": Network("ResNet-50", lambda: classifiers.resnet(50), _IMAGE, _TINY),
    "mobilenet_v2": Network("MobileNetV2", classifiers.mobilenet_v2, _IMAGE, _TINY),
    "mobilenet_v3": Network("MobileNetV3-L", classifiers.mobilenet_v3, _IMAGE, _TINY),
    "efficientnet_lite0": Network("EfficientNet-Lite0", classifiers.lite0, _IMAGE, _TINY),
    "efficientnet_b0": Network("EfficientNet-B0", classifiers.b0, _IMAGE, _TINY),
    "densenet121": Network("DenseNet-121", classifiers.DenseNet, _IMAGE, _TINY),
    "convnext_t": Network("ConvNeXt-T", classifiers.ConvNext, _IMAGE, _TINY),
    "yolov8n": Network("YOLOv8n-like", pictures.Yolo, (1, 3, 320, 320), _TINY),
    "unet": Network("U-Net", pictures.UNet, (1, 3, 256, 256), (1, 3, 32, 32)),
    "deeplab": Network("DeepLab, dilated", pictures.DeepLab, (1, 3, 256, 256), _TINY),
    "audio": Network("Conv1d audio", sequences.Audio, (1, 1, 16000), (1, 1, 2000)),
    "ocr": Network("OCR recogniser", sequences.Recogniser, (1, 3, 48, 320), (1, 3, 48, 64)),
}
"""The networks by name."""
