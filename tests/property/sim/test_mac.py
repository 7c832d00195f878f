"""Every multiply-accumulate intrinsic by its configuration word, against numpy on whole integers."""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import VerifyError
from aie_conv.sim import Simulator
from tests.sim.sim.test_arithmetic import aligned_dot
from tests.support.sim.programs import kernel

BF16 = ml_dtypes.bfloat16
Reference = Callable[[np.ndarray, np.ndarray], np.ndarray]


def matrix(m: int, k: int, n: int) -> Reference:
    return lambda a, b: (a[: m * k].reshape(m, k) @ b[: k * n].reshape(k, n)).reshape(-1)


def element_wise(lanes: int, products: int) -> Reference:
    return lambda a, b: (a * b)[: lanes * products].reshape(products, lanes).sum(0)


def sliding(lanes: int, taps: int) -> Reference:
    return lambda a, b: np.array([a[i : i + taps] @ b[:taps] for i in range(lanes)])


def channels(rows: int, taps: int, count: int) -> Reference:
    def meaning(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        x = a[: (rows + taps - 1) * count].reshape(-1, count)
        y = b[: taps * count].reshape(taps, count)
        return np.concatenate([(x[r : r + taps] * y).sum(0) for r in range(rows)])

    return meaning


ACC32 = "llvm.aie2.I512.I512.ACC1024.acc32.mac.conf"
ACC64 = "llvm.aie2.I512.I512.ACC1024.acc64.mac.conf"
AIE2P = {(x, y): f"llvm.aie2p.I{x}.I{y}.ACC2048.mac.conf" for x in (512, 1024) for y in (512, 1024)}
INTEGERS: dict[str, tuple[str, int, str, str, int, Reference]] = {
    "i8 4x8x8": (ACC32, 8, "i8", "i8", 32, matrix(4, 8, 8)),
    "i8 element-wise": (ACC32, 40, "i8", "i8", 32, element_wise(32, 2)),
    "i8 4 taps of 8 channels": (ACC32, 72, "i8", "i8", 32, channels(4, 4, 8)),
    "i8 8 taps of 4 channels": (ACC32, 104, "i8", "i8", 32, channels(8, 8, 4)),
    "i8 sliding": (ACC32, 136, "i8", "i8", 32, sliding(32, 8)),
    "i16 by i8 4x4x8": (ACC32, 16, "i16", "i8", 32, matrix(4, 4, 8)),
    "i16 4x2x8": (ACC32, 24, "i16", "i16", 32, matrix(4, 2, 8)),
    "i16 element-wise in 32": (ACC32, 56, "i16", "i16", 32, element_wise(32, 1)),
    "i16 by i8 2x8x8": (ACC64, 18, "i16", "i8", 64, matrix(2, 8, 8)),
    "i16 by i8 4x8x4": (ACC64, 50, "i16", "i8", 64, matrix(4, 8, 4)),
    "i16 2x4x8": (ACC64, 26, "i16", "i16", 64, matrix(2, 4, 8)),
    "i16 4x4x4": (ACC64, 58, "i16", "i16", 64, matrix(4, 4, 4)),
    "i16 element-wise in 64": (ACC64, 90, "i16", "i16", 64, element_wise(16, 2)),
    "i16 sliding": (ACC64, 122, "i16", "i16", 64, sliding(16, 4)),
    "aie2p i8 8x8x8": (AIE2P[512, 512], 8, "i8", "i8", 32, matrix(8, 8, 8)),
    "aie2p i8 element-wise": (AIE2P[512, 512], 40, "i8", "i8", 32, element_wise(64, 1)),
    "aie2p i8 element-wise pairs": (AIE2P[1024, 1024], 40, "i8", "i8", 32, element_wise(64, 2)),
    "aie2p i8 8 taps of 8 channels": (AIE2P[1024, 512], 72, "i8", "i8", 32, channels(8, 8, 8)),
    "aie2p i16 8x2x8": (AIE2P[1024, 1024], 24, "i16", "i16", 32, matrix(8, 2, 8)),
}
"""Intrinsic, mode bits, element types of x and y, accumulator bits, meaning."""


def whole_program(
    inputs: int, sums: int, lines: str, name: str, signature: str, device: str
) -> str:
    """``inputs`` bytes each of x and y as %v0, %v1; 32-bit sums %a to %s."""
    held, kept = f"vector<{inputs}xi8>", f"vector<{sums}xi32>"
    body = "".join(
        f"%at{i} = arith.constant {i * inputs} : index\n"
        f"%v{i} = vector.load %x0[%at{i}] {{alignment = 32 : i64}} : memref<{2 * inputs}xi8>, {held}\n"
        for i in range(2)
    )
    body += (
        f"%a = vector.load %x1[%c0] {{alignment = 32 : i64}} : memref<{sums}xi32>, {kept}\n"
        f"{lines}\n"
        f"vector.store %s, %y[%c0] {{alignment = 32 : i64}} : memref<{sums}xi32>, {kept}"
    )
    declaration = f"func.func private @{name}{signature}" if name else ""
    return kernel([(2 * inputs, "i8"), (sums, "i32")], (sums, "i32"), body,
                  declarations=declaration, device=device)  # fmt: skip


def cast(name: str, value: str, inputs: int, kind: str) -> str:
    """``inputs`` bytes as a vector of ``kind``, cut to its length."""
    count, element = kind[7:-1].split("x")
    bits = 16 if element == "bf16" else int(element[1:])
    length = int(count) * bits // 8
    text, held = "", f"vector<{inputs}xi8>"
    if length < inputs:
        cut = f"vector<{length}xi8>"
        attributes = f"{{offsets = [0], sizes = [{length}], strides = [1]}}"
        text = f"{name}_cut = vector.extract_strided_slice {value} {attributes} : {held} to {cut}\n"
        value, held = f"{name}_cut", cut
    return f"{text}{name} = vector.bitcast {value} : {held} to {kind}\n"


def call(
    name: str, conf: int, kinds: tuple[str, str, str], inputs: int, sums: int, device: str
) -> str:
    """A call of an intrinsic on operands and an accumulator of these types."""
    x, y, acc = kinds
    signature = f"({x}, {y}, {acc}, i32) -> {acc}"
    lines = (
        f"%conf = arith.constant {conf} : i32\n"
        f"{cast('%w0', '%v0', inputs, x)}{cast('%w1', '%v1', inputs, y)}"
        f"%b = vector.bitcast %a : vector<{sums}xi32> to {acc}\n"
        f"%r = func.call @{name}(%w0, %w1, %b, %conf) : {signature}\n"
        f"%s = vector.bitcast %r : {acc} to vector<{sums}xi32>"
    )
    return whole_program(inputs, sums, lines, name, signature, device)


def run(text: str, inputs: list[np.ndarray], *, exact: bool = False) -> np.ndarray:
    """``inputs``: x, y and the sums; the result in the sums' type."""
    x = np.concatenate([v.view(np.int8) for v in inputs[:2]])
    result = np.zeros_like(inputs[2])
    Simulator(text).run([x, inputs[2].view(np.int32), result.view(np.int32)], exact=exact)
    return result


def widths(name: str) -> tuple[int, int]:
    """Bits of x and y."""
    return next((key for key, value in AIE2P.items() if value == name), (512, 512))


def program(name: str, conf: int) -> str:
    x, y = widths(name)
    inputs = max(x, y) // 8
    if name in AIE2P.values():
        kinds = (f"vector<{x // 32}xi32>", f"vector<{y // 16}xi16>", "vector<32xi64>")
        return call(name, conf, kinds, inputs, 64, "npu2")
    kinds = ("vector<64xi8>", "vector<16xi32>", "vector<16xi64>")
    return call(name, conf, kinds, inputs, 32, "npu1")


@pytest.mark.parametrize("which", INTEGERS)
@given(seed=st.integers(0, 2**32 - 1), signs=st.tuples(st.booleans(), st.booleans()),
       fresh=st.booleans(), extreme=st.booleans())  # fmt: skip
def test_integer_products(
    which: str, seed: int, signs: tuple[bool, bool], fresh: bool, extreme: bool
) -> None:
    name, mode, x, y, acc, meaning = INTEGERS[which]
    conf = mode | signs[0] << 9 | signs[1] << 8 | fresh
    rng = np.random.default_rng(seed)
    operands: list[np.ndarray] = []
    for kind in (x, y):
        info = np.iinfo(f"int{kind[1:]}")
        numbers = rng.integers(
            info.min, info.max, max(widths(name)) // info.bits, info.dtype, endpoint=True
        )
        if extreme:
            numbers = rng.choice([info.min, info.max, -1], len(numbers)).astype(info.dtype)
        operands.append(numbers)
    lanes = (2048 if name in AIE2P.values() else 1024) // acc
    start = rng.integers(-(2**31), 2**31, lanes).astype(f"int{acc}")
    result = run(program(name, conf), [*operands, start])
    seen = [
        (v if signed else v.view(f"uint{v.itemsize * 8}")).astype(np.int64)
        for v, signed in zip(operands, signs, strict=True)
    ]
    want = meaning(*seen) + (0 if fresh else start.astype(np.int64))
    np.testing.assert_array_equal(result, want.astype(f"int{acc}"))


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (936, r"configuration 936: simulated are .*904 \(i8 sliding"),
        (1800, "configuration 1800: "),  # shift16
    ],
)
def test_other_configurations_are_refused(conf: int, message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        run(program(ACC32, conf), [np.zeros(64, np.int8)] * 2 + [np.zeros(32, np.int32)])


def test_types_and_architecture_are_the_intrinsics_own() -> None:
    zeros = [np.zeros(64, np.int8)] * 2 + [np.zeros(32, np.int32)]
    kinds = ("vector<32xi16>", "vector<16xi32>", "vector<16xi64>")
    with pytest.raises(VerifyError, match=r"takes \(vector<64xi8>, vector<16xi32>, "):
        run(call(ACC32, 776, kinds, 64, 32, "npu1"), zeros)
    kinds = ("vector<64xi8>", "vector<16xi32>", "vector<16xi64>")
    with pytest.raises(VerifyError, match="is not an intrinsic of aie2p"):
        run(call(ACC32, 776, kinds, 64, 32, "npu2"), zeros)


# -- bf16 -----------------------------------------------------------------------------------------
FLOATS: dict[str, tuple[str, int, int, int, str]] = {
    "llvm.aie2.bf.mac16.conf": ("npu1", 32, 16, 2, "vector<8xi64>"),
    "llvm.aie2p.I512.I512.ACC512.bf.mac.conf": ("npu2", 32, 16, 1, "vector<16xf32>"),
    "llvm.aie2p.I512.I512.ACC1024.bf.mac.conf": ("npu2", 32, 32, 1, "vector<32xf32>"),
    "llvm.aie2p.I1024.I1024.ACC2048.bf.mac.conf": ("npu2", 64, 64, 1, "vector<64xf32>"),
}
"""Device, elements of the operands, lanes, products a lane, the accumulator's type."""


def intrinsic_program(name: str) -> str:
    device, count, lanes, _, acc = FLOATS[name]
    held = f"vector<{count}xbf16>"
    return call(name, 60, (held, held, acc), 2 * count, lanes, device)


def operands(count: int, lanes: int, spread: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = (count, count, lanes)
    numbers = [rng.standard_normal(n) * 2.0 ** rng.integers(-spread, spread + 1, n) for n in sizes]
    return [numbers[0].astype(BF16), numbers[1].astype(BF16), numbers[2].astype(np.float32)]


@pytest.mark.parametrize("name", FLOATS)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0, 3, 20, 60]))
def test_element_wise_bf16(name: str, seed: int, spread: int) -> None:
    """Exact: the documented alignment. Fast: two terms, each rounded once at 2^-24 of the sum."""
    _, count, lanes, products, _ = FLOATS[name]
    inputs = operands(count, lanes, spread, seed)
    a, b = (v[: lanes * products].reshape(products, lanes) for v in inputs[:2])
    columns = [
        (np.ascontiguousarray(a[:, i]), np.ascontiguousarray(b[:, i]), inputs[2][i])
        for i in range(lanes)
    ]
    want = np.array([aligned_dot(*column) for column in columns], np.float32)
    text = intrinsic_program(name)
    exact = run(text, inputs, exact=True)
    np.testing.assert_array_equal(exact, want)
    size = np.abs(a.astype(np.float64) * b.astype(np.float64)).sum(0) + np.abs(inputs[2])
    fast = run(text, inputs, exact=False)
    assert (np.abs(fast.astype(np.float64) - exact) <= 6 * 2.0**-23 * size).all()


def element_program(device: str, lanes: int, operation: str) -> str:
    kind, kept = f"vector<{lanes}xbf16>", f"vector<{lanes}xf32>"
    acc = ", %b" if operation == "mac" else ""
    lines = (
        f"%w0 = vector.bitcast %v0 : vector<{2 * lanes}xi8> to {kind}\n"
        f"%w1 = vector.bitcast %v1 : vector<{2 * lanes}xi8> to {kind}\n"
        f"%b = vector.bitcast %a : vector<{lanes}xi32> to {kept}\n"
        f"%r = aievec.{operation}_elem %w0, %w1{acc} : {kind}, {kind}, {kept}\n"
        f"%s = vector.bitcast %r : {kept} to vector<{lanes}xi32>"
    )
    return whole_program(2 * lanes, lanes, lines, "", "", device)


@pytest.mark.parametrize(
    ("device", "lanes", "operation"),
    [
        *(("npu1", 16, name) for name in ("mul", "mac")),
        *(("npu2", lanes, name) for lanes in (16, 32) for name in ("mul", "mac")),
    ],
)
def test_element_wise_operations(device: str, lanes: int, operation: str) -> None:
    inputs = operands(lanes, lanes, 3, lanes)
    result = run(element_program(device, lanes, operation), inputs, exact=True)
    start = inputs[2] if operation == "mac" else np.zeros(lanes, np.float32)
    want = [aligned_dot(inputs[0][i : i + 1], inputs[1][i : i + 1], start[i]) for i in range(lanes)]
    np.testing.assert_array_equal(result, np.array(want, np.float32))
