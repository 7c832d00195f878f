"""mlir-aie's own tools take what is emitted, where they are installed ($AIE_TOOLS or PATH)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from aie_conv.codegen.library import kernels_folder
from tests.golden.test_golden import DESIGNS

OPT = shutil.which("aie-opt", path=os.environ.get("AIE_TOOLS"))

pytestmark = [
    pytest.mark.aie_opt,
    pytest.mark.skipif(OPT is None, reason="aie-opt is not installed (set AIE_TOOLS)"),
]

RESOURCES = (
    "builtin.module(convert-vector-to-aievec{{aie-target={target} target-backend=llvmir}},"
    "lower-affine,aie-canonicalize-device,aie.device(aie-assign-lock-ids,"
    "aie-register-objectFifos,aie-objectFifo-stateful-transform,aie-assign-bd-ids,"
    "aie-assign-buffer-addresses),convert-scf-to-cf)"
)
ROUTING = "builtin.module(aie.device(aie-create-pathfinder-flows))"


def run(text: str, pipeline: str, folder: Path) -> str:
    """One pipeline of aie-opt; the module behind it."""
    file = folder / "in.mlir"
    file.write_text(text)
    assert OPT is not None
    done = subprocess.run(
        [OPT, str(file), f"--pass-pipeline={pipeline}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", DESIGNS)
def test_resources_and_routing(name: str, tmp_path: Path) -> None:
    route, device, problem = DESIGNS[name]
    target = "aie2p" if device == "npu4" else "aie2"
    text = route.propose(problem, device).emit()
    placed = run(text, RESOURCES.format(target=target), tmp_path)
    assert "aie.memtile_dma" in placed
    assert "aie.packet_flow" not in run(placed, ROUTING, tmp_path)


@pytest.mark.parametrize(
    "file", sorted(kernels_folder().rglob("*.mlir")), ids=lambda file: file.stem
)
def test_kernels_are_modules_of_their_own(file: Path, tmp_path: Path) -> None:
    assert "func.func" in run(file.read_text(), "builtin.module(canonicalize)", tmp_path)
