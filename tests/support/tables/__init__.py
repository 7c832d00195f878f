"""Tables of bytes: random functions, and the code of one run for every byte."""

import numpy as np
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.codegen.tables import ByteHinges, TableVectors
from aie_conv.codegen.tables.hinges import COUNT, LOW, Array
from aie_conv.ir.builder import Function
from aie_conv.ir.core import memref
from aie_conv.ir.printer import print_op
from tests.support.codegen.run import call_function

X = np.arange(LOW, LOW + COUNT)
"""Every byte."""


def entries_of(values: Array) -> tuple[int, ...]:
    """Numbers as a table: rounded, and bounded to signed bytes."""
    return tuple(int(value) for value in np.clip(np.rint(values), -128, 127))


def table_text(device: str, form: ByteHinges, lanes: int) -> str:
    """A kernel that looks every byte up."""
    table = TableVectors(get_device(device).arch, form)
    f = Function("kernel", [("x", memref("i8", COUNT)), ("y", memref("i8", COUNT))])
    w, (x, y), aligned = f.builder, f.arguments, min(32, lanes)
    with w.loop("i", w.constant(0), w.constant(COUNT), w.constant(lanes)) as i:
        w.store(table.write(w, w.load("x", x, i, lanes, aligned)), y, i, aligned)
    return "".join(print_op(op, 2) for op in [*table.declared(), f.finish()])


def looked_up(device: str, form: ByteHinges, lanes: int) -> tuple[Array, int]:
    """What a table's code gives for every byte, and the cycles that it took."""
    y = np.zeros(COUNT, np.int8)
    _, cycles = call_function(device, table_text(device, form, lanes), [X.astype(np.int8), y])
    return y, cycles


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, ...]:
    """Functions of bytes: curves, steps, noise on either, and any entries at all."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    kind = draw(st.sampled_from(("curve", "walk", "steps", "any")))
    if kind == "any":
        return entries_of(rng.integers(-128, 128, COUNT))
    if kind == "walk":
        most = draw(st.integers(1, 40))
        return entries_of(np.cumsum(rng.integers(-most, most + 1, COUNT)))
    if kind == "steps":
        places = rng.integers(0, COUNT, draw(st.integers(0, 6)))
        return entries_of(np.cumsum(np.bincount(places, minlength=COUNT) * rng.normal(0, 60)))
    x = (X - draw(st.integers(-128, 127))) * draw(st.floats(0.002, 0.2))
    curves = (np.tanh(x), x / (1 + np.exp(-x)), np.exp(np.minimum(x, 5)), np.abs(x), x)
    curve = curves[draw(st.integers(0, len(curves) - 1))]
    return entries_of(curve * draw(st.floats(1, 200)) + draw(st.integers(-128, 127)))
