"""A dispatch without a contraction as an OperationProblem: by indexing maps and bodies, not names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.recognition.contraction import loop_sizes, source
from aie_conv.bridge.recognition.epilogue import Reader
from aie_conv.bridge.recognition.gathers import GatherReader, takes_elements, unflatten
from aie_conv.bridge.recognition.interpreter import Inside
from aie_conv.bridge.recognition.rows import (
    OperationReader,
    RowReader,
    combination,
    reduces,
    start_of,
)
from aie_conv.bridge.tensors import (
    Linear,
    View,
    every_element,
    indexing,
    operations_of,
    owner,
    slice_view,
    tensor_type,
)
from aie_conv.errors import Unsupported
from aie_conv.problem import (
    Epilogue,
    EpilogueInput,
    Gather,
    Loop,
    Operand,
    OperationKind,
    OperationProblem,
    Step,
)

_EXTEND = frozenset(("arith.extf", "arith.extsi"))


@dataclass(frozen=True)
class NoRoot:
    """What stands in front of an epilogue that is all there is."""

    op: None = None
    accumulator: str = ""
    dtype: str = ""
    initial: None = None
    add: str = ""


@dataclass(frozen=True)
class Reduction:
    """The operation that reduces; see :class:`aie_conv.bridge.recognition.epilogue.Root`.

    Attributes:
        source: what it reads.
        walks: element stride of each of its dims in the source.
        offset: where it begins there.
        sizes: of its dims.
        out_forms: a form over its dims for each dim of its result.
        windows: the dim of a pixel for each dim of a window.
    """

    op: ir.Operation
    accumulator: str
    dtype: str
    initial: ir.Value | None
    add: str
    source: View
    walks: dict[int, int]
    offset: int
    sizes: dict[int, int]
    out_forms: tuple[Linear, ...]
    windows: dict[int, int]

    @property
    def name_of(self) -> dict[int, str]:
        """Names for people of the dims of windows and of the pixels that they belong to."""
        pixels = sorted(self.windows.values())
        letters = dict(zip(pixels, "dhw"[-len(pixels) :], strict=False))
        named = {dim: f"o{letters.get(dim, dim)}" for dim in pixels}
        return named | {dim: f"k{letters.get(of, of)}" for dim, of in self.windows.items()}


@dataclass(frozen=True)
class RecognisedOperation:
    """An operation, and the buffers that it reads: lhs, then the epilogue's inputs.

    Attributes:
        problem: what it computes.
        views: of its operands.
        base: number of the argument whose other elements the result keeps, or None.
    """

    problem: OperationProblem
    views: tuple[View, ...]
    base: int | None


def read(
    function: ir.Operation, store: ir.Operation, inside: Inside | None = None
) -> RecognisedOperation:
    """The operation of a dispatch's function with one result.

    Args:
        function: the dispatch's.
        store: of its result.
        inside: what is known of its arguments; None where that was not looked for.

    Raises:
        Unsupported: it is none that a problem can say.
    """
    try:
        return _read_plain(function, store, inside)
    except Unsupported:
        if not _reductions(function):
            raise
    return _read_rows(store)


def _read_rows(store: ir.Operation) -> RecognisedOperation:
    """An operation by rows: reductions of what is computed, and what is computed from them."""
    value = store.operands[0]
    out = slice_view(store, store.operands[1], value)
    stored = {d: size for d, size in enumerate(out.sizes) if size > 1}
    reader = RowReader(NoRoot(), stored=stored)
    here = every_element(out.sizes)
    result = reader.tensor(value, here)
    if not reader.row:
        raise Unsupported("the stored value does not depend on the reduction")
    parallel = [d for d in stored if d not in reader.row]
    loops = [Loop("", "m", stored[d], 0, 0, out.strides[d]) for d in parallel]
    loops += [
        Loop("", "k", size, 0, 0, out.strides[d] if d in stored else 0)
        for d, size in reader.row.items()
    ]
    kind = "normalisation" if set(reader.row) <= set(stored) else "reduction"
    epilogue = reader.finish(result, [*parallel, *reader.row])
    return _elementwise(reader, epilogue, _name(loops), out, kind)


def _read_plain(
    function: ir.Operation, store: ir.Operation, inside: Inside | None
) -> RecognisedOperation:
    """An operation with at most one reduction, in front of everything else."""
    value = store.operands[0]
    out = slice_view(store, store.operands[1], value)
    root = _find_reduction(function)
    if root is None and inside is not None and takes_elements(function):
        return _recognise_gather(function, value, out, inside)
    reader = OperationReader(root if root is not None else NoRoot())
    here = every_element(out.sizes)
    result = reader.tensor(value, here)
    parallel = [d for d, size in enumerate(out.sizes) if size > 1]
    if root is None:
        loops = _name([Loop("", "m", out.sizes[d], 0, 0, out.strides[d]) for d in parallel])
        epilogue = reader.finish(result, parallel)
        return _elementwise(reader, epilogue, loops, out)
    loops, dims = _loops(root, reader, out)
    epilogue = reader.finish(result, dims)
    lhs = Operand(root.source.dtype, root.source.shape, root.offset)
    problem = OperationProblem(
        "window" if root.windows else "reduction",
        loops,
        lhs,
        Operand(out.dtype, out.shape, out.offset),
        epilogue,
        root.accumulator,
        root.add,
        out.keeps_others,
    )
    views = (root.source, *(view for view, _ in reader.inputs))
    return RecognisedOperation(problem, views, out.argument if problem.keeps_base else None)


def _recognise_gather(
    function: ir.Operation, value: ir.Value, out: View, inside: Inside
) -> RecognisedOperation:
    """An operation that takes elements of tensors by computed places."""
    shaped, flat = unflatten(function, out)
    sizes = shaped.sizes
    reader = GatherReader(NoRoot(), inside_call=inside, sizes=sizes)
    here = every_element(sizes)
    result = reader.tensor(value, here if flat is None else (flat,))
    parallel = [d for d, size in enumerate(sizes) if size > 1]
    loops = _name([Loop("", "m", sizes[d], 0, 0, shaped.strides[d]) for d in parallel])
    epilogue, settled = reader.finish(result, parallel), reader.settle()
    inputs = list(epilogue.inputs)
    for number, each in settled.items():
        entry = inputs[number]
        pairs = zip(parallel, entry.strides, strict=True)
        strides = tuple(stride + each.strides.get(d, 0) for d, stride in pairs)
        offset = entry.operand.offset + each.offset
        inputs[number] = EpilogueInput(replace(entry.operand, offset=offset), strides)
    epilogue = replace(epilogue, inputs=tuple(inputs))
    main = _main_input(epilogue, loops)
    numbers = [main, *(number for number in range(len(inputs)) if number != main)]
    gathers = tuple(
        Gather(place, parallel.index(variable), places)
        for place, number in enumerate(numbers)
        if number in settled
        for variable, places in settled[number].places.items()
    )
    recognised = _elementwise(reader, epilogue, loops, shaped)
    buffers = [view.key[:2] for view in recognised.views]
    first = [buffers.index(buffer) for buffer in buffers]
    shared = tuple(first[1:]) if len(set(first)) < len(first) else ()
    problem = replace(recognised.problem, gathers=gathers, same_as=shared)
    return replace(recognised, problem=problem)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _name(loops: Sequence[Loop]) -> tuple[Loop, ...]:
    return tuple(replace(loop, name=_LETTERS[number]) for number, loop in enumerate(loops))


def _elementwise(
    reader: Reader,
    epilogue: Epilogue,
    loops: tuple[Loop, ...],
    out: View,
    kind: OperationKind = "elementwise",
) -> RecognisedOperation:
    """The problem whose first operand is the one that walks the most elements."""
    main = _main_input(epilogue, loops)
    walked = sum(stride != 0 for stride in epilogue.inputs[main].strides)
    if kind != "elementwise" and walked < len(loops):
        raise Unsupported("a reduction of what no operand walks alone")
    first = epilogue.inputs[main]
    loops = tuple(
        replace(loop, lhs=stride) for loop, stride in zip(loops, first.strides, strict=True)
    )
    kind = kind if epilogue.steps else "move"
    problem = OperationProblem(
        kind,
        loops,
        first.operand,
        Operand(out.dtype, out.shape, out.offset),
        _led_by(epilogue, main),
        first.operand.dtype,
        keeps_base=out.keeps_others,
    )
    views = [view for view, _ in reader.inputs]
    ordered = (views[main], *views[:main], *views[main + 1 :])
    return RecognisedOperation(problem, ordered, out.argument if problem.keeps_base else None)


def _main_input(epilogue: Epilogue, loops: Sequence[Loop]) -> int:
    """The input that walks the most loops.

    Raises:
        Unsupported: there is none, or nothing to walk.
    """
    if not epilogue.inputs:
        raise Unsupported("it reads nothing")
    if not loops:
        raise Unsupported("it computes one element")
    walked = [sum(stride != 0 for stride in each.strides) for each in epilogue.inputs]
    return walked.index(max(walked))


def _led_by(epilogue: Epilogue, main: int) -> Epilogue:
    """The same with input ``main`` as value 0, which nothing uses."""

    def renumber(value: int) -> int:
        if value == main + 1:
            return 0
        return value - 1 if value > main + 1 else value

    others = (*epilogue.inputs[:main], *epilogue.inputs[main + 1 :])
    steps = tuple(
        Step(step.op, tuple(map(renumber, step.args)), step.dtype, step.attr)
        for step in epilogue.steps
    )
    inputs: tuple[EpilogueInput, ...] = others
    return Epilogue(inputs, steps, renumber(epilogue.result))


# -- reductions -----------------------------------------------------------------------------------
def _reductions(function: ir.Operation) -> list[ir.Operation]:
    return [op for op in operations_of(function) if reduces(op)]


def _find_reduction(function: ir.Operation) -> Reduction | None:
    reductions = _reductions(function)
    if len(reductions) > 1:
        raise Unsupported(f"{len(reductions)} reductions in one dispatch")
    return _analyse(reductions[0]) if reductions else None


def _analyse(op: ir.Operation) -> Reduction:
    """A reduction of one operand, each element extended at most.

    Raises:
        Unsupported: it is none.
    """
    if len(op.results) != 1:
        raise Unsupported(f"a reduction of {len(op.results)} results")
    inputs = len(op.operands) - 1
    name, value = combination(op, inputs)
    block: Any = op.regions[0].blocks[0]
    extended = owner(value)
    if extended is not None and extended.name in _EXTEND:
        value = extended.operands[0]
    if not isinstance(value, ir.BlockArgument) or value.owner != block:
        raise Unsupported("a reduction of what is computed beside it")
    number = ir.BlockArgument(value).arg_number
    forms = indexing(op)
    view = source(op.operands[number])
    place = Linear(view.offset)
    for form, stride in zip(forms[number], view.strides, strict=True):
        place = place.plus(form.scaled(stride))
    _, dtype = tensor_type(op.results[0])
    sums = name in ("arith.addf", "arith.addi")
    accumulator = "f32" if sums and dtype == "bf16" else dtype
    if (view.dtype, accumulator) not in _ACCUMULATE and not (view.dtype == accumulator != "i64"):
        raise Unsupported(f"a reduction of {view.dtype} in {accumulator}")
    return Reduction(
        op, accumulator, dtype, start_of(op.operands[inputs], name, dtype), name,
        view, dict(place.terms), place.constant, loop_sizes(op, forms), tuple(forms[-1]),
        _windows(forms[number], forms[-1]),
    )  # fmt: skip


def _windows(forms: Sequence[Linear], out_forms: Sequence[Linear]) -> dict[int, int]:
    """The dim of the result that stands beside each dim of a window in the indexing."""
    walked = {v for form in out_forms for v, _ in form.terms}
    windows: dict[int, int] = {}
    for form in forms:
        dims = [v for v, _ in form.terms]
        pixel = next((v for v in dims if v in walked), None)
        if pixel is not None:
            windows.update({v: pixel for v in dims if v not in walked})
    return windows


_ACCUMULATE = frozenset({("bf16", "f32"), ("i8", "i32"), ("i16", "i32"), ("i8", "i16")})


def _loops(root: Reduction, reader: Reader, out: View) -> tuple[tuple[Loop, ...], list[int]]:
    """The loops, and for each the dim of the stored value that walks it; -1 for none."""
    if reader.at_root is None:
        raise Unsupported("the stored value does not depend on the reduction")
    stored: dict[int, int] = {}
    for form, place in zip(root.out_forms, reader.at_root, strict=True):
        if form.variable is None or root.sizes[form.variable] == 1:
            continue
        if place.variable is None:
            raise Unsupported("what stands behind the reduction reads it in no simple order")
        stored[form.variable] = place.variable
    if set(stored.values()) != {d for d, size in enumerate(out.sizes) if size > 1}:
        raise Unsupported("the stored value has a dim that the reduction does not walk")
    parallel = sorted(stored, key=lambda dim: stored[dim])
    reduced = [
        dim
        for dim, size in sorted(root.sizes.items())
        if size > 1 and not any(v == dim for form in root.out_forms for v, _ in form.terms)
    ]
    names = {d: _LETTERS[n] for n, d in enumerate([*parallel, *reduced])} | root.name_of
    loops = [
        Loop(names[d], "m", root.sizes[d], root.walks.get(d, 0), 0, out.strides[stored[d]])
        for d in parallel
    ]
    loops += [Loop(names[d], "k", root.sizes[d], root.walks.get(d, 0), 0, 0) for d in reduced]
    if any(loop.lhs == 0 for loop in loops):
        raise Unsupported("a reduction whose operand is broadcast")
    return tuple(loops), [*(stored[d] for d in parallel), *(-1 for _ in reduced)]
