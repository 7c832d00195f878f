"""Whatever stock iree-compile takes with a flag, `aie-conv compile` takes, and its result is the same.

And where this compiler's own flags or rewrites are what IREE refuses, the module is compiled with IREE's.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv import compiler, pipeline
from aie_conv.errors import UsageError
from aie_conv.foreign_flags import LISTING, PROGRAM_FLAGS
from aie_conv.options import Options
from aie_conv.seal import seal
from tests.support.fuzz.seeds import LINALG_BF16, LINALG_I8, MATMUL

IREE_COMPILE = Path(sys.executable).with_name("iree-compile")
STOCK = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu")
PADDING = "--iree-dispatch-creation-enable-fuse-padding-into-linalg-consumer-ops"

FEW = (
    "--iree-opt-level=O3",
    "--iree-opt-data-tiling",
    PADDING,
    "--iree-llvmcpu-target-triple=aarch64-linux-gnu",
)
MANY = (
    "--iree-opt-level=O0",
    "--iree-opt-level=O1",
    "--iree-opt-level=O2",
    "--iree-opt-aggressively-propagate-transposes",
    "--iree-opt-const-eval=false",
    "--iree-opt-const-expr-hoisting=false",
    "--iree-opt-numeric-precision-reduction",
    "--iree-opt-strip-assertions",
    "--iree-opt-outer-dim-concat",
    "--iree-opt-generalize-matmul",
    "--iree-global-opt-experimental-disable-conv-generalization",
    "--iree-global-opt-enable-early-materialization=false",
    "--iree-global-opt-propagate-transposes=false",
    "--iree-global-opt-enable-fuse-silu-horizontal-matmul",
    "--iree-global-opt-enable-demote-contraction-inputs-to-bf16=conv",
    "--iree-dispatch-creation-enable-aggressive-fusion",
    "--iree-dispatch-creation-enable-detensoring",
    "--iree-dispatch-creation-enable-fuse-horizontal-contractions",
    "--iree-dispatch-creation-enable-fuse-padding-into-linalg-producer-ops",
    "--iree-dispatch-creation-element-wise-fuse-multi-reduction",
    "--iree-dispatch-creation-experimental-data-tiling",
    "--iree-dispatch-creation-pad-factor=16",
    "--iree-flow-export-benchmark-funcs",
    "--iree-flow-trace-dispatch-tensors",
    "--iree-flow-zero-fill-empty-tensors",
    "--iree-flow-inline-constants-max-byte-length=64",
    "--iree-stream-resource-max-allocation-size=1048576",
    "--iree-stream-partitioning-favor=debug",
    "--iree-stream-emulate-memset",
    "--iree-hal-indirect-command-buffers=false",
    "--iree-hal-force-indirect-command-buffers=false",
    "--iree-hal-link-executables=false",
    "--iree-hal-executable-debug-level=3",
    "--iree-hal-memoization=false",
    "--iree-execution-model=async-internal",
    "--iree-scheduling-optimize-bindings=false",
    "--iree-llvmcpu-target-cpu=generic",
    "--iree-llvmcpu-target-cpu-features=host",
    "--iree-llvmcpu-target-triple=x86_64-linux-gnu",
    "--iree-llvmcpu-enable-ukernels=none",
    "--iree-llvmcpu-enable-ukernels=all",
    "--iree-llvmcpu-fail-on-large-vector=false",
    "--iree-llvmcpu-stack-allocation-limit=65536",
    "--iree-llvmcpu-reassociate-fp-reductions=false",
    "--iree-llvmcpu-disable-vector-peeling",
    "--iree-llvmcpu-debug-symbols=false",
    "--iree-llvmcpu-link-embedded=true",
    "--iree-llvmcpu-loop-unrolling",
    "--iree-llvmcpu-slp-vectorization",
    "--iree-vm-bytecode-module-optimize=false",
    "--iree-vm-bytecode-module-strip-source-map",
    "--iree-vm-bytecode-module-strip-debug-ops",
    "--iree-vm-emit-polyglot-zip=false",
    "--iree-vm-target-index-bits=32",
    "--iree-input-type=none",
    "--iree-input-type=auto",
    "--iree-input-demote-f64-to-f32",
    "--iree-input-demote-i64-to-i32",
    "--iree-preprocessing-pass-pipeline=builtin.module(iree-preprocessing-convert-conv-filter-to-channels-last)",
    "--iree-preprocessing-pass-pipeline=builtin.module(func.func(iree-preprocessing-pad-linalg-ops))",
    "--mlir-disable-threading",
    "--verify=true",
)


def compile_both(flag: str, text: str, folder: Path) -> tuple[bytes | None, bytes]:
    """Stock iree-compile's artifact and ours, both by their command lines; None where stock refuses."""
    source, theirs, ours = folder / "m.mlir", folder / "stock.vmfb", folder / "ours.vmfb"
    source.write_text(text)
    command = [str(IREE_COMPILE), str(source), "-o", str(theirs), *STOCK, flag]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None, b""
    command = [
        sys.executable,
        "-m",
        "aie_conv.cli.main",
        "compile",
        str(source),
        "-o",
        str(ours),
        flag,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return theirs.read_bytes(), ours.read_bytes()


def arguments(text: str) -> list[Any]:
    """Small whole numbers, which every type holds and sums exactly."""
    import ml_dtypes

    draw = np.random.default_rng(1)
    if text is MATMUL:
        return [draw.integers(-4, 4, shape).astype(np.int8) for shape in ((16, 32), (32, 64))]
    if text is LINALG_I8:
        return [
            draw.integers(-4, 4, shape).astype(np.int8)
            for shape in ((1, 10, 10, 16), (3, 3, 16, 32))
        ]
    shapes = ((1, 8, 16, 16), (16, 8, 3, 3), (16,))
    kinds = (ml_dtypes.bfloat16, ml_dtypes.bfloat16, np.float32)
    return [draw.integers(-2, 3, s).astype(k) for s, k in zip(shapes, kinds, strict=True)]


def check(flag: str, text: str, folder: Path) -> None:
    stock, ours = compile_both(flag, text, folder)
    if stock is None or "triple=aarch64" in flag:
        return
    given = arguments(text)
    expected, found = (aie_conv.load(data, device="sim") for data in (seal(stock), ours))
    assert found.functions == expected.functions
    for name in expected.functions:
        # What takes nothing is a benchmark of one: it makes its own operands, and gives nothing.
        operands = given if expected[name].parameters else []
        answers = [p[name](*operands) for p in (expected, found)]
        pairs = zip(*(a if isinstance(a, tuple) else (a,) for a in answers), strict=True)
        for a, b in pairs if operands else ():
            np.testing.assert_array_equal(np.asarray(b, np.float64), np.asarray(a, np.float64))


def test_every_flag_of_iree_compile_is_the_library_s_or_known() -> None:
    """What its main program alone has would end in the library's "Unknown command line argument"."""
    ask = "from iree.compiler.api.ctypes_dl import _initializeGlobalCL as f; f('x', '--help-list-hidden')"
    theirs, library = (
        set(re.findall(r"^ +(--?[\w-]+)", done.stdout, re.MULTILINE))
        for command in ([str(IREE_COMPILE), "--help-list-hidden"], [sys.executable, "-c", ask])
        for done in [subprocess.run(command, capture_output=True, text=True, check=True)]
    )
    assert theirs - library == {"-o", *PROGRAM_FLAGS} - {*LISTING}
    assert library.issuperset(LISTING)


@pytest.mark.parametrize("flag", FEW)
def test_a_flag_that_stock_takes_is_taken(flag: str, tmp_path: Path) -> None:
    check(flag, LINALG_BF16, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("flag", [*FEW, *MANY])
@pytest.mark.parametrize("text", [LINALG_I8, LINALG_BF16, MATMUL], ids=["i8", "bf16", "matmul"])
def test_every_flag_that_stock_takes_is_taken(flag: str, text: str, tmp_path: Path) -> None:
    check(flag, text, tmp_path)


def refuse(state: pipeline.CompileState) -> None:
    raise UsageError(f"{state.name}: our form is refused", by_compiler=True)


def test_where_ours_is_refused_iree_s_own_flags_compile_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "STAGES", (*pipeline.STAGES[:-1], refuse))
    said: list[str] = []
    options = Options(route="direct", plan_cache="off")
    artifact = compiler.compile_source(LINALG_I8.encode(), options, warn=said.append)
    assert said == [
        "module: for the CPU alone: with this compiler's flags IREE says: module: our form is refused"
    ]
    (entry,) = [e for e in artifact.report["dispatches"] if e["contraction"]]
    assert entry["route"] == "cpu"
    assert entry["reason"] == "IREE refuses the module with this compiler's flags"
    given = arguments(LINALG_I8)
    found = aie_conv.load(artifact, device="sim").main(*given)
    image, kernel = (a.astype(np.int64) for a in given)
    windows = np.lib.stride_tricks.sliding_window_view(image[0], (3, 3), axis=(0, 1))
    np.testing.assert_array_equal(found[0], np.einsum("hwcyx,yxco->hwo", windows, kernel))


def test_what_iree_refuses_so_as_well_is_one_line() -> None:
    text = LINALG_I8.replace(
        "arith.constant 0 : i32", "arith.constant 0 : i32\n  %q = torch.constant.none"
    )
    text = text.replace("func.func @main", "func.func private @ext(!torch.none)\nfunc.func @main")
    text = text.replace("  return", "  call @ext(%q) : (!torch.none) -> ()\n  return")
    with pytest.raises(UsageError, match=r"^module:[^\n]*$"):
        aie_conv.compile(text)
