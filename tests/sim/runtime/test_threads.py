"""Threads that share what is loaded: every call gets its own data's result, figures and error."""

import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.errors import DeviceError
from aie_conv.offload import offload
from aie_conv.runtime.devices import SimDevice, open_device
from aie_conv.runtime.executable import Executable
from aie_conv.runtime.program import load_program
from aie_conv.sim import Simulator
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.sim.programs import GEMM

THREADS = 10
X = np.ones((1, 6, 7, 8), ml_dtypes.bfloat16)
F = np.ones((3, 3, 8, 16), ml_dtypes.bfloat16)


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return aie_conv.compile(modules.plain(Conv(c=8, oc=16)), route="im2col")


def together(call: Callable[[int], None]) -> None:
    """Call with 0 to 9, three times each, begun at the same moment."""
    start = threading.Barrier(THREADS)

    def one(number: int) -> None:
        start.wait()
        for _ in range(3):
            call(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))


def test_ten_threads_call_one_artifact(artifact: Artifact) -> None:
    program = aie_conv.load(artifact, device="sim")

    def call(number: int) -> None:
        assert np.all(program.main(X * number, F) == 72 * number)

    together(call)
    assert [record["name"] for record in program.records] == [program.records[0]["name"]]


def test_artifacts_share_a_device(artifact: Artifact) -> None:
    device = open_device("sim")
    programs = [aie_conv.load(artifact, device=device) for _ in range(THREADS)]

    def call(number: int) -> None:
        assert np.all(programs[number].main(X * number, F) == 72 * number)

    together(call)


def test_ten_threads_run_one_simulator() -> None:
    simulator = Simulator(GEMM)
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-128, 128, size, dtype=np.int8) for size in (6144, 1024))

    def call(number: int) -> None:
        o, x = np.zeros(1536, np.int32), (b // 16 * number).astype(np.int8)
        simulator.run([a, x, o])
        wanted = a.reshape(96, 64).astype(np.int32) @ x.reshape(64, 16).astype(np.int32)
        assert np.array_equal(o.reshape(96, 16), wanted)

    together(call)


def test_ten_threads_call_one_offloaded_program() -> None:
    program = offload(modules.plain(Conv(c=8, oc=16)), route="im2col").load("sim")

    def call(number: int) -> None:
        y = np.empty((1, 4, 5, 16), np.float32)
        program.main(X * number, F, y)
        assert np.all(y == 72 * number)

    together(call)


class Failing(SimDevice):
    """Fails where its input is a two."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error or DeviceError("two is not taken")

    def run(self, executable: Executable, buffers: Sequence[np.ndarray]) -> dict[str, Any]:
        if buffers[0][0] == 2:
            raise self.error
        return super().run(executable, buffers)


def test_a_failure_is_its_own_threads(artifact: Artifact) -> None:
    program = aie_conv.load(artifact, device=Failing())

    def call(number: int) -> None:
        if number == 2:
            with pytest.raises(DeviceError, match="two is not taken"):
                program.main(X * number, F)
        else:
            assert np.all(program.main(X * number, F) == 72 * number)

    together(call)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("a\nb"), DeviceError, r"the runtime failed: ValueError: a b: report it"),
        (MemoryError(), DeviceError, r"the runtime failed: MemoryError: out of memory: report it"),
        (KeyboardInterrupt(), KeyboardInterrupt, "^$"),
        (SystemExit(3), SystemExit, "3"),
    ],
)
def test_what_a_dispatch_raises_is_one_line(
    artifact: Artifact, error: BaseException, kind: type[BaseException], message: str
) -> None:
    program = aie_conv.load(artifact, device=Failing(error))
    with pytest.raises(kind, match=message) as caught:
        program.main(X * 2, F)
    assert "UNKNOWN" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert np.all(program.main(X, F) == 72)


def test_a_failing_progress_is_one_line(artifact: Artifact) -> None:
    def progress(name: str, figures: dict[str, Any]) -> None:
        raise LookupError(name)

    program = load_program(artifact, "sim", progress)
    with pytest.raises(DeviceError, match=r"the runtime failed: LookupError: ") as caught:
        program.main(X, F)
    assert isinstance(caught.value.__cause__, LookupError)


def resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4


def test_a_program_that_is_dropped_is_freed_at_once(artifact: Artifact) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            load_program(artifact, "null").main(X, F)
        device = open_device("sim")
        program = load_program(artifact, device)
        program.main(X, F)
        kept = weakref.ref(device)
        main = program.main
        del program, device
        assert kept() is not None, "a function keeps its program"
        main(X, F)
        del main
        assert kept() is None, "the program is in a cycle"
        before = resident_kb()
        for _ in range(100):
            load_program(artifact, "null").main(X, F)
        assert resident_kb() - before < 100 * 5
    finally:
        gc.enable()
