"""An example without a package that it needs says which, in one line."""

import importlib
import subprocess
import sys
from pathlib import Path

import extras
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"

BLOCKED = """
import runpy, sys
sys.modules[sys.argv.pop(1)] = None
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

WAYS = {
    "torch": "'aie_conv[torch]'",
    "onnx": "'aie_conv[onnx]'",
    "onnxruntime": "onnxruntime",
}


@pytest.mark.parametrize(
    ("script", "package"),
    [
        ("resnet50", "torch"),
        ("mobilenet_v2", "torch"),
        ("small_onnx", "onnx"),
        ("classify", "onnx"),
        ("detect", "torch"),
        ("read_text", "onnxruntime"),
    ],
)
def test_a_missing_package_is_one_line(script: str, package: str) -> None:
    path = EXAMPLES / f"{script}.py"
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, package, str(path)], capture_output=True, text=True
    )
    line = f"{script}.py: the package {package} is missing: pip install {WAYS[package]}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_every_script_imports_so() -> None:
    scripts = [path for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text()]
    assert scripts
    assert [path.name for path in scripts if "with imports():" not in path.read_text()] == []


def test_another_missing_module_is_shown_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError), extras.imports():
        importlib.import_module("no_such_module")
