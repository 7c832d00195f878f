"""The meaning of a ConvProblem in numpy, and a device that computes it: no planner, no simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from aie_conv import splitting
from aie_conv.assignment import Request
from aie_conv.bridge.dispatch_call import DispatchCall
from aie_conv.bridge.splits.split import split_behind
from aie_conv.layout.hostcopy import NUMPY_DTYPE, HostCopy
from aie_conv.options import Options
from aie_conv.pipeline import (
    CompileState,
    Emitted,
    decide_each,
    generate,
    import_module,
    recognise,
    rewrite,
    run,
    start,
)
from aie_conv.plan import Argument, Decision, ParameterValues, Plan
from aie_conv.problem import Arithmetic, ConvProblem, Loop, contraction_of
from aie_conv.runtime.executable import Buffer, Executable
from aie_conv.runtime.program import Program, load_program

Array = NDArray[Any]

_BINARY = {
    "addf": np.add, "addi": np.add, "subf": np.subtract, "subi": np.subtract,
    "mulf": np.multiply, "muli": np.multiply, "maximumf": np.maximum, "minimumf": np.minimum,
    "maxsi": np.maximum, "minsi": np.minimum, "shrsi": np.right_shift, "shli": np.left_shift,
}  # fmt: skip
_COMPARE = {
    "ugt": np.greater, "ogt": np.greater, "olt": np.less, "ult": np.less, "sgt": np.greater,
    "slt": np.less, "sge": np.greater_equal, "sle": np.less_equal, "oeq": np.equal, "eq": np.equal,
}  # fmt: skip


def _index(loops: Sequence[Loop], strides: Sequence[int], offset: int) -> NDArray[np.int64]:
    """Element index over the grid of all loops."""
    index = np.array(offset, np.int64)
    for loop, stride in zip(loops, strides, strict=True):
        index = index[..., None] + np.arange(loop.size) * stride
    return index


def evaluate(problem: ConvProblem, operands: dict[str, Array], out: Array) -> None:
    """Compute a problem on flat buffers; ``out`` keeps what the problem does not write."""
    kept = [loop for loop in problem.loops if loop.role != "k"]
    loops = [*kept, *problem.of_role("k")]
    wide = np.int64 if problem.accumulator == "i32" else np.float64
    lhs = operands["lhs"][_index(loops, [x.lhs for x in loops], problem.lhs.offset)].astype(wide)
    rhs = operands["rhs"][_index(loops, [x.rhs for x in loops], problem.rhs.offset)].astype(wide)
    product = lhs * rhs
    total = product.sum(axis=tuple(range(len(kept), len(loops))))
    values = [total.astype(NUMPY_DTYPE[problem.accumulator])]
    order = [problem.loops.index(loop) for loop in kept]
    for number, given in enumerate(problem.epilogue.inputs):
        strides = [given.strides[i] for i in order]
        index = _index(kept, strides, given.operand.offset)
        values.append(operands[f"in{number}"][index])
    for step in problem.epilogue.steps:
        values.append(_step(step.op.partition(".")[2], [values[a] for a in step.args], step))
    place = _index(kept, [x.out for x in kept], problem.out.offset)
    out[place] = np.broadcast_to(values[problem.epilogue.result], place.shape)


_COMPUTED = {
    "constant", "cmpf", "cmpi", "select", *_BINARY, "extf", "truncf", "extsi", "trunci", "sitofp"
}  # fmt: skip


def _step(op: str, args: list[Array], step: Any) -> Array:
    kind = np.dtype(np.bool_) if step.dtype == "i1" else NUMPY_DTYPE[step.dtype]
    if op == "constant":
        return np.array(step.attr).astype(kind)
    if op in ("cmpf", "cmpi"):
        return _COMPARE[step.attr](*args)
    if op == "select":
        return np.where(*args).astype(kind)
    if op == "minui":
        return np.minimum(args[0].view(np.uint32), args[1].view(np.uint32)).view(np.int32)
    if op in _BINARY:
        return _BINARY[op](*args).astype(kind)
    if op in ("extf", "truncf", "extsi", "trunci", "sitofp"):
        return args[0].astype(kind)
    raise NotImplementedError(op)


@dataclass(frozen=True)
class PassPlan:
    """A plan that hands every operand over as it is."""

    problem: ConvProblem
    device: str = "npu1_4col"
    route: str = "test"
    cores: int = 1
    predicted_cycles: int = 1
    shim_bytes: int = 1
    style: str = ""
    bound: str = ""
    arithmetic: Arithmetic = "native"
    parameters: ParameterValues = field(default_factory=dict, hash=False)
    prologue: tuple[HostCopy, ...] = ()
    finish: tuple[HostCopy, ...] = ()

    @property
    def arguments(self) -> tuple[Argument, ...]:
        p = self.problem
        inputs = [("lhs", p.lhs), ("rhs", p.rhs)]
        inputs += [(f"in{i}", given.operand) for i, given in enumerate(p.epilogue.inputs)]
        return (
            *(Argument(name, o.dtype, o.elements) for name, o in inputs),
            Argument("result", p.out.dtype, p.out.elements),
        )

    @property
    def computed(self) -> ConvProblem:
        """What is computed on the buffers that are handed over."""
        return self.problem

    def emit(self) -> str:
        return ""


@dataclass
class NumpyDevice:
    """Computes problems in numpy; an executable's text is the problem's number."""

    name: str = "numpy"
    problems: list[PassPlan] = field(default_factory=list[PassPlan])

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        plan = self.problems[int(executable.text)]
        names = [argument.name.replace("packed", "rhs") for argument in plan.arguments]
        named = dict(zip(names, buffers, strict=True))
        evaluate(plan.computed, named, named["result"])
        return {}


@dataclass(frozen=True)
class Routed:
    """A module compiled with every contraction on the numpy device."""

    compiled: CompileState
    program: Program

    @property
    def problems(self) -> list[ConvProblem]:
        found = [d.problem for d in self.compiled.dispatches]
        return [problem for problem in found if isinstance(problem, ConvProblem)]


Decide = Callable[[Request], Decision]
MakeExecutable = Callable[[Plan], Executable]


def compile_with(
    text: str | bytes, decide: Decide, make: MakeExecutable, route: str = "auto"
) -> CompileState:
    """Compile with every contraction decided on, and every program made, by the test."""

    def contraction(asked: Request) -> Decision:
        other = not isinstance(asked.problem, ConvProblem)
        return Decision("cpu", "no contraction") if other else decide(asked)

    def choose(state: CompileState) -> None:
        decide_each(state, contraction)

    def pack(state: CompileState) -> None:
        for name, plan in state.plans.items():
            executable = make(plan)
            state.programs[name] = Emitted(executable, executable.pack())

    source = text.encode() if isinstance(text, str) else text
    state = start(source, Options(route=route))
    return run(state, [import_module, recognise, choose, pack, rewrite, generate])


def route_all(text: str | bytes, plan: type[PassPlan] = PassPlan) -> Routed:
    """Compile with every recognised contraction on the numpy device."""
    device = NumpyDevice()

    def make(planned: Plan) -> Executable:
        assert isinstance(planned, PassPlan)
        if planned not in device.problems:
            device.problems.append(planned)
        buffers = tuple(Buffer(a.dtype, a.elements) for a in planned.arguments)
        keeps = planned.problem.keeps_base and not planned.finish
        return Executable(planned.device, buffers, keeps, str(device.problems.index(planned)))

    def decide(asked: Request) -> Decision:
        return Decision("test", "all", cast(Any, plan(contraction_of(asked.problem))))

    compiled = compile_with(text, decide, make)
    return Routed(compiled, load_program(compiled.vmfb, device))


def route_split(text: str, number: int) -> Routed | None:
    """Compile with the contraction on the numpy device alone, and what is behind it on the CPU.

    Args:
        text: a module of one contraction.
        number: of the place where it is cut, counted around among those that numpy can compute up to.

    Returns:
        None where there is no such place.
    """
    state = run(start(text.encode(), Options()), [import_module, recognise])
    parts: list[tuple[int, DispatchCall]] = []
    for place, call in enumerate(state.calls):
        if call.recognised.contraction:
            parts += [(place, p) for p in split_behind(call, "a test") if _computable(p)]
    if not parts:
        return None
    place, part = parts[number % len(parts)]
    calls = list(state.calls)
    calls[place] = part
    state.calls = tuple(calls)
    device = NumpyDevice()

    def decide(request: Request) -> Decision:
        if request.split is None:
            return Decision("cpu", "whole")
        device.problems.append(PassPlan(contraction_of(request.problem)))
        return Decision("test", "split", cast(Any, device.problems[-1]), split="a test")

    decide_each(state, decide)
    splitting.add_rests(state)
    (plan,) = device.problems
    buffers = tuple(Buffer(a.dtype, a.elements) for a in plan.arguments)
    executable = Executable(plan.device, buffers, False, "0")
    state.programs[part.name] = Emitted(executable, executable.pack())
    run(state, [rewrite, generate])
    return Routed(state, load_program(state.vmfb, device))


def _computable(part: DispatchCall) -> bool:
    problem = part.recognised.problem
    steps = problem.epilogue.steps if problem is not None else ()
    return all(step.op.partition(".")[2] in _COMPUTED for step in steps)


def on_cpu(text: str) -> Program:
    """The same module with everything on IREE's CPU."""

    def make(plan: Plan) -> Executable:
        raise AssertionError(f"{plan.route}: nothing was to go to the NPU")

    compiled = compile_with(text, lambda _: Decision("cpu", "the reference"), make)
    return load_program(compiled.vmfb, "null")


def small_integers(function: Any, seed: int = 0) -> list[Array]:
    """Inputs of small whole numbers, so that every order of summation gives the same."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(-4, 5, parameter.shape).astype(NUMPY_DTYPE[parameter.dtype])
        for parameter in function.parameters
    ]


def assert_same(text: str) -> Routed:
    """The module computes the same through ConvProblems as on the CPU."""
    routed = route_all(text)
    function = routed.program.main
    inputs = small_integers(function)
    expected = np.asarray(on_cpu(text).main(*inputs))
    found = np.asarray(function(*inputs))
    np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))
    assert np.any(found != 0)
    return routed
