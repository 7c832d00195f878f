"""ResNet-50 through the amd-aie target backend: exported, compiled, run on the (simulated) NPU.

`make resnet50` runs this with its defaults; `--help` lists the options.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import resnet50_int8
import resnet50_int8_mlir
import resnet50_model
import torch
from numpy.typing import NDArray
from resnet50_report import Phases, comparison, table

import aie_conv
from aie_conv.errors import AieConvError
from aie_conv.frontends.torch import fold_batch_norm, import_model


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--dtype", choices=("bf16", "int8", "f32"), default="bf16", help="of the convolutions")
    add("--device-model", choices=("npu1_4col", "npu4"), default="npu1_4col", help="the NPU")
    add("--route", choices=("auto", "cpu", "im2col"), default="auto", help="of the convolutions")
    add(
        "--f32",
        choices=("cpu", "bf16"),
        default="cpu",
        help="with --dtype f32: whether the NPU may compute f32 convolutions in bf16",
    )
    add("--emit", metavar="DIR", type=Path, help="write the AIE module of each NPU dispatch here")
    add("--report", metavar="FILE", type=Path, help="write the compiler's report and the results")
    add("--compile-only", action="store_true", help="stop behind the table of convolutions")
    add("--weights", metavar="FILE", type=Path, help="a torch state dict, torchvision's names")
    add("--image", metavar="FILE", type=Path, help="a picture, or an .npy of 1x3x224x224")
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
def prepare(args: argparse.Namespace, phases: Phases) -> Job:
    """Model and image; exported, and computed by torch for the comparison."""
    with phases("weights and image"):
        model = fold_batch_norm(resnet50_model.build(args.seed, args.weights))
        if args.image is None:
            image = resnet50_model.synthetic_images(1, args.seed + 2)
        else:
            image = resnet50_model.load_image(args.image)
        logits = model(image).numpy()
    if args.dtype == "int8":
        with phases("quantise and export"):
            images = resnet50_model.synthetic_images(4, args.seed + 3)
            network = resnet50_int8.quantise(model, torch.cat([images, image]))
            module = resnet50_int8_mlir.module_text(network).encode()
        with phases("exact integer reference"):
            exact = resnet50_int8.reference(network, image)
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


def _as_bf16(tensor: torch.Tensor) -> NDArray[Any]:
    """torch's bf16 as numpy's, which torch itself cannot do."""
    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def progress(calls: int) -> Callable[[str, dict[str, Any]], None]:
    """What prints a line behind each of so many NPU dispatches."""
    numbers = itertools.count(1)

    def show(name: str, figures: dict[str, Any]) -> None:
        cycles = f", {figures['cycles']} cycles" if "cycles" in figures else ""
        print(f"  {next(numbers)} of {calls}: {name}{cycles}", flush=True)

    return show


def execute(args: argparse.Namespace, phases: Phases) -> int:
    """Everything; returns the exit status."""
    job = prepare(args, phases)
    with phases("compile"):
        artifact = aie_conv.compile(
            job.module, device=args.device_model, route=args.route, f32=args.f32, emit=args.emit
        )
    print("\n" + table(artifact.report, args.device_model, args.dtype) + "\n", flush=True)
    results: dict[str, Any] = {}
    status = 0
    if not args.compile_only:
        show = progress(sum(e["route"] != "cpu" for e in artifact.report["dispatches"]))
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


def main(argv: Sequence[str] | None = None) -> int:
    args = options(argv)
    try:
        return execute(args, Phases())
    except (AieConvError, ValueError, OSError) as error:
        print(f"resnet50: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
