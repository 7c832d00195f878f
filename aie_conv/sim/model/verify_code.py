"""Limits of core code that stand in its text: also in code that a call does not come to."""

from collections.abc import Iterator
from typing import Any

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Type
from aie_conv.sim.model.module import CoreModel, Model, walk

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
        _check_buffers(model, core)
        _check_ends(core.name, core.op.blocks[0], "aie.end")
        _check_ops(model, core.name, walk(core.op.blocks[0]))
    for name, function in model.functions.items():
        for block in function.blocks:
            _check_ends(f"@{name}", block, "func.return")
            _check_ops(model, f"@{name}", walk(block))


def _check_stack(core: CoreModel) -> None:
    size = core.stack
    if size <= 0 or size % STACK_ALIGNMENT:
        raise VerifyError(
            f"{core.name}: stack_size = {size}: a positive multiple of {STACK_ALIGNMENT} bytes is needed"
        )


def _check_accesses(core: CoreModel) -> None:
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


def _check_buffers(model: Model, core: CoreModel) -> None:
    """A core reaches its own memory and that of the cores in the west, north and south of it [mlir-aie]."""
    col, row = core.tile.col, core.tile.row
    near = {(col, row), (col - 1, row), (col, row + 1), (col, row - 1)}
    for op in walk(core.op.blocks[0]):
        for value in op.operands:
            tile = model.buffers[value][0] if value in model.buffers else core.tile
            if tile.kind != "core" or (tile.col, tile.row) not in near:
                raise VerifyError(
                    f"{core.name}: line {op.line}: {op.name}: %{value.name} lies in {tile}, which the "
                    "core cannot reach: put it into its own tile"
                )


def _check_ops(model: Model, who: str, ops: Iterator[Op]) -> None:
    for op in ops:
        if "alignment" in op.attrs:
            _check_alignment(who, op)
        if op.name == "arith.constant":
            _check_constant(who, op)
        if op.name == "func.call":
            _check_call(model, who, op)


def _check_alignment(who: str, op: Op) -> None:
    bytes_ = op.attrs["alignment"]
    if not isinstance(bytes_, int) or bytes_ < 1 or bytes_ & (bytes_ - 1):
        raise VerifyError(
            f"{who}: line {op.line}: {op.name}: alignment = {bytes_}: it is a power of two"
        )


def _check_call(model: Model, who: str, op: Op) -> None:
    name = op.attrs["callee"]
    where = f"{who}: line {op.line}: call of @{name}"
    function = model.functions.get(name)
    if function is None:
        raise VerifyError(f"{where}: there is no such function")
    takes, gives = function.attrs["function_type"]
    passed, wanted = (value.type for value in op.operands), (value.type for value in op.results)
    if [str(kind) for kind in takes] != [str(kind) for kind in passed]:
        kinds = ", ".join(map(str, takes))
        raise VerifyError(f"{where}: other operands than it takes: give it ({kinds})")
    if op.results and [str(kind) for kind in gives] != [str(kind) for kind in wanted]:
        raise VerifyError(f"{where}: other results than it gives")


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
