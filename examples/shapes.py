"""Drawn shapes, and two small networks that learn them in seconds: one names a shape, one finds several.

The examples need a network whose answer a person recognises, and weights that come with nothing but this
file: the pictures are drawn from a seed, and so is what is learnt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from networks.classifiers import head, unit
from torch import Tensor, nn

Inside = Callable[[Tensor, Tensor], Tensor]
"""Whether points (x to the right, y down, the shape within -1 and 1) lie in a shape."""


def _arrow(x: Tensor, y: Tensor) -> Tensor:
    return ((x.abs() < 0.22) & (y.abs() < 0.95)) | ((y < 0) & (x.abs() < 0.95 + y))


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    return (x**2 + y**2 < 0.9) & ((x - 0.45) ** 2 + y**2 > 0.55)


def _heart(x: Tensor, y: Tensor) -> Tensor:
    u, v = 1.15 * x, 0.2 - 1.15 * y
    return (u**2 + v**2 - 0.8) ** 3 < 1.6 * u**2 * v**3


def _star(x: Tensor, y: Tensor) -> Tensor:
    # Between a point (distance 0) and a dent (1) the radius falls from 1 to 0.4.
    distance = (torch.atan2(x, -y) * 5 / torch.pi).remainder(2).sub(1).abs()
    return x.hypot(y) < 0.4 + 0.6 * distance


SHAPES: dict[str, Inside] = {
    "arrow": _arrow,
    "circle": lambda x, y: x.hypot(y) < 0.9,
    "crescent": _crescent,
    "cross": lambda x, y: torch.minimum(x.abs(), y.abs()) + 0 * x < 0.28,
    "diamond": lambda x, y: x.abs() + y.abs() < 1,
    "heart": _heart,
    "ring": lambda x, y: (x.hypot(y) - 0.7).abs() < 0.22,
    "square": lambda x, y: torch.maximum(x.abs(), y.abs()) < 0.75,
    "star": _star,
    "triangle": lambda x, y: (y < 0.75) & (x.abs() < 0.58 * (y + 0.95)),
}
NAMES = list(SHAPES)
BROAD = 8
"""Pixels from one place of the detector to the next."""


class Pen:
    """Draws pictures of shapes: colours, places, sizes and slants from a seed."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform numbers."""
        return torch.rand(shape, generator=self.generator) * (high - low) + low

    def background(self, count: int, size: int) -> Tensor:
        """[count, 3, size, size] between 0 and 1: a dim colour with noise."""
        noise = torch.randn(count, 3, size, size, generator=self.generator)
        return (self.between(0, 0.4, count, 3, 1, 1) + 0.06 * noise).clamp(0, 1)

    def add(self, pictures: Tensor, labels: Tensor, centres: Tensor, radii: Tensor) -> None:
        """Draw a shape into each of [n, 3, h, w]: labels [n], centres [n, 2] (x, y), radii [n], in pixels."""
        count, _, high, wide = pictures.shape
        rows = (torch.arange(high) + 0.5)[None, :, None] - centres[:, 1].view(-1, 1, 1)
        columns = (torch.arange(wide) + 0.5)[None, None, :] - centres[:, 0].view(-1, 1, 1)
        slant = self.between(-0.25, 0.25, count, 1, 1)
        x = (columns * slant.cos() + rows * slant.sin()) / radii.view(-1, 1, 1)
        y = (rows * slant.cos() - columns * slant.sin()) / radii.view(-1, 1, 1)
        near = (x.abs() <= 1.05) & (y.abs() <= 1.05)
        ink = self.between(0.55, 1, count, 3, 1, 1)
        for number, inside in enumerate(SHAPES.values()):
            chosen = labels == number
            mask = near[chosen] & inside(x[chosen], y[chosen])
            pictures[chosen] = torch.where(mask[:, None], ink[chosen], pictures[chosen])

    def labels(self, count: int) -> Tensor:
        """Numbers of shapes."""
        return torch.randint(len(NAMES), (count,), generator=self.generator)

    def one(self, labels: Tensor, size: int) -> Tensor:
        """[n, 3, size, size]: one shape in each picture."""
        pictures = self.background(len(labels), size)
        radii = self.between(0.28, 0.42, len(labels)) * size
        shift = (size / 2 - radii)[:, None] * self.between(-1, 1, len(labels), 2)
        self.add(pictures, labels, size / 2 + shift, radii)
        return pictures

    def several(self, count: int, size: int, most: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures of up to ``most`` shapes that do not meet.

        Returns:
            [count, 3, size, size], labels [count, most] (-1 for none), boxes [count, most, 4] (centre, width
            and height in pixels).
        """
        pictures = self.background(count, size)
        labels = torch.full((count, most), -1)
        boxes = torch.zeros(count, most, 4)
        for number in range(most):
            kind, radii = self.labels(count), self.between(7, 13, count)
            centres = radii[:, None] + (size - 2 * radii)[:, None] * self.between(0, 1, count, 2)
            apart = (centres[:, None] - boxes[:, :number, :2]).abs().amax(2)
            room = radii[:, None] + boxes[:, :number, 2] / 2
            free = (apart > room).all(1)
            canvas = pictures[free]
            self.add(canvas, kind[free], centres[free], radii[free])
            pictures[free] = canvas
            labels[free, number] = kind[free]
            sides = 2 * radii[:, None].expand(-1, 2)
            boxes[free, number] = torch.cat([centres, sides], 1)[free]
        return pictures, labels, boxes


class Namer(nn.Module):
    """A picture [n, 3, h, w] between 0 and 1 to a score for each shape."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            unit(3, 32, 3, 2), unit(32, 64, 3, 2), unit(64, 64), unit(64, 128, 3, 2), *head(128, len(NAMES))
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x - 0.5)


def _middles(count: int) -> Tensor:
    """Where the middles of places are, in pixels."""
    return (torch.arange(count, dtype=torch.float32) + 0.5) * BROAD


class Finder(nn.Module):
    """A picture to boxes, in the form of YOLOv8's exports.

    [n, 4 + shapes, places]: centre, width and height in pixels, then a score between 0 and 1 for each shape.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            unit(3, 32, 3, 2), unit(32, 48, 3, 2), unit(48, 64, 3, 2), unit(64, 64), unit(64, 64)
        )  # fmt: skip
        self.boxes = nn.Conv2d(64, 4, 1)
        self.scores = nn.Conv2d(64, len(NAMES), 1)
        nn.init.constant_(self.scores.bias, -4.0)  # pyright: ignore[reportArgumentType]

    def raw(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes [n, 4, h, w] in pixels, and scores before the sigmoid [n, shapes, h, w]."""
        features = self.body(x - 0.5)
        high, wide = features.shape[2:]
        rows, columns = _middles(high).view(1, 1, -1, 1), _middles(wide).view(1, 1, 1, -1)
        size = (1, 1, high, wide)
        usual = torch.full((1, 2, high, wide), 20.0)
        start = torch.cat([columns.expand(size), rows.expand(size), usual], 1)
        return start + BROAD * self.boxes(features), self.scores(features)

    def forward(self, x: Tensor) -> Tensor:
        boxes, scores = self.raw(x)
        return torch.cat([boxes.flatten(2), scores.sigmoid().flatten(2)], 1)


Model = TypeVar("Model", bound=nn.Module)


def add_learning(parser: argparse.ArgumentParser, size: int, steps: int) -> None:
    """The options of an example that learns drawn shapes, with the defaults of two."""
    add = parser.add_argument
    add("--size", type=int, default=size, help=f"of the picture, in pixels (default {size})")
    add("--steps", type=int, default=steps, help=f"of training (default {steps})")
    add("--seed", type=int, default=0, help="of the training and the picture (default 0)")
    add("--weights", metavar="FILE", type=Path, help="in place of training: what was saved")
    add("--save-weights", metavar="FILE", type=Path, help="keep what was learnt")


def learn(
    args: argparse.Namespace, fresh: Callable[[], Model], train: Callable[[int, int], Model]
) -> Model:
    """The network of --weights or a trained one, kept where --save-weights says.

    Args:
        args: options of :func:`add_learning`.
        fresh: makes the network untrained.
        train: makes it trained, of steps and seed.
    """
    if args.weights is None:
        model = train(args.steps, args.seed)
    else:
        model = fresh().eval()
        model.load_state_dict(torch.load(args.weights, map_location="cpu", weights_only=True))
    if args.save_weights is not None:
        torch.save(model.state_dict(), args.save_weights)
    return model


def train_namer(steps: int, seed: int) -> Namer:
    """The network that names a shape, trained on pictures of 64 pixels."""
    torch.manual_seed(seed)
    model, pen = Namer(), Pen(seed)

    def loss() -> Tensor:
        labels = pen.labels(24)
        return nn.functional.cross_entropy(model(pen.one(labels, 64)), labels)

    _train(model, steps, loss)
    return model


def train_finder(steps: int, seed: int) -> Finder:
    """The network that finds shapes, trained on pictures of 64 pixels."""
    torch.manual_seed(seed)
    model, pen = Finder(), Pen(seed)

    def loss() -> Tensor:
        pictures, labels, boxes = pen.several(16, 64, 3)
        return _detection_loss(*model.raw(pictures), labels, boxes)

    _train(model, steps, loss)
    return model


def _train(model: nn.Module, steps: int, loss: Callable[[], Tensor]) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), 4e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 8e-3, total_steps=max(steps, 2))
    model.train()
    # So small networks learn faster in one thread, and the same everywhere.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        rate.step()
    torch.set_num_threads(threads)
    model.eval()


def _detection_loss(boxes: Tensor, scores: Tensor, labels: Tensor, wanted: Tensor) -> Tensor:
    """A place answers for the shape whose middle half it lies in."""
    high, wide = boxes.shape[2:]
    x, y = _middles(wide).view(1, 1, 1, -1), _middles(high).view(1, 1, -1, 1)
    reach = (wanted[:, :, 2] / 4).clamp(min=BROAD / 2 + 0.1)[:, :, None, None]
    middle_x, middle_y = wanted[:, :, 0, None, None], wanted[:, :, 1, None, None]
    near = ((x - middle_x).abs() < reach) & ((y - middle_y).abs() < reach)
    near &= (labels >= 0)[:, :, None, None]
    target = torch.zeros_like(scores)
    batch, shape, row, column = near.nonzero(as_tuple=True)
    target[batch, labels[batch, shape], row, column] = 1.0
    chance = scores.sigmoid()
    # Most places hold nothing: those that are easily told so count little (focal loss).
    weight = torch.where(target > 0, 1 - chance, chance).detach() ** 2
    entropy = nn.functional.binary_cross_entropy_with_logits(scores, target, reduction="none")
    distance = (boxes[batch, :, row, column] - wanted[batch, shape]).abs().mean()
    return (weight * entropy).sum() / max(len(batch), 1) + distance / BROAD
