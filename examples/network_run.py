"""What every example does with its network: export, compile, run on the (simulated) NPU, compare."""

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import torch
from folding import fold_batch_norm
from imagenet import SIZE, ConvShape, load_image, synthetic_images
from int8_mlir import module_text
from int8_network import Walk, quantise, reference
from network_report import Phases, comparison, table
from numpy.typing import NDArray

import aie_conv
from aie_conv.errors import AieConvError
from aie_conv.frontends.torch import import_model
from aie_conv.options import F32_MODES
from aie_conv.partitioner import route_names


@dataclass(frozen=True)
class Example:
    """A network that an example runs.

    Attributes:
        name: for messages.
        title: one line for --help.
        build: makes the model of a seed, a file of weights or None, and the images' size.
        shapes: its convolutions for images of a size.
        walk: its operations, for the integer form.
    """

    name: str
    title: str
    build: Callable[[int, Path | None, int], torch.nn.Module]
    shapes: Callable[[int], Iterable[ConvShape]]
    walk: Walk


def _size(text: str) -> int:
    value = int(text)
    if value < 32 or value % 32:
        raise argparse.ArgumentTypeError(f"{text}: give a multiple of 32")
    return value


def options(example: Example, argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=example.title)
    add = parser.add_argument
    add("--dtype", choices=("bf16", "int8", "f32"), default="bf16", help="of the convolutions")
    add("--device-model", choices=("npu1_4col", "npu4"), default="npu1_4col", help="the NPU")
    add("--route", choices=route_names(), default="auto", help="of the convolutions")
    add(
        "--f32",
        choices=F32_MODES,
        default="cpu",
        help="with --dtype f32: whether and how the NPU may compute f32 convolutions",
    )
    add("--emit", metavar="DIR", type=Path, help="write the AIE module of each NPU dispatch here")
    add("--report", metavar="FILE", type=Path, help="write the compiler's report and the results")
    add("--compile-only", action="store_true", help="stop behind the table of convolutions")
    add("--weights", metavar="FILE", type=Path, help="a torch state dict, torchvision's names")
    add("--image", metavar="FILE", type=Path, help="a picture, or an .npy of 1x3xSIZExSIZE")
    add("--size", type=_size, default=SIZE, help="height and width of the image")
    add("--device", choices=("sim", "xrt"), default="sim", help="what runs the compiled model")
    add("--seed", type=int, default=0, help="of the weights and the synthetic image")
    return parser.parse_args(argv)


@dataclass(frozen=True)
class Job:
    """What is compiled and what must come out.

    Attributes:
        module: MLIR of the model, text or bytecode, with one function "main".
        image: its argument.
        logit_scale: what turns its result into logits.
        expected: its result in the same arithmetic as torch or the integer reference has it.
        against: what computed ``expected``.
        logits: torch's f32 logits of the unquantised model.
        exact: where every bit must agree, the integers that must come out.
    """

    module: bytes
    image: NDArray[Any]
    logit_scale: float
    expected: NDArray[np.float32]
    against: str
    logits: NDArray[np.float32]
    exact: NDArray[np.int32] | None = None


@torch.no_grad()
def prepare(example: Example, args: argparse.Namespace, phases: Phases) -> Job:
    """Model and image; exported, and computed by torch for the comparison."""
    with phases("weights and image"):
        model = fold_batch_norm(example.build(args.seed, args.weights, args.size))
        if args.image is None:
            image = synthetic_images(1, args.seed + 2, args.size)
        else:
            image = load_image(args.image, args.size)
        logits = model(image).numpy()
    if args.dtype == "int8":
        with phases("quantise and export"):
            images = synthetic_images(4, args.seed + 3, args.size)
            network = quantise(example.walk, model, torch.cat([images, image]))
            module = module_text(example.walk, network).encode()
        with phases("exact integer reference"):
            exact = reference(example.walk, network, image)
        scale = 2.0**-network.logit_exponent
        expected = (exact * scale).astype(np.float32)
        against = "the exact integer reference"
        return Job(module, image.numpy(), scale, expected, against, logits, exact)
    dtype = torch.bfloat16 if args.dtype == "bf16" else torch.float32
    model, given = model.to(dtype), image.to(dtype)
    with phases("export"):
        module = import_model(model, (given,))
    with phases(f"torch {args.dtype} on the CPU"):
        expected = model(given).float().numpy()
    array = given.numpy() if args.dtype == "f32" else _as_bf16(given)
    return Job(module, array, 1.0, expected, f"torch in {args.dtype}", logits)


def module_of(example: Example, dtype: str, size: int = SIZE, seed: int = 0) -> bytes:
    """The network with seeded weights as MLIR; dtype "bf16", "int8" or "f32"."""
    model = fold_batch_norm(example.build(seed, None, size))
    if dtype == "int8":
        images = synthetic_images(2, seed + 3, size)
        return module_text(example.walk, quantise(example.walk, model, images)).encode()
    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    return import_model(model.to(kind), (synthetic_images(1, seed + 2, size).to(kind),))


def _as_bf16(tensor: torch.Tensor) -> NDArray[Any]:
    """torch's bf16 as numpy's, which torch itself cannot do."""
    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def progress(calls: int) -> Callable[[str, dict[str, Any]], None]:
    """What prints a line behind each of so many calls of the NPU."""
    numbers = itertools.count(1)

    def show(name: str, figures: dict[str, Any]) -> None:
        cycles = f", {figures['cycles']} cycles" if "cycles" in figures else ""
        print(f"  {next(numbers)} of {calls}: {name}{cycles}", flush=True)

    return show


def execute(example: Example, args: argparse.Namespace, phases: Phases) -> int:
    """Everything; returns the exit status."""
    job = prepare(example, args, phases)
    with phases("compile"):
        artifact = aie_conv.compile(
            job.module, device=args.device_model, route=args.route, f32=args.f32, emit=args.emit
        )
    shapes = example.shapes(args.size)
    print("\n" + table(artifact.report, shapes, args.device_model, args.dtype) + "\n", flush=True)
    results: dict[str, Any] = {}
    status = 0
    if not args.compile_only:
        show = progress(artifact.report["totals"]["time"]["launches"])
        with phases(f"load on {args.device}"):
            program = aie_conv.load(artifact, device=args.device, progress=show)
        with phases(f"run on {args.device}"):
            output = np.asarray(program.main(job.image))
        found = output.astype(np.float32) * np.float32(job.logit_scale)
        references = {job.against: job.expected, "torch in f32": job.logits}
        for name, expected in references.items():
            text, results[name] = comparison(found, expected, name)
            print(text)
        if job.exact is not None:
            equal = np.array_equal(output, job.exact)
            results["exact"] = equal
            print("every logit equals the integer reference" if equal else "LOGITS DIFFER")
            status = 0 if equal else 1
    print(phases.summary())
    if args.report is not None:
        data = {**artifact.report, "results": results, "example_seconds": phases.seconds}
        args.report.write_text(json.dumps(data, indent=2) + "\n")
    return status


def main(example: Example, argv: Sequence[str] | None = None) -> int:
    args = options(example, argv)
    try:
        return execute(example, args, Phases())
    except (AieConvError, ValueError, OSError) as error:
        print(f"{example.name}: {error}", file=sys.stderr)
        return 2
