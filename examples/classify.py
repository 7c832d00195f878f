"""Names what a picture shows: a classifier, quantised by onnxruntime, compiled for the NPU.

python examples/classify.py --shape heart
python examples/classify.py --onnx mobilenet.onnx --image cat.jpg --labels imagenet.txt

Without a network of your own, one of ten drawn shapes is named: the network learns them first, in seconds,
from pictures that are drawn from the seed. Printed are the five likeliest names, onnxruntime's of the same
model on the CPU, where each operation went and why, and the predicted time.
"""

import argparse
from pathlib import Path

from extras import imports

with imports():
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
    from shapes import NAMES, Namer, Pen, add_learning, learn, train_namer
    from torch import Tensor

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _drawn(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[Tensor], list[str]]:
    """The shapes' network, a picture, pictures for the ranges, names."""
    pen = Pen(args.seed + 1)
    picture = pen.one(torch.tensor([NAMES.index(args.shape)]), args.size)
    if args.image is not None:
        picture = crop(read_image(args.image), args.size)
    print(show(picture[0]))
    ranges = [pen.one(pen.labels(1), args.size) for _ in range(16)]
    return to_onnx(learn(args, Namer, train_namer), picture), picture, ranges, NAMES


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
    add_learning(parser, size=64, steps=240)
    args = parser.parse_args()
    model, x, ranges, names = _drawn(args) if args.onnx is None else _theirs(args)
    result = run_both(args, model, x, ranges)
    print(f"NPU:         {likeliest(result.npu, names)}")
    print(f"onnxruntime: {likeliest(result.cpu, names)}")
    print(result.explain())


if __name__ == "__main__":
    run_main(main)
