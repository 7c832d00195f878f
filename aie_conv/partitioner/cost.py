"""What the host costs: a contraction on the CPU, and the copies around a call of the NPU.

The partitioner compares times. The NPU's is its plan's array time; beside it stand the host copies of
each call, and a dispatch's overhead on either side. Left out on both sides: moving a dispatch between
the two (IREE's buffers are shared with the NPU). What a change of the array's configuration costs is no
property of one dispatch: :mod:`aie_conv.partitioner.configurations` counts it for a whole module.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from aie_conv.errors import UsageError
from aie_conv.files import read_text, user_cache
from aie_conv.layout.hostcopy import HostCopy, made_of
from aie_conv.plan import Split
from aie_conv.problem import DTYPE_BYTES, ConvProblem, OperationProblem, Problem

VERSION = 1
"""Of the file of measured costs."""

DTYPES = ("f32", "bf16", "i8", "i16", "i32")
"""The operand types whose rates are told apart."""

_AS = {"f16": "bf16", "i1": "i8"}
"""Types that are priced as another one."""


class _Copies(Protocol):
    """The part of a plan that says what the CPU copies."""

    @property
    def problem(self) -> Problem: ...
    @property
    def prologue(self) -> tuple[HostCopy, ...]: ...
    @property
    def finish(self) -> tuple[HostCopy, ...]: ...


@dataclass(frozen=True)
class HostCost:
    """A machine's rates, for IREE's code of a module that also feeds an NPU (channels last).

    Attributes:
        source: "fixed" or "measured".
        dispatch_seconds: overhead of one dispatch, on the CPU and of one call of the NPU alike.
        bytes_per_second: what a contraction streams from memory, its operands counted once.
        copy_bytes_per_second: what a host copy reads and writes together.
        dense, grouped: multiply-accumulates a second by operand type; "grouped" is a convolution
            with more than one group, depthwise among them.
    """

    source: str
    dispatch_seconds: float
    bytes_per_second: float
    copy_bytes_per_second: float
    dense: Mapping[str, float] = field(hash=False)
    grouped: Mapping[str, float] = field(hash=False)

    def _work(self, problem: ConvProblem) -> tuple[float, float]:
        """Seconds of the arithmetic and of the memory traffic."""
        rates = self.grouped if problem.kind == "conv" and problem.extent("g") > 1 else self.dense
        widest = max((problem.lhs.dtype, problem.rhs.dtype), key=DTYPE_BYTES.__getitem__)
        rate = rates[_AS.get(widest, widest)]
        return problem.macs / rate, problem.minimum_bytes / self.bytes_per_second

    def seconds(self, problem: ConvProblem) -> float:
        """Time of a problem on the CPU, its dispatch's overhead included.

        The slower of arithmetic and memory. A filter that is no constant lies in the NPU's order
        and is slower than that by a factor that depends on the shape; this is not counted.
        """
        return self.dispatch_seconds + max(self._work(problem))

    def operation_seconds(self, problem: OperationProblem) -> float:
        """Time of an operation that is no contraction, its dispatch's overhead included.

        Each of its scalar operations counts as a multiply-accumulate of a grouped convolution, which reuses
        as little.
        """
        rate = self.grouped[_AS.get(problem.lhs.dtype, problem.lhs.dtype)]
        work, memory = (
            (problem.cpu_work or problem.work) / rate,
            problem.minimum_bytes / self.bytes_per_second,
        )
        return self.dispatch_seconds + max(work, memory)

    def bound(self, problem: ConvProblem) -> str:
        """What takes the CPU's time: "MACs", "memory" or "dispatch"."""
        arithmetic, memory = self._work(problem)
        if max(arithmetic, memory) < self.dispatch_seconds:
            return "dispatch"
        return "MACs" if arithmetic >= memory else "memory"

    def rest_seconds(self, split: Split) -> float:
        """Time of what follows a dispatch's first part on the CPU, its dispatch's overhead included.

        Its arithmetic is left out here as it is of a dispatch that is left whole.
        """
        return self.dispatch_seconds + split.bytes / self.bytes_per_second

    def copy_seconds(self, plan: _Copies, constants: Iterable[str] | None = None) -> float:
        """Time of the copies that each call of a plan needs, their dispatches included.

        Args:
            plan: its copies before and after the call.
            constants: the operands that are equal at every call, whose copies are made once, before
                any call; None for the usual ones, the filter and the vectors.
        """
        equal = usual_constants(plan.problem) if constants is None else frozenset(constants)
        each = (*_per_call(plan.prologue, equal), *plan.finish)
        # A dest that its copies do not cover is filled first.
        filled = {
            c.dest: _size(c.dest_shape, c.dest_dtype)
            for c in each
            if not c.covers_dest and c.dest != "out"
        }
        moved = sum(_copied(copy) for copy in each) + sum(filled.values())
        return len(each) * self.dispatch_seconds + moved / self.copy_bytes_per_second


FIXED = HostCost(
    source="fixed",
    dispatch_seconds=8e-6,
    bytes_per_second=16e9,
    copy_bytes_per_second=24e9,
    dense=MappingProxyType({"f32": 80e9, "bf16": 45e9, "i8": 40e9, "i16": 45e9, "i32": 70e9}),
    grouped=MappingProxyType({"f32": 12e9, "bf16": 15e9, "i8": 18e9, "i16": 15e9, "i32": 12e9}),
)
"""What is taken unless a measurement is asked for: equal on every machine, so that a compilation is.

From `aie-conv cpu-cost measure` on two cores with AVX-512 (IREE 3.13), rounded. For comparison, in the
same IREE's best form ResNet-50 f32, 4.1 GMAC, takes 58 ms on two such cores (70 GMAC/s), and 241 ms
as it comes.
"""


def usual_constants(problem: Problem) -> frozenset[str]:
    """The operands that are weights in a network: the filter, and what no pixel loop walks."""
    if isinstance(problem, OperationProblem):
        return frozenset()
    pixels = [i for i, loop in enumerate(problem.loops) if loop.role == "m"]
    vectors = {
        f"in{number}"
        for number, operand in enumerate(problem.epilogue.inputs)
        if not any(operand.strides[i] for i in pixels)
    }
    return frozenset({"rhs", *vectors})


def _per_call(copies: tuple[HostCopy, ...], constants: frozenset[str]) -> list[HostCopy]:
    """The copies of a prologue whose dest is not made of constants alone."""
    known = made_of(copies, constants)
    return [copy for copy in copies if copy.dest not in known]


def _size(shape: tuple[int, ...], dtype: str) -> int:
    elements = 1
    for size in shape:
        elements *= size
    return elements * DTYPE_BYTES[dtype]


def _copied(copy: HostCopy) -> int:
    """Bytes that a copy reads and writes."""
    return _size(copy.sizes, copy.view_dtype) + _size(copy.written, copy.dest_dtype)


# -- measured costs -------------------------------------------------------------------------------
def stored_path() -> Path:
    """The file of this machine's measured costs, in the user's cache folder."""
    return user_cache() / "cpu-cost.json"


def as_json(cost: HostCost) -> dict[str, Any]:
    """A cost as the file holds it; rates in GMAC/s and GB/s, for readers."""
    return {
        "version": VERSION,
        "dispatch_us": cost.dispatch_seconds * 1e6,
        "gbytes_per_second": cost.bytes_per_second / 1e9,
        "copy_gbytes_per_second": cost.copy_bytes_per_second / 1e9,
        "dense_gmacs": {name: rate / 1e9 for name, rate in cost.dense.items()},
        "grouped_gmacs": {name: rate / 1e9 for name, rate in cost.grouped.items()},
    }


def from_json(data: Any, source: str) -> HostCost:
    """The inverse of :func:`as_json`.

    Raises:
        ValueError: the data is not what :func:`as_json` writes.
    """
    try:
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']}")
        cost = HostCost(
            source,
            data["dispatch_us"] / 1e6,
            data["gbytes_per_second"] * 1e9,
            data["copy_gbytes_per_second"] * 1e9,
            {name: data["dense_gmacs"][name] * 1e9 for name in DTYPES},
            {name: data["grouped_gmacs"][name] * 1e9 for name in DTYPES},
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    scalars = (cost.dispatch_seconds, cost.bytes_per_second, cost.copy_bytes_per_second)
    if min(*scalars, *cost.dense.values(), *cost.grouped.values()) <= 0:
        raise ValueError("a rate is not positive")
    return cost


def load_measured() -> HostCost:
    """This machine's measured costs.

    Raises:
        UsageError: none were measured, or the file cannot be used.
    """
    path, again = stored_path(), "run `aie-conv cpu-cost measure`"
    try:
        if not path.exists():
            raise UsageError(f"cpu-cost measured: nothing measured on this machine: {again}")
        return from_json(json.loads(read_text(path)), "measured")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no measurement of this version ({error}): {again}") from None
