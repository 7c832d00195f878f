"""What the benchmarks share: the model, stock IREE beside ours, and how a ratio is printed."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply, lengthened
from aie_conv.plan import Decision, Plan
from aie_conv.problem import BLOCK_FLOAT, DTYPE_BYTES, ConvProblem
from aie_conv.sim import Simulator
from aie_conv.sim.functional.commands import transfers

BIN = Path(sys.executable).parent
EXAMPLES = Path(__file__).parent.parent / "examples"
CALIBRATION = Path(__file__).parent / "calibration.csv"
"""Published measurements, each with its source."""
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


@dataclass(frozen=True)
class Layer:
    """A problem of a network: its first name, how often it occurs, its constant operands.

    Problems that differ in the epilogue's numbers alone (shifts and bounds of int8) are one.
    """

    name: str
    count: int
    problem: ConvProblem
    constants: frozenset[str]


@dataclass(frozen=True)
class Run:
    """One route's plan, simulated.

    Attributes:
        plan: the plan.
        cycles: of the array, from the first command to the last token.
        host: price of the host copies and the dispatch, in the same cycles.
        share: multiply-accumulates of the problem per cycle that the cores compute, of their peak.
        shim_bytes: what crossed the array's border.
        result: the output buffer.
    """

    plan: Plan
    cycles: int
    host: int
    share: float
    shim_bytes: int
    result: NDArray[Any]

    @property
    def cost(self) -> int:
        return self.cycles + self.host


def argument_bytes(simulator: Simulator) -> Counter[int]:
    """Bytes that a program's transfers move, by the argument's number."""
    moved: Counter[int] = Counter()
    for transfer in transfers(simulator.commands):
        moved[transfer.argument] += transfer.bytes
    return moved


def write_resnet50(folder: Path, dtype: str) -> Path:
    """ResNet-50 with seeded weights as MLIR bytecode; dtype "f32" or "bf16"."""
    sys.path.insert(0, str(EXAMPLES))
    import resnet50_model
    import torch
    from folding import fold_batch_norm
    from imagenet import synthetic_images

    from aie_conv.frontends.torch import import_model

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
    times = ours / theirs
    what = f"{what}: {ours:.3f} s / {theirs:.3f} s = {times:.2f}"
    return verdict(what, times <= limit, f"at most {limit:g}")


def verdict(what: str, holds: bool, aim: str) -> bool:
    """Print one line with its aim; whether it is met."""
    print(f"{what} ({aim}) {'ok' if holds else 'MISSED'}", flush=True)
    return holds


def layers(network: str, dtype: str, size: int) -> list[Layer]:
    """The distinct contractions of a network, in program order."""
    sys.path.insert(0, str(EXAMPLES))
    import importlib

    from network_report import named
    from network_run import module_of

    from aie_conv.pipeline import decide_each, import_module, recognise, run, start
    from aie_conv.report.json import entry

    example = importlib.import_module(network).EXAMPLE
    state = run(start(module_of(example, dtype, size)), [import_module, recognise])
    constants = {request.name: request.constants for request in state.requests}
    decide_each(state, lambda _: Decision("cpu", "not asked yet"))
    found = [d for d in state.dispatches if d.problem]
    pairs = named([entry(d) for d in found], example.shapes(size))
    names = {e["name"]: shape.name for shape, e in pairs if e is not None}
    distinct: dict[object, list[Layer]] = {}
    for dispatch in found:
        if dispatch.problem is not None and dispatch.name in constants:
            name, equal = names.get(dispatch.name, "classifier"), constants[dispatch.name]
            key = (without_numbers(dispatch.problem), equal)
            distinct.setdefault(key, []).append(Layer(name, 1, dispatch.problem, equal))
    return [replace(calls[0], count=len(calls)) for calls in distinct.values()]


def without_numbers(problem: ConvProblem) -> ConvProblem:
    """The problem with every constant of its epilogue zero."""
    steps = tuple(
        replace(step, attr=0) if step.op == "arith.constant" else step
        for step in problem.epilogue.steps
    )
    return replace(problem, epilogue=replace(problem.epilogue, steps=steps))


def operands(problem: ConvProblem) -> dict[str, NDArray[Any]]:
    """Random values for every buffer of a problem, the output included."""
    rng = np.random.default_rng(0)
    buffers = {"lhs": problem.lhs, "rhs": problem.rhs, "out": problem.out}
    buffers |= {f"in{i}": given.operand for i, given in enumerate(problem.epilogue.inputs)}
    return {
        name: (
            rng.integers(-8, 8, buffer.shape) if buffer.dtype[0] == "i" else
            rng.standard_normal(buffer.shape)
        ).astype(NUMPY_DTYPE[buffer.dtype])
        for name, buffer in buffers.items()
    }  # fmt: skip


def simulate(plan: Plan, host: int, values: dict[str, NDArray[Any]]) -> Run:
    """Run a plan's program between its host copies."""
    problem = plan.problem
    buffers = apply(plan.prologue, {k: v for k, v in values.items() if k != "out"})
    last = plan.arguments[-1]
    out = values["out"].copy()
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else out.reshape(-1)
    flat = [
        lengthened(np.ascontiguousarray(buffers[a.name]).reshape(-1), a.slack)
        for a in plan.arguments
    ]
    stats = Simulator(plan.emit()).run(flat)
    result = flat[-1].reshape(out.shape) if not plan.finish else None
    if result is None:
        result = apply(plan.finish, {**values, "result": flat[-1], "out": out})["out"]
    peak = get_device(plan.device).arch.macs_per_cycle[unit_of(plan)]
    share = problem.macs / (sum(stats.core_cycles.values()) * peak)
    return Run(plan, stats.cycles, host, share, stats.shim_bytes, result)


def unit_of(plan: Plan) -> str:
    """What the cores multiply, whose peak a plan is held against."""
    problem = plan.problem
    if plan.arithmetic == BLOCK_FLOAT:
        return BLOCK_FLOAT
    return max((problem.lhs.dtype, problem.rhs.dtype), key=DTYPE_BYTES.__getitem__)
