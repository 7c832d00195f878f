"""A dispatch's executable as a ConvProblem, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import STORE
from aie_conv.bridge.recognition import contraction, operations
from aie_conv.bridge.recognition.canonical import Ref
from aie_conv.bridge.recognition.contraction import Contraction, NoContraction
from aie_conv.bridge.recognition.epilogue import Reader
from aie_conv.bridge.recognition.interpreter import Inside
from aie_conv.bridge.tensors import (
    Linear,
    View,
    every_element,
    operations_of,
    slice_view,
    tensor_type,
)
from aie_conv.errors import Unsupported
from aie_conv.problem import ConvProblem, Operand, Problem


@dataclass(frozen=True)
class Recognised:
    """What a dispatch computes.

    Attributes:
        problem: the contraction with its epilogue, or another operation; None where it is neither, or
            where its loops could not be read.
        refusal: why no route can take it; None where one may.
        operands: "lhs", "rhs", "in0", … -> number of the dispatch function's argument, or the
            attribute of a constant inside the dispatch.
        base: number of the argument whose other elements the result keeps, or None.
        contraction: whether it is a convolution or matmul at all.
    """

    problem: Problem | None
    refusal: str | None = None
    operands: tuple[tuple[str, Any], ...] = ()
    base: int | None = None
    contraction: bool = True


def recognise(executable: ir.Operation) -> Recognised:
    """Read one flow.executable."""
    try:
        function = function_of(executable)
        try:
            root = contraction.find(function)
        except NoContraction as none:
            return _operation(function, str(none))
    except NoContraction as refusal:
        return Recognised(None, str(refusal), contraction=False)
    except Unsupported as refusal:
        return Recognised(None, str(refusal))
    try:
        found = contraction.analyse(root)
    except Unsupported as refusal:
        # Squares are summed by products too: a variance is no contraction of two buffers.
        other = _operation(function, str(refusal))
        return other if other.problem is not None else Recognised(None, str(refusal))
    try:
        return _whole(function, found)
    except Unsupported as refusal:
        return Recognised(_bare(found), str(refusal))


def recognise_call(executable: ir.Operation, inside: Inside) -> Recognised:
    """Read one flow.executable that takes elements by places, as it is called.

    Args:
        executable: without a contraction.
        inside: what is known of its arguments.
    """
    try:
        return _operation(function_of(executable), "no convolution or matmul", inside)
    except (NoContraction, Unsupported) as refusal:
        return Recognised(None, str(refusal), contraction=False)


def _operation(function: ir.Operation, why: str, inside: Inside | None = None) -> Recognised:
    """A dispatch without a contraction, which is none for the reason ``why``."""
    try:
        operation = operations.read(function, _store(function), inside)
    except Unsupported as refusal:
        return Recognised(None, f"{why}; as another operation: {refusal}", contraction=False)
    names = ("lhs", *(f"in{number}" for number in range(len(operation.views) - 1)))
    bindings = tuple(
        (name, view.binding) for name, view in zip(names, operation.views, strict=True)
    )
    return Recognised(operation.problem, None, bindings, operation.base, contraction=False)


def function_of(executable: ir.Operation) -> ir.Operation:
    """The one function of a flow.executable.

    Raises:
        NoContraction: it has no code.
        Unsupported: it has several functions.
    """
    for inner in executable.regions[0].blocks[0].operations:
        if inner.operation.name == "builtin.module":
            functions = list(inner.operation.regions[0].blocks[0].operations)
            if len(functions) == 1 and functions[0].operation.name == "func.func":
                return functions[0].operation
            raise Unsupported(f"{len(functions)} functions in one executable")
    raise NoContraction("no code of its own")


def _operand(view: View, offset: int) -> Operand:
    return Operand(view.dtype, view.shape, offset)


def _bare(root: Contraction) -> ConvProblem:
    """The problem as far as it could be read: its result dense, nothing behind it."""
    shape, _ = tensor_type(root.op.results[0])
    return ConvProblem(
        "conv" if root.kind == "conv" else "matmul",
        root.loops,
        _operand(root.lhs, root.lhs_offset),
        _operand(root.rhs, root.rhs_offset),
        Operand(root.accumulator, shape),
        root.accumulator,
    )


def _whole(function: ir.Operation, root: Contraction) -> Recognised:
    store = _store(function)
    value = store.operands[0]
    out = slice_view(store, store.operands[1], value)
    return read_stored(root, out, lambda reader, here: reader.tensor(value, here))


def read_stored(
    root: Contraction, out: View, read: Callable[[Reader, tuple[Linear, ...]], Ref]
) -> Recognised:
    """A contraction with what stands between it and what is stored.

    Args:
        root: the contraction.
        out: where it is stored.
        read: the element that is stored at a place; its forms' variables are the dims of ``out``.

    Raises:
        Unsupported: the stored value is not computed element by element from the contraction.
    """
    reader = Reader(root)
    here = every_element(out.sizes)
    result = read(reader, here)
    if reader.at_root is None:
        raise Unsupported("the stored value does not depend on the contraction")
    variable_of = _loop_variables(root, reader.at_root)
    if set(variable_of.values()) != {d for d, size in enumerate(out.sizes) if size > 1}:
        raise Unsupported("the stored value has a dim that no loop walks")
    loop_dims = [variable_of.get(dim, -1) for dim in root.dims]
    loops = tuple(
        replace(loop, out=out.strides[var] if var >= 0 else 0)
        for loop, var in zip(root.loops, loop_dims, strict=True)
    )
    order = sorted(range(len(loops)), key=lambda i: loop_dims[i] if loop_dims[i] >= 0 else 1 << 30)
    epilogue = reader.finish(result, [loop_dims[i] for i in order])
    problem = replace(
        _bare(root),
        loops=tuple(loops[i] for i in order),
        out=_operand(out, out.offset),
        epilogue=epilogue,
        keeps_base=out.keeps_others,
    )
    operands = [("lhs", root.lhs), ("rhs", root.rhs)]
    operands += [(f"in{number}", view) for number, (view, _) in enumerate(reader.inputs)]
    bindings = tuple((name, view.binding) for name, view in operands)
    return Recognised(problem, None, bindings, out.argument if out.keeps_others else None)


def _store(function: ir.Operation) -> ir.Operation:
    stores = [op for op in operations_of(function) if op.name == STORE]
    if len(stores) != 1:
        raise Unsupported(f"the dispatch has {len(stores)} results")
    return stores[0]


def _loop_variables(root: Contraction, at_root: tuple[Linear, ...]) -> dict[int, int]:
    """For each dim of the root that its result has, the dim of the stored value that walks it."""
    variables: dict[int, int] = {}
    for form, place in zip(root.out_forms, at_root, strict=True):
        if form.variable is None or form.variable not in root.dims:
            continue
        if place.variable is None:
            raise Unsupported("the epilogue reads the accumulator in no simple order")
        variables[form.variable] = place.variable
    return variables
