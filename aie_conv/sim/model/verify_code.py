"""Limits of core code that stand in its text: also in code that a call does not come to."""

from collections.abc import Iterator
from typing import Any

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Type
from aie_conv.sim.model.module import Core, Model, walk

STACK_ALIGNMENT = 32
"""Bytes: the widest access to a core's stack; buffers follow behind it [mlir-aie, llvm-aie]."""


def verify_code(model: Model) -> None:
    """Check the cores' stacks, and every operation of cores and functions.

    Raises:
        VerifyError: the first breach.
    """
    for core in model.cores:
        _check_stack(core)
        _check_accesses(core)
        _check_ends(core.name, core.op.blocks[0], "aie.end")
        _check_ops(core.name, walk(core.op.blocks[0]))
    for name, function in model.functions.items():
        for block in function.blocks:
            _check_ends(f"@{name}", block, "func.return")
            _check_ops(f"@{name}", walk(block))


def _check_stack(core: Core) -> None:
    size = core.stack
    if size <= 0 or size % STACK_ALIGNMENT:
        raise VerifyError(
            f"{core.name}: stack_size = {size}: a positive multiple of {STACK_ALIGNMENT} bytes is needed"
        )


def _check_accesses(core: Core) -> None:
    """A subview access names an object of the acquire that its operand is of."""
    ops = list(walk(core.op.blocks[0]))
    acquires = {
        op.results[0]: op for op in ops if op.name == "aie.objectfifo.acquire" and op.results
    }
    for op in ops:
        if op.name != "aie.objectfifo.subview.access":
            continue
        who = f"{core.name}: line {op.line}: {op.name}"
        acquire = acquires.get(op.operands[0])
        if acquire is None:
            raise VerifyError(f"{who}: %{op.operands[0].name} is no result of an acquire")
        index, size = op.attrs["index"], acquire.attrs["size"]
        if not 0 <= index < size:
            raise VerifyError(f"{who}: object {index} of {size} acquired: use 0 to {size - 1}")


def _check_ops(who: str, ops: Iterator[Op]) -> None:
    for op in ops:
        if "alignment" in op.attrs:
            _check_alignment(who, op)
        if op.name == "arith.constant":
            _check_constant(who, op)


def _check_alignment(who: str, op: Op) -> None:
    bytes_ = op.attrs["alignment"]
    if not isinstance(bytes_, int) or bytes_ < 1 or bytes_ & (bytes_ - 1):
        raise VerifyError(
            f"{who}: line {op.line}: {op.name}: alignment = {bytes_}: it is a power of two"
        )


def _check_constant(who: str, op: Op) -> None:
    kind = op.results[0].type
    for value in _numbers(op.attrs["value"]):
        if not _fits(value, kind):
            raise VerifyError(
                f"{who}: line {op.line}: {op.name}: {value} is out of range for {kind.elem}"
            )


def _numbers(value: Any) -> Iterator[int]:
    """The integers of a constant's attribute, by bits where they are written so."""
    if isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, tuple):
        yield value[1]
    elif isinstance(value, int):
        yield value


def _fits(value: int, kind: Type) -> bool:
    """As MLIR reads a literal: types without a sign take either half, indices 64 bits with a sign."""
    bits = ELEMENT_BITS[kind.elem]
    low = 0 if kind.elem[0] == "u" else -(1 << (bits - 1))
    high = 1 << (bits - 1 if kind.elem in ("index", "si8") else bits)
    return kind.elem[0] in "bf" or low <= value < high


def _check_ends(who: str, block: Block, end: str) -> None:
    """A body ends with its terminator, and no block goes on behind one."""
    if not block.ops or block.ops[-1].name != end:
        raise VerifyError(f"{who}: its body does not end with {end}")
    for each in (block, *(inner for op in walk(block) for inner in op.blocks)):
        for op in each.ops[:-1]:
            if op.name in _TERMINATORS:
                raise VerifyError(
                    f"{who}: line {op.line}: {op.name} ends a block, and more follows"
                )


_TERMINATORS = frozenset({"func.return", "scf.yield", "aie.end"})
