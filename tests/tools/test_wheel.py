"""The wheel holds what a program needs: it is built, installed beside nothing of the checkout, and compiles."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import aie_conv
from aie_conv.codegen.library import kernels_folder
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.problem import conv2d
from aie_conv.sim import Simulator

plan = ParametricRoute().propose(conv2d(1, 10, 10, 32, 32, 3, 3, dtype="i8"), "npu1_1col")
Simulator(plan.emit())
print(aie_conv.__file__)
print(kernels_folder())
"""


def test_an_installed_wheel_compiles(tmp_path: Path) -> None:
    pytest.importorskip(
        "hatchling", reason="hatchling builds the wheel: pip install 'aie_conv[dev]'"
    )
    pytest.importorskip("pip", reason="pip installs it")
    built, site = tmp_path / "built", tmp_path / "site"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-index",
        "--no-deps",
        "--target",
        str(site),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    module, folder = (Path(line) for line in done.stdout.split("\n")[:2])
    assert module.is_relative_to(site)
    assert folder == site / "aie_conv" / "kernels"
