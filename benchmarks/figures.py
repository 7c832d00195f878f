"""Our simulated figures beside the peers' published ones, each with its source.

Sections (all of them unless some are named):

gemm      products of about 4096 on all columns, beside the best published on those machines
kernels   one core's product as it is emitted, scheduled, beside the published kernels
resnet50  ResNet-50, batch 1: time on the array, reconfigurations, launches
traffic   what each convolution of ResNet-50 moves over the shim, beside its least
networks  whole networks, planned: predicted time with launches, copies and the CPU's part
staying   what activations that stay in the array could save at most
plugin    the convolution of the peer plugin's own tests: traffic and cores
search    seconds of CPU to plan every layer of ResNet-50

Nothing is measured on an NPU here: "predicted" is what the planner's cost model says, "simulated" what the
simulator's clock says, whose error docs/timing.md states. Exit status 1 where an aim is missed.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import network_figures
import staying
import whole_networks
from common import CALIBRATION, operands, simulate, unit_of, verdict

from aie_conv.arch import get_device
from aie_conv.arch.machine import DEFAULT_PROFILE, Machine, current, use_machine
from aie_conv.calibration.platform import Platform, platform_of
from aie_conv.calibration.predict import predict_row, summary
from aie_conv.calibration.rows import Measurement, read_rows
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.ir.text import read_module
from aie_conv.options import Options
from aie_conv.partitioner import Permission, Pricing, choose, route_names
from aie_conv.planning import Planning
from aie_conv.problem import DTYPE_BYTES, ConvProblem, Epilogue, Step, conv2d
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import function_cycles
from aie_conv.sim.model.module import build_model

HERE = Path(__file__).parent
DEVICE = "npu1_4col"
MACHINE = "7940HS"
"""In the device's name of the published products and kernels: the one machine with array figures at 4096."""
SIDES = range(3900, 4400)
"""What counts as about 4096."""
XDNA2 = "XDNA2 (Ryzen AI 7 350 Krackan; npu4-class, AIE2P)"
TAKA = "Taka et al., Striking the Balance, arXiv:2512.13282 Table 3"
SECOND = {
    "i8": Measurement(
        TAKA, XDNA2, "i8->i8", "array", 4032, 4608, 4320, 32, "144x72x144 (mxkxn)", 37.35, "TOPS",
        "column-major", "",
    ),
    "bf16": Measurement(
        TAKA, XDNA2, "bf16->bf16 (bfp16-emulated)", "array", 4032, 4608, 4224, 32, "112x48x96 (mxkxn)",
        14.5, "TOPS", "column-major", "",
    ),
}  # fmt: skip
"""The best published on npu4, by type; not among the points that numbers of the table were fitted to."""
KERNELS = {"i8": ((64, 232, 64), 233.0), "bf16": ((64, 104, 64), 112.0)}
"""The kernels' tiles (m, k, n), and the MACs a cycle that are to be reached."""
PLUGIN = (
    "nod-ai/iree-amd-aie fddfec1, conv-decompose; derived from its tile sizes: 288 tiles of 4864 B"
)
PLUGIN_BYTES, PLUGIN_CORES = 288 * 4864, 4


def requantise(dtype: str) -> Epilogue:
    """From the sums to ``dtype`` as our int8 networks do it (a shift, saturating), or rounded to bf16."""
    if dtype == "bf16":
        return Epilogue(steps=(Step("arith.truncf", (0,), "bf16"),), result=1)
    steps = (
        Step("arith.constant", (), "i32", 8),
        Step("arith.shrsi", (0, 1), "i32"),
        Step("arith.constant", (), "i32", -128),
        Step("arith.maxsi", (2, 3), "i32"),
        Step("arith.constant", (), "i32", 127),
        Step("arith.minsi", (4, 5), "i32"),
        Step("arith.trunci", (6,), "i8"),
    )
    return Epilogue(steps=steps, result=7)


def product(m: int, k: int, n: int, dtype: str) -> ConvProblem:
    """A matrix product of ``dtype`` with a result of the same type; B is constant and lies by columns."""
    epilogue = requantise(dtype)
    return conv2d(1, 1, m, k, n, 1, 1, dtype=dtype, out_dtype=dtype, epilogue=epilogue)


@cache
def published() -> tuple[Measurement, ...]:
    """The published points."""
    return tuple(read_rows(CALIBRATION))


@cache
def model_error() -> float:
    """The cycle model's median error on published array figures, as a share."""
    found = [predict_row(row, current()) for row in published() if row.kind == "array"]
    return summary(found).median


def best_published(dtype: str) -> Measurement:
    """The fastest published product of about 4096 with operands and result of ``dtype``."""
    rows = [
        row
        for row in published()
        if row.kind == "array" and MACHINE in row.device and row.operands == (dtype, dtype)
        and row.unit == "TOPS" and row.tile_dims and row.dims and all(d in SIDES for d in row.dims)
    ]  # fmt: skip
    return max(rows, key=lambda row: row.measured or 0.0)


def sweep_maximum(dtype: str) -> float:
    """The same source's fastest product of any size, which it does not state."""
    rows = (r for r in published() if MACHINE in r.device and "sweep maximum" in r.source)
    return max(r.measured or 0.0 for r in rows if r.operands == (dtype, dtype))


def source(row: Measurement) -> str:
    """Who published a row, and on what."""
    return f"{row.source}, {row.device.partition(',')[0].removesuffix(')')})"


def like(platform: Platform, device: str) -> Machine:
    """Our table with the memory of another machine, in cycles of ``device``'s own clock.

    Planner and simulator turn bytes a second into bytes a cycle by that clock.
    """
    machine, arch = current(), get_device(device).arch
    timing = machine.memory[platform.memory]
    faster = arch.clock_hz / platform.clock
    rates = {n: getattr(timing, n) * faster for n in ("total", "read", "write", "scattered")}
    own = "npu1" if arch.name == "aie2" else "npu4"
    return replace(machine, memory={**machine.memory, own: replace(timing, **rates)})


def gemm() -> bool:
    """Products over the whole array."""
    first = [one_gemm(dtype, best_published(dtype), DEVICE) for dtype in ("i8", "bf16")]
    return all([*first, *(one_gemm(dtype, row, "npu4") for dtype, row in SECOND.items())])


def one_gemm(dtype: str, row: Measurement, device: str) -> bool:
    """Plan and simulate one published product, at full size; as bfp16 where the published one is."""
    platform = platform_of(row, current())
    assert platform is not None
    assert row.dims is not None
    m, k, n = row.dims
    problem, error = product(m, k, n, dtype), model_error()
    theirs = predict_row(row, current())
    print(f"{dtype}, M {m} K {k} N {n}, on {device} at {platform.clock / 1e9:g} GHz")
    print(f"  published {row.measured} TOPS with tiles of {row.tile}: {source(row)}")
    if device == DEVICE:
        print(f"  (at a size that it does not state {sweep_maximum(dtype)})")
    if theirs.value is not None:
        print(f"  the model gives the published design {theirs.value:.2f} TOPS")
    with use_machine(like(platform, device)):
        planner = Planning(Options(device=device, plan_cache="off")).planner
        permission = Permission(bf16="bfp16" if "bfp16" in row.dtype else "exact")
        decision = choose(
            problem, device=device, permission=permission, pricing=Pricing(planner=planner)
        )
        plan = decision.plan
        if plan is None:
            print(f"  ours: not on the NPU ({decision.reason}): MISSED")
            return False
        run = simulate(plan, 0, operands(problem))

    def tops(cycles: int) -> float:
        return 2 * problem.macs / (cycles / platform.clock + platform.launch) / 1e12

    numbers = ", ".join(f"{name} {value}" for name, value in plan.parameters.items())
    print(f"  ours: {plan.route} {plan.style}, {plan.cores} cores, {numbers}")
    print(
        f"  predicted {tops(plan.predicted_cycles):.2f} TOPS, bound by {plan.bound};"
        f" shim {run.shim_bytes / problem.minimum_bytes:.1f} times the least bytes"
    )
    peak = get_device(device).arch.macs_per_cycle[unit_of(plan)] * plan.cores
    busy = problem.macs / (run.share * peak * run.cycles)
    print(f"  the cores compute {busy:.0%} of the time, then at {run.share:.0%} of their peak")
    ours, needed = tops(run.cycles), (row.measured or 0.0) * (1 - error)
    what = f"  simulated {ours:.2f} TOPS +-{error:.0%}"
    return verdict(what, ours >= needed, f"at least {row.measured}, less the model's error")


def scheduled(text: str, device: str, profile: str) -> int:
    """Cycles of one call of a function ``kernel``, by the simulator's schedule."""
    where = get_device(device)
    model = build_model(read_module(f"module {{\naie.device({where.ir_name}) {{\n{text}}}\n}}\n"))
    target = Target(where.arch.name, machine=current(), profile=profile)
    return function_cycles(model.functions["kernel"], model.functions, target)


def kernel_cycles(dtype: str, tile: tuple[int, int, int], profile: str) -> dict[str, int]:
    """Cycles of our code for one tile (m, k, n), by what it does."""
    (m, k, n), arch = tile, get_device(DEVICE).arch
    kernel = MatmulKernel(arch, dtype, m, n, k, m * k, n * k)
    blocks = ResidualBlocks(1, m // kernel.rst[0], 0, 1, m // kernel.rst[0])
    finish = EpilogueKernel(
        arch=arch, epilogue=requantise(dtype), accumulator=kernel.accumulator, out_dtype=dtype,
        operand_dtype=dtype, rst=kernel.rst, m=m, n=n, columns=n, vector_at=(), residual=None, blocks=blocks,
        a_elements=m * k, b_elements=n * k, vector_bytes=arch.vector_load_bytes,
    )  # fmt: skip
    head = kernel.declarations()
    adding = scheduled(head + kernel.text("kernel"), DEVICE, profile)
    first = scheduled(head + kernel.text("kernel", fresh=True), DEVICE, profile)
    last = scheduled(finish.text("kernel"), DEVICE, profile)
    return {
        "product, added to sums in C": adding,
        "product, first of its sums": first,
        f"product, first of its sums, then to {dtype}": first + last,
    }


def kernels() -> bool:
    """One core's product."""
    return all([one_kernel(dtype, *KERNELS[dtype]) for dtype in KERNELS])


def one_kernel(dtype: str, tile: tuple[int, int, int], aim: float) -> bool:
    """Schedule our kernel on a published kernel's tile."""
    m, k, n = tile
    row = next(
        row
        for row in published()
        if row.kind == "kernel" and MACHINE in row.device
        and row.tile_dims == tile and row.operands == (dtype, dtype)
    )  # fmt: skip
    print(f"{dtype} {m}x{k}x{n}, one core of {DEVICE}, {DEFAULT_PROFILE} code")
    print(f"  published {row.measured} MAC/cycle: {source(row)}")
    print(f"  the model gives the published kernel {predict_row(row, current()).value or 0:.1f}")
    rates = {
        what: m * k * n / cycles
        for what, cycles in kernel_cycles(dtype, tile, DEFAULT_PROFILE).items()
    }
    adding, *others = rates
    holds = verdict(f"  {adding}: {rates[adding]:.1f}", rates[adding] >= aim, f"at least {aim:g}")
    for what in others:
        print(f"  {what}: {rates[what]:.1f}")
    arch, size = get_device(DEVICE).arch, DTYPE_BYTES[dtype]
    held = 2 * (m * k + k * n + m * n) * size + m * n * 4
    print(
        f"  with two buffers of A, B and the result and sums of 32 bits this tile takes {held} bytes of a"
        f" core's {arch.core_data_bytes}"
    )
    return holds


def plugin() -> bool:
    """The peer plugin's convolution."""
    problem = conv2d(2, 14, 14, 32, 64, 3, 3, dtype="bf16", filter_layout="hwio")
    least, arch = problem.minimum_bytes, get_device(DEVICE).arch
    peak = get_device(DEVICE).cores
    print(f"2x14x14x32 * 3x3x32x64, bf16 to f32, on {DEVICE}")
    theirs = PLUGIN_BYTES / least
    print(
        f"  its plan: {theirs:.1f} times the least bytes, {PLUGIN_CORES} of {peak} cores ({PLUGIN})"
    )
    decisions = [
        choose(problem, device=DEVICE, route=route)
        for route in route_names()
        if route not in ("auto", "cpu")
    ]
    plans = [decision.plan for decision in decisions if decision.plan is not None]
    runs = sorted((simulate(p, 0, operands(problem)) for p in plans), key=lambda run: run.cycles)
    holds = False
    for number, run in enumerate(runs):
        plan, times = run.plan, run.shim_bytes / least
        what = f"  ours, {plan.route}: {times:.1f} times the least bytes, {plan.cores} of {peak} cores, "
        what += f"{run.cycles} cycles simulated ({run.cycles / arch.clock_hz * 1e6:.1f} us)"
        what += f", bound by {plan.bound}"
        if number:
            print(what)
        else:
            holds = verdict(what, times < theirs and plan.cores > PLUGIN_CORES, "less, and more")
    return holds


def search() -> bool:
    """The search, in a process of its own: this one may have planned the same layers."""
    command = [sys.executable, str(HERE / "search.py"), "--device", DEVICE]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode == 0


SECTIONS: dict[str, tuple[str, Callable[[], bool]]] = {
    "gemm": ("Products over the array", gemm),
    "kernels": ("Products in one core", kernels),
    "resnet50": ("ResNet-50, batch 1", network_figures.times),
    "traffic": ("Shim traffic of ResNet-50's convolutions", network_figures.traffic),
    "networks": ("Whole networks, batch 1", whole_networks.times),
    "staying": ("Activations that stay", staying.times),
    "plugin": ("The peer plugin's convolution", plugin),
    "search": ("Search", search),
}


def main(argv: Sequence[str] | None = None) -> int:
    head, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("section", nargs="*", help=f"of {', '.join(SECTIONS)}; default: all")
    wanted = parser.parse_args(argv).section or list(SECTIONS)
    for name in wanted:
        if name not in SECTIONS:
            parser.error(f"section '{name}': unknown: use one of {', '.join(SECTIONS)}")
    missed: list[str] = []
    for name in wanted:
        title, section = SECTIONS[name]
        print(f"\n{title}", flush=True)
        if not section():
            missed.append(name)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery aim is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
