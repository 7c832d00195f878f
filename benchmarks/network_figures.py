"""The figures of ResNet-50 for benchmarks/figures.py: time and shim traffic, of the programs as compiled."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from multiprocessing import get_context
from typing import Any

import ml_dtypes
import numpy as np
from common import CALIBRATION, EXAMPLES, argument_bytes, verdict

import aie_conv
from aie_conv.arch import get_device
from aie_conv.artifact import Artifact
from aie_conv.calibration.rows import Measurement, read_rows
from aie_conv.problem import DTYPE_BYTES
from aie_conv.runtime.devices import Array, SimDevice
from aie_conv.runtime.executable import Executable
from aie_conv.sim import Simulator

DTYPES = ("int8", "bf16")
DEVICES = ("npu1_4col", "npu4")
KINDS = (*product(DTYPES, DEVICES), ("bfp16", "npu4"))
"""What is compiled, and for which device; "bfp16" is bf16 that is multiplied so."""
TIME_LIMIT = 2.6e-3
"""Seconds of array and reconfigurations for int8 on npu1_4col at 1.8 GHz."""
BYTES_LIMIT = 1.5
"""Times a convolution's least bytes that it may move over the shim."""
LAST = "classifier"
"""The one contraction that is no convolution."""
SHIM_BOUND = ("input stream", "filter stream", "output stream", "host memory")
"""What a plan may be bound by that fewer bytes over the shim would relieve."""


class Watching(SimDevice):
    """The simulator; it remembers the programs it ran, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[Executable] = []

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Simulate a call."""
        self.called.append(executable)
        return super().run(executable, buffers)


@dataclass(frozen=True)
class Call:
    """One NPU dispatch of an inference: its layer, the report's entry, the run's record, its program."""

    layer: str
    entry: dict[str, Any]
    record: dict[str, Any]
    program: Executable

    @property
    def times(self) -> float:
        """Bytes over the shim beside the least."""
        return self.record["shim_bytes"] / self.entry["minimum_bytes"]


@dataclass(frozen=True)
class Network:
    """An inference: its contractions on the NPU in order, and those on the CPU, with seconds there.

    Those seconds are the planner's estimate; ``others`` are the records of what else the NPU does.
    """

    device: str
    calls: tuple[Call, ...]
    on_cpu: tuple[tuple[str, float], ...]
    others: tuple[Mapping[str, Any], ...] = ()

    @property
    def array(self) -> float:
        """Seconds on the array, at the device's clock."""
        return self.total("cycles") / get_device(self.device).arch.clock_hz

    def total(self, what: str) -> float:
        """The sum of a figure over all that the NPU does."""
        records = (*(call.record for call in self.calls), *self.others)
        return sum(record.get(what, 0) for record in records)


def module(dtype: str) -> bytes:
    """ResNet-50 as MLIR."""
    sys.path.insert(0, str(EXAMPLES))
    from network_run import module_of
    from resnet50 import EXAMPLE

    return module_of(EXAMPLE, dtype)


@cache
def inferences(regions: str = "auto") -> dict[tuple[str, str], Network]:
    """ResNet-50 in each type on each device, two at a time."""
    wanted = list(KINDS)
    tasks = [(*each, regions) for each in wanted]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        return dict(zip(wanted, pool.map(inference, *zip(*tasks, strict=True)), strict=True))


def inference(dtype: str, device: str, regions: str = "auto") -> Network:
    """ResNet-50 compiled and run."""
    sys.path.insert(0, str(EXAMPLES))
    from network_report import named
    from resnet50 import EXAMPLE

    plain, bf16 = ("bf16", "bfp16") if dtype == "bfp16" else (dtype, "exact")
    artifact = aie_conv.compile(module(plain), device=device, bf16=bf16, regions=regions)
    pairs = named(contractions(artifact), EXAMPLE.shapes(224))
    layers = {e["name"]: shape.name for shape, e in pairs if e is not None}
    kind = ml_dtypes.bfloat16 if plain == "bf16" else np.float32
    return second_run(artifact, [np.full((1, 3, 224, 224), 0.5, kind)], layers)


def contractions(artifact: Artifact) -> list[dict[str, Any]]:
    """The report's convolutions and products."""
    return [e for e in artifact.report["dispatches"] if e["contraction"]]


def second_run(artifact: Artifact, inputs: Sequence[Array], layers: Mapping[str, str]) -> Network:
    """Simulate the function "main" twice; the first run also loads the first program."""
    watching = Watching()
    program = aie_conv.load(artifact, device=watching)
    program.main(*inputs)
    watching.called.clear()
    program.main(*inputs)
    entries = {e["name"]: e for e in contractions(artifact)}
    runs = zip(program.records, watching.called, strict=True)
    done = [(r, ran) for record, ran in runs for r in operations(record)]
    calls = tuple(
        Call(layers.get(r["name"], LAST), entries[r["name"]], r, ran)
        for r, ran in done
        if r["name"] in entries
    )
    others = tuple(r for r, _ in done if r["name"] not in entries)
    device = artifact.report["device"]
    on_cpu = [
        (layers.get(name, LAST), cpu_cycles(e) / get_device(device).arch.clock_hz)
        for name, e in entries.items()
        if e["route"] == "cpu"
    ]
    return Network(device, calls, tuple(on_cpu), others)


def operations(record: dict[str, Any]) -> list[dict[str, Any]]:
    """A record of each dispatch of a call, the launch and the change of configuration with the first."""
    each = record.get("operations", [record])
    once = {
        key: value for key, value in record.items() if key not in ("operations", "name", *each[0])
    }
    return [{**once, **each[0]}, *each[1:]]


def cpu_cycles(entry: Mapping[str, Any]) -> int:
    """What the planner takes a contraction to cost on the CPU, in cycles of the array's clock."""
    return next(c["cost"] for c in entry["candidates"] if c["route"] == "cpu")


def vendor() -> Measurement:
    """The published latency of a vendor's stack."""
    rows = read_rows(CALIBRATION)
    return next(r for r in rows if "VitisAI EP" in r.source and r.shape.startswith("ResNet50"))


def times() -> bool:
    """Array time, reconfigurations and launches."""
    row, holds = vendor(), True
    print(
        f"published {row.measured} {row.unit}, {row.dtype}, whole network: {row.source}, {row.device}"
    )
    print("simulated, the second inference; the CPU's dispatches (pooling, sums) are not in it")
    for dtype, device in KINDS:
        net = inferences()[dtype, device]
        again = sum(call.record.get("reconfigure_seconds", 0) > 0 for call in net.calls)
        reconfigure, launch = net.total("reconfigure_seconds"), net.total("launch_seconds")
        whole = net.array + reconfigure
        launches = sum("launch_seconds" in call.record for call in net.calls)
        print(
            f"{dtype} on {device} at {get_device(device).arch.clock_hz / 1e9:g} GHz:"
            f" array {1e3 * net.array:.2f} ms, {again} reconfigurations {1e3 * reconfigure:.2f} ms,"
            f" {launches} launches {1e3 * launch:.2f} ms: {1e3 * (whole + launch):.2f} ms"
        )
        print(f"  cycles by what binds: {binding(net)}")
        if net.on_cpu:
            names = ", ".join(name for name, _ in net.on_cpu)
            there = sum(seconds for _, seconds in net.on_cpu)
            print(f"  on the CPU, not in it: {names}; {1e3 * there:.2f} ms predicted there")
        if (dtype, device) == (DTYPES[0], DEVICES[0]):
            met = whole <= TIME_LIMIT and all(name == LAST for name, _ in net.on_cpu)
            what = f"  array and reconfigurations {1e3 * whole:.2f} ms"
            holds &= verdict(what, met, f"at most {1e3 * TIME_LIMIT:g}")
    return holds


def binding(net: Network) -> str:
    """The shares of the cycles by what the plans are bound by."""
    shares: Counter[str] = Counter()
    for call in net.calls:
        shares[call.entry["bound"]] += call.record["cycles"]
    return ", ".join(f"{what} {n / shares.total():.0%}" for what, n in shares.most_common())


def traffic() -> bool:
    """Bytes over the shim beside the least, and the layers that exceed the limit."""
    print(
        "a layer above the limit is listed: what binds it, what most of the excess is, how often each"
    )
    print("operand's buffer crosses; it misses the aim where that traffic is what binds it")
    done = all([one_traffic(dtype, device) for dtype in DTYPES for device in DEVICES])
    print("by the plans, where every dispatch has its own best one (configurations=each)")
    for dtype, device in product(DTYPES, DEVICES):
        own_traffic(dtype, device)
    return done


def own_traffic(dtype: str, device: str) -> None:
    """Of one network whose layers share no configurations, by what the planner counts."""
    artifact = aie_conv.compile(module(dtype), device=device, configurations="each")
    *found, _ = [e for e in contractions(artifact) if e["route"] != "cpu"]
    moved, least = (sum(e[what] for e in found) for what in ("shim_bytes", "minimum_bytes"))
    above = [e for e in found if e["shim_bytes"] > BYTES_LIMIT * e["minimum_bytes"]]
    print(
        f"{dtype} on {device}: {moved / least:.2f} times the least in all; {len(above)} of"
        f" {len(found)} convolutions above {BYTES_LIMIT:g}"
    )
    for e in above:
        times = e["shim_bytes"] / e["minimum_bytes"]
        print(f"  {e['problem']['text']:<44} {times:.2f} times, bound by {e['bound']}")


def one_traffic(dtype: str, device: str) -> bool:
    """Of one network."""
    net = inferences("single")[dtype, device]
    above = [call for call in net.calls if call.times > BYTES_LIMIT]
    bound = [call for call in above if call.entry["bound"] in SHIM_BOUND]
    least = sum(call.entry["minimum_bytes"] for call in net.calls)
    print(
        f"{dtype} on {device}: {net.total('shim_bytes') / least:.2f} times the least in all;"
        f" {len(above)} of {len(net.calls)} layers above {BYTES_LIMIT:g}"
    )
    alike: dict[str, list[str]] = {}
    for call in above:
        alike.setdefault(exception(call), []).append(call.layer)
    for why, names in alike.items():
        more = f" and {len(names) - 1} alike" if len(names) > 1 else ""
        print(f"  {names[0] + more:<30} {why}")
    return verdict(f"  {len(bound)} of them bound by what they move", not bound, "none")


WHY = {
    "input": "input sent again (channels, windows, halos)",
    "filter": "filter sent again (tiles of pixels, spare rows)",
    "output": "output overlaps or is padded",
    "residual": "residual sent to rows that do not take it",
    "padding": "padded channels, pixels that a stride skips",
}
"""What moves more than the least, by the operand with the most bytes above its buffer."""


def exception(call: Call) -> str:
    """How much a layer moves, what binds it, why, and how often each operand's buffer crosses."""
    moved = operand_bytes(call.program)
    often = ", ".join(f"{name} {got / size:.1f}" for name, got, size in moved)
    excess = {name: got - size for name, got, size in moved}
    excess["padding"] = sum(size for _, _, size in moved) - call.entry["minimum_bytes"]
    most = max(excess, key=excess.__getitem__)
    return f"{call.times:.2f} times, bound by {call.entry['bound']}; {WHY[most]}; {often}"


def operand_bytes(program: Executable) -> list[tuple[str, int, int]]:
    """(operand, bytes that its transfers move, bytes of its buffer), from the emitted program."""
    moved = argument_bytes(Simulator(program.text))
    last = len(program.arguments) - 1
    names = {0: "input", 1: "filter", last: "output"}
    sizes = [a.elements * DTYPE_BYTES[a.dtype] for a in program.arguments]
    return [(names.get(i, "residual"), moved[i], size) for i, size in enumerate(sizes)]
