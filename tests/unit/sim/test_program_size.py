"""The estimate of program memory: what it counts, and that it counts high."""

import pytest

from aie_conv.errors import VerifyError
from aie_conv.ir.text import read_module
from aie_conv.sim import verify
from aie_conv.sim.model.code_size import (
    HARDWARE_LOOP_BYTES,
    JUMP_BYTES,
    NOP_BYTES,
    OP_BYTES,
    ROUTINE_BYTES,
    ROUTINE_CALL_BYTES,
)
from aie_conv.sim.model.module import build_model
from aie_conv.sim.model.program_size import ProgramSizes
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
    more = size(taps(300)) - size(taps(200))
    # And the cycles from one sum to the next, in which nothing may start.
    assert more == 100 * (3 * OP_BYTES + 4 * NOP_BYTES)


def test_too_many_taps_are_refused() -> None:
    verify(taps(550))
    with pytest.raises(VerifyError, match="program memory"):
        verify(taps(700))


def sums(count: int) -> str:
    """So many sums that a loop is longer than the shortest hardware loop."""
    return "".join(
        f"%l{i} = arith.addi %a0, %{f'l{i - 1}' if i else 'a0'} : i32\n" for i in range(count)
    )


LONG = sums(30)


def test_a_library_routine_is_counted_once_and_each_call() -> None:
    line = "%r = arith.divsi %l29, %a1 : i32"
    twice = "%q = arith.divsi %l29, %a1 : i32\n%r = arith.divsi %q, %a1 : i32"
    none = "%r = arith.subi %l29, %a1 : i32"
    sizes = [size(elementwise(["i32", "i32"], "i32", LONG + text)) for text in (none, line, twice)]
    assert sizes[1] - sizes[0] == ROUTINE_CALL_BYTES - OP_BYTES + ROUTINE_BYTES["divsi"]
    assert sizes[2] - sizes[1] == ROUTINE_CALL_BYTES + NOP_BYTES


def test_small_scalar_loops_are_unrolled_by_the_compiler() -> None:
    """3 x 4 trips are, 3 x 32 are not: the smaller loop is the larger program."""
    assert size(conv("i8", "i32", (4, 4, 4, 8))) > size(conv("i8", "i32", (4, 4, 32, 8)))
    assert size(conv("bf16", "f32", (4, 4, 4, 8))) > size(conv("i8", "i32", (4, 4, 4, 8)))


def test_a_condition_is_jumps_and_no_loop() -> None:
    inside = f"{LONG}%z = arith.constant 0 : i32\n%c = arith.cmpi eq, %a0, %z : i32\n{{}}%r = arith.addi %a0, %l29 : i32"
    branch = f"scf.if %c {{\n{sums(30).replace('%l', '%m')}}}\n"
    with_it, without = (
        size(elementwise(["i32", "i32"], "i32", inside.format(each))) for each in (branch, "")
    )
    # One jump over the sums, with the test.
    assert 30 * OP_BYTES + JUMP_BYTES < with_it - without < 35 * (OP_BYTES + NOP_BYTES) + JUMP_BYTES


def test_a_division_by_a_power_of_two_is_a_shift() -> None:
    """Others are a call of the library's routine."""
    line = LONG + "%d = arith.constant {} : i32\n%r = arith.divui %l29, %d : i32"
    shift, call = (size(elementwise(["i32"], "i32", line.format(divisor))) for divisor in (64, 48))
    assert call - shift == ROUTINE_CALL_BYTES - OP_BYTES + ROUTINE_BYTES["divui"]


# -- code that llvm-aie's tests have as assembly, whose bundles' sizes its formats say ------------
def function(arguments: str, body: str, device: str = "npu1") -> int:
    """Bytes of a function that a core calls, alone."""
    names = [each.split(":") for each in arguments.split(", ")]
    kinds = ", ".join(kind.strip() for _, kind in names)
    memories = [kind.strip() for _, kind in names if "memref" in kind]
    buffers = "".join(f"%b{i} = aie.buffer(%c) : {kind}\n" for i, kind in enumerate(memories))
    passed = ", ".join(f"%b{i}" if "memref" in kind else "%n" for i, (_, kind) in enumerate(names))
    text = f"""module {{
aie.device({device}) {{
%c = aie.tile(0, 2)
{buffers}func.func private @code({arguments}) {{
%zero = arith.constant 0 : index
%one = arith.constant 1 : index
{body}return
}}
%core = aie.core(%c) {{
%n = arith.constant 8 : index
func.call @code({passed}) : ({kinds}) -> ()
aie.end
}}
}}
}}
"""
    without = text.replace(body, "")
    return size(text) - size(without)


def added(parts: int) -> str:
    """Sums of so many pairs of 32 bytes each time."""
    step = 32 * parts
    body = f"%step = arith.constant {step} : index\nscf.for %i = %zero to %n step %step {{\n"
    for j in range(parts):
        body += f"%d{j} = arith.constant {32 * j} : index\n%at{j} = arith.addi %i, %d{j} : index\n"
        for name in "xy":
            body += (
                f"%{name}{j} = vector.load %{name}[%at{j}] {{alignment = 32 : i64}} : memref<1024xi8>, vector<32xi8>\n"
                f"%{name}w{j} = arith.extsi %{name}{j} : vector<32xi8> to vector<32xi32>\n"
            )
        body += (
            f"%s{j} = arith.addi %xw{j}, %yw{j} : vector<32xi32>\n"
            f"%t{j} = arith.trunci %s{j} : vector<32xi32> to vector<32xi8>\n"
            f"vector.store %t{j}, %z[%at{j}] {{alignment = 32 : i64}} : memref<1024xi8>, vector<32xi8>\n"
        )
    return body + "}\n"


SUMS = "%x: memref<1024xi8>, %y: memref<1024xi8>, %z: memref<1024xi8>, %n: index"
NESTED = """scf.for %i = %zero to %n step %one {
%start = memref.load %x[%i] : memref<64xi32>
%first = arith.index_cast %start : i32 to index
scf.for %j = %zero to %n step %one {
%at = arith.addi %first, %j : index
%a = memref.load %x[%at] : memref<64xi32>
%b = memref.load %y[%zero] : memref<64xi32>
%s = arith.addi %a, %b : i32
memref.store %s, %y[%zero] : memref<64xi32>
}
}
"""


def test_published_code_is_not_larger() -> None:
    """Add2D-red.ll from its set-up to its end, 288 bytes of 41 bundles; nested.ll of hardware loops, 160 of 40.

    The estimate has a form for few trips besides, and a conversion that the machine does in loads and stores.
    """
    pairs = [(function(SUMS, added(4)), 288)]
    arguments = "%x: memref<64xi32>, %y: memref<64xi32>, %n: index"
    pairs.append((function(arguments, NESTED), 160))
    for estimate, published in pairs:
        assert published <= estimate <= 3.5 * published


def test_a_small_loop_of_vectors_is_as_long_as_a_hardware_loop_has_to_be() -> None:
    """Published ones are filled up to seven bundles and one."""
    assert function(SUMS, added(1)) >= 2 * HARDWARE_LOOP_BYTES
