"""A call ends where it began: what a changed program leaves behind for the next call is reported."""

import numpy as np
import pytest

from aie_conv.errors import DeviceError
from aie_conv.sim import Simulator
from tests.support.sim.programs import GEMM, acquire, endless, fan, kernel, memref, relay, transfer

KIND = memref(64, "i8")
EVER = f"arith.constant {2**63 - 1} : index"


def two(body: str, *, x: int = 2, w: int = 1, y: int = 2, prelude: str = "") -> str:
    """A core that copies objects of x to y between taking and giving back one of w, by default two a call."""
    sizes = {"x": x, "w": w, "y": y}
    pushes = "".join(
        transfer(name, memref(64 * n, "i8"), name, i, (1, 1, 1, 64 * n), (0, 0, 0, 1))
        for i, (name, n) in enumerate(reversed(sizes.items()))
    )
    arguments = ", ".join(f"%{name}: {memref(64 * n, 'i8')}" for name, n in sizes.items())
    return f"""module {{
aie.device(npu1) {{
%s = aie.tile(0, 0)
%m = aie.tile(0, 2)
%sum = aie.buffer(%m) {{sym_name = "sum"}} : {KIND}
aie.objectfifo @x(%s, {{%m}}, 2 : i32) : !aie.objectfifo<{KIND}>
aie.objectfifo @w(%s, {{%m}}, 2 : i32) : !aie.objectfifo<{KIND}>
aie.objectfifo @y(%m, {{%s}}, 2 : i32) : !aie.objectfifo<{KIND}>
func.func private @move(%a: {KIND}, %b: {KIND}) {{
%z = arith.constant 0 : index
%v = vector.load %a[%z] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>
vector.store %v, %b[%z] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>
return
}}
func.func private @add(%a: {KIND}, %b: {KIND}) {{
%z = arith.constant 0 : index
%v = vector.load %a[%z] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>
%u = vector.load %b[%z] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>
%t = arith.addi %v, %u : vector<64xi8>
vector.store %t, %b[%z] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>
return
}}
%core = aie.core(%m) {{
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
{prelude}
{endless(body)}aie.end
}}
aie.runtime_sequence @sequence({arguments}) {{
{pushes}aiex.npu.dma_wait {{symbol = @y}}
}}
}}
}}
"""


TAKE_W = acquire("w", "Consume", KIND, "w")
GIVE_W = "aie.objectfifo.release @w(Consume, 1)\n"
LOOP = "scf.for %i = %c0 to %c2 step %c1 {\n"
STEP = (
    acquire("x", "Consume", KIND, "x")
    + acquire("y", "Produce", KIND, "y")
    + f"func.call @move(%x, %y) : ({KIND}, {KIND}) -> ()\n"
    + "aie.objectfifo.release @x(Consume, 1)\naie.objectfifo.release @y(Produce, 1)\n"
)
GOOD = TAKE_W + LOOP + STEP + "}\n" + GIVE_W


def run(simulator: Simulator, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    arrays = tuple(rng.integers(0, 99, size).astype(np.int8) for _, size in simulator.arguments)
    simulator.run(arrays)
    return arrays


def test_a_call_follows_another() -> None:
    simulator = Simulator(two(GOOD))
    for seed in range(4):
        x, _, y = run(simulator, seed)
        np.testing.assert_array_equal(y, x)


def test_buffers_keep_what_a_call_left() -> None:
    """As on the device: a sum that is cleared once, ahead of all calls, is wrong from the second on."""
    clear = (
        "%zero = arith.constant dense<0> : vector<64xi8>\n"
        f"vector.store %zero, %sum[%c0] {{alignment = 32 : i64}} : {KIND}, vector<64xi8>\n"
    )
    add = STEP.replace("@move(%x, %y)", "@add(%x, %sum)").replace(
        "aie.objectfifo.release @x", f"func.call @move(%sum, %y) : ({KIND}, {KIND}) -> ()\n"
        "aie.objectfifo.release @x",
    )  # fmt: skip
    body = TAKE_W + LOOP + add + "}\n" + GIVE_W
    once, each = Simulator(two(body, prelude=clear)), Simulator(two(clear + body))
    for seed in range(3):
        x, _, y = run(each, seed)
        np.testing.assert_array_equal(y[64:], x[:64] + x[64:])
        x, _, y = run(once, seed)
        assert np.array_equal(y[64:], x[:64] + x[64:]) == (seed == 0)


WRONG = {
    "a missing release": (
        two(TAKE_W + LOOP + STEP + "}\n", w=1),
        r"core \(0, 2\): after the call it holds 1 objects of @w, before it 0: release what",
    ),
    "one object of x too many": (
        two(GOOD, x=3),
        r"@x in core tile \(0, 2\): data left over: 1 objects not taken: the host sends more",
    ),
    "one object of w too many": (
        two(GOOD, w=2),
        r"core \(0, 2\): after the call it holds 1 objects of @w, before it 0",
    ),
    "one object too few": (
        two(GOOD, x=1, y=1),
        r"core \(0, 2\): after the call it holds 1 objects of @w, before it 0",
    ),
    "a loop that ends": (
        two(GOOD).replace(EVER, "arith.constant 1 : index"),
        r"core \(0, 2\): its program ended, so the next call would find no core",
    ),
    "a loop that will end": (
        two(GOOD).replace(EVER, "arith.constant 1000 : index"),
        r"core \(0, 2\): after the call it waits at line \d+ for @w, %call = 1, a call begins at line "
        r"\d+ for @w, %call = 0: check how many",
    ),
    "a call that stops in the middle": (
        two(LOOP + STEP + "}\n" + TAKE_W + GIVE_W, x=1, y=1, w=0).replace(
            transfer("w", memref(0, "i8"), "w", 1, (1, 1, 1, 0), (0, 0, 0, 1)), ""
        ).replace(", %w: memref<0xi8>", ""),
        r"core \(0, 2\): after the call it waits at line \d+ for @x, %i = 1, a call begins at line "
        r"\d+ for @x, %i = 0: check how many",
    ),
    "a loop without objects": (
        two(GOOD.replace(LOOP, "scf.for %i = %begin to %ever step %c1 {\nscf.for %j = %c0 to %c0 step "
                         "%c1 {\n").replace("}\n" + GIVE_W, "}\n}\n" + GIVE_W)),
        r"core \(0, 2\): line \d+: scf.for: \d+ trips without an object acquired or released",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_the_next_call_would_find_is_reported(case: str) -> None:
    text, message = WRONG[case]
    simulator = Simulator(text)
    for _ in range(2):  # the second call finds the array freshly configured
        with pytest.raises(DeviceError, match=message):
            run(simulator)


@pytest.mark.parametrize(
    "text", [GEMM, fan(), relay(64, "i8"), kernel([(64, "i8")], (64, "i8"), "")]
)
def test_whole_programs_may_be_called_again(text: str) -> None:
    simulator = Simulator(text)
    cycles = set[int]()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        sizes = [(4 if kind == "i32" else 1) * count for kind, count in simulator.arguments]
        buffers = [rng.integers(0, 256, size, dtype=np.uint8) for size in sizes]
        fresh = [buffer.copy() for buffer in buffers]
        cycles.add(simulator.run(buffers).cycles)
        cycles.add(Simulator(text).run(fresh).cycles)
        assert all(np.array_equal(a, b) for a, b in zip(buffers, fresh, strict=True))
    assert len(cycles) == 1


def test_a_failed_call_leaves_nothing() -> None:
    simulator = Simulator(GEMM)
    a, b = np.ones(6144, np.int8), np.ones(1024, np.int8)
    with pytest.raises(DeviceError, match="deadlock"):
        Simulator(GEMM.replace("[3, 1, 1, 1024]", "[2, 1, 1, 1024]")).run(
            [a, b, np.zeros(1536, np.int32)]
        )
    out = np.zeros(1536, np.int32)
    simulator.run([a, b, out])
    assert np.all(out == 64)
