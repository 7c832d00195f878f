"""Sums over filters, and sums of such sums: what zero points add to a contraction, for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.bridge.graft import element_type, graft, maps_text, with_element
from aie_conv.bridge.tensors import tensor_type

DimNumbers = tuple[int, ...]


@dataclass(frozen=True)
class Term:
    """What is added to a contraction's sums.

    Attributes:
        value: a tensor of i32.
        dims: the result's dims that it walks.
        factor: what it is multiplied by: a constant, or a value of i32 of the module.
    """

    value: ir.Value
    dims: DimNumbers
    factor: int | ir.Value


def dims_of(expression: Any) -> DimNumbers:
    """The dims that an indexing expression names."""
    if isinstance(expression, ir.AffineDimExpr):
        return (expression.position,)
    if isinstance(expression, ir.AffineConstantExpr):
        return ()
    return (*dims_of(expression.lhs), *dims_of(expression.rhs))


def walks_alone(walked: ir.AffineMap) -> bool:
    """Whether a loop of its own walks each dim of an operand, element by element from the first one."""
    dims = [e.position for e in walked.results if isinstance(e, ir.AffineDimExpr)]
    return len(dims) == len(set(dims)) == len(walked.results)


def map_text(dims: int, walked: Sequence[str]) -> str:
    """An affine map as MLIR writes it."""
    names = ", ".join(f"d{i}" for i in range(dims))
    return f"affine_map<({names}) -> ({', '.join(walked)})>"


def filter_sums(
    before: ir.Operation, rhs: ir.Value, rhs_dims: DimNumbers, out_dims: DimNumbers
) -> tuple[ir.Value, DimNumbers]:
    """For each output channel the sum of its filter; and the result's dims that it walks.

    Args:
        before: the contraction.
        rhs: its filter, of i8.
        rhs_dims: the contraction's dim that each dim of the filter walks.
        out_dims: those that the dims of the result walk.
    """
    shape, dtype = tensor_type(rhs)
    kept = [i for i, dim in enumerate(rhs_dims) if dim in out_dims]
    kind = f"tensor<{''.join(f'{shape[i]}x' for i in kept)}i32>"
    loops = ["parallel" if i in kept else "reduction" for i in range(len(shape))]
    maps = [
        map_text(len(shape), [f"d{i}" for i in range(len(shape))]),
        map_text(len(shape), [f"d{i}" for i in kept]),
    ]
    text = f"""%z = arith.constant 0 : i32
%e = tensor.empty() : {kind}
%f = linalg.fill ins(%z : i32) outs(%e : {kind}) -> {kind}
%y = {maps_text(maps, [f"%w : {rhs.type}"], f"%f : {kind}", loops)} {{
^bb0(%a: {dtype}, %c: i32):
  %u = arith.extsi %a : {dtype} to i32
  %s = arith.addi %c, %u : i32
  linalg.yield %s : i32
}} -> {kind}
return %y : {kind}"""
    where = tuple(out_dims.index(rhs_dims[i]) for i in kept)
    return graft(before, text, {"%w": rhs})[0], where


def sums_of(op: ir.Operation, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
    """What an operation on f32 adds up, in i32 and from zero: products of integers, or a window's integers.

    Args:
        op: a contraction, or the sums of a pooling.
        lhs, rhs: integers in place of what it reads; of a pooling the second is its window.
    """
    kind = with_element(op.results[0].type, "i32")
    attributes = [
        f"{name} = {op.attributes[name]}"
        for name in ("dilations", "strides")
        if name in op.attributes
    ]
    head = f"%z = arith.constant 0 : i32\n%e = tensor.empty() : {kind}\n"
    head += f"%f = linalg.fill ins(%z : i32) outs(%e : {kind}) -> {kind}\n"
    between = f" {{{', '.join(attributes)}}}" if attributes else ""
    maps = linalg.get_indexing_maps(op)
    name, body, results = op.name, "", f" -> {kind}"
    if name == "linalg.generic":
        between = f" {{indexing_maps = {maps}, iterator_types = {op.attributes['iterator_types']}}}"
        body = """ {
^bb0(%a: TYPE, %b: TYPE, %c: i32):
  %u = arith.extsi %a : TYPE to i32
  %v = arith.extsi %b : TYPE to i32
  %p = arith.muli %u, %v : i32
  %s = arith.addi %c, %p : i32
  linalg.yield %s : i32
}""".replace("TYPE", element_type(lhs))
    elif "indexing_maps" in op.attributes:
        between = f" indexing_maps = {op.attributes['indexing_maps']}{between}"
    text = (
        f"{head}%y = {name}{between} ins(%x, %w : {lhs.type}, {rhs.type}) outs(%f : {kind})"
        f"{body}{results}\nreturn %y : {kind}"
    )
    return graft(op, text, {"%x": lhs, "%w": rhs})[0]


def add_terms(
    before: ir.Operation, kind: ir.Type, terms: Sequence[Term], more: ir.Value | None = None
) -> ir.Value:
    """The sum of terms as a tensor, and of another tensor of the same type if one is given.

    Args:
        before: in front of what the operation is put.
        kind: the tensor's type; a term walks the dims of it that it says.
        terms: what is added up.
        more: what they are added to.
    """
    rank = ir.RankedTensorType(kind).rank
    every = map_text(rank, [f"d{i}" for i in range(rank)])
    operands: dict[str, ir.Value] = {} if more is None else {"%x": more}
    maps = [] if more is None else [every]
    factors: list[int | str] = [] if more is None else [1]
    for number, term in enumerate(terms):
        operands[f"%t{number}"] = term.value
        maps.append(map_text(rank, [f"d{d}" for d in term.dims]))
        factors.append(term.factor if isinstance(term.factor, int) else f"%j{number}")
    for number, term in enumerate(terms):
        if not isinstance(term.factor, int):
            operands[f"%z{number}"] = term.factor
            maps.append(map_text(rank, []))
    names = [name.replace("%z", "%j") for name in operands]
    arguments = ", ".join(
        f"{name if name[1] == 'j' else f'%i{i}'}: i32" for i, name in enumerate(names)
    )
    lines, total = added_up(factors)
    body = "\n  ".join(lines)
    ins = [f"{name} : {value.type}" for name, value in operands.items()]
    text = f"""%e = tensor.empty() : {kind}
%y = {maps_text([*maps, every], ins, f"%e : {kind}", ["parallel"] * rank)} {{
^bb0({arguments}, %out: i32):
  {body}
  linalg.yield {total} : i32
}} -> {kind}
return %y : {kind}"""
    return graft(before, text, operands)[0]


def added_up(factors: Sequence[int | str]) -> tuple[list[str], str]:
    """Operations that add the values %i0, … times their factors (numbers, or values by name); their sum."""
    lines = ["%k = arith.constant 0 : i32"]
    total = "%k"
    for number, factor in enumerate(factors):
        name = factor
        if isinstance(factor, int):
            name = f"%f{number}"
            lines.append(f"{name} = arith.constant {factor} : i32")
        lines += [
            f"%p{number} = arith.muli %i{number}, {name} : i32",
            f"%q{number} = arith.addi {total}, %p{number} : i32",
        ]
        total = f"%q{number}"
    return lines, total
