"""A core's blocks that follow one another, and go round for ever, as mlir-air writes them.

They are read as what mlir-aie's cores have in their place: an ``scf.for`` of as many trips as can be.
"""

from typing import TYPE_CHECKING

from aie_conv.ir.core import ENDLESS, INDEX, Block, Op, Type, Value, walk
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import nothing

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader

_BRANCH = "cf.br"


class CoreBody:
    """``{ … }``, or ``{ … cf.br ^a  ^a: … cf.br ^a }``."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        """Take it."""
        blocks = r.blocks()
        chain, back = _follow(r, blocks)
        if len(chain) < len(blocks):
            r.fail(f"{op.name}: a block that no {_BRANCH} leads to")
        _check_order(r, [inner for label in chain for inner in blocks[label].ops])
        ahead = [inner for label in chain[:back] for inner in blocks[label].ops]
        again = [inner for label in chain[back:] for inner in blocks[label].ops]
        body = Block(ops=[inner for inner in ahead if inner.name != _BRANCH])
        if again:
            turn = Block([Value(INDEX, "turn")], [x for x in again if x.name != _BRANCH])
            bounds = [Value(INDEX, f"turn_{word}") for word in ("first", "last", "step")]
            for value, number in zip(bounds, (0, ENDLESS, 1), strict=True):
                body.ops.append(Op("arith.constant", op.line, [], [value], {"value": number}))
            body.ops.append(Op("scf.for", op.line, [*bounds], blocks=[turn]))
            body.ops.append(Op("aie.end", op.line))
        op.blocks = [body]

    def print(self, p: "Printer", op: Op) -> None:
        """Write it, in its structured form."""
        p.block(op.blocks[0])


def _check_order(r: "ModuleReader", ops: list[Op]) -> None:
    """Refuse a branch inside an operation, and a value that is read before it is there."""
    missing = {value for op in ops for value in op.results}
    for op in ops:
        for inner in (op, *walk(op)):
            if inner is not op and inner.name == _BRANCH:
                r.fail(f"{_BRANCH} stands inside {op.name}")
            early = next((value for value in inner.operands if value in missing), None)
            if early is not None:
                r.fail(f"{inner.name} reads %{early.name} before it is computed")
        missing.difference_update(op.results)


def _follow(r: "ModuleReader", blocks: dict[str, Block]) -> tuple[list[str], int]:
    """Blocks in the order in which they run, and which of them is the first that does so for ever."""
    chain, label = list[str](), ""
    while label not in chain:
        chain.append(label)
        ops = blocks[label].ops
        if any(op.name == _BRANCH for op in ops[:-1]):
            r.fail(f"{_BRANCH} ends a block, and more follows")
        if not ops or ops[-1].name != _BRANCH:
            return chain, len(chain)
        label = ops[-1].attrs["dest"]
        if label not in blocks:
            r.fail(f"{_BRANCH} {label}: there is no such block")
    return chain, chain.index(label)


define(_BRANCH, " $dest:word", nothing)
