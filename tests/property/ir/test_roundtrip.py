"""Text to xDSL and back, and the simulator's own reader beside it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Op
from aie_conv.ir.text import read_module
from aie_conv.ir.xdsl import parse_module, print_module
from aie_conv.sim import Simulator
from tests.property.sim.test_chains import WHOLE
from tests.property.sim.test_chains import program as chained
from tests.property.sim.test_mac import element_program, intrinsic_program
from tests.property.sim.test_scalar import conv
from tests.support.sim.programs import GEMM, fan, kernel, relay
from tests.support.sim.resident import THROUGH_CORE

PADDED = relay(
    14 * 8,
    "i8",
    to_stream="dimensionsToStream [<size = 14, stride = 8>, <size = 8, stride = 1>]",
    attributes="{padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 1, "
    "const_pad_after = 1>, <const_pad_before = 0, const_pad_after = 0>]>}",
    received=16 * 8,
)
VECTORS = kernel(
    [(32, "i32"), (32, "bf16")],
    (32, "i8"),
    """%v = vector.load %x0[%c0] {alignment = 32 : i64} : memref<32xi32>, vector<32xi32>
%b = vector.load %x1[%c0] : memref<32xbf16>, vector<32xbf16>
%f = arith.extf %b : vector<32xbf16> to vector<32xf32>
%z = arith.constant dense<0.000000e+00> : vector<32xf32>
%c = arith.cmpf ugt, %f, %z : vector<32xf32>
%s = arith.select %c, %f, %z : vector<32xi1>, vector<32xf32>
%t = arith.truncf %s : vector<32xf32> to vector<32xbf16>
%i = arith.cmpi slt, %v, %v : vector<32xi32>
%m = vector.shape_cast %v : vector<32xi32> to vector<4x8xi32>
%p = vector.transpose %m, [1, 0] : vector<4x8xi32> to vector<8x4xi32>
%q = vector.shape_cast %p : vector<8x4xi32> to vector<32xi32>
%n = arith.trunci %q : vector<32xi32> to vector<32xi8>
%e = arith.extsi %n : vector<32xi8> to vector<32xi32>
%sh = arith.constant 3 : i32
%r = aievec.srs %e, %sh {sign = 0 : i32} : vector<32xi32>, i32, vector<32xi8>
vector.store %r, %y[%c0] : memref<32xi8>, vector<32xi8>""",
)
LANES = """%a = vector.load %x0[%c0] : memref<128xi8>, vector<64xi8>
%k = arith.constant 5 : i32
%b = aievec.shift %a, %a, %k {isAcc = false} : vector<64xi8>, vector<64xi8>, i32, vector<64xi8>
%p = aievec.ext %b {index = 1 : i8} : vector<64xi8>, vector<32xi8>
%r = aievec.concat %p, %p : vector<32xi8>, vector<64xi8>
vector.store %r, %y[%c0] : memref<64xi8>, vector<64xi8>"""
ARRAYS = relay(64, "i8").replace("{%c }, 2 : i32)", "{%c }, [2, 1])")
TEXTS = {
    "relay": relay(64, "i8"),
    "chains": chained(WHOLE, 6),
    "tasks": THROUGH_CORE,
    "depths": ARRAYS,
    "product": GEMM,
    "fan": fan(),
    "padding": PADDED,
    "vectors": VECTORS,
    "elements": element_program("npu1", 16, "mac"),
    "elements without a sum": element_program("npu2", 32, "mul"),
    "intrinsic": intrinsic_program("llvm.aie2.bf.mac16.conf"),
    "lanes": kernel([(128, "i8")], (64, "i8"), LANES),
    "scalars": conv("i8", "i32", (2, 3, 4, 8)),
    "scalar sums in memory": conv("bf16", "f32", (2, 3, 4, 8), carried=False),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("generic", [False, True])
def test_what_is_printed_is_read_again(name: str, generic: bool) -> None:
    module = parse_module(TEXTS[name])
    again = parse_module(print_module(module, generic=generic))
    assert module.is_structurally_equivalent(again)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stride = 256", "stride = 252"),
        ("@a1(%m dim", "@b2(%m dim"),
        ("!aie.objectfifo<memref<2048xi8>>", "!aie.objectfifo<memref<2044xi8>>"),
        ("{stack_size = 1024 : i32}", "{stack_size = 2048 : i32}"),
        ("[3, 1, 1, 1024]", "[2, 1, 1, 1024]"),
    ],
)
def test_modules_that_differ_are_not_equal(old: str, new: str) -> None:
    other = parse_module(GEMM.replace(old, new), verify=False)
    assert not parse_module(GEMM).is_structurally_equivalent(other)


@pytest.mark.parametrize("name", TEXTS)
def test_printing_twice_gives_one_text(name: str) -> None:
    once = print_module(parse_module(TEXTS[name]))
    assert print_module(parse_module(once)) == once


def operations(op: Operation) -> Iterator[tuple[str, tuple[str, ...]]]:
    for inner in op.walk():
        if not isinstance(inner, ModuleOp):
            yield inner.name, tuple(str(result.type).replace(" ", "") for result in inner.results)


def light(op: Op) -> Iterator[tuple[str, tuple[str, ...]]]:
    for block in op.blocks:
        for inner in block.ops:
            yield inner.name, tuple(str(result.type) for result in inner.results)
            yield from light(inner)


@pytest.mark.parametrize("name", TEXTS)
def test_both_readers_see_the_same_operations(name: str) -> None:
    """xDSL adds the yield that a loop without results leaves out; all else is equal."""

    def kept(found: Iterator[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
        return [item for item in found if item[0] != "scf.yield"]

    assert kept(operations(parse_module(TEXTS[name]))) == kept(light(read_module(TEXTS[name])))


@pytest.mark.parametrize("name", TEXTS)
def test_the_simulator_takes_what_xdsl_prints(name: str) -> None:
    Simulator(print_module(parse_module(TEXTS[name])))


@given(
    st.lists(st.tuples(st.integers(1, 512), st.integers(1, 4096)), max_size=4),
    st.integers(1, 4),
    st.sampled_from(["i8", "bf16", "i32", "f32"]),
    st.booleans(),
)
def test_any_fifo_is_read_again(
    dims: list[tuple[int, int]], depth: int, dtype: str, array: bool
) -> None:
    inner = ", ".join(f"<size = {n}, stride = {s}>" for n, s in dims)
    walk = f" dimensionsToStream [{inner}]" if dims else ""
    depths = f"[{depth}, {depth}]" if array else f"{depth} : i32"
    text = (
        "module { aie.device(npu1) { %m = aie.tile(0, 1)\n%c = aie.tile(0, 2)\n"
        f"aie.objectfifo @f(%m{walk}, {{%c}}, {depths}) : !aie.objectfifo<memref<64x{dtype}>>\n}} }}"
    )
    module = parse_module(text)
    printed = print_module(module)
    assert parse_module(printed).is_structurally_equivalent(module)
    assert f"@f(%m{walk}, {{%c}}, {depths})" in printed


MATMUL = """func.func @f(%a: vector<{a}>, %b: vector<{b}>, %c: vector<{c}>) {{
%r = aievec.matmul{suffix} %a, %b, %c : vector<{a}>, vector<{b}> into vector<{c}>
return
}}"""

REFUSED = {
    "shape": (
        MATMUL.replace("{suffix}", "").format(a="4x8xi8", b="8x8xi8", c="4x8xi32").replace(
            "return", "%s = vector.shape_cast %r : vector<4x8xi32> to vector<4x4xi32>\nreturn"
        ),
        "vector.shape_cast",
    ),
    "depths": (ARRAYS.replace("[2, 1]", "[2, 1, 1]"), "3 depths for 2 ends"),
    "padding": (
        PADDED.replace(", <const_pad_before = 0, const_pad_after = 0>]", "]"),
        "one pair a dimension",
    ),
    "join and distribute": (
        fan().replace("[@w] -> [@w0, @w1] ([] [0, 64])", "[@w, @x] -> [@w0, @w1] ([0, 0] [0, 64])"),
        "join and distribute at once",
    ),
    "offsets": (fan().replace("([0, 64] [])", "([0] [])"), "join of 2 needs 2 source offsets"),
    "index": (relay(64, "i8").replace("%a_s[0]", "%a_s[1]"), "object 1 of 1"),
    "object": (
        relay(64, "i8").replace("> -> memref<64xi8>", "> -> memref<32xi8>"),
        "previously used or defined with type memref<32xi8>",
    ),
    "id": (relay(64, "i8").replace("id = 1 :", "id = 99 :"), "shim ids are 0 to 15"),
    "chain": (
        chained(WHOLE.replace("^part_1:\n", "^part_1:\naie.end\n^part_2:\n"), 6),
        "a block holds one aie.dma_bd and an aie.next_bd or aie.end",
    ),
    "syntax": (relay(64, "i8").replace("aie.tile(0, 2)", "aie.tile(0)"), "Expected ','"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_broken_modules_are_refused_in_a_line(case: str) -> None:
    text, message = REFUSED[case]
    with pytest.raises(VerifyError) as raised:
        parse_module(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("suffix", "a", "b", "c", "good"),
    [
        ("", "4x8xi8", "8x8xi8", "4x8xi32", True),
        ("", "4x8xbf16", "8x4xbf16", "4x4xf32", True),
        ("_aie2p", "8x8xbf16", "8x4xbf16", "8x4xf32", True),
        ("", "8x8xi8", "8x8xi8", "8x8xi32", False),
        ("_aie2p", "8x1xbf16", "1x8xbf16", "8x8xf32", False),
        ("", "4x8xi8", "4x8xi8", "4x8xi32", False),
    ],
)
def test_matrix_shapes_are_those_of_the_hardware(
    suffix: str, a: str, b: str, c: str, good: bool
) -> None:
    text = MATMUL.format(suffix=suffix, a=a, b=b, c=c)
    if good:
        module = parse_module(text)
        assert parse_module(print_module(module)).is_structurally_equivalent(module)
    else:
        with pytest.raises(VerifyError, match=r"aievec\.matmul"):
            parse_module(text)
