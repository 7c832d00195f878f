"""Finds what a picture holds and draws boxes: a detector, quantised by onnxruntime, compiled for the NPU.

python examples/detect.py --output found.png
python examples/detect.py --onnx yolov8n.onnx --image street.jpg --output found.png

Without a network of your own, drawn shapes are found: the network learns them first, in seconds, from
pictures that are drawn from the seed. Printed are the boxes, onnxruntime's of the same model on the CPU,
where each operation went and why, and the predicted time.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from extras import imports

with imports():
    import numpy as np
    import onnx
    import torch
    from answers import Array, class_names, load_theirs, parser_of, run_both, run_main, size_of
    from image_files import draw_box, fit, read_image, write_png
    from networks.quantise import behind_convolutions, to_onnx
    from shapes import NAMES, Finder, Pen, add_learning, learn, train_finder
    from torch import Tensor


@dataclass(frozen=True)
class Thing:
    """A thing in a picture.

    Attributes:
        name: what it is.
        score: between 0 and 1.
        box: left, top, right and bottom in pixels.
    """

    name: str
    score: float
    box: tuple[float, float, float, float]

    def __str__(self) -> str:
        return f"{self.name} {self.score:.0%} at {', '.join(f'{side:.0f}' for side in self.box)}"


def find(output: Array, names: list[str], least: float) -> list[Thing]:
    """The things of a detector's output, each once, the surest first.

    Args:
        output: [1, 4 + classes, places]: centre, width and height of a box in pixels, and scores.
        names: of the classes.
        least: the score below which nothing is reported.
    """
    boxes, scores = output[0, :4].astype(np.float64), output[0, 4:]
    corners = np.stack([boxes[:2] - boxes[2:] / 2, boxes[:2] + boxes[2:] / 2]).reshape(4, -1).T
    best = scores.argmax(0)
    sure = scores.max(0)
    things: list[Thing] = []
    for place in np.argsort(-sure, kind="stable"):
        if sure[place] < least:
            break
        thing = Thing(names[best[place]], float(sure[place]), tuple(map(float, corners[place])))
        if all(_overlap(thing.box, other.box) < 0.5 for other in things):
            things.append(thing)
    return things


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes share, of what they cover together."""
    sides = [max(min(one[i + 2], other[i + 2]) - max(one[i], other[i]), 0.0) for i in (0, 1)]
    shared = sides[0] * sides[1]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / max(sum(areas) - shared, 1e-9)


def _drawn(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[Tensor], list[str]]:
    """The shapes' network, a picture, pictures for the ranges, names."""
    pen = Pen(args.seed + 1)
    picture, labels, boxes = pen.several(1, args.size, 6)
    if args.image is not None:
        picture = fit(read_image(args.image), args.size, args.size)
    else:
        for label, (x, y, wide, high) in zip(labels[0], boxes[0].tolist(), strict=True):
            if label >= 0:
                sides = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
                print(f"drawn: {NAMES[label]} at {', '.join(f'{side:.0f}' for side in sides)}")
    ranges = [pen.several(1, args.size, 6)[0] for _ in range(8)]
    return to_onnx(learn(args, Finder, train_finder), picture), picture, ranges, NAMES


def _theirs(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[Tensor], list[str]]:
    """The user's network and picture."""
    if args.image is None:
        raise ValueError("--onnx needs --image, the picture to look at")
    model = load_theirs(args.onnx, (1, 3, args.size, args.size))
    picture = fit(read_image(args.image), *size_of(model))
    sizes = [size.dim_value for size in model.graph.output[0].type.tensor_type.shape.dim]
    if len(sizes) != 3 or sizes[1] < 5:
        shape = "x".join(map(str, sizes))
        raise ValueError(
            f"--onnx {args.onnx}: its output is {shape}: 1 x (4 + classes) x places is read"
        )
    return model, picture, [picture, picture.flip(3)], class_names(args.labels, model, sizes[1] - 4)


def main() -> None:
    parser = parser_of(
        __doc__,
        "1x3xHxW between 0 and 1 to boxes and scores [1, 4 + classes, places], as YOLOv8's exports",
    )
    add = parser.add_argument
    add("--labels", metavar="FILE", type=Path, help="with --onnx: a name a line")
    add("--output", metavar="FILE.png", type=Path, help="the picture with boxes")
    add("--least", type=float, default=0.4, help="the score of what is reported (default 0.4)")
    add_learning(parser, size=128, steps=350)
    args = parser.parse_args()
    model, x, ranges, names = _drawn(args) if args.onnx is None else _theirs(args)
    result = run_both(args, model, x, ranges, nodes_to_exclude=behind_convolutions(model))
    results = [find(each, names, args.least) for each in (result.npu, result.cpu)]
    for who, things in zip(("NPU", "onnxruntime"), results, strict=True):
        print(f"{who}: {len(things)} found")
        print("\n".join(f"  {thing}" for thing in things))
    if args.output is not None:
        picture = x[0].clone()
        for thing in results[0]:
            draw_box(picture, thing.box, torch.tensor([1.0, 0.1, 0.1]))
        write_png(args.output, picture)
    print(result.explain())


if __name__ == "__main__":
    run_main(main)
