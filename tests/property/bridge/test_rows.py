"""Copies of constants by executables that take sizes as arguments give the bits that their meaning in numpy gives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.assignment import Request
from aie_conv.bridge.calls import build
from aie_conv.bridge.calls.copy_code import as_rows
from aie_conv.layout.hostcopy import NUMPY_DTYPE, HostCopy, ValuePart, apply
from aie_conv.plan import Argument, Decision, Plan
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.program import load_program
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.bridge.reference import PassPlan, compile_with

DTYPES = ("bf16", "f32", "i8", "i16", "i32")
FOUR = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@st.composite
def copies(draw: st.DrawFn) -> HostCopy:
    sizes = draw(FOUR)
    dims = range(len(sizes))
    perm = draw(st.sampled_from((tuple(dims), tuple(reversed(dims)))))
    moved = [sizes[p] for p in perm]
    room = draw(st.sampled_from((0, 0, 3)))
    more, offsets, ahead = (
        [draw(st.integers(0, room)) for _ in dims] for _ in ("view", "offsets", "dest")
    )
    view = [size + a + b for size, a, b in zip(sizes, more, offsets, strict=True)]
    first = [draw(st.integers(0, room)) for _ in dims]
    dest = [size + a + b for size, a, b in zip(moved, ahead, first, strict=True)]
    dtype = draw(st.sampled_from(DTYPES))
    whole = tuple(map(tuple, (view, offsets, sizes, perm, dest, first)))
    return HostCopy(
        "rhs", whole[0], dtype, whole[1], whole[2], whole[3], "made", whole[4], dtype, whole[5]
    )


@given(copy=copies())
def test_a_copy_of_rows_means_the_same(copy: HostCopy) -> None:
    rows = as_rows(copy)
    if rows is None:
        return
    source = np.arange(np.prod(copy.view)).astype(NUMPY_DTYPE[copy.view_dtype])
    made, want = (apply([each], {"rhs": source})["made"] for each in (rows, copy))
    assert len(rows.view) == len(rows.dest_shape) == 2
    np.testing.assert_array_equal(made.reshape(want.shape), want)


@dataclass(frozen=True)
class PackedPlan(PassPlan):
    """Hands over its constant filter in bf16, between other columns of a larger matrix."""

    part: ValuePart = "whole"
    rows: int = 1
    ahead: tuple[int, int] = (0, 0)
    behind: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        shape = (self.rows, self.problem.rhs.elements // self.rows)
        ahead, behind = self.ahead, self.behind
        wide = (ahead[0] + shape[0] + behind[0], ahead[1] + shape[1] + behind[1])
        zeros, flat = (0, 0), (self.problem.rhs.elements,)
        dtype = self.problem.rhs.dtype
        half = "bf16" if dtype == "f32" else dtype
        made = (
            HostCopy("rhs", flat, dtype, (0,), flat, (0,), "half", flat, half, (0,), self.part),
            HostCopy("half", shape, half, zeros, shape, (0, 1), "packed", wide, half, ahead),
        )
        object.__setattr__(self, "prologue", made)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        first, _, *others = super().arguments
        packed = self.prologue[-1]
        elements = int(np.prod(packed.dest_shape))
        return (first, Argument("packed", packed.dest_dtype, elements), *others)


class Keeper:
    """A device that keeps the filters that it is given."""

    name = "keeper"

    def __init__(self) -> None:
        self.filters: list[NDArray[Any]] = []

    def run(self, executable: Executable, buffers: Sequence[NDArray[Any]]) -> dict[str, Any]:
        self.filters.append(buffers[1].copy())
        return {}


def make(plan: Plan) -> Executable:
    buffers = tuple(Buffer(a.dtype, a.elements) for a in plan.arguments)
    return Executable(plan.device, buffers, False, "")


def two_filters(convs: list[Conv], values: list[list[int]]) -> str:
    """A function of convolutions with constant filters, each of its own argument."""
    body, arguments = "", []
    for i, (conv, numbers) in enumerate(zip(convs, values, strict=True)):
        image, _, filters, _ = conv.shapes()
        kind = modules.tensor(*filters, conv.dtype)
        arguments.append((f"x{i}", modules.tensor(*image, conv.dtype)))
        data = np.resize(numbers, filters).astype(NUMPY_DTYPE[conv.dtype])
        listed = str(data.tolist())
        body += f"\n    %f{i} = arith.constant dense<{listed}> : {kind}"
        body += modules.conv_op(f"y{i}", conv, f"x{i}", f"f{i}")
    last = len(convs) - 1
    total = f"y{last}"
    acc = "i32" if convs[0].dtype[0] == "i" else "f32"
    out = modules.tensor(*convs[0].shapes()[3], acc)
    add = "addi" if acc == "i32" else "addf"
    for i in range(last):
        body += f"\n    %s{i} = arith.{add} %{total}, %y{i} : {out}"
        total = f"s{i}"
    return modules.function(arguments, body, total, out)


@settings(max_examples=4)
@given(
    dtype=st.sampled_from(("f32", "i8", "i16")),
    part=st.sampled_from(("whole", "hi", "lo")),
    values=st.lists(
        st.lists(st.integers(1, 99), min_size=3, max_size=9, unique=True), min_size=2, max_size=2
    ),
    edges=st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 70))] * 2),
)
def test_constants_are_packed_as_they_are_meant(
    dtype: str,
    part: ValuePart,
    values: list[list[int]],
    edges: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    convs = [Conv(c=c, oc=8, kh=1, kw=1, dtype=dtype) for c in (4, 6)]
    plans: list[PackedPlan] = []
    written: list[str] = []
    original = build.rows_executable

    def decide(asked: Request) -> Decision:
        taken = part if dtype == "f32" else "whole"
        plan = PackedPlan(asked.problem, part=taken, rows=2, ahead=edges[0], behind=edges[1])
        plans.append(replace(plan, rows=4) if plans else plan)
        return Decision("test", "", plans[-1])

    def counted(copy: HostCopy, name: str, *, fresh: bool) -> str:
        written.append(name)
        return original(copy, name, fresh=fresh)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "rows_executable", counted)
        text = two_filters(convs, values).encode()
        made = compile_with(text, decide, make)
    keeper = Keeper()
    images = [np.zeros(conv.shapes()[0], NUMPY_DTYPE[dtype]) for conv in convs]
    load_program(made.vmfb, keeper).main(*images)
    assert len(plans) == len(convs)
    # The filter as it is, and into a larger matrix: twice each, of different sizes.
    assert len(written) <= 2
    for plan, got in zip(plans, keeper.filters, strict=True):
        conv = next(c for c in convs if np.prod(c.shapes()[2]) == plan.problem.rhs.elements)
        numbers = values[convs.index(conv)]
        data = np.resize(numbers, plan.problem.rhs.elements).astype(NUMPY_DTYPE[dtype])
        want = apply(plan.prologue, {"rhs": data})["packed"].reshape(-1)
        np.testing.assert_array_equal(got.view(np.uint8), want.view(np.uint8))
