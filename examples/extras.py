"""Packages that an example needs and aie_conv does not: one that is missing is named in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SOURCES = {
    "torch": "'aie_conv[torch]'",
    "onnx": "'aie_conv[onnx]'",
    "onnxruntime": "onnxruntime",
}


@contextmanager
def imports() -> Iterator[None]:
    """Around an example's imports: a missing extra ends the process with status 2, and a line."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _SOURCES:
            raise
        script = Path(sys.argv[0]).name
        print(
            f"{script}: the package {package} is missing: pip install {_SOURCES[package]}",
            file=sys.stderr,
        )
        sys.exit(2)
