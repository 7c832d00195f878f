"""Names what a picture shows: a classifier, quantised by onnxruntime, compiled for the NPU.

python examples/classify.py --shape heart
python examples/classify.py --onnx mobilenet.onnx --image cat.jpg --labels imagenet.txt

Without a network of your own, one of ten drawn shapes is named: the network learns them first, in seconds,
from pictures that are drawn from the seed. Printed are the five likeliest names, onnxruntime's of the same
model on the CPU, where each operation went and why, and the predicted time.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from answers import (
    Array,
    class_names,
    load_theirs,
    parser_of,
    run_both,
    run_main,
    show,
    size_of,
    softmax,
)
from image_files import crop, read_image
from networks.quantise import to_onnx
from shapes import NAMES, Namer, Pen, train_namer
from torch import Tensor

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _learnt(args: argparse.Namespace) -> Namer:
    if args.weights is None:
        return train_namer(args.steps, args.seed)
    model = Namer().eval()
    model.load_state_dict(torch.load(args.weights, map_location="cpu", weights_only=True))
    return model


def _drawn(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[Tensor], list[str]]:
    """The shapes' network, a picture, pictures for the ranges, names."""
    pen = Pen(args.seed + 1)
    picture = pen.one(torch.tensor([NAMES.index(args.shape)]), args.size)
    if args.image is not None:
        picture = crop(read_image(args.image), args.size)
    print(show(picture[0]))
    ranges = [pen.one(pen.labels(1), args.size) for _ in range(16)]
    model = _learnt(args)
    if args.save_weights is not None:
        torch.save(model.state_dict(), args.save_weights)
    return to_onnx(model, picture), picture, ranges, NAMES


def _theirs(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[Tensor], list[str]]:
    """The user's network and picture."""
    if args.image is None:
        raise ValueError("--onnx needs --image, the picture to name")
    model = load_theirs(args.onnx, (1, 3, args.size, args.size))
    picture = crop(read_image(args.image), size_of(model)[0])
    print(show(picture[0]))
    mean, deviation = (torch.tensor(each).reshape(3, 1, 1) for each in (_MEAN, _STD))
    x = (picture - mean) / deviation
    count = model.graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    return model, x, [x, x.flip(3)], class_names(args.labels, model, count)


def likeliest(scores: Array, names: list[str]) -> str:
    """The five likeliest names of scores [1, classes], a share each; what are shares already stay."""
    shares = scores[0].astype(np.float64)
    if shares.min() < 0 or abs(shares.sum() - 1) > 0.01:
        shares = softmax(shares)
    best = np.argsort(-shares, kind="stable")[:5]
    return ", ".join(f"{names[number]} {shares[number]:.1%}" for number in best)


def main() -> None:
    parser = parser_of(
        __doc__, "an image 1x3xHxW, normalised as ImageNet's, to scores [1, classes]"
    )
    add = parser.add_argument
    add("--labels", metavar="FILE", type=Path, help="with --onnx: a name a line")
    add("--shape", choices=NAMES, default="heart", help="what is drawn (default heart)")
    add("--size", type=int, default=64, help="of the picture, in pixels (default 64)")
    add("--steps", type=int, default=240, help="of training (default 240)")
    add("--seed", type=int, default=0, help="of the training and the picture (default 0)")
    add("--weights", metavar="FILE", type=Path, help="in place of training: what was saved")
    add("--save-weights", metavar="FILE", type=Path, help="keep what was learnt")
    args = parser.parse_args()
    model, x, ranges, names = _drawn(args) if args.onnx is None else _theirs(args)
    result = run_both(args, model, x, ranges)
    print(f"NPU:         {likeliest(result.npu, names)}")
    print(f"onnxruntime: {likeliest(result.cpu, names)}")
    print(result.explain())


if __name__ == "__main__":
    run_main(main)
