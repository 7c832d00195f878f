"""Compile time of ResNet-50 f32 for amd-aie, as a ratio to stock iree-compile for the CPU.

Cold is without the cache of plans, warm with one that an earlier compilation filled.
"""

import os
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
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        theirs = best(2, lambda: run(stock))
        holds = True
        for where, flags in (("CPU", []), ("NPU", ["--amd-aie-f32=bf16"])):
            for state, cache in (("cold", ["--amd-aie-plan-cache=off"]), ("warm", [])):
                command = [*ours, *flags, *cache]
                if state == "warm":
                    run(command)
                seconds = best(2, lambda command=command: run(command))
                what = f"compile f32, convolutions on the {where}, plans {state}"
                holds &= ratio(what, seconds, theirs, LIMIT)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
