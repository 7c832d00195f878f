"""What is said of the NPU's route, against the program, the simulator and torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

import numpy as np
import pytest

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.codegen.window import WindowKernel
from aie_conv.direct.parametric.layout import LAYOUTS
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.ir.core import Block
from aie_conv.layout.hostcopy import NUMPY_DTYPE
from aie_conv.problem import conv2d
from aie_conv.report.explain.counts import calls
from aie_conv.report.explain.plan import chosen
from aie_conv.report.explain.program import core, read_program
from aie_conv.sim.model.module import walk
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.explain.runs import StageReport, explained, figure, number, rows
from tests.support.mappings import plans_of


@dataclass(frozen=True)
class Run:
    """A module compiled, simulated and explained."""

    conv: Conv
    artifact: Artifact
    stages: dict[str, StageReport]
    cycles: int
    macs: int
    shim_bytes: int

    @property
    def entry(self) -> dict[str, object]:
        (found,) = [e for e in self.artifact.report["dispatches"] if e["contraction"]]
        return found

    @property
    def text(self) -> str:
        (module,) = self.artifact.modules.values()
        return module


def scalar_macs(text: str, parameters: list[int]) -> int:
    """The products of all cores by the loops of scalar code, which the simulator does not count."""
    model = read_program(text).model
    function = model.functions["start"]
    constants = {
        op.results[0]: op.attrs["value"]
        for op in walk(function.blocks[0])
        if op.name == "arith.constant"
    }

    def products(block: Block) -> int:
        total = 0
        for op in block.ops:
            if op.name == "scf.for":
                lower, upper, step = (int(constants[v]) for v in op.operands[:3])
                total += len(range(lower, upper, step)) * products(op.blocks[0])
            elif op.name in ("arith.mulf", "arith.muli") and "index" not in str(op.results[0].type):
                total += 1
        return total

    each = products(function.blocks[0])
    made = [calls(core.op, parameters) for core in model.cores]
    return each * sum(count.get("multiply", 0) + count["start"] for count in made)


RUNS = {
    "im2col-i8": (Conv(c=16, oc=32, dtype="i8"), ("--amd-aie-route=im2col",)),
    "im2col-packed": (Conv(c=3, oc=20, layout="nchw_fchw"), ("--amd-aie-route=im2col",)),
    "im2col-streamed": (Conv(c=512, oc=128, h=5, w=6), ("--amd-aie-route=im2col",)),
    "direct-strided": (
        Conv(h=19, w=17, c=16, oc=24, stride=2, padding=1),
        ("--amd-aie-route=direct", "--amd-aie-device=npu4"),
    ),
    "direct-scalar": (
        Conv(c=8, oc=8, dtype="f32"),
        ("--amd-aie-route=direct", "--amd-aie-direct=scalar"),
    ),
    "direct-sliding": (
        Conv(h=12, w=40, c=1, oc=4, kh=5, kw=5, dtype="i8"),
        ("--amd-aie-route=direct", "--amd-aie-direct=sliding"),
    ),
    "direct-parametric": (
        Conv(h=30, w=30, c=64, oc=64, dtype="i8"),
        ("--amd-aie-route=direct", "--amd-aie-direct=parametric"),
    ),
    "direct-f32-in-parts": (
        Conv(c=8, oc=8, dtype="f32"),
        ("--amd-aie-route=direct", "--amd-aie-f32=bf16x3"),
    ),
}


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest) -> Run:
    conv, flags = RUNS[request.param]
    text = modules.plain(conv)
    words = dict(flag.removeprefix("--amd-aie-").split("=") for flag in flags)
    artifact = aie_conv.compile(text, **words)  # pyright: ignore[reportArgumentType]
    program = aie_conv.load(artifact, device="sim")
    image, _, kernel, _ = conv.shapes()
    rng = np.random.default_rng(0)
    inputs = [
        rng.integers(-4, 5, shape).astype(NUMPY_DTYPE[conv.dtype]) for shape in (image, kernel)
    ]
    program.main(*inputs)
    (record,) = program.records
    return Run(
        conv,
        artifact,
        explained(text, flags),
        record["cycles"],
        record["macs"],
        record["shim_bytes"],
    )


def test_the_stages_of_the_npu_are_shown_in_order(run: Run) -> None:
    assert list(run.stages) == [
        "imported", "dispatches", "problem", "candidates", "plan", "index-maps", "program", "core",
    ]  # fmt: skip


def test_the_program_shown_is_the_one_that_runs(run: Run) -> None:
    assert run.stages["program"].full == run.text


def test_bytes_are_those_that_the_simulator_moves(run: Run) -> None:
    plan, program = run.stages["plan"].text, run.stages["program"].text
    assert figure(plan, "bytes moved: ") == run.shim_bytes
    inward = figure(program, "transfers, ", " bytes in")
    assert inward + figure(program, "bytes in, ", " bytes out") == run.shim_bytes
    streams = {name: number(size) for name, size, *_ in rows(plan, "shim stream")[:3]}
    assert sum(streams.values()) == run.shim_bytes
    assert streams["input"] + streams["filter"] == inward


def test_macs_are_the_product_of_the_sizes_and_what_the_cores_do(run: Run) -> None:
    _, _, kernel, out = run.conv.shapes()
    ic = kernel[1] if run.conv.layout == "nchw_fchw" else kernel[2]
    real = prod(out) * run.conv.kh * run.conv.kw * ic
    shown = run.stages["problem"].text
    sizes = [int(row[1]) for row in rows(shown, "what it is")]
    assert figure(shown, "= ", "\n") == prod(sizes) == real
    core = run.stages["core"].text
    assert figure(core, "times the problem's ", "\n") == real
    array = re.search(r"of all \d+ cores: ([\d ]+),", core)
    assert array is not None
    assert number(array[1]) == (run.macs or scalar_macs(run.text, run.entry["run_time"]))


def test_tiles_are_those_of_the_emitted_program(run: Run) -> None:
    check_tiles(run.stages["plan"].text, run.text)


def test_tiles_of_a_plan_with_one_buffer_for_the_filter() -> None:
    problem = conv2d(1, 10, 10, 32, 32, 3, 3)
    best = VectorRoute().propose(problem, "npu1_4col")
    single = {**best.parameters, "resident": True, "filter_buffers": 1}
    made = VectorRoute().propose(problem, "npu1_4col", single)
    text = chosen(made).text
    assert " stays for all tiles" in text
    check_tiles(text, made.emit())


def check_tiles(plan: str, text: str) -> None:
    """The plan's table against the FIFOs and buffers of a program."""
    made = {(row[0], row[1].split(" ")[0]): row for row in rows(plan, "bytes of an object")}
    model = read_program(text).model
    fifo = {name: f for name, f in model.fifos.items()}
    core_input = next(f for name, f in fifo.items() if name.startswith("a_l1_0"))
    wanted = {
        ("mem tile", "input"): (fifo["a_l3_0"].stored_bytes, fifo["a_l3_0"].depths[-1]),
        ("mem tile", "filters"): (fifo["b_l3_0"].bytes, fifo["b_l3_0"].depths[-1]),
        ("mem tile", "output"): (fifo["c_l3_0"].bytes, 2),
        ("core", "input"): (core_input.bytes, core_input.depths[-1]),
        ("core", "filter"): (fifo["b_l1_0"].bytes, fifo["b_l1_0"].depths[-1]),
        ("core", "output"): (fifo["c_l1_0_0"].bytes, fifo["c_l1_0_0"].depths[0]),
    }
    for key, (size, buffers) in wanted.items():
        row = made[key]
        assert (number(row[2].split(" (")[0]), int(row[3])) == (size, buffers), key
    own = {v.name.rsplit("_", 2)[0]: v.type.bytes for v in model.buffers}
    if "memory" in own:
        parameters = number(made["core", "run-time"][4])
        assert number(made["core", "sums"][4]) + parameters == own["memory"]
    else:
        assert number(made["core", "sums"][4]) == own["acc"]
    grid = re.search(r"^cores +(\d+) columns? x (\d+) rows? = (\d+) of", plan, re.MULTILINE)
    assert grid is not None
    columns, lines = ({getattr(c.tile, axis) for c in model.cores} for axis in ("col", "row"))
    assert tuple(map(int, grid.groups())) == (len(columns), len(lines), len(model.cores))


@pytest.mark.parametrize("channels", [64, 320])
def test_calls_of_a_program_for_many_shapes_are_its_tiles(channels: int) -> None:
    problem, seen = conv2d(1, 28, 28, channels, 128, 1, 1, dtype="i8"), set[bool]()
    for plan in plans_of(ParametricRoute(LAYOUTS[:1]), problem, "npu1_4col"):
        mapping = plan.mapping
        model = read_program(plan.emit(), plan.run_time).model
        for one in model.cores:
            found, tiles = calls(one.op, plan.run_time), mapping.grid.tiles_of(one.tile.col)
            each = mapping.grid.rounds * tiles
            objects = mapping.tile.k_steps * mapping.filters.input_objects
            assert found.get("multiply", 0) == each * objects
            assert found.get("finish", 0) == each * mapping.tile.output_objects
        seen.add(mapping.tile.k_steps % mapping.filters.k_chunks > 0)
    assert seen == {channels == 320}


def test_registers_hold_what_the_kernel_planned() -> None:
    for route in (Im2colRoute(), VectorRoute()):
        plan = route.propose(conv2d(1, 10, 10, 32, 32, 3, 3), "npu1_4col")
        kernel = plan.mapping.kernel
        assert isinstance(kernel, MatmulKernel | WindowKernel)
        text = core(plan, read_program(plan.emit(), plan.run_time), plan.problem).text
        assert figure(text, "sums held in registers: ", " of vector<8xi64>") == prod(
            kernel.blocking
        )


def test_the_memory_of_a_core_is_what_its_buffers_take(run: Run) -> None:
    plan = run.stages["plan"].text
    model = read_program(run.text).model
    tile = model.cores[0].tile
    total = model.cores[0].stack
    total += sum(v.type.bytes for v, (where, _) in model.buffers.items() if where == tile)
    for fifo in model.fifos.values():
        # A counter for each end of a FIFO, beside its buffers.
        if fifo.producer == tile:
            total += fifo.depths[0] * fifo.bytes + 4
        for depth, consumer in zip(fifo.depths[1:], fifo.consumers, strict=True):
            total += depth * fifo.bytes + 4 if consumer == tile else 0
    assert figure(plan, "bytes, a core ", " of") == total


def test_costs_and_cycles_are_the_reports(run: Run) -> None:
    entry = run.entry
    assert figure(run.stages["plan"].text, "predicted cycles: ") == entry["predicted_cycles"]
    candidates = run.stages["candidates"].text
    for candidate in entry["candidates"]:  # pyright: ignore[reportGeneralTypeIssues]
        assert candidate["route"] in candidates
        if "cost" in candidate:
            assert f"{candidate['cost']:,}".replace(",", " ") in candidates


def test_lines_fit_a_terminal(run: Run) -> None:
    for stage in run.stages.values():
        long = [line for line in stage.text.splitlines() if len(line) > 100]
        assert not long, f"{stage.name}: {long[0]}"


def test_losers_are_named_with_the_reason() -> None:
    stages = explained(modules.plain(Conv(c=8, oc=16)), ())
    text = stages["candidates"].text
    taken = [line for line in text.splitlines() if line.endswith(": taken")]
    assert taken == ["cpu: taken"]
    assert re.search(r"^im2col: \d+\.\d\d times as dear; ", text, re.MULTILINE)
    f32 = explained(modules.plain(Conv(c=64, oc=64, h=30, w=30, dtype="f32")), ())
    assert "f32 stays on the CPU" in f32["candidates"].text
    assert "plan" not in f32


def test_cycles_of_the_simulator_are_shown_where_it_was_the_judge() -> None:
    text = modules.plain(Conv(h=6, w=6, c=8, oc=8, kh=1, kw=1))
    flags = ("--amd-aie-route=im2col", "--amd-aie-search=best", "--amd-aie-plan-cache=off")
    shown = explained(text, flags)["candidates"].text
    artifact = aie_conv.compile(text, route="im2col", search="best", plan_cache="off")
    program = aie_conv.load(artifact, device="sim")
    program.main(
        np.ones((1, 6, 6, 8), NUMPY_DTYPE["bf16"]), np.ones((1, 1, 8, 8), NUMPY_DTYPE["bf16"])
    )
    assert "array cycles by the simulator: im2col" in shown
    (row,) = rows(shown, "bytes moved")
    assert number(row[3]) == program.records[0]["cycles"]


def test_a_chosen_dispatch_is_shown() -> None:
    text = modules.plain(Conv(c=16, oc=16))
    name = explained(text, ())["dispatches"].text.split("* ")[1].split()[0]
    assert name.startswith("dispatch_")
    assert explained(text, ("--amd-aie-route=im2col",), f"main_{name}")["plan"]
