"""What the benchmarks share: the model, stock IREE beside ours, and how a ratio is printed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
EXAMPLES = Path(__file__).parent.parent / "examples"
HOST = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
)
"""Flags of a plain compilation for this machine's CPU."""
BEST = (
    "--iree-global-opt-use-im2col-for-convs",
    "--iree-opt-data-tiling",
    "--iree-llvmcpu-enable-ukernels=all",
)
"""The three flags that make stock IREE's CPU convolutions fastest."""


def write_resnet50(folder: Path, dtype: str) -> Path:
    """ResNet-50 with seeded weights as MLIR bytecode; dtype "f32" or "bf16"."""
    sys.path.insert(0, str(EXAMPLES))
    import resnet50_model
    import torch
    from imagenet import synthetic_images

    from aie_conv.frontends.torch import fold_batch_norm, import_model

    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    model = fold_batch_norm(resnet50_model.build(0)).to(kind)
    path = folder / f"resnet50_{dtype}.mlirbc"
    path.write_bytes(import_model(model, (synthetic_images(1, 2).to(kind),)))
    return path


def run(command: Sequence[str | Path]) -> float:
    """Run a command to its end; the seconds it took."""
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{command[0]}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return seconds


def best(times: int, action: Callable[[], object]) -> float:
    """Seconds of the fastest of several calls."""
    seconds: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def stock_inference(vmfb: Path, dtype: str) -> float:
    """Seconds of one inference of a stock CPU artifact, by IREE's own benchmark."""
    command = [
        BIN / "iree-benchmark-module",
        f"--module={vmfb}",
        "--function=main",
        "--device=local-task",
        f"--input=1x3x224x224x{dtype}=0.5",
        "--benchmark_format=json",
        "--benchmark_min_time=2s",
    ]
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout)["benchmarks"][0]["real_time"]) / 1e3


def ratio(what: str, ours: float, theirs: float, limit: float) -> bool:
    """Print one line; whether the limit holds."""
    holds = ours <= limit * theirs
    print(
        f"{what}: {ours:.3f} s / {theirs:.3f} s = {ours / theirs:.2f} "
        f"(at most {limit:g}) {'ok' if holds else 'MISSED'}",
        flush=True,
    )
    return holds
