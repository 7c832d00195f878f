"""Each gap of xDSL that compat closes; a test that fails here says upstream has closed it."""

import pytest
from xdsl.context import Context
from xdsl.dialects import arith, builtin, func, memref, scf, vector
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from aie_conv.errors import VerifyError
from aie_conv.ir.xdsl import parse_module, print_module

GAPS = {
    "extsi": "%0 = arith.extsi %a : vector<4xi8> to vector<4xi32>",
    "trunci": "%0 = arith.trunci %i : vector<4xi32> to vector<4xi8>",
    "select": "%0 = arith.select %b, %f, %f : vector<4xi1>, vector<4xf32>",
    "shape_cast": "%0 = vector.shape_cast %f : vector<4xf32> to vector<2x2xf32>",
    "transpose": "%0 = vector.transpose %m, [1, 0] : vector<2x4xf32> to vector<4x2xf32>",
    "iter_args": "%0 = scf.for %n = %x to %x step %x iter_args(%g = %f) -> vector<4xf32> "
    "{\nscf.yield %g : vector<4xf32>\n}",
}
HEAD = (
    "func.func @f(%a: vector<4xi8>, %i: vector<4xi32>, %f: vector<4xf32>, %b: vector<4xi1>, "
    "%m: vector<2x4xf32>, %x: index) {\n"
)


def stock(text: str) -> None:
    """Parse with xDSL alone."""
    context = Context()
    for dialect in (
        builtin.Builtin,
        func.Func,
        arith.Arith,
        vector.Vector,
        memref.MemRef,
        scf.Scf,
    ):
        context.load_dialect(dialect)
    Parser(context, text).parse_module().verify()


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_closed_here_and_open_upstream(gap: str) -> None:
    text = f"{HEAD}{GAPS[gap]}\nreturn\n}}"
    parse_module(text)
    with pytest.raises((ParseError, VerifyException, AttributeError)):
        stock(text)


@pytest.mark.parametrize(
    "line",
    ["%0 = arith.cmpi slt, %i, %i : vector<4xi32>", "%0 = arith.cmpf ugt, %f, %f : vector<4xf32>"],
)
def test_comparisons_give_vectors_here_and_one_bit_upstream(line: str) -> None:
    use = "%1 = arith.ori %0, %b : vector<4xi1>"
    text = f"{HEAD}{line}\n{use}\nreturn\n}}"
    parse_module(text)
    with pytest.raises(ParseError):
        stock(text)


def test_hexadecimal_floats_in_dense_are_refused() -> None:
    text = f"{HEAD}%0 = arith.constant dense<0xFF800000> : vector<4xf32>\nreturn\n}}"
    with pytest.raises(VerifyError, match=r"line 2: .* hexadecimal float"):
        parse_module(text)
    stock(text)  # upstream reads it as an integer without a word


def test_hexadecimal_integers_in_dense_are_fine() -> None:
    parse_module(f"{HEAD}%0 = arith.constant dense<0x10> : vector<4xi32>\nreturn\n}}")


def test_names_stay_unique_where_hints_clash() -> None:
    text = (
        "func.func @g() {\n%a = arith.constant 1 : i32\nreturn\n}\n"
        "func.func @f() {\n%a = arith.constant 1 : i32\n\n"
        "%x = arith.constant 1 : index\n%r = scf.for %a_1 = %x to %x step %x iter_args(%c = %a) -> (i32) {\n"
        "%a_2 = arith.addi %c, %a : i32\nscf.yield %a_2 : i32\n}\nreturn\n}"
    )
    module = parse_module(text)
    assert parse_module(print_module(module)).is_structurally_equivalent(module)
