"""The estimate of program memory: what it counts, and that it counts high."""

import pytest

from aie_conv.errors import VerifyError
from aie_conv.ir.text import read_module
from aie_conv.sim import verify
from aie_conv.sim.model.module import build_model
from aie_conv.sim.model.program_size import (
    BRANCH_BYTES,
    CALL_BYTES,
    OP_BYTES,
    ROUTINE_BYTES,
    ProgramSizes,
)
from tests.property.sim.test_scalar import conv, elementwise
from tests.support.sim.programs import kernel

MAC = "llvm.aie2.I512.I512.ACC1024.acc32.mac.conf"
SIGNATURE = "(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>"


def size(text: str) -> int:
    model = build_model(read_module(text))
    return ProgramSizes(model).program_bytes(model.cores[0])


def taps(count: int) -> str:
    """``count`` taps one after the other: a load of 64 bytes, a cut, a MAC each."""
    body = (
        "%conf = arith.constant 904 : i32\n%s0 = arith.constant dense<0> : vector<16xi64>\n"
        "%f = vector.load %x1[%c0] {alignment = 32 : i64} : memref<64xi8>, vector<64xi8>\n"
        "%w = vector.bitcast %f : vector<64xi8> to vector<16xi32>\n"
    )
    for i in range(count):
        body += (
            f"%a{i} = vector.load %x0[%c0] {{alignment = 32 : i64}} : memref<64xi8>, vector<64xi8>\n"
            f"%s{i + 1} = func.call @{MAC}(%a{i}, %w, %s{i}, %conf) : {SIGNATURE}\n"
        )
    body += (
        f"%r = vector.bitcast %s{count} : vector<16xi64> to vector<32xi32>\n"
        "vector.store %r, %y[%c0] {alignment = 32 : i64} : memref<32xi32>, vector<32xi32>"
    )
    declaration = f"func.func private @{MAC}{SIGNATURE}"
    return kernel([(64, "i8"), (64, "i8")], (32, "i32"), body, declarations=declaration)


def test_each_tap_counts_its_loads_and_its_mac() -> None:
    """Two loads of 32 bytes and a MAC."""
    assert size(taps(300)) - size(taps(200)) == 100 * 3 * OP_BYTES


def test_too_many_taps_are_refused() -> None:
    verify(taps(400))
    with pytest.raises(VerifyError, match="program memory"):
        verify(taps(600))


def test_a_library_routine_is_counted_once_and_each_call() -> None:
    line = "%r = arith.mulf %a0, %a1 : f32"
    twice = "%q = arith.mulf %a0, %a1 : f32\n%r = arith.mulf %q, %a1 : f32"
    none = "%b = arith.constant true\n%r = arith.select %b, %a0, %a1 : f32"
    sizes = [size(elementwise(["f32", "f32"], "f32", text)) for text in (none, line, twice)]
    assert sizes[1] - sizes[0] >= ROUTINE_BYTES["mulf"]
    assert sizes[2] - sizes[1] == CALL_BYTES


def test_small_scalar_loops_are_unrolled_by_the_compiler() -> None:
    """3 x 4 trips are, 3 x 32 are not: the smaller loop is the larger program."""
    assert size(conv("i8", "i32", (4, 4, 4, 8))) > size(conv("i8", "i32", (4, 4, 32, 8)))
    assert size(conv("bf16", "f32", (4, 4, 4, 8))) > size(conv("i8", "i32", (4, 4, 4, 8)))


def test_a_condition_is_jumps_and_no_loop() -> None:
    inside = "%z = arith.constant 0 : i32\n%c = arith.cmpi eq, %a0, %z : i32\n{}%r = arith.addi %a0, %a1 : i32"
    branch = "scf.if %c {\n%s = arith.addi %a0, %a1 : i32\n}\n"
    with_it, without = (
        size(elementwise(["i32", "i32"], "i32", inside.format(each))) for each in (branch, "")
    )
    assert with_it - without == BRANCH_BYTES + OP_BYTES


def test_a_division_by_a_power_of_two_is_a_shift() -> None:
    """Others are a call of the library's routine."""
    line = "%d = arith.constant {} : i32\n%r = arith.divui %a0, %d : i32"
    shift, call = (size(elementwise(["i32"], "i32", line.format(divisor))) for divisor in (64, 48))
    assert call - shift == CALL_BYTES - OP_BYTES + ROUTINE_BYTES["divui"]
