"""ResNet-50 bf16 on the simulated npu1_4col, as a ratio to one inference of stock IREE on the CPU.

The CPU runs the f32 model: stock IREE 3.13 cannot compile the bf16 one as it is, and computes it
slower than f32 where it can.
"""

import resource
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
from common import BIN, HOST, best, ratio, run, stock_inference, write_resnet50

import aie_conv

LIMIT = 30.0
MEMORY_GIB = 4.0


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stock = folder / "stock.vmfb"
        run([BIN / "iree-compile", write_resnet50(folder, "f32"), "-o", stock, *HOST])
        theirs = stock_inference(stock, "f32")
        model = write_resnet50(folder, "bf16")
        artifact = aie_conv.compile(model.read_bytes(), device="npu1_4col")
        program = aie_conv.load(artifact, device="sim")
        image = np.full((1, 3, 224, 224), 0.5, ml_dtypes.bfloat16)
        first = best(1, lambda: np.asarray(program.main(image)))
        again = best(2, lambda: np.asarray(program.main(image)))
    holds = ratio("simulate bf16, first call", first, theirs, LIMIT)
    ratio("simulate bf16, later calls", again, theirs, LIMIT)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    within = peak < MEMORY_GIB
    print(
        f"peak memory, torch and compiler included: {peak:.2f} GiB (below {MEMORY_GIB:g}) "
        f"{'ok' if within else 'MISSED'}"
    )
    return 0 if holds and within else 1


if __name__ == "__main__":
    sys.exit(main())
