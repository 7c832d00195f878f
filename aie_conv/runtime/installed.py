"""Which drivers' Python modules are there, without importing any of them."""

import importlib.util
from pathlib import Path


def has_pyxrt() -> bool:
    """Whether XRT's Python module can be imported."""
    return importlib.util.find_spec("pyxrt") is not None


def has_hrx() -> bool:
    """Whether mlir-aie's Python package is there with its classes for HRX (its wheel of August 2026)."""
    package = importlib.util.find_spec("aie")
    folders = package.submodule_search_locations if package is not None else None
    inner = Path("utils", "hostruntime", "hrxruntime", "__init__.py")
    return any((Path(folder) / inner).is_file() for folder in folders or ())
