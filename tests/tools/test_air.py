"""mlir-air of March 2026 makes of the air form, by aircc's passes, a module that computes the convolution."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from aie_conv.direct.air.module import air_module
from aie_conv.mapping.plan import ArrayPlan
from tests.property.direct.test_air import scalar_route
from tests.support.air.modules import check_module
from tests.support.direct.strategies import Case

OPT = shutil.which("air-opt", path=os.environ.get("AIR_TOOLS"))
PING_PONG = "air-label-scf-for-to-ping-pong,air-ping-pong-transform,canonicalize,cse,"
PLACED = (
    "air-insert-launch-around-herd{{insert-segment=true}},func.func(air-lower-herd-parallel),"
    "scf-forall-to-parallel,air-dependency,air-hoist-dma-in-accum-pattern,air-broadcast-detection,"
    "air-specialize-dma-broadcast,air-dma-to-channel,canonicalize,cse,air-dependency-canonicalize,"
    "canonicalize,cse,air-isolate-async-dma-loop-nests,canonicalize,cse,air-fuse-channels,canonicalize,cse,"
    "func.func(air-split-l2-memref),canonicalize,cse,air-isolate-async-dma-loop-nests,canonicalize,cse,"
    "func.func(air-fuse-alloc-dealloc),func.func(air-shrink-memref-sizes-by-access),{ping_pong}"
    "func.func(convert-linalg-to-loops),func.func(air-opt-memtile-dma-bds{{device=npu1}}),canonicalize,cse,"
    "func.func(air-collapse-herd{{max-col-size=4}}),canonicalize,cse,"
    "air-place-herds{{num-rows=6 num-cols=4 row-anchor=2 col-anchor=0}},canonicalize,cse,"
    "func.func(air-renumber-dma)"
)
LOWERED = (
    "air-to-aie{emit-while-loop=true row-offset=2 col-offset=0 device=npu1"
    " use-lock-race-condition-fix=false},air-merge-unrolled-devices,"
    "func.func(air-opt-shim-dma-bds{device=npu1}),canonicalize,cse,air-to-std,symbol-dce,"
    "affine-expand-index-ops,canonicalize,cse,airrt-to-npu{trace-size=0 trace-offset=0 output-elf=false},"
    "canonicalize,cse"
)
"""As aircc of mlir-air d1ade562 runs them for npu1 (python/air/compiler/aircc/main.py)."""

pytestmark = pytest.mark.skipif(
    OPT is None, reason="mlir-air's air-opt is not installed (set AIR_TOOLS)"
)


def conv(
    spatial: tuple[int, ...], taps: tuple[int, ...], dtype: str, channels: int, outputs: int,
    groups: int = 1, stride: int = 1, dilation: int = 1,
) -> Case:  # fmt: skip
    rank = len(spatial)
    last = (0, *range(2, 2 + rank), 1)
    return Case(
        1, groups, channels, outputs, spatial, taps, (stride,) * rank, (dilation,) * rank, dtype,
        last, last, last, 0, "none",
    )  # fmt: skip


CASES = {
    "1d-i8": conv((40,), (5,), "i8", 8, 16),
    "1d-f32": conv((20,), (3,), "f32", 4, 8),
    "2d-i8": conv((10, 10), (3, 3), "i8", 8, 16),
    "pointwise-bf16": conv((8, 8), (1, 1), "bf16", 16, 16),
    "7x7-stride-2-i8": conv((17, 19), (7, 7), "i8", 3, 8, stride=2),
    "4-groups-i8": conv((9, 9), (3, 3), "i8", 4, 4, groups=4),
    "depthwise-i8": conv((9, 9), (3, 3), "i8", 1, 1, groups=16),
    "depthwise-bf16": conv((9, 9), (3, 3), "bf16", 1, 1, groups=16),
    "dilated-bf16": conv((10, 10), (3, 3), "bf16", 8, 8, dilation=2),
    "3d-i8": conv((5, 6, 6), (3, 3, 3), "i8", 4, 8),
}


def lower(text: str, passes: str, folder: Path) -> str:
    """What air-opt makes of a module."""
    source = folder / "module.mlir"
    source.write_text(text)
    command = [str(OPT), str(source), f"--pass-pipeline=builtin.module({passes})"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:400]
    # An offset that it does not know it takes for 0, and says so.
    assert "warning" not in done.stderr, done.stderr[:400]
    return done.stdout


def compile_with_air(plan: ArrayPlan, ping_pong: bool, folder: Path) -> str:
    """The AIE module that aircc's passes make of a plan."""
    placed = PLACED.format(ping_pong=PING_PONG * ping_pong)
    return lower(lower(air_module(plan, "march"), placed, folder), LOWERED, folder)


@pytest.mark.parametrize("ping_pong", [False, True], ids=["plain", "ping-pong"])
@pytest.mark.parametrize("name", CASES)
def test_what_airccs_passes_make_of_the_form_equals_torch(
    name: str, ping_pong: bool, tmp_path: Path
) -> None:
    plan = scalar_route().propose(CASES[name].problem(), "npu1_4col")
    assert isinstance(plan, ArrayPlan)
    if ping_pong and plan.mapping.grid.steps > 1:
        pytest.skip("two buffers for each result take more of a mem tile's channels than it has")
    text = compile_with_air(plan, ping_pong, tmp_path)
    cores = plan.mapping.grid.columns * plan.mapping.grid.rows
    assert len(re.findall(r"aie\.core\(", text)) == cores
    check_module(CASES[name], plan, text)


@pytest.mark.parametrize("name", ["1d-f32", "pointwise-bf16", "dilated-bf16"])
def test_per_channel_operands_come_behind_filters(name: str, tmp_path: Path) -> None:
    case = replace(CASES[name], epilogue="bias")
    plan = scalar_route().propose(case.problem(), "npu1_4col")
    assert isinstance(plan, ArrayPlan)
    check_module(case, plan, compile_with_air(plan, False, tmp_path))
