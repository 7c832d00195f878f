"""What the examples with an answer share: options, the runs on the NPU and the CPU, what is printed."""

from __future__ import annotations

import argparse
import ast
import collections
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from networks.quantise import input_of, quantise, reference
from numpy.typing import NDArray
from torch import Tensor

import aie_conv
from aie_conv.errors import AieConvError, UsageError
from aie_conv.frontends.onnx.load import load_model
from aie_conv.frontends.onnx.prepare import prepare
from aie_conv.report.regions import describe_time, verdict

Array = NDArray[Any]
_INTEGER = {"QuantizeLinear", "QLinearConv", "ConvInteger"}


def parser_of(description: str | None, network: str) -> argparse.ArgumentParser:
    """The options that every example has.

    Args:
        description: the example's docstring; its first line is shown.
        network: what --onnx must give, for --help.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    add = parser.add_argument
    add("--device", default="npu4", help="the NPU (default npu4)")
    add("--run-on", default="sim", help="sim or xrt (default sim)")
    add("--route", default="auto", help="auto, im2col, direct or cpu (default auto)")
    add("--onnx", metavar="FILE", type=Path, help=f"a network of your own: {network}")
    add("--image", metavar="FILE", type=Path, help="your picture, or an .npy file of bytes HxWx3")
    return parser


def run_main(main: Callable[[], None]) -> None:
    """Run an example; what a user can mend is one line."""
    try:
        main()
    except (AieConvError, ValueError, OSError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")


@dataclass(frozen=True)
class Answer:
    """What came out.

    Attributes:
        npu: the first output of the compiled model.
        cpu: onnxruntime's of the same quantised model.
        seconds: what the call took here.
        session: the compiled model.
        run_on: what ran it.
    """

    npu: Array
    cpu: Array
    seconds: float
    session: aie_conv.Session
    run_on: str

    def explain(self) -> str:
        """Where everything went and why, and what a run is predicted to take."""
        report = self.session.report
        lines = [str(self.session), *_other_operations(report)]
        lines += [f"{name}: {time}" for name, time in describe_time(report)]
        lines.append(f"measured here: {self.seconds:.2f} s ({self.run_on})")
        return "\n".join([*lines, verdict(report)]).rstrip()


def run_both(
    args: argparse.Namespace,
    model: onnx.ModelProto,
    x: Tensor,
    ranges: Sequence[Tensor],
    **options: Any,
) -> Answer:
    """Quantise a model, where it is not yet, compile it, and run it on the NPU and by onnxruntime.

    Args:
        args: of :func:`parser_of`.
        model: of one input, its shape fixed.
        x: the input.
        ranges: inputs that the ranges of activations are taken from.
        options: for :func:`quantise`.
    """
    if not any(node.op_type in _INTEGER for node in model.graph.node):
        model = quantise(model, [each.numpy() for each in ranges], **options)
    session = aie_conv.Session(
        model, device=args.run_on, compile_options={"device": args.device, "route": args.route}
    )
    start = time.perf_counter()
    result = session.run(None, {input_of(model).name: x.numpy()})[0]
    seconds = time.perf_counter() - start
    return Answer(result, reference(model, x.numpy()), seconds, session, args.run_on)


def _other_operations(report: Mapping[str, Any]) -> list[str]:
    """A line for each reason why what is no convolution is where it is."""
    reasons = collections.Counter(
        ("CPU" if each["route"] == "cpu" else "NPU", each["reason"])
        for each in report["dispatches"]
        if not each["contraction"]
    )
    return [
        f"{count} other operation{'s' * (count > 1)} on the {where}: {reason}"
        for (where, reason), count in reasons.items()
    ]


def load_theirs(path: Path, shape: Sequence[int]) -> onnx.ModelProto:
    """The user's network, its shape fixed.

    Args:
        path: its file.
        shape: [1, channels, height, width], for the sizes that it leaves open.

    Raises:
        UsageError: it cannot be read, or its input is no picture in f32.
        ValueError: it has several inputs.
    """
    model = load_model(path)
    node = input_of(model)
    sizes = node.type.tensor_type.shape.dim
    if len(sizes) != len(shape) or node.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise UsageError(f"--onnx {path}: input '{node.name}': one of 1x3xHxW in f32 is filled")
    fixed = [
        size.dim_value if size.dim_value > 0 else wanted
        for size, wanted in zip(sizes, shape, strict=True)
    ]
    return prepare(model, {node.name: fixed})


def size_of(model: onnx.ModelProto) -> tuple[int, int]:
    """Height and width of a network's input."""
    high, wide = (size.dim_value for size in input_of(model).type.tensor_type.shape.dim[2:])
    return high, wide


def class_names(path: Path | None, model: onnx.ModelProto, count: int) -> list[str]:
    """What a network calls its classes.

    Args:
        path: a file with a name a line; else they are read from the model's metadata, "names" (as
            Ultralytics writes them) or "character" (as PaddleOCR's converters do), else they are numbers.
        model: the network.
        count: of classes.

    Raises:
        UsageError: there are fewer.
    """
    metadata = {each.key: each.value for each in model.metadata_props}
    if path is not None:
        names = path.read_text(encoding="utf-8").splitlines()
    elif "names" in metadata:
        names = list(ast.literal_eval(metadata["names"]).values())
    else:
        names = metadata.get("character", "").splitlines() or list(map(str, range(count)))
    if len(names) < count:
        raise UsageError(f"{path or 'the model'}: {len(names)} names for {count} classes")
    return names


def show(picture: Tensor, columns: int = 64) -> str:
    """[3, height, width] in characters, dark to light."""
    grey = picture.mean(0)[None, None]
    step = max(grey.shape[3] / columns, 1.0)
    size = [max(int(grey.shape[2] / step / 2), 1), int(grey.shape[3] / step)]
    small = torch.nn.functional.interpolate(grey, size, mode="area")[0, 0].clamp(0, 0.999)
    return "\n".join("".join(" .:-=+*#%@"[int(value * 10)] for value in row) for row in small)


def softmax(scores: Array) -> Array:
    """Shares of the last axis."""
    powers = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
