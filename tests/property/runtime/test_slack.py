"""Programs that read behind an operand: every device makes that buffer longer, and no other."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import aie_conv
from aie_conv.artifact import Verifier, make_executable
from aie_conv.assignment import Request
from aie_conv.direct.parametric.layout import L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import DeviceError
from aie_conv.layout.hostcopy import lengthened
from aie_conv.plan import Decision, Plan
from aie_conv.runtime.devices import SimDevice
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.npu import NpuDevice
from aie_conv.runtime.program import Program, load_program
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.bridge.reference import compile_with

CONV = Conv(h=7, w=7, c=64, oc=64, padding=1, dtype="i8")
EIGHT = replace(CONV, h=8, w=8)
"""Whose program for many shapes reads behind its input."""
RNG = np.random.default_rng(0)


@given(st.integers(0, 9), st.integers(0, 9))
def test_only_slack_takes_a_copy(elements: int, slack: int) -> None:
    flat = np.arange(1, elements + 1, dtype=np.int16)
    made = lengthened(flat, slack)
    assert made.tolist() == [*flat.tolist(), *[0] * slack]
    assert (made is flat) == (slack == 0)


class Watching(SimDevice):
    """The simulator; it remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[Buffer, int]] = []

    def run(self, executable: Executable, buffers: Sequence[NDArray[Any]]) -> dict[str, Any]:
        sizes = (buffer.size for buffer in buffers)
        self.given = list(zip(executable.arguments, sizes, strict=True))
        return super().run(executable, buffers)


@pytest.mark.parametrize("layout", ["nhwc_hwcf", "nchw_fchw"])
def test_a_call_equals_torch(layout: str) -> None:
    """With the input as it lies, and packed by the CPU."""
    conv = replace(CONV, layout=layout)
    text = modules.plain(conv)
    device = Watching()
    program = aie_conv.load(
        aie_conv.compile(text, route="direct", direct="parametric"), device=device
    )
    x, _, f, _ = conv.shapes()
    image, kernel = (RNG.integers(-128, 128, shape).astype(np.int8) for shape in (x, f))
    got = program.main(image, kernel)
    to_torch = {"nhwc_hwcf": ((0, 3, 1, 2), (3, 2, 0, 1)), "nchw_fchw": ((0, 1, 2, 3),) * 2}
    ours, theirs = (
        torch.from_numpy(array.transpose(order).astype(np.float64))
        for array, order in zip((image, kernel), to_torch[layout], strict=True)
    )
    want = torch.nn.functional.conv2d(ours, theirs, padding=1).numpy()
    back = (0, 2, 3, 1) if layout == "nhwc_hwcf" else (0, 1, 2, 3)
    np.testing.assert_array_equal(got, want.transpose(back).astype(np.int32))
    slack = [argument.slack for argument, _ in device.given]
    assert slack[0] > 0
    assert slack[1:] == [0] * (len(slack) - 1)
    assert all(argument.elements == size for argument, size in device.given)


def loaded(device: Any, by: int, slack: int) -> tuple[Program, Executable]:
    """A program whose executable says that the input has ``by`` elements more, and more slack."""
    made: list[Executable] = []

    def decide(asked: Request) -> Decision:
        route = ParametricRoute([L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)])
        return Decision("direct", "", route.propose(asked.problem, "npu1_4col"))

    def make(plan: Plan) -> Executable:
        executable = make_executable(plan, Verifier())
        first, *others = executable.arguments
        first = replace(first, elements=first.elements + by, slack=first.slack + slack)
        made.append(replace(executable, arguments=(first, *others)))
        return made[0]

    compiled = compile_with(modules.plain(EIGHT), decide, make)
    return load_program(compiled.vmfb, device), made[0]


X, F = np.ones((1, 8, 8, 64), np.int8), np.ones((3, 3, 64, 64), np.int8)


@pytest.mark.parametrize(
    ("by", "slack", "message"),
    [
        (64, -64, r"6400xint8, .*given, its program takes 6464xi8, .*compile again"),
        (-64, 64, r"6400xint8, .*given, its program takes 6336xi8, .*compile again"),
        (0, -64, "buffer 0 has [0-9]+ bytes: pass a contiguous array of [0-9]+ x i8"),
        (0, 64, "buffer 0 has [0-9]+ bytes: pass a contiguous array of [0-9]+ x i8"),
    ],
)
def test_a_wrong_length_is_refused(by: int, slack: int, message: str) -> None:
    """A shorter buffer is no buffer with slack, and slack is not filled up to what the program reads."""
    program, _ = loaded("sim", by, slack)
    with pytest.raises(DeviceError, match=message):
        program.main(X, F)


class _Memory:
    """Memory that holds anything at first, and what the device sees of it."""

    def __init__(self, size: int) -> None:
        self.bytes = np.full(size, 0xAA, np.uint8)
        self.seen = self.bytes.copy()

    def to_device(self, size: int) -> None:
        self.seen[:size] = self.bytes[:size]

    def from_device(self, size: int) -> None:
        self.bytes[:size] = self.seen[:size]


class _Driver:
    """An NPU that computes nothing; the memories of its last submission."""

    name = "fake"
    model = "npu1"

    def __init__(self) -> None:
        self.memories: Sequence[Any] = ()

    def load(self, binary: bytes) -> Any:
        return binary

    def program(self, configuration: Any, words: bytes) -> Any:
        return words

    def place(self, configuration: Any, number: int) -> int:
        return number

    def allocate(self, place: Hashable, size: int) -> _Memory:
        return _Memory(size)

    def submit(self, runs: Sequence[tuple[Any, Sequence[Any]]]) -> None:
        ((_, self.memories),) = runs


def test_a_buffer_of_the_npu_has_zeros_in_its_slack() -> None:
    blobs = {"binary": b"x", "instructions": b"abcd"}
    arguments = (Buffer("bf16", 4, 3), Buffer("i8", 5), Buffer("i32", 2))
    executable = Executable("npu1_4col", arguments, False, "module {}", blobs)
    arrays = [np.arange(1, 5, dtype=np.int16), np.arange(5, dtype=np.int8), np.zeros(2, np.int32)]
    driver = _Driver()
    NpuDevice(driver).run(executable, arrays)
    first, second, result = driver.memories
    assert first.seen.view(np.int16).tolist() == [1, 2, 3, 4, 0, 0, 0]
    assert second.seen.tolist() == [0, 1, 2, 3, 4]
    assert result.bytes.size == 8
