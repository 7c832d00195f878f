"""Loops whose bounds are read from memory: they take the cycles of the same loops of known bounds."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.arch.machine import default_machine
from aie_conv.errors import VerifyError
from aie_conv.ir.text import read_module
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import function_cycles
from aie_conv.sim.model.module import build_model
from tests.support.sim.programs import GEMM, kernel

MACHINE = default_machine()

AN_ENTRY = 3 * MACHINE.scalar.load
"""Cycles that entering a loop may take more: its bound is loaded, the counter set, and of loops beside each
other short ones are taken to hide nothing."""

ALIGNED = "{alignment = 32 : i64}"
BYTES, WORDS, LANES, PLACES = (
    "memref<4096xi8>",
    "memref<64xi32>",
    "vector<32xi8>",
    "memref<1024xi32>",
)


@dataclass(frozen=True)
class Nest:
    """A loop: its trips, the operations before the loops inside it, those loops."""

    trips: int
    work: tuple[str, ...]
    inner: "tuple[Nest, ...]" = ()

    @property
    def entries(self) -> int:
        """How often a loop is entered, with all inside it."""
        return 1 + self.trips * sum(nest.entries for nest in self.inner)


def nests(depth: int) -> st.SearchStrategy[Nest]:
    """Random nests of loops that run, with vector work everywhere."""
    work = st.lists(st.sampled_from(("add", "mac", "copy")), min_size=1, max_size=4).map(tuple)
    trips = st.integers(1, 9)
    leaf = st.builds(Nest, st.integers(1, 24), work)
    if not depth:
        return leaf
    inner = st.lists(nests(depth - 1), min_size=1, max_size=2).map(tuple)
    return st.one_of(leaf, st.builds(Nest, trips, work, inner))


class _Writer:
    """Writes a function body; each loop's trips are a word of %x0 in the order of the loops' text."""

    def __init__(self, *, known: bool) -> None:
        self.known, self.lines, self.count = known, list[str](), 0
        self.words: list[int] = []

    def value(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"%w{self.count} = {text}")
        return f"%w{self.count}"

    def nest(self, nest: Nest) -> None:
        """A loop whose accumulator is carried, if it is an innermost one."""
        place = self.value(f"arith.constant {len(self.words)} : index")
        self.words.append(nest.trips)
        word = self.value(f"memref.load %x0[{place}] : {WORDS}")
        bound = self.value(f"arith.index_cast {word} : i32 to index")
        if self.known:
            bound = self.value(f"arith.constant {nest.trips} : index")
        acc = "vector<32xi32>"
        start, one = (
            self.value("arith.constant dense<0> : " + acc),
            self.value("arith.constant 1 : index"),
        )
        loop = f"scf.for %i{self.count} = %c0 to {bound} step {one}"
        index = f"%i{self.count}"
        if nest.inner:
            self.lines.append(loop + " {")
            self.work(nest.work, index)
            for inner in nest.inner:
                self.nest(inner)
            self.work(nest.work, index)
            self.lines.append("}")
            return
        self.count += 1
        total = f"%t{self.count}"
        self.lines.append(f"{total} = {loop} iter_args(%a{total[2:]} = {start}) -> ({acc}) {{")
        self.work(nest.work, index)
        at = self.value(f"arith.muli {index}, %c32 : index")
        wide = self.value(f"vector.load %x1[{at}] {ALIGNED} : {BYTES}, {LANES}")
        wide = self.value(f"arith.extsi {wide} : {LANES} to {acc}")
        wide = self.value(f"arith.addi {wide}, %a{total[2:]} : {acc}")
        self.lines += [f"scf.yield {wide} : {acc}", "}"]
        self.lines.append(f"vector.store {total}, %y[%c0] {ALIGNED} : {PLACES}, {acc}")

    def work(self, names: tuple[str, ...], index: str) -> None:
        """Operations on a row of %x1 that a loop's variable names."""
        at = self.value(f"arith.muli {index}, %c32 : index")
        for name in names:
            row = self.value(f"vector.load %x1[{at}] {ALIGNED} : {BYTES}, {LANES}")
            if name == "add":
                row = self.value(f"arith.addi {row}, {row} : {LANES}")
            if name == "mac":
                row = self.value(f"arith.muli {row}, {row} : {LANES}")
            self.lines.append(f"vector.store {row}, %x1[{at}] {ALIGNED} : {BYTES}, {LANES}")


def run(nest: Nest, *, known: bool) -> tuple[RunStats, np.ndarray]:
    """Its statistics and results."""
    w = _Writer(known=known)
    w.lines.append("%c32 = arith.constant 32 : index")
    w.nest(nest)
    text = kernel([(64, "i32"), (4096, "i8")], (1024, "i32"), "\n".join(w.lines))
    words = np.zeros(64, np.int32)
    words[: len(w.words)] = w.words
    rows, out = np.arange(4096).astype(np.int8), np.zeros(1024, np.int32)
    return Simulator(text).run([words, rows, out]), out


@settings(max_examples=10)
@given(nests(2))
def test_loaded_bounds_take_the_time_of_known_ones(nest: Nest) -> None:
    (known, expected), (loaded, out) = run(nest, known=True), run(nest, known=False)
    assert (out == expected).all()
    assert loaded.macs == known.macs
    least, most = known.core_cycles["core (0, 2)"], loaded.core_cycles["core (0, 2)"]
    assert least <= most <= least + AN_ENTRY * nest.entries, (least, most, nest.entries)


def test_more_trips_never_take_less_time() -> None:
    """From none, which take the counter's set-up, over a pipeline that is not full, to many."""
    cycles = [run(Nest(n, ()), known=False)[0].core_cycles["core (0, 2)"] for n in range(24)]
    assert cycles == sorted(cycles)
    assert cycles[0] <= run(Nest(0, ()), known=True)[0].core_cycles["core (0, 2)"] + AN_ENTRY
    assert len(set(np.diff(cycles[12:]))) == 1


@pytest.mark.parametrize("loop", ["i", "j", "k"])
def test_products_are_counted_as_they_are_done(loop: str) -> None:
    """One of a product's loops runs as often as the first byte of B says."""
    trips = {"i": 8, "j": 2, "k": 8}[loop]
    start = "%zero = arith.constant dense<0> : vector<16xi64>\n"
    head = f"%{loop} = %c0 to "
    loaded = GEMM.replace(f"{head}%c{trips}", f"{head}%n").replace(
        start,
        f"{start}%byte = memref.load %b[%c0] : memref<1024xi8>\n"
        "%n = arith.index_cast %byte : i8 to index\n",
    )
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, size).astype(np.int8) for size in (6144, 1024))
    b[0] = trips
    outs = [np.zeros(1536, np.int32) for _ in range(2)]
    known, found = (
        Simulator(text).run([a, b, out]) for text, out in zip((GEMM, loaded), outs, strict=True)
    )
    assert (outs[0] == outs[1]).all()
    assert known.macs == found.macs
    entries = 3 * {"i": 1, "j": 8, "k": 16}[loop]
    least, most = known.core_cycles["core (0, 2)"], found.core_cycles["core (0, 2)"]
    assert least <= most <= least + AN_ENTRY * entries


def test_of_two_branches_the_one_that_is_taken_counts() -> None:
    """Where trips are known at run time only; else a branch takes its longer arm's time."""

    def cycles(taken: int, trips: int) -> int:
        work = f"""%c1 = arith.constant 1 : index
%c32 = arith.constant 32 : index
%flag = memref.load %x0[%c0] : {WORDS}
%word = memref.load %x0[%c1] : {WORDS}
%n = arith.index_cast %word : i32 to index
%f = arith.index_cast %flag : i32 to index
%is = arith.cmpi eq, %f, %c1 : index
scf.if %is {{
scf.for %i = %c0 to %n step %c1 {{
%at = arith.muli %i, %c32 : index
%v = vector.load %x1[%at] {ALIGNED} : {BYTES}, {LANES}
vector.store %v, %x1[%at] {ALIGNED} : {BYTES}, {LANES}
}}
}}"""
        text = kernel([(64, "i32"), (4096, "i8")], (1024, "i32"), work)
        words = np.zeros(64, np.int32)
        words[:2] = (taken, trips)
        run = Simulator(text).run([words, np.zeros(4096, np.int8), np.zeros(1024, np.int32)])
        return run.core_cycles["core (0, 2)"]

    assert cycles(0, 100) == cycles(0, 9) <= cycles(1, 0)
    assert cycles(1, 100) - cycles(1, 99) == cycles(1, 50) - cycles(1, 49) > 0


def test_what_runs_at_run_time_is_not_timed_before() -> None:
    writer = _Writer(known=False)
    writer.nest(Nest(3, ("add",)))
    lines = ["%c32 = arith.constant 32 : index", *writer.lines]
    model = build_model(
        read_module(kernel([(64, "i32"), (4096, "i8")], (1024, "i32"), "\n".join(lines)))
    )
    with pytest.raises(VerifyError, match="@f: its loops' bounds are known at run time only"):
        function_cycles(model.functions["f"], model.functions, Target("aie2"))
