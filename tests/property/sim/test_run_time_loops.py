"""Core code with sizes that are words in the core's memory: loops around FIFO operations, tables of places, and what
stops it where a table leads astray."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.arch.machine import DEFAULT_PROFILE, default_machine
from aie_conv.errors import DeviceError
from aie_conv.ir.text import read_module
from aie_conv.sim import Simulator
from aie_conv.sim.functional import corecode
from aie_conv.sim.functional.native import compile_leaf
from aie_conv.sim.model.code_size import HARDWARE_LOOP_BYTES, OP_BYTES, PIPELINE_OPS
from aie_conv.sim.model.module import build_model
from aie_conv.sim.model.program_size import ProgramSizes
from aie_conv.sim.timing.blocktime import loop_time
from aie_conv.sim.timing.trace import ACCUMULATOR, Rules, TraceLoop, TraceStep
from tests.support.sim.programs import acquire, endless, kernel, transfer

MACHINE = default_machine()
OBJECT, WORDS = "memref<64xi32>", "memref<16xi32>"
LANES = "vector<8xi32>"


# -- loops around FIFO operations -----------------------------------------------------------------
WANTED = "%wanted = arith.cmpi eq, %n5, %k1 : index"
"""Whether a finish is asked for."""


def core(number: int, wanted: str) -> str:
    """Passes, tiles and chunks by words 0 to 2; a chunk's 8 words go to a place that is word 3 times the
    chunk's number, and come from one that is 8 times word 4. ``wanted`` says whether there is a finish."""

    def word(at: int) -> str:
        return f"%w{at} = memref.load %p{number}[%k{at}] : {WORDS}\n"

    def index(at: int) -> str:
        return f"{word(at)}%n{at} = arith.index_cast %w{at} : i32 to index\n"

    constants = "".join(f"%k{i} = arith.constant {i} : index\n" for i in range(6))
    body = f"""{acquire("x", "Consume", OBJECT, "first")}func.call @take(%first, %p{number}) : ({OBJECT}, {WORDS}) -> ()
aie.objectfifo.release @x(Consume, 1)
{index(0)}scf.for %p = %k0 to %n0 step %k1 {{
{index(1)}scf.for %t = %k0 to %n1 step %k1 {{
{acquire(f"o{number}", "Produce", OBJECT, "o")}{index(2)}scf.for %q = %k0 to %n2 step %k1 {{
{index(3)}%to = arith.muli %q, %n3 : index
{word(4)}%scaled = arith.muli %w4, %eight : i32
%from = arith.index_cast %scaled : i32 to index
{acquire("x", "Consume", OBJECT, "x")}
func.call @copy(%x, %o, %from, %to) : ({OBJECT}, {OBJECT}, index, index) -> ()
aie.objectfifo.release @x(Consume, 1)
}}
{index(5)}{wanted}
scf.if %wanted {{
func.call @finish(%o, %k0) : ({OBJECT}, index) -> ()
aie.objectfifo.release @o{number}(Produce, 1)
}} else {{
aie.objectfifo.release @o{number}(Produce, 1)
}}
}}
}}
"""
    return f"""%core{number} = aie.core(%c{number}) {{
{constants}%eight = arith.constant 8 : i32
{endless(body)}aie.end
}}
"""


def looped(passes: int, tiles: int, chunks: int, wanted: str = WANTED) -> str:
    """Two cores with equal code; only the transfers know how much there is."""
    objects, units = 1 + passes * tiles * chunks, passes * tiles
    given, made = f"memref<{64 * objects}xi32>", f"memref<{64 * units}xi32>"
    aligned = "{alignment = 32 : i64}"
    return f"""module {{
aie.device(npu1) {{
%s = aie.tile(0, 0)
%c0 = aie.tile(0, 2)
%c1 = aie.tile(0, 3)
%p0 = aie.buffer(%c0) : {WORDS}
%p1 = aie.buffer(%c1) : {WORDS}
aie.objectfifo @x(%s, {{%c0, %c1}}, 2 : i32) : !aie.objectfifo<{OBJECT}>
aie.objectfifo @o0(%c0, {{%s}}, 2 : i32) : !aie.objectfifo<{OBJECT}>
aie.objectfifo @o1(%c1, {{%s}}, 2 : i32) : !aie.objectfifo<{OBJECT}>
func.func private @take(%x: {OBJECT}, %p: {WORDS}) {{
%z = arith.constant 0 : index
%v = vector.load %x[%z] {aligned} : {OBJECT}, vector<16xi32>
vector.store %v, %p[%z] {aligned} : {WORDS}, vector<16xi32>
return
}}
func.func private @copy(%x: {OBJECT}, %o: {OBJECT}, %from: index, %to: index) {{
%v = vector.load %x[%from] {aligned} : {OBJECT}, {LANES}
vector.store %v, %o[%to] {aligned} : {OBJECT}, {LANES}
return
}}
func.func private @finish(%o: {OBJECT}, %at: index) {{
%v = vector.load %o[%at] {aligned} : {OBJECT}, {LANES}
%w = arith.addi %v, %v : {LANES}
vector.store %w, %o[%at] {aligned} : {OBJECT}, {LANES}
return
}}
{core(0, wanted)}{core(1, wanted)}aie.runtime_sequence @sequence(%x: {given}, %y: {made}, %z: {made}) {{
{transfer("y", made, "o0", 0, (1, 1, 1, 64 * units), (0, 0, 0, 1))}{transfer("z", made, "o1", 1, (1, 1, 1, 64 * units), (0, 0, 0, 1))}{transfer("x", given, "x", 2, (1, 1, 1, 64 * objects), (0, 0, 0, 1))}aiex.npu.dma_wait {{symbol = @o0}}
aiex.npu.dma_wait {{symbol = @o1}}
}}
}}
}}
"""


@given(st.tuples(*[st.integers(1, 3)] * 2, st.integers(1, 8)), st.integers(0, 7), st.booleans())
@settings(max_examples=8)
def test_loops_around_objects_run_as_their_words_say(
    counts: tuple[int, int, int], source: int, finish: bool
) -> None:
    passes, tiles, chunks = counts
    x = np.arange(64 * (1 + passes * tiles * chunks), dtype=np.int32).reshape(-1, 64)
    x[0, :6] = (*counts, 8, source, finish)
    outs = [np.zeros((passes * tiles, 64), np.int32) for _ in range(2)]
    Simulator(looped(*counts)).run([x, *outs])
    wanted = x[1:].reshape(-1, chunks, 64)[:, :, 8 * source : 8 * source + 8].copy()
    wanted[:, 0] *= 1 + finish
    for out in outs:
        assert (out[:, : 8 * chunks] == wanted.reshape(-1, 8 * chunks)).all()


BITS: dict[str, Callable[[bool, bool], bool]] = {
    "andi %low, %odd : i1": lambda low, odd: low & odd,
    "ori %low, %odd : i1": lambda low, odd: low | odd,
    "xori %low, %odd : i1": lambda low, odd: low ^ odd,
    "select %low, %odd, %yes : i1": lambda low, odd: odd if low else True,
    "cmpi eq, %low, %odd : i1": lambda low, odd: low == odd,
    "cmpi slt, %low, %odd : i1": lambda low, odd: low and not odd,
    "cmpi ult, %low, %odd : i1": lambda low, odd: odd and not low,
}
"""Of whether word 5 is below 2, and whether it is odd; as a signed number, true is less than false."""


@pytest.mark.parametrize("logic", BITS)
def test_a_branch_on_bits_goes_as_they_say(logic: str) -> None:
    bits = f"""%low = arith.cmpi slt, %n5, %k2 : index
%last = arith.andi %n5, %k1 : index
%odd = arith.cmpi ne, %last, %k0 : index
%yes = arith.constant true
%wanted = arith.{logic}"""
    text = looped(1, 1, 1, bits)
    for word in range(4):
        assert finishes(text, word) == BITS[logic](word < 2, word % 2 == 1), word


def test_a_branch_on_what_compiled_code_gives_goes_as_it_says() -> None:
    text = looped(
        1,
        1,
        1,
        f"""%number = memref.load %o[%k0] : {OBJECT}
%limit = arith.constant 5 : i32
%wanted = arith.cmpi slt, %number, %limit : i32""",
    )
    assert [finishes(text, 0, number) for number in (4, 5, -5)] == [True, False, True]


def finishes(text: str, word: int, number: int = 1) -> bool:
    """Whether the cores of :func:`looped` finish their only chunk, of this number, where word 5 is ``word``."""
    x = np.full((2, 64), number, np.int32)
    x[0, :6] = (1, 1, 1, 8, 0, word)
    outs = [np.zeros((1, 64), np.int32) for _ in range(2)]
    Simulator(text).run([x, *outs])
    assert (outs[0] == outs[1]).all()
    return bool(outs[0][0, 0] == 2 * number)


def test_cores_share_their_code_with_its_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first object, a chunk, the choice of a finish: three pieces, compiled once each."""
    made: list[object] = []

    def counted(*arguments: object) -> object:
        made.append(arguments[0])
        return compile_leaf(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(corecode, "compile_leaf", counted)
    x = np.zeros((5, 64), np.int32)
    x[0, :6] = (1, 2, 2, 8, 1, 1)
    Simulator(looped(1, 2, 2)).run([x, *(np.zeros((2, 64), np.int32) for _ in range(2))])
    assert len(made) == 3


def test_a_place_from_a_word_is_checked() -> None:
    x = np.zeros((5, 64), np.int32)
    for source, why in ((8, "out of bounds"), (-1, "out of bounds")):
        x[0, :6] = (1, 2, 2, 8, source, 1)
        with pytest.raises(DeviceError, match=why):
            Simulator(looped(1, 2, 2)).run([x, *(np.zeros((2, 64), np.int32) for _ in range(2))])
    x[0, :6] = (1, 2, 2, 4, 1, 1)
    with pytest.raises(DeviceError, match="promises 32-byte alignment"):
        Simulator(looped(1, 2, 2)).run([x, *(np.zeros((2, 64), np.int32) for _ in range(2))])


# -- tables ---------------------------------------------------------------------------------------
LOAD = "vector.load %x1[%at] {alignment = 32 : i64} : memref<1024xi8>, vector<64xi8>"
TABLE = f"""%c1 = arith.constant 1 : index
%last = arith.constant 15 : index
%by = memref.load %x0[%last] : memref<16xi32>
%step = arith.index_cast %by : i32 to index
%word = memref.load %x0[%c0] : memref<16xi32>
%n = arith.index_cast %word : i32 to index
%start = arith.constant dense<0> : vector<64xi8>
%sum = scf.for %i = %c0 to %n step %step iter_args(%acc = %start) -> (vector<64xi8>) {{
%j = arith.addi %i, %c1 : index
%offset = memref.load %x0[%j] : memref<16xi32>
%at = arith.index_cast %offset : i32 to index
%v = {LOAD}
%next = arith.addi %v, %acc : vector<64xi8>
scf.yield %next : vector<64xi8>
}}
vector.store %sum, %y[%c0] {{alignment = 32 : i64}} : memref<64xi8>, vector<64xi8>"""


def gather(count: int, offsets: list[int], step: int = 1) -> np.ndarray:
    """The sum of 64 bytes from every ``step``-th of ``count`` places."""
    text = kernel([(16, "i32"), (1024, "i8")], (64, "i8"), TABLE)
    words, rows, out = (
        np.zeros(16, np.int32),
        np.arange(1024).astype(np.int8),
        np.zeros(64, np.int8),
    )
    words[: 1 + len(offsets)] = [count, *offsets]
    words[15] = step
    Simulator(text).run([words, rows, out])
    return out


@given(st.lists(st.integers(0, 30), max_size=14), st.integers(1, 5))
@settings(max_examples=10)
def test_a_table_of_places(places: list[int], step: int) -> None:
    rows = np.arange(1024).astype(np.int8)
    wanted = sum((rows[32 * at : 32 * at + 64] for at in places[::step]), np.zeros(64, np.int8))
    assert (gather(len(places), [32 * at for at in places], step) == wanted).all()


@pytest.mark.parametrize(
    ("offset", "why"),
    [
        (992, "out of bounds"),
        (-32, "out of bounds"),
        (1 << 30, "out of bounds"),
        (16, "promises 32-byte alignment and is not aligned"),
    ],
)
def test_a_table_that_leads_astray_is_stopped_at_its_line(offset: int, why: str) -> None:
    text = kernel([(16, "i32"), (1024, "i8")], (64, "i8"), TABLE)
    line = text[: text.index(LOAD)].count("\n") + 1
    with pytest.raises(DeviceError, match=rf"line {line}: vector\.load.* {why}"):
        gather(3, [0, 64, offset])


def test_a_table_that_is_too_long_is_stopped() -> None:
    with pytest.raises(DeviceError, match=r"memref\.load of 1 elements is out of bounds"):
        gather(40, [], 32)


@pytest.mark.parametrize("step", [0, -1])
def test_a_step_that_is_not_positive_is_stopped(step: int) -> None:
    with pytest.raises(DeviceError, match=r"scf\.for: the step is not positive"):
        gather(1, [0], step)


# -- schedules ------------------------------------------------------------------------------------
def steps_of_a_product(rows: int, columns: int) -> TraceLoop:
    """One step on rows x columns accumulators: an offset from a table, A there, B in two loads each."""
    table, offset, place = 900, 901, 902
    steps = [
        TraceStep("lda", "scalar load", ((table, ""),), offset, 2, latency=MACHINE.scalar.load),
        TraceStep("address", "address", ((offset, ""),), place),
    ]
    steps += [TraceStep("load", "load", ((place, ""),), 100 + i, 0, 32) for i in range(rows)]
    steps += [TraceStep("load", "load", (), 200 + i, 1, 32) for i in range(columns) for _ in "ab"]
    for i in range(rows * columns):
        uses = ((100 + i // columns, ""), (200 + i % columns, ""), (i, ACCUMULATOR))
        steps.append(TraceStep("vector", "mac", uses, 300 + i, accumulator=128))
    numbers = range(rows * columns)
    inits, args, yields, results = (tuple(at + i for i in numbers) for at in (400, 0, 300, 500))
    return TraceLoop(tuple(steps), 64, inits, args, yields, results)


def test_a_product_by_a_table_takes_a_cycle_an_instruction() -> None:
    """The table's load takes a slot, and A's loads wait for it, but not the next step."""
    core = MACHINE.core["aie2"]
    rules = Rules(core, MACHINE.scalar, MACHINE.profile[DEFAULT_PROFILE])
    loop = steps_of_a_product(4, 2)
    found = loop_time(loop, rules)
    assert (found.interval, found.spills) == (8, 0)
    assert found.schedule is not None
    # The address takes no slot, so A's loads come next in the schedule.
    table, *places = found.schedule.times[:5]
    assert min(places) >= table + MACHINE.scalar.load
    assert len(found.schedule.times) == 1 + 4 + 4 + 8


# -- program memory -------------------------------------------------------------------------------
def test_a_loop_of_loaded_trips_counts_higher_than_one_of_known_trips() -> None:
    """Its filling, draining and short form, but not its trips."""

    def size(text: str) -> int:
        model = build_model(read_module(text))
        return ProgramSizes(model).program_bytes(model.cores[0])

    known = TABLE
    for name, word, value in (("n", "word", 14), ("step", "by", 1)):
        loaded = f"%{name} = arith.index_cast %{word} : i32 to index"
        assert loaded in known
        known = known.replace(loaded, f"%{name} = arith.constant {value} : index")
    high, low = (
        size(kernel([(16, "i32"), (1024, "i8")], (64, "i8"), text)) for text in (TABLE, known)
    )
    assert (
        low + HARDWARE_LOOP_BYTES <= high < low + HARDWARE_LOOP_BYTES + 2 * PIPELINE_OPS * OP_BYTES
    )
