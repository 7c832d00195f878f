"""The control registers' numbers differ between the architectures."""

import numpy as np
import pytest

from aie_conv.errors import VerifyError
from tests.sim.sim.test_arithmetic import run
from tests.support.sim.programs import kernel

NARROW = """
%x = vector.load %x0[%c0] {alignment = 32 : i64} : memref<32xi32>, vector<32xi32>
%s = arith.constant 1 : i32
%r = aievec.srs %x, %s : vector<32xi32>, i32, vector<32xi8>
vector.store %r, %y[%c0] {alignment = 32 : i64} : memref<32xi8>, vector<32xi8>
"""


def program(device: str, arch: str, rounding: int, saturation: int) -> str:
    """Half up, saturating, by registers of these numbers."""
    name = f"llvm.{arch}.set.ctrl.reg"
    lines = "".join(
        f"%n{i} = arith.constant {number} : i32\n%v{i} = arith.constant {value} : i32\n"
        f"func.call @{name}(%n{i}, %v{i}) : (i32, i32) -> ()\n"
        for i, (number, value) in enumerate([(rounding, 9), (saturation, 1)])
    )
    declaration = f"func.func private @{name}(i32, i32)"
    return kernel(
        [(32, "i32")], (32, "i8"), NARROW, declarations=declaration, prelude=lines, device=device
    )


@pytest.mark.parametrize(("device", "numbers"), [("npu1", (6, 9)), ("npu2", (1, 0))])
def test_each_architecture_has_its_own(device: str, numbers: tuple[int, int]) -> None:
    x = np.arange(-400, 400, 25, dtype=np.int32)
    y = np.zeros(32, np.int8)
    run(program(device, {"npu1": "aie2", "npu2": "aie2p"}[device], *numbers), [x], y)
    np.testing.assert_array_equal(y, ((x + 1) >> 1).clip(-128, 127))


def test_the_others_are_refused() -> None:
    x, y = np.zeros(32, np.int32), np.zeros(32, np.int8)
    with pytest.raises(VerifyError, match="control register 6: simulated are 1"):
        run(program("npu2", "aie2p", 6, 9), [x], y)
    with pytest.raises(VerifyError, match="is not an intrinsic of aie2p"):
        run(program("npu2", "aie2", 6, 9), [x], y)
