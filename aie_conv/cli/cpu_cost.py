"""`aie-conv cpu-cost`: what convolutions cost on this machine's CPU, for the choice of routes.

What is timed is the code that a mixed module has on its CPU side: channels last, constant filters in
the CPU's order. One small convolution goes to the NPU to make the module a mixed one; it is not run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.errors import UsageError
from aie_conv.problem import DTYPE_BYTES

if TYPE_CHECKING:
    from aie_conv.assignment import Request
    from aie_conv.partitioner.cost import HostCost
    from aie_conv.plan import Decision
    from aie_conv.runtime.program import Program

_HELP = """\
usage: aie-conv cpu-cost measure|show

What convolutions cost on the CPU, which --amd-aie-route=auto weighs against the NPU.

  measure  time a handful of convolutions here (some seconds; let nothing else run) and store the
           rates for `aie-conv compile --amd-aie-cpu-cost=measured`
  show     print the stored rates beside the fixed ones that are used by default
"""

_CHAIN = 9
"""Equal convolutions that are timed together: one alone is mostly the call from Python."""

_REPEATS = 12
_ALIGNMENT = "10000000"
"""Of a resource's bytes, as MLIR writes 16."""

_ACCUMULATOR = {"f32": "f32", "bf16": "f32"}


@dataclass(frozen=True)
class _Sample:
    """A convolution of a square NHWC image without border.

    Attributes:
        name: of its functions.
        dtype: operand type.
        size: height and width.
        c, oc: channels.
        window: height and width of the window.
        depthwise: each channel by itself; ``oc`` is not used.
    """

    name: str
    dtype: str
    size: int
    c: int
    oc: int
    window: int
    depthwise: bool = False

    @property
    def accumulator(self) -> str:
        """Type of the sums."""
        return _ACCUMULATOR.get(self.dtype, "i32")

    @property
    def out(self) -> int:
        """Height and width of the result."""
        return self.size - self.window + 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one convolution."""
        per_pixel = self.c * self.window**2 * (1 if self.depthwise else self.oc)
        return self.out**2 * per_pixel

    @property
    def filter_shape(self) -> tuple[int, ...]:
        """As the operations below want it."""
        w = self.window
        return (w, w, self.c) if self.depthwise else (self.oc, w, w, self.c)

    @property
    def filter_bytes(self) -> int:
        """Bytes of the filter."""
        return prod(self.filter_shape) * DTYPE_BYTES[self.dtype]

    def text(self, name: str, count: int) -> str:
        """A function of ``count`` convolutions of one image, each added to the one before.

        Behind barriers, without which IREE would see that they are one and the same.
        """
        kind, acc = self.dtype, self.accumulator
        image = f"tensor<1x{self.size}x{self.size}x{self.c}x{kind}>"
        channels = self.c if self.depthwise else self.oc
        result = f"tensor<1x{self.out}x{self.out}x{channels}x{acc}>"
        op = "depthwise_conv_2d_nhwc_hwc" if self.depthwise else "conv_2d_nhwc_fhwc"
        weights = f"tensor<{'x'.join(map(str, self.filter_shape))}x{kind}>"
        zero = "0.0" if acc == "f32" else "0"
        ones = "dense<1> : vector<2xi64>"
        body = "".join(
            f"  %x{i} = util.optimization_barrier %x : {image}\n"
            f"  %y{i + 1} = linalg.{op} {{dilations = {ones}, strides = {ones}}}"
            f" ins(%x{i}, %w : {image}, {weights}) outs(%y{i} : {result}) -> {result}\n"
            for i in range(count)
        )
        return f"""func.func @{name}(%x: {image}) -> {result} {{
  %w = arith.constant dense_resource<bytes{self.filter_bytes}> : {weights}
  %zero = arith.constant {zero} : {acc}
  %empty = tensor.empty() : {result}
  %y0 = linalg.fill ins(%zero : {acc}) outs(%empty : {result}) -> {result}
{body}  return %y{count} : {result}
}}
"""

    def image(self) -> np.ndarray:
        """An image of ones."""
        from aie_conv.layout.hostcopy import NUMPY_DTYPE

        return np.ones((1, self.size, self.size, self.c), NUMPY_DTYPE[self.dtype])


_SIDE = 512
"""Side of the f32 matrix whose transposition stands for a host copy."""


def _transpositions(name: str, count: int) -> str:
    kind = f"tensor<{_SIDE}x{_SIDE}xf32>"
    body = "".join(
        f"""  %b{i} = util.optimization_barrier %y{i} : {kind}
  %e{i} = tensor.empty() : {kind}
  %y{i + 1} = linalg.transpose ins(%b{i} : {kind}) outs(%e{i} : {kind}) permutation = [1, 0]
"""
        for i in range(count)
    )
    return f"func.func @{name}(%y0: {kind}) -> {kind} {{\n{body}  return %y{count} : {kind}\n}}\n"


def _samples(dtype: str) -> tuple[list[_Sample], list[_Sample]]:
    """The dense and the grouped convolutions of a type."""
    dense = [
        _Sample(f"{dtype}_window", dtype, 30, 128, 128, 3),
        _Sample(f"{dtype}_point", dtype, 28, 256, 256, 1),
    ]
    return dense, [_Sample(f"{dtype}_depthwise", dtype, 58, 144, 144, 3, depthwise=True)]


_ARRAY_BYTES = 2**27
"""Of an array that no cache holds; copying it shows what memory gives, as weights are read."""

_TINY = _Sample("tiny", "f32", 4, 16, 16, 1)
_NPU = _Sample("npu", "bf16", 6, 8, 16, 3)


def _resources(samples: list[_Sample]) -> str:
    """The filters' values: numbers near one half, not all equal, as real filters are not."""
    blobs = ", ".join(
        f'bytes{size}: "0x{_ALIGNMENT}{"3F3E" * (size // 2)}"'
        for size in sorted({sample.filter_bytes for sample in samples})
    )
    return f"{{-# dialect_resources: {{ builtin: {{ {blobs} }} }} #-}}\n"


def _load(samples: list[_Sample]) -> Program:
    """Compile every sample once and as a chain, and load the module."""
    from aie_conv.partitioner import choose
    from aie_conv.pipeline import (
        CompileState,
        decide_each,
        emit,
        generate,
        import_module,
        recognise,
        rewrite,
        run,
        start,
    )
    from aie_conv.runtime.program import load_program

    text = _resources([_NPU, *samples]) + _NPU.text(_NPU.name, 1)
    for count in (1, _CHAIN):
        text += "".join(sample.text(f"{sample.name}_{count}", count) for sample in samples)
        text += _transpositions(f"copy_{count}", count)

    def place(state: CompileState) -> None:
        """One convolution on the NPU, so that the module has the form of a mixed one."""

        def decide(request: Request) -> Decision:
            route = "im2col" if request.name.startswith(_NPU.name) else "cpu"
            return choose(request.problem, device="npu1_4col", route=route)

        decide_each(state, decide)

    state = start(text.encode())
    run(state, [import_module, recognise, place, emit, rewrite, generate])
    return load_program(state.vmfb, "null")


def _fastest(action: Callable[[], Any]) -> float:
    seconds: list[float] = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure() -> HostCost:
    """Time this machine; some seconds."""
    from aie_conv.partitioner.cost import DTYPES, HostCost

    kinds = {dtype: _samples(dtype) for dtype in DTYPES}
    every = [s for dense, grouped in kinds.values() for s in (*dense, *grouped)]
    program = _load([_TINY, *every])

    def each(name: str, image: np.ndarray) -> float:
        """Seconds of one operation of a chain, its dispatch included; never nothing."""
        long, short = (
            _fastest(lambda f=program[f"{name}_{count}"]: f(image)) for count in (_CHAIN, 1)
        )
        return max((long - short) / (_CHAIN - 1), 1e-7)

    array, copied = (np.ones(_ARRAY_BYTES, np.uint8) for _ in range(2))
    dispatch = each(_TINY.name, _TINY.image())

    def work(name: str, image: np.ndarray) -> float:
        return max(each(name, image) - dispatch, 1e-7)

    def rate(samples: list[_Sample]) -> float:
        return sum(s.macs for s in samples) / sum(work(s.name, s.image()) for s in samples)

    return HostCost(
        source="measured",
        dispatch_seconds=dispatch,
        bytes_per_second=2 * _ARRAY_BYTES / _fastest(lambda: np.copyto(copied, array)),
        copy_bytes_per_second=8 * _SIDE**2 / work("copy", np.ones((_SIDE, _SIDE), np.float32)),
        dense={dtype: rate(dense) for dtype, (dense, _) in kinds.items()},
        grouped={dtype: rate(grouped) for dtype, (_, grouped) in kinds.items()},
    )


def _table(costs: list[HostCost]) -> str:
    """The costs in columns."""
    from aie_conv.partitioner.cost import DTYPES, as_json

    data = [as_json(cost) for cost in costs]
    rows = [("", *(cost.source for cost in costs))]
    for key, what in (
        ("dispatch_us", "dispatch, us"),
        ("gbytes_per_second", "memory, GB/s"),
        ("copy_gbytes_per_second", "host copies, GB/s"),
    ):
        rows.append((what, *(f"{d[key]:.3g}" for d in data)))
    for key, what in (("dense_gmacs", "dense"), ("grouped_gmacs", "grouped")):
        for dtype in DTYPES:
            rows.append((f"{what} {dtype}, GMAC/s", *(f"{d[key][dtype]:.3g}" for d in data)))
    lines = [f"{name:<20}" + "".join(f"{value:>10}" for value in rest) for name, *rest in rows]
    return "\n".join(lines)


def run_cpu_cost(arguments: list[str]) -> int:
    """The command.

    Raises:
        UsageError: an unknown action, nothing stored, or a folder that cannot be written.
    """
    from aie_conv.partitioner.cost import FIXED, as_json, load_measured, stored_path

    if not arguments or {"-h", "--help"} & set(arguments):
        print(_HELP, end="")
        return 0 if arguments else 2
    if arguments not in (["measure"], ["show"]):
        raise UsageError(f"'{' '.join(arguments)}': unknown: use measure or show")
    if arguments == ["show"]:
        print(_table([load_measured(), FIXED]))
        return 0
    from aie_conv.files import make_folder, write_whole

    path = stored_path()
    make_folder(path.parent)
    print("aie-conv cpu-cost: compiling and timing", file=sys.stderr)
    cost = measure()
    write_whole(path, json.dumps(as_json(cost), indent=1).encode() + b"\n")
    print(f"{_table([cost, FIXED])}\n{path}: written")
    return 0
