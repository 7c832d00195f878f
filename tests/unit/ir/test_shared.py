"""Functions and arrays are read once, and yet each where it stands."""

import pytest

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Op
from aie_conv.ir.text import print_module, read_module

_ONE = "func.func @{name}(%a: i32) {{ %b = arith.addi %a, %a : i32 func.call @{callee}(%b) : (i32) -> () return }}"
_SINK = "func.func private @sink(i32)"
_OTHER = "func.func private @drain(i32)"


def _functions(text: str) -> list[Op]:
    return [op for op in read_module(text).blocks[0].ops if op.blocks]


def test_equal_bodies_on_equal_lines_are_one_object() -> None:
    text = f"{_SINK}\n{_ONE.format(name='f', callee='sink')}\n"
    (first,), (again,) = _functions(text), _functions(f"{text}{_OTHER}\n")
    assert first.blocks[0] is again.blocks[0]
    assert print_module(first) == print_module(again)


def test_a_body_elsewhere_names_the_line_where_it_stands() -> None:
    text = f"{_SINK}\n{_ONE.format(name='f', callee='sink')}\n"
    (first,), (lower,) = _functions(text), _functions(f"\n{text}")
    assert [op.line for op in first.blocks[0].ops] == [2, 2, 2]
    assert [op.line for op in lower.blocks[0].ops] == [3, 3, 3]


def test_functions_on_one_line_are_told_apart() -> None:
    pair = [
        _ONE.format(name=name, callee=callee) for name, callee in (("f", "sink"), ("g", "drain"))
    ]
    f, g = _functions(f"{_SINK}\n{_OTHER}\n{' '.join(pair)}\n")
    assert [each.blocks[0].ops[1].attrs["callee"] for each in (f, g)] == ["sink", "drain"]


def test_symbols_of_a_body_that_was_read_before_are_looked_for_again() -> None:
    text = f"{_SINK}\n{_ONE.format(name='f', callee='sink')}\n"
    read_module(text)
    with pytest.raises(VerifyError, match="@sink is not declared"):
        read_module(text.replace(_SINK, _OTHER))


_TILES = "%shim = aie.tile(0, 0)\n%core = aie.tile(0, 2)\n"
_FIFO = "aie.objectfifo @in(%shim, {%core}, 2 : i32) : !aie.objectfifo<memref<16xi32>>\n"
_SEQUENCE = (
    "aie.runtime_sequence @sequence(%a: memref<16xi32>) {\naiex.npu.dma_wait {symbol = @in}\n}\n"
)


def _device(array: str, sequence: str = _SEQUENCE) -> Op:
    (device,) = read_module(f"aie.device(npu1) {{\n{array}{sequence}}}\n").blocks[0].ops
    return device


def test_equal_arrays_are_one_with_sequences_of_their_own() -> None:
    first = _device(_TILES + _FIFO)
    again = _device(_TILES + _FIFO, _SEQUENCE.replace("16xi32", "32xi32"))
    *array, sequence = first.blocks[0].ops
    assert all(one is other for one, other in zip(array, again.blocks[0].ops, strict=False))
    assert len(array) == 3
    assert sequence is not again.blocks[0].ops[-1]
    assert print_module(first) == print_module(again).replace("32xi32", "16xi32")


def test_another_array_is_read_anew() -> None:
    assert len(_device(_TILES + _FIFO).blocks[0].ops) == 4
    with pytest.raises(VerifyError, match="there is no object FIFO @in"):
        _device(_TILES)
    with pytest.raises(VerifyError, match="redefinition of value %shim"):
        _device(_TILES + _TILES + _FIFO)


def test_what_stands_behind_a_sequence_is_read_too() -> None:
    assert len(_device(_TILES + _FIFO, f"{_SEQUENCE}%mem = aie.tile(0, 1)\n").blocks[0].ops) == 5
    assert len(_device(_TILES + _FIFO).blocks[0].ops) == 4
