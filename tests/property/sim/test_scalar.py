"""Scalar core code: every operation of every type against numpy, loop nests, and their cost."""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import DeviceError, VerifyError
from aie_conv.sim import RunStats, Simulator
from tests.support.sim.programs import SET_REGISTER, kernel, registers

BF16 = ml_dtypes.bfloat16
DTYPES = {
    "i8": np.dtype(np.int8), "i16": np.dtype(np.int16), "i32": np.dtype(np.int32),
    "f32": np.dtype(np.float32), "bf16": np.dtype(BF16),
}  # fmt: skip
LANES = 64


def elementwise(kinds: list[str], out: str, lines: str, prelude: str = "") -> str:
    """%a0, %a1 of 64 elements each, packed one after the other as words, give %r into %y."""
    loads = "".join(
        f"%a{i} = memref.load %x{i}[%i] : memref<{LANES}x{k}>\n" for i, k in enumerate(kinds)
    )
    body = (
        "%c1 = arith.constant 1 : index\n"
        f"%n = arith.constant {LANES} : index\n"
        f"scf.for %i = %c0 to %n step %c1 {{\n{loads}{lines}\n"
        f"memref.store %r, %y[%i] : memref<{LANES}x{out}>\n}}"
    )
    return kernel([(LANES, k) for k in kinds], (LANES, out), body, prelude=prelude,
                  declarations=SET_REGISTER)  # fmt: skip


def run(text: str, inputs: list[np.ndarray], out: str) -> np.ndarray:
    result = np.zeros(LANES, DTYPES[out])
    Simulator(text).run([*inputs, result])
    return result


def numbers(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    dtype = DTYPES[kind]
    if dtype.kind == "i":
        info = np.iinfo(dtype)
        values = rng.integers(info.min, info.max, LANES, dtype, endpoint=True)
        values[:4] = info.min, info.max, -1, 1
        return values
    values = rng.standard_normal(LANES) * 2.0 ** rng.integers(-20, 20, LANES)
    return values.astype(dtype)


def trunc_div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    sign = np.sign(a.astype(np.int64)) * np.sign(b.astype(np.int64))
    return sign * (np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64)))


def unsigned(a: np.ndarray) -> np.ndarray:
    return a.view(f"uint{8 * a.itemsize}")


INTEGER: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "addi": np.add, "subi": np.subtract, "muli": np.multiply, "andi": np.bitwise_and,
    "ori": np.bitwise_or, "xori": np.bitwise_xor, "maxsi": np.maximum, "minsi": np.minimum,
    "maxui": lambda a, b: np.maximum(unsigned(a), unsigned(b)),
    "minui": lambda a, b: np.minimum(unsigned(a), unsigned(b)),
    "divsi": trunc_div, "remsi": lambda a, b: a.astype(np.int64) - trunc_div(a, b) * b,
    "divui": lambda a, b: unsigned(a) // unsigned(b),
    "remui": lambda a, b: unsigned(a) % unsigned(b),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["i8", "i16", "i32"])
@pytest.mark.parametrize("name", INTEGER)
def test_integer_operations(name: str, kind: str) -> None:
    a, b = numbers(kind, 1), numbers(kind, 2)
    if name[:3] in ("div", "rem"):
        b = np.where((b == 0) | (b == -1), 3, b).astype(b.dtype)
    text = elementwise([kind, kind], kind, f"%r = arith.{name} %a0, %a1 : {kind}")
    with np.errstate(over="ignore"):
        want = INTEGER[name](a, b)
    np.testing.assert_array_equal(run(text, [a, b], kind), want.astype(DTYPES[kind]))


@pytest.mark.parametrize("kind", ["i8", "i16"])
def test_signed_shifts_of_short_integers(kind: str) -> None:
    a = numbers(kind, 3)
    b = (np.arange(LANES) % (8 * a.itemsize)).astype(a.dtype)
    text = elementwise([kind, kind], kind, f"%r = arith.shrsi %a0, %a1 : {kind}")
    np.testing.assert_array_equal(run(text, [a, b], kind), a >> b)


@pytest.mark.parametrize("kind", ["i32", "i64"])
def test_signed_shifts_that_the_tools_change_are_refused(kind: str) -> None:
    line = "%r = arith.shrsi %a0, %a0 : i32"
    if kind == "i64":
        line = (
            "%w = arith.extsi %a0 : i32 to i64\n%s = arith.shrsi %w, %w : i64\n"
            "%r = arith.trunci %s : i64 to i32"
        )
    with pytest.raises(VerifyError, match="unsigned shifts"):
        run(elementwise(["i32"], "i32", line), [numbers("i32", 0)], "i32")


@given(st.integers(0, 31), st.integers(0, 2**32 - 1))
def test_a_signed_shift_made_of_unsigned_ones(shift: int, seed: int) -> None:
    lines = (
        f"%s = arith.constant {shift} : i32\n%top = arith.constant -2147483648 : i32\n"
        "%u = arith.xori %a0, %top : i32\n%v = arith.shrui %u, %s : i32\n"
        "%t = arith.shrui %top, %s : i32\n%r = arith.subi %v, %t : i32"
    )
    a = numbers("i32", seed)
    np.testing.assert_array_equal(run(elementwise(["i32"], "i32", lines), [a], "i32"), a >> shift)


def test_64_bit_integers() -> None:
    lines = (
        "%w0 = arith.extsi %a0 : i32 to i64\n%w1 = arith.extui %a1 : i32 to i64\n"
        "%m = arith.muli %w0, %w1 : i64\n%k = arith.constant 17 : i64\n"
        "%h = arith.shrui %m, %k : i64\n%r = arith.trunci %h : i64 to i32"
    )
    a, b = numbers("i32", 4), numbers("i32", 5)
    product = (a.astype(np.int64) * b.view(np.uint32).astype(np.int64)).view(np.uint64)
    want = (product >> np.uint64(17)).astype(np.uint32).view(np.int32)
    np.testing.assert_array_equal(
        run(elementwise(["i32", "i32"], "i32", lines), [a, b], "i32"), want
    )


@pytest.mark.parametrize("predicate", ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "uge"])
@pytest.mark.parametrize("kind", ["i8", "i32"])
def test_comparisons(predicate: str, kind: str) -> None:
    a, b = numbers(kind, 6), numbers(kind, 7)
    b[::3] = a[::3]
    x, y = (unsigned(a), unsigned(b)) if predicate[0] == "u" else (a, b)
    suffix = predicate[-2:]
    compare = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
               "gt": np.greater, "ge": np.greater_equal}[suffix]  # fmt: skip
    lines = (
        f"%c = arith.cmpi {predicate}, %a0, %a1 : {kind}\n%r = arith.select %c, %a0, %a1 : {kind}"
    )
    want = np.where(compare(x, y), a, b)
    np.testing.assert_array_equal(run(elementwise([kind, kind], kind, lines), [a, b], kind), want)


FLOAT: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "addf": np.add, "subf": np.subtract, "mulf": np.multiply, "divf": np.divide,
    "maximumf": np.maximum, "minimumf": np.minimum, "maxnumf": np.fmax, "minnumf": np.fmin,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["f32", "bf16"])
@pytest.mark.parametrize("name", FLOAT)
def test_float_operations(name: str, kind: str) -> None:
    """bf16 is computed in f32 and rounded once, to nearest even where the register says so."""
    a, b = numbers(kind, 8), numbers(kind, 9)
    text = elementwise([kind, kind], kind, f"%r = arith.{name} %a0, %a1 : {kind}", registers(12))
    want = FLOAT[name](a.astype(np.float32), b.astype(np.float32)).astype(DTYPES[kind])
    np.testing.assert_array_equal(run(text, [a, b], kind), want)


@pytest.mark.parametrize("predicate", ["oeq", "ogt", "olt", "oge", "ole", "une", "ugt", "uno"])
def test_float_comparisons(predicate: str) -> None:
    a, b = numbers("f32", 10), numbers("f32", 11)
    b[::3] = a[::3]
    a[5], b[7] = np.nan, np.nan
    ordered = ~(np.isnan(a) | np.isnan(b))
    compare = {
        "eq": a == b, "gt": a > b, "lt": a < b, "ge": a >= b, "le": a <= b, "ne": a != b,
        "no": np.zeros(LANES, bool),
    }[predicate[1:]]  # fmt: skip
    truth = compare & ordered if predicate[0] == "o" else compare | ~ordered
    lines = (
        f"%c = arith.cmpf {predicate}, %a0, %a1 : f32\n%one = arith.constant 1 : i32\n"
        "%no = arith.constant 0 : i32\n%r = arith.select %c, %one, %no : i32"
    )
    np.testing.assert_array_equal(
        run(elementwise(["f32", "f32"], "i32", lines), [a, b], "i32"), truth
    )


@pytest.mark.parametrize("kind", ["i8", "i16", "i32"])
@pytest.mark.parametrize("target", ["f32", "bf16"])
def test_integers_to_floats_and_back(kind: str, target: str) -> None:
    a = numbers(kind, 12)
    text = elementwise([kind], target, f"%r = arith.sitofp %a0 : {kind} to {target}", registers(12))
    np.testing.assert_array_equal(
        run(text, [a], target), a.astype(np.float32).astype(DTYPES[target])
    )
    x = (np.linspace(-0.99, 0.99, LANES) * 100).astype(DTYPES[target])
    text = elementwise([target], kind, f"%r = arith.fptosi %a0 : {target} to {kind}")
    np.testing.assert_array_equal(run(text, [x], kind), x.astype(np.float32).astype(DTYPES[kind]))


@pytest.mark.parametrize("mode", [0, 12])
def test_rounding_to_bf16_follows_the_register(mode: int) -> None:
    x = numbers("f32", 13)
    text = elementwise(["f32"], "bf16", "%r = arith.truncf %a0 : f32 to bf16", registers(mode))
    want = x.astype(BF16)
    if mode == 0:
        below = (np.abs(x).view(np.uint32) >> 16).astype(np.uint16)
        down = below + ((x < 0) & (x.view(np.uint32) & 0xFFFF != 0))
        want = (down.astype(np.uint16) | (np.signbit(x) * np.uint16(0x8000))).view(BF16)
    np.testing.assert_array_equal(run(text, [x], "bf16").view(np.uint16), want.view(np.uint16))


def test_rounding_to_bf16_by_integers() -> None:
    lines = (
        "%b = arith.bitcast %a0 : f32 to i32\n%h = arith.constant 16 : i32\n"
        "%one = arith.constant 1 : i32\n%half = arith.constant 32767 : i32\n"
        "%t = arith.shrui %b, %h : i32\n%odd = arith.andi %t, %one : i32\n"
        "%u = arith.addi %b, %half : i32\n%v = arith.addi %u, %odd : i32\n"
        "%w = arith.shrui %v, %h : i32\n%s = arith.trunci %w : i32 to i16\n"
        "%r = arith.bitcast %s : i16 to bf16"
    )
    x = numbers("f32", 14)
    got = run(elementwise(["f32"], "bf16", lines), [x], "bf16")
    np.testing.assert_array_equal(got, x.astype(BF16))


# -- loop nests -----------------------------------------------------------------------------------
def conv(kind: str, acc: str, shape: tuple[int, int, int, int], *, carried: bool = True) -> str:
    """A 3x3 convolution of [h+2][w+2][c] by [3][3][c][n] into [h][w][n] in plain loops.

    ``carried``: sums live in iter_args; otherwise in the output.
    """
    h, w, c, n = shape
    widen = {"i8": "extsi", "i16": "extsi", "bf16": "extf"}
    wide = "".join(
        f"%{v}w = arith.{widen[kind]} %{v} : {kind} to {acc}\n" if kind != acc else "" for v in "ab"
    )
    mul, add = ("mulf", "addf") if acc == "f32" else ("muli", "addi")
    suffix = "w" if kind != acc else ""
    zero = "0.0" if acc == "f32" else "0"
    x, f = f"memref<{h + 2}x{w + 2}x{c}x{kind}>", f"memref<3x3x{c}x{n}x{kind}>"
    y = f"memref<{h}x{w}x{n}x{acc}>"
    sums = [("p", "%zero", "kh", 3), ("q", "%p", "kw", 3), ("s", "%q", "ci", c)]
    lines = ""
    for name, start, loop, extent in sums:
        args = f" iter_args(%{name} = {start}) -> ({acc})" if carried else ""
        head = f"%r{loop} = " if carried else ""
        lines += f"{head}scf.for %{loop} = %c0 to %e{extent} step %e1{args} {{\n"
    lines += (
        "%ih = arith.addi %i, %kh : index\n%iw = arith.addi %j, %kw : index\n"
        f"%a = memref.load %x[%ih, %iw, %ci] : {x}\n%b = memref.load %f[%kh, %kw, %ci, %o] : {f}\n"
        f"{wide}%m = arith.{mul} %a{suffix}, %b{suffix} : {acc}\n"
    )
    if carried:
        lines += (
            f"%t = arith.{add} %s, %m : {acc}\nscf.yield %t : {acc}\n}}\n"
            f"scf.yield %rci : {acc}\n}}\nscf.yield %rkw : {acc}\n}}\n"
            f"memref.store %rkh, %z[%i, %j, %o] : {y}\n"
        )
    else:
        lines += (
            f"%s = memref.load %z[%i, %j, %o] : {y}\n%t = arith.{add} %s, %m : {acc}\n"
            f"memref.store %t, %z[%i, %j, %o] : {y}\n}}\n}}\n}}\n"
        )
    start = "" if carried else f"memref.store %zero, %z[%i, %j, %o] : {y}\n"
    bounds = "".join(
        f"%e{value} = arith.constant {value} : index\n" for value in sorted({1, 3, h, w, c, n})
    )
    xs, fs, ys = (h + 2) * (w + 2) * c, 9 * c * n, h * w * n
    body = (
        f"{bounds}%zero = arith.constant {zero} : {acc}\n"
        f"%x = memref.expand_shape %x0 [[0, 1, 2]] output_shape [{h + 2}, {w + 2}, {c}] :"
        f" memref<{xs}x{kind}> into {x}\n"
        f"%f = memref.expand_shape %x1 [[0, 1, 2, 3]] output_shape [3, 3, {c}, {n}] :"
        f" memref<{fs}x{kind}> into {f}\n"
        f"%z = memref.expand_shape %y [[0, 1, 2]] output_shape [{h}, {w}, {n}] :"
        f" memref<{ys}x{acc}> into {y}\n"
        f"scf.for %i = %c0 to %e{h} step %e1 {{\nscf.for %j = %c0 to %e{w} step %e1 {{\n"
        f"scf.for %o = %c0 to %e{n} step %e1 {{\n{start}{lines}}}\n}}\n}}"
    )
    return kernel([(xs, kind), (fs, kind)], (ys, acc), body)


def convolve(
    kind: str, acc: str, shape: tuple[int, int, int, int], *, carried: bool, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, RunStats]:
    h, w, c, n = shape
    rng = np.random.default_rng(seed)
    dtype = DTYPES[kind]
    x, f = (
        rng.integers(-128, 128, size).astype(dtype)
        if dtype.kind == "i"
        else rng.standard_normal(size).astype(dtype)
        for size in ((h + 2, w + 2, c), (3, 3, c, n))
    )
    y = np.zeros((h, w, n), DTYPES[acc])
    text = conv(kind, acc, shape, carried=carried)
    stats = Simulator(text).run([x.reshape(-1), f.reshape(-1), y.reshape(-1)])
    want = np.zeros((h, w, n), DTYPES[acc])
    for kh in range(3):
        for kw in range(3):
            for ci in range(c):  # in the program's order, rounding each step in f32 as it does
                part = x[kh : kh + h, kw : kw + w, ci].astype(DTYPES[acc])
                want += part[..., None] * f[kh, kw, ci].astype(DTYPES[acc])
    return y, want, stats


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize(
    ("kind", "acc"), [("i8", "i32"), ("i16", "i32"), ("bf16", "f32"), ("f32", "f32")]
)
def test_a_convolution_in_plain_loops(kind: str, acc: str, carried: bool) -> None:
    y, want, _ = convolve(kind, acc, (5, 4, 4, 8), carried=carried)
    np.testing.assert_array_equal(y, want)


def test_branches_and_values_of_them() -> None:
    lines = (
        "%zero = arith.constant 0 : i32\n%c = arith.cmpi slt, %a0, %zero : i32\n"
        "%r = scf.if %c -> (i32) {\n%n = arith.subi %zero, %a0 : i32\nscf.yield %n : i32\n"
        "} else {\nscf.yield %a0 : i32\n}"
    )
    a = numbers("i32", 15)
    with np.errstate(over="ignore"):
        want = np.abs(a)
    text = elementwise(["i32"], "i32", lines).replace("%n = arith.subi", "%neg = arith.subi")
    text = text.replace("scf.yield %n : i32", "scf.yield %neg : i32")
    np.testing.assert_array_equal(run(text, [a], "i32"), want)


@pytest.mark.parametrize("line", [
    "%s = arith.addi %k, %k : i8\n%w = arith.extsi %s : i8 to i32",
    "%u = arith.constant 200 : i32\n%s = arith.trunci %u : i32 to i8\n%w = arith.extsi %s : i8 to i32",
])  # fmt: skip
def test_an_index_that_wrapped_is_not_taken_for_a_good_one(line: str) -> None:
    """100 + 100 is -56 in i8: no element of anything."""
    body = (
        f"%k = arith.constant 100 : i8\n{line}\n%i = arith.index_cast %w : i32 to index\n"
        "%a = memref.load %x0[%i] : memref<256xi8>\nmemref.store %a, %y[%c0] : memref<4xi8>"
    )
    with pytest.raises(DeviceError, match="out of bounds"):
        Simulator(kernel([(256, "i8")], (4, "i8"), body)).run(
            [np.zeros(256, np.int8), np.zeros(4, np.int8)]
        )


@given(st.integers(1, 9), st.integers(0, 40), st.integers(1, 30))
def test_indices_by_division_and_bounds(divisor: int, low: int, span: int) -> None:
    """A read at a divided, clamped index is in bounds for the compiler and right."""
    body = (
        f"%c1 = arith.constant 1 : index\n%n = arith.constant 64 : index\n"
        f"%d = arith.constant {divisor} : index\n%lo = arith.constant {low} : index\n"
        f"%hi = arith.constant {min(63, low + span)} : index\nscf.for %i = %c0 to %n step %c1 {{\n"
        "%q = arith.divui %i, %d : index\n%r = arith.remui %i, %d : index\n"
        "%s = arith.muli %q, %d : index\n%t = arith.addi %s, %r : index\n"
        "%u = arith.maxsi %t, %lo : index\n%v = arith.minsi %u, %hi : index\n"
        "%a = memref.load %x0[%v] : memref<64xi8>\nmemref.store %a, %y[%i] : memref<64xi8>\n}"
    )
    x, y = numbers("i8", 16), np.zeros(64, np.int8)
    Simulator(kernel([(64, "i8")], (64, "i8"), body)).run([x, y])
    np.testing.assert_array_equal(y, x[np.clip(np.arange(64), low, min(63, low + span))])


@given(
    st.sampled_from(["divui", "remui", "minsi", "maxsi"]), st.integers(1, 12), st.integers(4, 12)
)
def test_an_index_out_of_bounds_is_seen_whatever_made_it(
    name: str, other: int, extent: int
) -> None:
    extent -= extent % 4
    body = (
        f"%c1 = arith.constant 1 : index\n%n = arith.constant 24 : index\n"
        f"%d = arith.constant {other} : index\nscf.for %i = %c0 to %n step %c1 {{\n"
        f"%q = arith.{name} %i, %d : index\n"
        f"%a = memref.load %x0[%q] : memref<{extent}xi8>\nmemref.store %a, %y[%i] : memref<24xi8>\n}}"
    )
    i = np.arange(24)
    at = {"divui": i // other, "remui": i % other, "minsi": np.minimum(i, other),
          "maxsi": np.maximum(i, other)}[name]  # fmt: skip
    x, y = numbers("i8", 17)[:extent].copy(), np.zeros(24, np.int8)
    simulator = Simulator(kernel([(extent, "i8")], (24, "i8"), body))
    if at.max() >= extent:
        with pytest.raises(DeviceError, match="out of bounds"):
            simulator.run([x, y])
    else:
        simulator.run([x, y])
        np.testing.assert_array_equal(y, x[at])


def busy(kind: str, acc: str, shape: tuple[int, int, int, int], *, carried: bool = True) -> float:
    """Core cycles a product."""
    stats = convolve(kind, acc, shape, carried=carried)[2]
    h, w, c, n = shape
    return stats.core_cycles["core (0, 2)"] / (h * w * c * n * 9)


def test_scalar_products_cost_what_waits_for_what() -> None:
    """Two loads by one port, a product and a sum wait for one another (1 + 7 + 2 + 1); floats call the
    library."""
    assert 10 <= busy("i8", "i32", (4, 4, 32, 8)) <= 11.1
    assert busy("i8", "i32", (4, 4, 4, 8)) > busy("i8", "i32", (4, 4, 32, 8))
    assert busy("bf16", "f32", (4, 4, 16, 8)) >= 100


def test_the_measured_scalar_loop() -> None:
    """1024 times load, multiply, store of int16: about 10,250 cycles on the device."""
    body = (
        "%c1 = arith.constant 1 : index\n%n = arith.constant 1024 : index\n"
        "%k = arith.constant 3 : i16\nscf.for %i = %c0 to %n step %c1 {\n"
        "%a = memref.load %x0[%i] : memref<1024xi16>\n%r = arith.muli %a, %k : i16\n"
        "memref.store %r, %y[%i] : memref<1024xi16>\n}"
    )
    x, y = np.arange(1024, dtype=np.int16), np.zeros(1024, np.int16)
    stats = Simulator(kernel([(1024, "i16")], (1024, "i16"), body)).run([x, y])
    np.testing.assert_array_equal(y, 3 * x)
    assert stats.core_cycles["core (0, 2)"] == pytest.approx(10250, rel=0.02)


# -- around FIFO operations -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "lines", "want"),
    [
        ("i8", "%r = arith.addi %a, %a : i8", -56),
        ("i8", "%r = arith.muli %a, %b : i8", -700 + 768),
        ("i8", "%r = arith.divui %b, %a : i8", 249 // 100),
        ("i8", "%r = arith.remui %b, %a : i8", 249 % 100),
        ("i8", "%c = arith.cmpi ult, %a, %b : i8\n%r = arith.select %c, %a, %b : i8", 100),
        ("i8", "%c = arith.cmpi slt, %a, %b : i8\n%r = arith.select %c, %a, %b : i8", -7),
        ("i32", "%r = arith.muli %a, %a : i32", 10000),
    ],
)
def test_integers_between_fifo_operations_wrap(kind: str, lines: str, want: int) -> None:
    """What is computed before a loop with FIFO operations is computed as in the loop."""
    memory = f"memref<64x{kind}>"
    view = f"!aie.objectfifosubview<{memory}>"
    text = f"""module {{
aie.device(npu1) {{
%s = aie.tile(0, 0)
%t = aie.tile(0, 2)
aie.objectfifo @y(%t, {{%s}}, 1 : i32) : !aie.objectfifo<{memory}>
%core = aie.core(%t) {{
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%n = arith.constant 64 : index
%ever = arith.constant {2**63 - 1} : index
%a = arith.constant 100 : {kind}
%b = arith.constant -7 : {kind}
{lines}
scf.for %k = %c0 to %ever step %c1 {{
%v = aie.objectfifo.acquire @y(Produce, 1) : {view}
%m = aie.objectfifo.subview.access %v[0] : {view} -> {memory}
scf.for %i = %c0 to %n step %c1 {{
memref.store %r, %m[%i] : {memory}
}}
aie.objectfifo.release @y(Produce, 1)
}}
aie.end
}}
aie.runtime_sequence @sequence(%y: {memory}) {{
aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1]) {{id = 0 : i64, metadata = @y}} : {memory}
aiex.npu.dma_wait {{symbol = @y}}
}}
}}
}}
"""
    y = np.zeros(64, DTYPES[kind])
    Simulator(text).run([y])
    np.testing.assert_array_equal(y, want)
