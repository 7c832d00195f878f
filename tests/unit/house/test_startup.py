"""Importing the package stays cheap: the heavy libraries are loaded where they are used."""

import subprocess
import sys

HEAVY = ("torch", "iree", "xdsl", "llvmlite", "onnx")


def test_import_loads_no_heavy_library() -> None:
    code = f"import sys, aie_conv; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
