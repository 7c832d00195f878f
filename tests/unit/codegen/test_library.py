"""The files of ``kernels/`` are whole modules, and what the generators' layouts get of them fits."""

import re
from pathlib import Path

import pytest

from aie_conv.arch import get_arch
from aie_conv.arch.instructions import GROUPS
from aie_conv.codegen.library import kernels_folder, load_function
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.errors import VerifyError
from aie_conv.ir.core import memref, walk
from aie_conv.ir.text import read_module
from aie_conv.ir.xdsl import parse_module

FILES = sorted(kernels_folder().rglob("*.mlir"))
HEADER = ("Layouts", "cycles", "may assume")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_file_is_a_module_with_a_header(file: Path) -> None:
    text = file.read_text()
    header = text[: text.index("\nfunc.func")]
    assert all(word in header for word in HEADER)
    functions = [op for op in read_module(text).blocks[0].ops if op.blocks]
    assert [op.attrs["sym_name"] for op in functions] == [
        re.sub("_(i8|i16|bf16|bfp16)(_.*)?$", "", file.stem)
    ]
    parse_module(text)


@pytest.mark.parametrize(("arch", "dtype"), GROUPS)
@pytest.mark.parametrize("seven", [False, True])
def test_places_and_lengths_are_those_of_the_layout(arch: str, dtype: str, seven: bool) -> None:
    kernel = ParametricKernel(get_arch(arch), dtype, 6144, 2048, 8192, seven)
    function = kernel.function("multiply")
    assert function.attrs["function_type"][0] == tuple(kind for _, kind in kernel.arguments)
    assert all("parameter" not in op.attrs for op in walk(function))
    values = {op.attrs["value"] for op in walk(function) if op.name == "arith.constant"}
    tables = {kernel.block.place("step_table"), kernel.block.place("pixel_table", 1)}
    assert tables | {kernel.block.words} <= values
    read_module("".join(map(str, [kernel.declarations(), kernel.text("multiply")])))


def test_a_use_changes_nothing_for_the_next() -> None:
    kernel = ParametricKernel(get_arch("aie2"), "i8", 6144, 2048, 8192, False)
    other = ParametricKernel(get_arch("aie2"), "i8", 4096, 2048, 4096, False)
    first = kernel.text("multiply")
    assert other.text("multiply") != first
    assert kernel.text("multiply") == first


def test_types_that_do_not_fit_are_refused() -> None:
    with pytest.raises(VerifyError, match="vector<64xi8> of memref<64xi16>"):
        load_function("aie2", "parametric_product_i8", "f", {"b": memref("i16", 64)}, lambda *_: 0)
