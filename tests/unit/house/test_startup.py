"""Importing the package stays cheap: the heavy libraries are loaded where they are used."""

import subprocess
import sys

HEAVY = ("torch", "iree", "xdsl", "llvmlite", "onnx")


def test_import_loads_no_heavy_library() -> None:
    code = f"import sys, aie_conv; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_but_the_dialects_needs_xdsl() -> None:
    code = """
import importlib, pkgutil, sys
sys.modules["xdsl"] = None
import aie_conv
for module in pkgutil.walk_packages(aie_conv.__path__, "aie_conv."):
    if not module.name.startswith("aie_conv.ir.xdsl."):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
