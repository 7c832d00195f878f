"""A chain of scalar operations for every byte, rounded and wrapped as its types say.

Each float operation is computed in f64 and rounded to its type: of sums, products, quotients and roots of
f32 that is IEEE's result, of powers of e and the like the nearest number to the exact one.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from aie_conv.codegen.functions.evaluate import BINARY, ORDERS, UNARY, compare
from aie_conv.codegen.functions.values import numbers, rounded
from aie_conv.codegen.tables.hinges import COUNT, LOW, Array
from aie_conv.problem import Step

_FLOATS = frozenset(("f32", "bf16"))
_BITS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64}

_INTEGER: Mapping[str, Callable[[Array, Array], Array]] = {
    "arith.addi": np.add,
    "arith.subi": np.subtract,
    "arith.muli": np.multiply,
    "arith.maxsi": np.maximum,
    "arith.minsi": np.minimum,
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
    "arith.shli": np.left_shift,
    "arith.shrsi": np.right_shift,
}
_CONVERSIONS = frozenset(
    f"arith.{name}" for name in ("extf", "truncf", "extsi", "extui", "trunci", "sitofp", "fptosi")
)
_OTHERS = frozenset(("arith.constant", "arith.select", "arith.cmpf", "arith.cmpi", "arith.shrui"))
_TAKEN = frozenset((*UNARY, *BINARY, *_INTEGER, *_CONVERSIONS, *_OTHERS))


def is_chain(steps: Sequence[Step]) -> bool:
    """Whether :func:`entries` takes all of the operations."""
    return all(
        step.op in _TAKEN and (step.dtype in _FLOATS or step.dtype in _BITS) for step in steps
    )


def entries(steps: Mapping[int, Step], source: int, result: int) -> tuple[int, ...] | None:
    """What a chain gives for each signed byte from -128 on; None where it is undefined for one.

    Args:
        steps: the operations, by their value's number.
        source, result: the values that it begins and ends with, of bytes.
    """
    known: dict[int, Array] = {source: np.arange(LOW, LOW + COUNT)}
    for number in sorted(steps):
        step = steps[number]
        with np.errstate(all="ignore"):
            value = _value(step, [known[arg] for arg in step.args], _source_type(steps, step))
        if value is None:
            return None
        known[number] = _in_type(value, step.dtype)
    return tuple(int(entry) for entry in np.broadcast_to(known[result], COUNT))


def _source_type(steps: Mapping[int, Step], step: Step) -> str:
    """Type of an operation's first argument; that of the chain's source is a byte."""
    return steps[step.args[0]].dtype if step.args and step.args[0] in steps else "i8"


def _in_type(value: Array, dtype: str) -> Array:
    """Rounded to a float type, or wrapped to an integer one."""
    if dtype == "bf16":
        return numbers()[rounded(value)]
    if dtype == "f32":
        with np.errstate(all="ignore"):
            return value.astype(np.float32).astype(np.float64)
    if dtype == "i1":
        return value.astype(bool)
    if dtype == "i64":
        return value.astype(np.int64)
    half = 1 << (_BITS[dtype] - 1)
    return (value.astype(np.int64) + half) % (2 * half) - half


def _value(step: Step, args: list[Array], source: str) -> Array | None:
    """An operation's value before it is rounded or wrapped; None where it is undefined."""
    op, dtype = step.op, step.dtype
    if op == "arith.constant":
        return np.array(step.attr, np.float64 if dtype in _FLOATS else np.int64)
    if op in ("arith.extui", "arith.shrui"):
        # The bits above are zeros.
        unsigned = args[0].astype(np.int64) & ((1 << _BITS[source]) - 1)
        return unsigned if op == "arith.extui" else np.right_shift(unsigned, args[1])
    if op == "arith.fptosi":
        half = 2.0 ** (_BITS[dtype] - 1)
        whole = np.trunc(args[0])
        return whole if ((whole >= -half) & (whole < half)).all() else None
    if op in _CONVERSIONS:
        return args[0].astype(np.float64) if op == "arith.sitofp" else args[0]
    if op == "arith.select":
        return np.where(*args)
    if op == "arith.cmpf":
        return compare(str(step.attr), *args)
    if op == "arith.cmpi":
        return _compare_integers(str(step.attr), args, _BITS[source])
    if op in _INTEGER:
        return _INTEGER[op](*args)
    table: Mapping[str, Callable[..., Array]] = UNARY if len(args) == 1 else BINARY
    return table[op](*args)


def _compare_integers(predicate: str, args: list[Array], bits: int) -> Array:
    order = predicate if predicate in ORDERS else predicate[1:]
    if predicate[0] == "u":
        args = [arg.astype(np.int64) & ((1 << bits) - 1) for arg in args]
    return ORDERS[order](*args)
