"""Arithmetic to the bit: rounding, saturation, conversions, products."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from aie_conv.errors import VerifyError
from aie_conv.sim import Simulator
from tests.support.sim.programs import SET_REGISTER, kernel, registers

BF16 = ml_dtypes.bfloat16


def named(mode: int, value: Fraction) -> int:
    """A rounding mode by its name, on exact numbers."""
    low, high = math.floor(value), math.ceil(value)
    if low == high:
        return low
    half = value - low == Fraction(1, 2)
    nearest = low if value - low < Fraction(1, 2) else high
    zero, away = (low, high) if value > 0 else (high, low)
    even, odd = (low, high) if low % 2 == 0 else (high, low)
    directed = {0: low, 1: high, 2: zero, 3: away}
    if mode in directed:
        return directed[mode]
    return {8: low, 9: high, 10: zero, 11: away, 12: even, 13: odd}[mode] if half else nearest


MODES = (0, 1, 2, 3, 8, 9, 10, 11, 12, 13)


def run(text: str, inputs: list[np.ndarray], output: np.ndarray, *, exact: bool = False) -> None:
    Simulator(text).run([*inputs, output], exact=exact)


def srs_program(shift: int, mode: int | None, saturation: int | None, attribute: str = "") -> str:
    body = (
        f"%sh = arith.constant {shift} : i32\n"
        "%v = vector.load %x0[%c0] {alignment = 32 : i64} : memref<32xi32>, vector<32xi32>\n"
        f"%r = aievec.srs %v, %sh {attribute} : vector<32xi32>, i32, vector<32xi8>\n"
        "vector.store %r, %y[%c0] {alignment = 32 : i64} : memref<32xi8>, vector<32xi8>"
    )
    return kernel(
        [(32, "i32")],
        (32, "i8"),
        body,
        declarations=SET_REGISTER,
        prelude=registers(mode, saturation),
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shift", [0, 1, 2, 3, 5])
def test_srs_rounds_as_the_mode_is_named(mode: int, shift: int) -> None:
    for start in range(-128, 128, 32):
        x = np.arange(start, start + 32, dtype=np.int32)
        y = np.zeros(32, np.int8)
        run(srs_program(shift, mode, 0), [x], y)
        expected = [named(mode, Fraction(int(value), 2**shift)) for value in x]
        np.testing.assert_array_equal(y, np.array(expected).astype(np.int8))


@pytest.mark.parametrize(
    ("saturation", "attribute", "low", "high"),
    [
        (1, "", -128, 127),
        (3, "", -127, 127),
        (1, "{sign = 0 : i32}", 0, 255),
    ],
)
def test_srs_saturates(saturation: int, attribute: str, low: int, high: int) -> None:
    x = np.linspace(-70000, 70000, 32).astype(np.int32)
    y = np.zeros(32, np.int8)
    run(srs_program(4, 0, saturation, attribute), [x], y)
    np.testing.assert_array_equal(y, np.clip(x >> 4, low, high).astype(np.uint8).view(np.int8))


def test_registers_reset_to_floor_and_no_saturation() -> None:
    x = np.arange(-16, 16, dtype=np.int32) * 1000 + 7
    y = np.zeros(32, np.int8)
    run(srs_program(3, None, None), [x], y)
    np.testing.assert_array_equal(y, (x >> 3).astype(np.int8))


def test_srs_in_the_core_itself_rounds_half_up_and_saturates() -> None:
    text = srs_program(4, None, None)
    body = text[text.index("%sh = ") : text.index("return\n")]
    text = text.replace(body, "")
    call = text[text.index("func.call @f(") : text.index("aie.objectfifo.release @x0")]
    text = text.replace(call, "%c0 = arith.constant 0 : index\n" + body)
    x = np.linspace(-3000, 3000, 32).astype(np.int32)
    y = np.zeros(32, np.int8)
    run(text, [x], y)
    np.testing.assert_array_equal(y, np.clip((x + 8) >> 4, -128, 127))


def test_an_unknown_rounding_mode_is_refused() -> None:
    with pytest.raises(VerifyError, match="rounding mode 5: crRnd takes 0, 1, 2, 3, 8"):
        run(srs_program(1, 5, 0), [np.zeros(32, np.int32)], np.zeros(32, np.int8))


TRUNCF = (
    "%v = vector.load %x0[%c0] {alignment = 32 : i64} : memref<16xf32>, vector<16xf32>\n"
    "%r = arith.truncf %v : vector<16xf32> to vector<16xbf16>\n"
    "vector.store %r, %y[%c0] {alignment = 32 : i64} : memref<16xbf16>, vector<16xbf16>"
)


@pytest.mark.parametrize("mode", MODES)
def test_truncf_rounds_by_the_register(mode: int) -> None:
    text = kernel(
        [(16, "f32")], (16, "bf16"), TRUNCF, declarations=SET_REGISTER, prelude=registers(mode)
    )
    low = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x18000, 0x17FFF], np.uint32)
    bits = np.concatenate([0x3F800000 + low, 0xBF800000 + low]).astype(np.uint32)
    y = np.zeros(16, BF16)
    run(text, [bits.view(np.float32)], y)
    for value, result in zip(bits.view(np.float32), y, strict=True):
        scaled = Fraction(float(value)) * 128
        assert float(result) == named(mode, scaled) / 128


def test_truncf_keeps_specials() -> None:
    text = kernel(
        [(16, "f32")], (16, "bf16"), TRUNCF, declarations=SET_REGISTER, prelude=registers(12)
    )
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-40, 3.4e38, -3.4e38] * 2, np.float32)
    y = np.zeros(16, BF16)
    run(text, [x], y)
    np.testing.assert_array_equal(y.astype(np.float32), x.astype(BF16).astype(np.float32))


BINARY = {
    "addi": np.add,
    "subi": np.subtract,
    "muli": np.multiply,
    "maxsi": np.maximum,
    "minsi": np.minimum,
    "andi": np.bitwise_and,
    "ori": np.bitwise_or,
    "xori": np.bitwise_xor,
}


@pytest.mark.parametrize("name", BINARY)
def test_integer_arithmetic_wraps(name: str) -> None:
    body = (
        "%a = vector.load %x0[%c0] : memref<32xi32>, vector<32xi32>\n"
        "%b = vector.load %x1[%c0] : memref<32xi32>, vector<32xi32>\n"
        f"%r = arith.{name} %a, %b : vector<32xi32>\n"
        "vector.store %r, %y[%c0] : memref<32xi32>, vector<32xi32>"
    )
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-(2**31), 2**31, 32).astype(np.int32) for _ in range(2))
    y = np.zeros(32, np.int32)
    run(kernel([(32, "i32"), (32, "i32")], (32, "i32"), body), [a, b], y)
    np.testing.assert_array_equal(y, BINARY[name](a, b))


def test_relu_on_bf16() -> None:
    body = (
        "%z = arith.constant dense<0.0> : vector<16xf32>\n"
        "%b = vector.load %x0[%c0] : memref<16xbf16>, vector<16xbf16>\n"
        "%a = arith.extf %b : vector<16xbf16> to vector<16xf32>\n"
        "%c = arith.cmpf ugt, %a, %z : vector<16xf32>\n"
        "%s = arith.select %c, %a, %z : vector<16xi1>, vector<16xf32>\n"
        "%r = arith.truncf %s : vector<16xf32> to vector<16xbf16>\n"
        "vector.store %r, %y[%c0] : memref<16xbf16>, vector<16xbf16>"
    )
    x = np.linspace(-4, 4, 16).astype(BF16)
    y = np.zeros(16, BF16)
    run(kernel([(16, "bf16")], (16, "bf16"), body), [x], y)
    np.testing.assert_array_equal(y, np.maximum(x, BF16(0)))


def test_vectors_are_cut_and_joined() -> None:
    body = (
        "%v = vector.load %x0[%c0] : memref<32xi32>, vector<32xi32>\n"
        "%m = vector.shape_cast %v : vector<32xi32> to vector<4x8xi32>\n"
        "%t = vector.transpose %m, [1, 0] : vector<4x8xi32> to vector<8x4xi32>\n"
        "%row = vector.extract %t[2] : vector<4xi32> from vector<8x4xi32>\n"
        "%i = vector.insert %row, %t[0] : vector<4xi32> into vector<8x4xi32>\n"
        "%f = vector.shape_cast %i : vector<8x4xi32> to vector<32xi32>\n"
        "%s = vector.extract_strided_slice %f {offsets = [4], sizes = [8], strides = [1]} :"
        " vector<32xi32> to vector<8xi32>\n"
        "%w = vector.insert_strided_slice %s, %f {offsets = [24], strides = [1]} :"
        " vector<8xi32> into vector<32xi32>\n"
        "vector.store %w, %y[%c0] : memref<32xi32>, vector<32xi32>"
    )
    x, y = np.arange(32, dtype=np.int32), np.zeros(32, np.int32)
    run(kernel([(32, "i32")], (32, "i32"), body), [x], y)
    t = x.reshape(4, 8).T.copy()
    t[0] = t[2]
    f = t.reshape(-1).copy()
    f[24:] = f[4:12]
    np.testing.assert_array_equal(y, f)


# -- bf16 products --------------------------------------------------------------------------------
PRODUCT = (
    "%c32 = arith.constant 32 : index\n"
    "%va = vector.load %x0[%c0] {alignment = 32 : i64} : memref<64xbf16>, vector<32xbf16>\n"
    "%vb = vector.load %x0[%c32] {alignment = 32 : i64} : memref<64xbf16>, vector<32xbf16>\n"
    "%vc = vector.load %x1[%c0] {alignment = 32 : i64} : memref<16xf32>, vector<16xf32>\n"
    "%a = vector.shape_cast %va : vector<32xbf16> to vector<4x8xbf16>\n"
    "%b = vector.shape_cast %vb : vector<32xbf16> to vector<8x4xbf16>\n"
    "%c = vector.shape_cast %vc : vector<16xf32> to vector<4x4xf32>\n"
    "%r = aievec.matmul %a, %b, %c : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>\n"
    "%f = vector.shape_cast %r : vector<4x4xf32> to vector<16xf32>\n"
    "vector.store %f, %y[%c0] {alignment = 32 : i64} : memref<16xf32>, vector<16xf32>"
)


def aligned_dot(a: np.ndarray, b: np.ndarray, acc: np.float32) -> float:
    """The documented multiply-accumulate of one lane, on exact numbers."""
    terms: list[tuple[int, int]] = []
    for x, y in zip(a.view(np.uint16).tolist(), b.view(np.uint16).tolist(), strict=True):
        ex, ey = x >> 7 & 255, y >> 7 & 255
        product = (x & 127 | (128 if ex else 0)) * (y & 127 | (128 if ey else 0))
        sign = -1 if (x ^ y) & 0x8000 else 1
        terms.append((sign * product << 9, max(ex, 1) + max(ey, 1) + 1 if product else 0))
    bits = int(acc.view(np.uint32))
    exponent = bits >> 23 & 255
    significand = bits & 0x7FFFFF | (1 << 23 if exponent else 0)
    scale = max(exponent, 1) + 128 if significand else 0
    terms.append((-significand if bits >> 31 else significand, scale))
    largest = max(scale for _, scale in terms)
    total = sum(round(Fraction(value, 2 ** (largest - scale))) for value, scale in terms)
    result = float(np.int64(total).astype(np.float32)) * 2.0 ** (largest - 278)
    return 0.0 if abs(result) < 2.0**-126 else float(np.float32(result))


def product_inputs(spread: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)

    def numbers(count: int) -> np.ndarray:
        return rng.standard_normal(count) * 2.0 ** rng.integers(-spread, spread + 1, count)

    return [
        numbers(32).astype(BF16),
        numbers(32).astype(BF16),
        numbers(16).astype(np.float32),
    ]


def product(inputs: list[np.ndarray], *, exact: bool) -> np.ndarray:
    y = np.zeros(16, np.float32)
    text = kernel([(64, "bf16"), (16, "f32")], (16, "f32"), PRODUCT)
    run(text, [np.concatenate(inputs[:2]), inputs[2]], y, exact=exact)
    return y


@pytest.mark.parametrize("spread", [0, 3, 20, 60])
def test_exact_products_follow_the_documented_alignment(spread: int) -> None:
    for seed in range(4):
        inputs = product_inputs(spread, seed)
        a, b = inputs[0].reshape(4, 8), inputs[1].reshape(8, 4)
        expected = [
            aligned_dot(a[i], np.ascontiguousarray(b[:, j]), inputs[2][i * 4 + j])
            for i in range(4)
            for j in range(4)
        ]
        np.testing.assert_array_equal(product(inputs, exact=True), np.array(expected, np.float32))


@pytest.mark.parametrize("spread", [0, 3, 20])
def test_fast_and_exact_products_stay_together(spread: int) -> None:
    """Each of 9 terms is rounded at 2^-23 of the largest, and 8 fused steps round once each."""
    for seed in range(8):
        inputs = product_inputs(spread, seed)
        a, b = (x.astype(np.float64) for x in inputs[:2])
        terms = np.abs(a.reshape(4, 8)) @ np.abs(b.reshape(8, 4)) + np.abs(inputs[2].reshape(4, 4))
        bound = 20 * 2.0**-23 * terms.reshape(-1)
        fast, exact = product(inputs, exact=False), product(inputs, exact=True)
        assert (np.abs(fast.astype(np.float64) - exact) <= bound).all()


def test_exact_products_of_specials() -> None:
    inputs = [np.ones(32, BF16), np.ones(32, BF16), np.zeros(16, np.float32)]
    inputs[0][0], inputs[0][8] = np.inf, np.nan
    y = product(inputs, exact=True).reshape(4, 4)
    assert np.isposinf(y[0]).all()
    assert np.isnan(y[1]).all()
    np.testing.assert_array_equal(y[2:], 8)
