"""Random operations at problem level, their operands, and torch's answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import ml_dtypes
import numpy as np
import torch
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.operations.plan import OperationPlan
from aie_conv.problem import Epilogue, EpilogueInput, Loop, Operand, OperationProblem, Step
from aie_conv.sim import Simulator

Array = NDArray[np.generic]


@dataclass(frozen=True)
class Function:
    """What an element-wise operation computes: its steps, and the same in torch."""

    inputs: tuple[str, ...]
    out: str
    steps: tuple[Step, ...]
    torch: Callable[..., torch.Tensor]

    @property
    def result(self) -> int:
        """The value that is stored."""
        return len(self.inputs) + len(self.steps) - 1


def _one(op: str, dtype: str) -> tuple[Step, ...]:
    return (Step(f"arith.{op}", (0, 1), dtype),)


def _selected(predicate: str, dtype: str) -> tuple[Step, ...]:
    compare = "arith.cmpf" if dtype == "bf16" else "arith.cmpi"
    return (Step(compare, (0, 1), "i1", predicate), Step("arith.select", (2, 0, 1), dtype))


def _quantised_sum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    total = (a.float() - 3.0) * 0.5 + (b.float() + 5.0) * 0.25
    return torch.clamp(torch.round(total), -128.0, 127.0).to(torch.int8)


_SUM = (
    Step("arith.sitofp", (0,), "f32"),
    Step("arith.constant", (), "f32", 3.0),
    Step("arith.subf", (2, 3), "f32"),
    Step("arith.constant", (), "f32", 0.5),
    Step("arith.mulf", (4, 5), "f32"),
    Step("arith.sitofp", (1,), "f32"),
    Step("arith.constant", (), "f32", 5.0),
    Step("arith.addf", (7, 8), "f32"),
    Step("arith.constant", (), "f32", 0.25),
    Step("arith.mulf", (9, 10), "f32"),
    Step("arith.addf", (6, 11), "f32"),
    Step("math.roundeven", (12,), "f32"),
    Step("arith.constant", (), "f32", -128.0),
    Step("arith.maximumf", (13, 14), "f32"),
    Step("arith.constant", (), "f32", 127.0),
    Step("arith.minimumf", (15, 16), "f32"),
    Step("arith.fptosi", (17,), "i8"),
)
_DEQUANTISED = (
    Step("arith.sitofp", (0,), "f32"),
    Step("arith.constant", (), "f32", 0.125),
    Step("arith.mulf", (1, 2), "f32"),
    Step("arith.truncf", (3,), "bf16"),
)

FUNCTIONS = {
    "move i8": Function(("i8",), "i8", (), lambda a: a),
    "move bf16": Function(("bf16",), "bf16", (), lambda a: a),
    "max i8": Function(("i8", "i8"), "i8", _one("maxsi", "i8"), torch.maximum),
    "min i16": Function(("i16", "i16"), "i16", _one("minsi", "i16"), torch.minimum),
    "add i8": Function(("i8", "i8"), "i8", _one("addi", "i8"), torch.add),
    "add i32": Function(("i32", "i32"), "i32", _one("addi", "i32"), torch.add),
    "select i8": Function(
        ("i8", "i8"), "i8", _selected("sgt", "i8"), lambda a, b: torch.where(a > b, a, b)
    ),
    "add bf16": Function(("bf16", "bf16"), "bf16", _one("addf", "bf16"), torch.add),
    "gate bf16": Function(("bf16", "bf16"), "bf16", _one("mulf", "bf16"), torch.mul),
    "max bf16": Function(("bf16", "bf16"), "bf16", _one("maximumf", "bf16"), torch.maximum),
    "select bf16": Function(
        ("bf16", "bf16"), "bf16", _selected("ogt", "bf16"), lambda a, b: torch.where(a > b, a, b)
    ),
    "quantised sum": Function(("i8", "i8"), "i8", _SUM, _quantised_sum),
    "dequantise": Function(
        ("i8",), "bf16", _DEQUANTISED, lambda a: (a.float() * 0.125).to(torch.bfloat16)
    ),
    "to bf16": Function(
        ("f32",), "bf16", (Step("arith.truncf", (0,), "bf16"),), lambda a: a.to(torch.bfloat16)
    ),
    "to f32": Function(("bf16",), "f32", (Step("arith.extf", (0,), "f32"),), lambda a: a.float()),
}


def _dense(shape: Sequence[int], order: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A buffer that holds dimensions in an order: its shape, and each dimension's stride."""
    laid = tuple(shape[d] for d in order)
    steps = {d: prod(laid[i + 1 :]) for i, d in enumerate(order)}
    return laid, tuple(steps[d] for d in range(len(shape)))


def _input(
    dtype: str, shape: Sequence[int], order: Sequence[int], walked: Sequence[bool]
) -> EpilogueInput:
    """An operand that is broadcast along the dimensions that are not walked."""
    sizes = [size if walks else 1 for size, walks in zip(shape, walked, strict=True)]
    laid, strides = _dense(sizes, order)
    kept = tuple(s if walks else 0 for s, walks in zip(strides, walked, strict=True))
    return EpilogueInput(Operand(dtype, laid), kept)


@st.composite
def elementwise(draw: st.DrawFn) -> tuple[OperationProblem, Function]:
    """An element-wise operation or move with broadcasting, in any layouts, perhaps into a slice."""
    function = FUNCTIONS[draw(st.sampled_from(sorted(FUNCTIONS)))]
    rank = draw(st.integers(1, 3))
    shape = tuple(draw(st.sampled_from([2, 3, 5, 8, 16, 24, 33, 64])) for _ in range(rank))
    natural = tuple(range(rank))
    orders = st.one_of(st.just(natural), st.permutations(natural).map(tuple))
    entries = [
        _input(
            dtype,
            shape,
            draw(orders),
            [True] * rank
            if number == 0
            else draw(st.lists(st.booleans(), min_size=rank, max_size=rank)),
        )
        for number, dtype in enumerate(function.inputs)
    ]
    border = draw(st.sampled_from([0, 0, 1, 4])) if rank > 1 else 0
    laid, steps = _dense([size + 2 * border for size in shape], draw(orders))
    out = Operand(function.out, laid, border * sum(steps))
    loops = tuple(
        Loop("abc"[d], "m", shape[d], entries[0].strides[d], 0, steps[d]) for d in range(rank)
    )
    epilogue = Epilogue(tuple(entries[1:]), function.steps, function.result)
    kind = "elementwise" if function.steps else "move"
    problem = OperationProblem(
        kind, loops, entries[0].operand, out, epilogue, function.inputs[0], keeps_base=border > 0
    )
    return problem, function


COMBINATIONS = {
    ("i8", "max"): ("arith.maxsi", "i8"),
    ("i8", "min"): ("arith.minsi", "i8"),
    ("i16", "max"): ("arith.maxsi", "i16"),
    ("bf16", "max"): ("arith.maximumf", "bf16"),
    ("bf16", "min"): ("arith.minimumf", "bf16"),
    ("i8", "sum"): ("arith.addi", "i32"),
    ("i16", "sum"): ("arith.addi", "i32"),
    ("bf16", "sum"): ("arith.addf", "f32"),
}


@st.composite
def windows(draw: st.DrawFn) -> tuple[OperationProblem, str]:
    """A pooling or a reduction over pixels: any window, stride and dilation, channels first or last."""
    dtype, what = draw(st.sampled_from(sorted(COMBINATIONS)))
    combine, accumulator = COMBINATIONS[dtype, what]
    channels = draw(st.sampled_from([1, 3, 8, 16, 24, 32, 64, 96]))
    kernel = [draw(st.integers(1, 5)) for _ in range(2)]
    outputs = [draw(st.sampled_from([1, 2, 3, 7])) for _ in range(2)]
    stride = [draw(st.integers(1, 3)) for _ in range(2)]
    dilation = [draw(st.integers(1, 2)) for _ in range(2)]
    sides = [
        (o - 1) * s + (k - 1) * d + 1
        for o, s, k, d in zip(outputs, stride, kernel, dilation, strict=True)
    ]
    orders = st.sampled_from([(0, 1, 2), (2, 0, 1)])
    laid, steps = _dense([*sides, channels], draw(orders))
    out, places = _dense([*outputs, channels], draw(orders))
    loops = [
        *(
            Loop(f"o{'hw'[i]}", "m", outputs[i], stride[i] * steps[i], 0, places[i])
            for i in range(2)
        ),
        Loop("c", "m", channels, steps[2], 0, places[2]),
        *(Loop(f"k{'hw'[i]}", "k", kernel[i], dilation[i] * steps[i], 0, 0) for i in range(2)),
    ]
    kept = tuple(loop for loop in loops if loop.size > 1)
    if not any(loop.role == "k" for loop in kept) or not any(loop.role == "m" for loop in kept):
        kept = tuple(loop for loop in loops if loop.name in ("c", "kh", "oh"))
    kind = "window" if max(outputs) > 1 else "reduction"
    dtypes = Operand(dtype, laid), Operand(accumulator, out)
    problem = OperationProblem(kind, kept, *dtypes, Epilogue(), accumulator, combine)
    return problem, what


# -- operands and answers -------------------------------------------------------------------------
_SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-40, 3e38, -3e38]


def operand(kind: Operand, seed: int, *, special: bool = True) -> Array:
    """Random elements; infinities, NaN, zeros and the least integers among them."""
    rng = np.random.default_rng(seed)
    count = kind.elements
    if kind.dtype[0] == "i":
        info = np.iinfo(NUMPY_DTYPE[kind.dtype])
        values = rng.integers(info.min, info.max + 1, count).astype(NUMPY_DTYPE[kind.dtype])
        values[rng.random(count) < 0.1] = info.min
        return values
    floats = (rng.standard_normal(count) * 8).astype(np.float32)
    if special:
        chosen = rng.random(count) < 0.1
        floats[chosen] = rng.choice(np.array(_SPECIAL, np.float32), int(chosen.sum()))
    return floats.astype(NUMPY_DTYPE[kind.dtype])


def walk(flat: Array, kind: Operand, sizes: Sequence[int], strides: Sequence[int]) -> Array:
    """A view of a flat buffer along loops."""
    rest = flat.reshape(-1)[kind.offset :]
    return as_strided(rest, tuple(sizes), tuple(s * rest.itemsize for s in strides), writeable=True)


def to_torch(array: Array) -> torch.Tensor:
    """An array as a tensor of the same bits."""
    array = np.ascontiguousarray(array)
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def to_numpy(tensor: torch.Tensor) -> Array:
    """A tensor as an array of the same bits."""
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.contiguous().numpy()


def operands(problem: OperationProblem, seed: int = 0, *, special: bool = True) -> dict[str, Array]:
    """Every buffer of a problem by its name."""
    kinds = {"lhs": problem.lhs, "out": problem.out}
    kinds |= {f"in{n}": entry.operand for n, entry in enumerate(problem.epilogue.inputs)}
    return {
        name: operand(kind, seed + number, special=special)
        for number, (name, kind) in enumerate(sorted(kinds.items()))
    }


def with_result(problem: OperationProblem, base: Array, result: Array) -> Array:
    """The output buffer with a result written into it."""
    out = base.copy()
    sizes = [loop.size for loop in problem.parallel]
    walk(out, problem.out, sizes, [loop.out for loop in problem.parallel])[...] = result
    return out


def answer(problem: OperationProblem, arrays: dict[str, Array], function: Function) -> Array:
    """The output buffer of an element-wise operation by torch."""
    sizes = [loop.size for loop in problem.loops]
    entries = problem.epilogue.inputs
    views = [walk(arrays["lhs"], problem.lhs, sizes, [loop.lhs for loop in problem.loops])]
    views += [
        walk(arrays[f"in{n}"], entry.operand, sizes, entry.strides)
        for n, entry in enumerate(entries)
    ]
    result = to_numpy(function.torch(*map(to_torch, views)))
    return with_result(problem, arrays["out"], result)


def reduced(problem: OperationProblem, arrays: dict[str, Array], what: str) -> Array:
    """The output buffer of a reduction by torch; sums of floats in f64."""
    parallel, inner = problem.parallel, problem.reduced
    loops = [*parallel, *inner]
    sizes = [loop.size for loop in loops]
    view = walk(arrays["lhs"], problem.lhs, sizes, [loop.lhs for loop in loops])
    dims = tuple(range(len(parallel), len(loops)))
    x = to_torch(view)
    if what == "sum":
        wide = torch.float64 if problem.accumulator == "f32" else torch.int32
        total = x.to(wide).sum(dims)
        result = total.float() if problem.accumulator == "f32" else total.to(torch.int32)
    else:
        result = (torch.amax if what == "max" else torch.amin)(x, dims)
    return with_result(problem, arrays["out"], to_numpy(result))


def simulate(
    plan: OperationPlan, arrays: dict[str, Array], text: str | None = None
) -> tuple[Array, int]:
    """The output buffer after running a plan's text, and its cycles; it runs on other operands before."""
    simulator = Simulator(text if text is not None else plan.emit())
    simulator.run(flat_buffers(plan, operands(plan.problem, 77)))
    flat = flat_buffers(plan, arrays)
    cycles = simulator.run(flat).cycles
    if not plan.finish:
        return flat[-1], cycles
    out = {"result": flat[-1], "out": arrays["out"].copy()}
    return apply(plan.finish, out)["out"].reshape(-1), cycles


def flat_buffers(plan: OperationPlan, arrays: dict[str, Array]) -> list[Array]:
    """A plan's arguments with these operands."""
    buffers = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else arrays["out"].reshape(-1).copy()
    # What lies in the slack must not matter: NaN, or -1.
    return [
        np.concatenate((flat, np.full(a.slack * flat.itemsize, 0xFF, np.uint8).view(flat.dtype)))
        for a, flat in ((a, buffers[a.name].reshape(-1)) for a in plan.arguments)
    ]


def check_equal(got: Array, want: Array) -> None:
    """Equal to the bit, but for the bits of a NaN."""
    got, want = got.reshape(-1), want.reshape(-1)
    if got.dtype.kind in "iu":
        assert np.array_equal(got, want)
        return
    a, b = got.astype(np.float32), want.astype(np.float32)
    nan = np.isnan(b)
    assert np.array_equal(np.isnan(a), nan)
    assert np.array_equal(a[~nan], b[~nan])


def check_near(got: Array, want: Array, count: int) -> None:
    """Sums in f32 of ``count`` elements, in another order."""
    a, b = got.astype(np.float64).reshape(-1), want.astype(np.float64).reshape(-1)
    assert (np.abs(a - b) <= 2.0**-23 * count * (np.abs(b) + 64 * count)).all()


def check_elementwise(plan: OperationPlan, problem: OperationProblem, function: Function) -> None:
    """A plan's program gives what torch gives."""
    arrays = operands(problem)
    got, _ = simulate(plan, arrays)
    check_equal(got, answer(problem, arrays, function))


def check_reduction(plan: OperationPlan, problem: OperationProblem, what: str) -> None:
    """The same for a window or a reduction; special values are among the operands but for sums of floats."""
    floats = problem.combine == "arith.addf"
    arrays = operands(problem, special=not floats)
    got, _ = simulate(plan, arrays)
    want = reduced(problem, arrays, what)
    if floats:
        check_near(got, want, prod(loop.size for loop in problem.reduced))
    else:
        check_equal(got, want)
