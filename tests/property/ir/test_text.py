"""What is printed is read again as the same module, for every operation there is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Op, walk
from aie_conv.ir.definition import defined
from aie_conv.ir.text import print_module, read_module
from tests.support.air.modules import RECORDED
from tests.support.ir.modules import AIR, ARRAY, CODE, DMA, equal, functions
from tests.support.sim.resident import THROUGH_CORE

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.mlir"))
TEXTS = {"array": ARRAY, "dma": DMA, "tasks": THROUGH_CORE, "code": CODE, "air": AIR}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_read_and_printed_as_it_was(name: str) -> None:
    module = read_module(TEXTS[name])
    assert print_module(module) == TEXTS[name]
    assert equal(read_module(print_module(module)), module)


def test_every_operation_is_among_the_texts_or_binary_arithmetic() -> None:
    texts = (*TEXTS.values(), RECORDED.read_text())
    seen = {op.name for text in texts for op in walk(read_module(text))} | {"module"}
    left = {name for name in set(defined()) - seen if not name.startswith("arith.")}
    generated = {"vector.store", "vector.shuffle", "vector.bitcast"}
    assert left <= {*generated, "cf.br"}  # which is read as a loop


def test_aliases_and_endless_blocks_are_read_as_what_they_stand_for() -> None:
    module = read_module(RECORDED.read_text())
    text = print_module(module)
    assert "cf.br" not in text
    assert "#map" not in text
    assert equal(read_module(text), module)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cf.br ^bb1\n", "cf.br ^bb9\n", "cf.br .bb9: there is no such block"),
        ("cf.br ^bb1\n", "cf.br ^bb1\n      cf.br ^bb1\n", "more follows"),
        ("%4 = arith.extsi %1", "cf.br ^bb1\n                %4 = arith.extsi %1", "cf.br stands inside scf.for"),
        ("affine_map<(d0, d1) -> (d0 + d1)>", "affine_map<(d0, d1) -> (d0 mod 2)>", "no sum of indices"),
        ("affine_map<(d0, d1) -> (d0 + d1)>", "affine_map<(d0, d1) -> (d0 + d7)>", "does not have"),
    ],
)  # fmt: skip
def test_other_branches_and_maps_are_refused(old: str, new: str, said: str) -> None:
    text = RECORDED.read_text()
    assert old in text
    with pytest.raises(VerifyError, match=said):
        read_module(text.replace(old, new))


def test_a_value_of_a_later_block_is_not_read() -> None:
    blocks = """cf.br ^later
    ^sooner:
      %two = arith.addi %c1, %c1 : index
      cf.br ^sooner
    ^later:
      %three = arith.addi %two, %c1 : index
      cf.br ^sooner
    }"""
    text = RECORDED.read_text()
    start = text.index("cf.br ^bb1\n    ^bb1:  // 2 preds: ^bb0, ^bb1\n      scf.for")
    end = text.index("cf.br ^bb1\n    }", start)
    changed = text[:start] + blocks + text[end + len("cf.br ^bb1\n    }") :]
    with pytest.raises(VerifyError, match="arith.addi reads %two before it is computed"):
        read_module(changed)


def _arith(name: str) -> str:
    definition = defined()[name]
    kind = "f32" if name.removeprefix("arith.")[-1] == "f" else "i32"
    if definition.infer is None:
        pairs = {
            "extf": "bf16 to f32", "truncf": "f32 to bf16", "sitofp": "i32 to f32", "uitofp": "i32 to f32",
            "fptosi": "f32 to i32", "fptoui": "f32 to i32", "bitcast": "f32 to i32", "trunci": "i32 to i8",
            "extsi": "i8 to i32", "extui": "i8 to i32", "index_cast": "i32 to index",
            "index_castui": "i32 to index",
        }  # fmt: skip
        types = pairs[name.removeprefix("arith.")]
        return f"func.func @f(%a: {types.split()[0]}) {{\n    %r = {name} %a : {types}\n"
    return f"func.func @f(%a: {kind}, %b: {kind}) {{\n    %r = {name} %a, %b : {kind}\n"


_SHOWN = {"arith.constant", "arith.select", "arith.cmpi", "arith.cmpf", "arith.negf"}


@pytest.mark.parametrize(
    "name", sorted(name for name in defined() if name.startswith("arith.") and name not in _SHOWN)
)
def test_arithmetic(name: str) -> None:
    text = f"module {{\n  {_arith(name)}    return\n  }}\n}}\n"
    assert print_module(read_module(text)) == text


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_golden_text_is_printed_as_it_was(file: Path) -> None:
    text = file.read_text()
    assert print_module(read_module(text)) == text


LONG = """module {
  aie.device(npu2) {
    %a = aie.tile(0, 1)
    %b = aie.tile(0, 2)
    aie.objectfifo @f(%a, {%b, %b, %b, %b, %b, %b, %b, %b}, [4, 2, 2, 2, 2, 2, 2, 2, 2]) : \
!aie.objectfifo<memref<64xi8>>
    %t = aie.buffer(%b) {sym_name = "t"} : memref<9xi32> = dense<[1, 2, 3, 4, 5, 6, 7, 8, 9]> : tensor<9xi32>
    %u = aie.buffer(%b) {sym_name = "u", other = [1, 2, 3, 4, 5, 6, 7, 8, 9]} : memref<9xi32>
    aie.objectfifo.link [@f] -> [@f] ([] [0, 1, 2, 3, 4, 5, 6, 7, 8])
  }
}
"""


def test_long_lists_of_integers_are_read_wherever_they_stand() -> None:
    assert print_module(read_module(LONG)) == LONG


@given(functions())
def test_random_code_is_read_again(module: Op) -> None:
    text = print_module(module)
    again = read_module(text)
    assert equal(again, module)
    assert print_module(again) == text


@given(
    st.sampled_from(sorted(TEXTS)),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["", "%", "{", "}", "]", "->", "7", "0.5", "memref<4xi8>", "@x", '"', "$"]),
)
def test_text_that_is_damaged_is_refused_in_a_line(name: str, where: float, other: str) -> None:
    pieces = TEXTS[name].split(" ")
    pieces[int(where * len(pieces))] = other
    assert "\n" not in refusal(" ".join(pieces))


def refusal(text: str) -> str:
    """The message with which text is refused; "" if it is read."""
    try:
        read_module(text)
    except VerifyError as error:
        return str(error)
    return ""


CASES = {
    "defined twice": ("%c8 = arith.constant 8", "%c0 = arith.constant 8", "redefinition of value %c0"),
    "outside": ("scf.yield %s#0", "scf.yield %p", "use of undefined value %p"),
    "yield": ("scf.yield %p, %j : i32, index", "scf.yield %j, %p : index, i32", "%j is index"),
    "operand": ("%sum = arith.addi %w, %k", "%sum = arith.addi %w, %c0", "%c0 is index and is used as i32"),
    "indices": ("%w = memref.load %m[%c0, %c0]", "%w = memref.load %m[%c0]", "1 indices of memref<4x8xi32>"),
    "result": ("-> (i32, index)\n    return", "-> (i32)\n    return", "'func.call' gives 1 results, 2 are"),
    "callee": ("@two(%k)", "@three(%k)", "@three is not declared"),
    "arguments": (
        "func.func private @two(%i: i32)",
        "func.func private @two(%i: i32, %i2: i32)",
        r"@two takes \(i32, i32\) and is called with \(i32\)",
    ),
    "bits": ("to vector<2x4xi32>\n", "to vector<2x8xi32>\n", "differ in size"),
    "product": ("%s = aievec.srs %w, %k", "%s = aievec.srs %c, %k", "%c is vector<4x8xi32> and is used"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_structure_is_checked(case: str) -> None:
    old, new, message = CASES[case]
    assert old in CODE
    with pytest.raises(VerifyError, match=message):
        read_module(CODE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@a(Consume", "@nothing(Consume"),
        ("metadata = @in", "metadata = @nothing"),
        ("{symbol = @in}", "{symbol = @nothing}"),
        ("task_for @in", "task_for @nothing"),
        ("[@in] ->", "[@nothing] ->"),
    ],
)
def test_symbols_exist(old: str, new: str) -> None:
    with pytest.raises(VerifyError, match="there is no object FIFO @nothing"):
        read_module(ARRAY.replace(old, new))
