"""Compile time of ResNet-50 f32 for amd-aie, as a ratio to stock iree-compile for the CPU."""

import sys
import tempfile
from pathlib import Path

from common import BIN, HOST, best, ratio, run, write_resnet50

LIMIT = 3.0


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = write_resnet50(folder, "f32")
        stock = [BIN / "iree-compile", model, "-o", folder / "stock.vmfb", *HOST]
        ours = [
            BIN / "aie-conv", "compile", model, "-o", folder / "ours.vmfb",
            "--iree-hal-target-backends=amd-aie",
        ]  # fmt: skip
        theirs = best(2, lambda: run(stock))
        holds = ratio(
            "compile f32, convolutions on the CPU", best(2, lambda: run(ours)), theirs, LIMIT
        )
        ours.append("--amd-aie-f32=bf16")
        holds &= ratio(
            "compile f32, convolutions on the NPU", best(2, lambda: run(ours)), theirs, LIMIT
        )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
