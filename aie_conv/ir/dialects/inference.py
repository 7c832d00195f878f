"""How the types of results follow from operands, for operations of several dialects."""

from collections.abc import Sequence

from aie_conv.ir.core import INDEX, Op, Type, Value, refuse, scalar


def check(op: Op, value: Value, kind: Type) -> None:
    """An operand is of a type.

    Raises:
        VerifyError: it is not; the message names both.
    """
    if value.type is not kind and value.type != kind:
        refuse(op, f"%{value.name} is {value.type} and is used as {kind}")


def same_type(op: Op) -> Sequence[Type]:
    """All operands and the result are of one type."""
    first, *others = op.operands
    kind = first.type
    for value in others:
        if value.type is not kind:
            check(op, value, kind)
    return (kind,)


def nothing(op: Op) -> Sequence[Type]:
    """No result."""
    del op
    return ()


def index(op: Op) -> Sequence[Type]:
    """An index, or what stands for one: a tile, a task."""
    del op
    return (INDEX,)


def indexed(op: Op, place: int, last: int | None = None) -> Type:
    """A memref operand whose indices follow it: as many as it has dimensions; gives its type."""
    kind = op.operands[place].type
    if kind.kind != "memref":
        refuse(op, f"%{op.operands[place].name} is {kind} and no memref")
    indices = op.operands[place + 1 : last]
    if len(indices) != len(kind.shape):
        refuse(op, f"{len(indices)} indices of {kind}")
    for value in indices:
        if value.type is not INDEX:
            check(op, value, INDEX)
    return kind


def element(kind: Type) -> Type:
    """The type of an element."""
    return scalar(kind.elem)
