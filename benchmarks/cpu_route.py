"""ResNet-50 f32 with every convolution on the CPU, as a ratio to stock IREE's three best flags."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from common import BEST, BIN, HOST, best, ratio, run, stock_inference, write_resnet50

import aie_conv

LIMIT = 1.0
TOLERANCE = 1.1
"""Two measurements of the same program differ by this much here."""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = write_resnet50(folder, "f32")
        stock = folder / "stock.vmfb"
        run([BIN / "iree-compile", model, "-o", stock, *HOST, *BEST])
        theirs = stock_inference(stock, "f32")
        program = aie_conv.load(aie_conv.compile(model.read_bytes(), route="cpu"), device="sim")
        image = np.full((1, 3, 224, 224), 0.5, np.float32)
        program.main(image)
        ours = best(20, lambda: np.asarray(program.main(image)))
    return 0 if ratio("cpu route, one inference", ours, theirs, LIMIT * TOLERANCE) else 1


if __name__ == "__main__":
    sys.exit(main())
