"""An estimate of a core's program memory that errs high.

The tools unroll every loop with FIFO operations by the least common multiple of the depths of the
FIFOs in it, unless the core asks for dynamic lowering; called functions are placed once.
"""

from math import ceil, lcm

from aie_conv.errors import VerifyError
from aie_conv.sim.coreplan import holds_fifo
from aie_conv.sim.ir import ELEMENT_BITS, Block, Op
from aie_conv.sim.model import Core, Model, walk
from aie_conv.sim.network import depth_at

OP_BYTES = 10
"""Bytes of one machine operation: a bundle of one slot with its share of padding [estimate]."""

LOOP_BYTES = 128
"""Set-up, alignment and drain of one loop: hardware loops need 64 bytes before them [llvm-aie]."""

FIFO_BYTES = 32
"""An acquire or release: lock number, value, operation [estimate]."""

CALL_BYTES = 64
"""A call: arguments, jump and five delay slots [estimate]."""

FUNCTION_BYTES = 96
"""Entry and exit of a function [estimate]."""

_FREE = frozenset(
    {"arith.constant", "vector.shape_cast", "vector.bitcast", "scf.yield", "func.return", "aie.end",
     "memref.collapse_shape", "memref.cast", "aievec.cast"}
)  # fmt: skip


def _registers(op: Op) -> int:
    """512-bit registers that an operation's largest value takes: it becomes that many operations."""
    bits = [
        value.type.elements * max(8, ELEMENT_BITS[value.type.elem])
        for value in (*op.results, *op.operands)
        if value.type.kind == "vector"
    ]
    return max(1, ceil(max(bits, default=0) / 512))


def function_bytes(block: Block) -> int:
    """Bytes of straight code and loops without FIFO operations."""
    total = 0
    for op in block.ops:
        if op.name in _FREE:
            continue
        if op.name == "func.call":
            total += OP_BYTES if op.attrs["callee"].startswith("llvm.") else CALL_BYTES
        elif op.blocks:
            total += LOOP_BYTES + sum(function_bytes(inner) for inner in op.blocks)
        else:
            total += OP_BYTES * _registers(op)
    return total


def body_bytes(model: Model, core: Core, block: Block) -> int:
    """Bytes of a core's body with its unrolled loops."""
    total = 0
    for op in block.ops:
        if op.name in ("aie.objectfifo.acquire", "aie.objectfifo.release"):
            total += FIFO_BYTES
        elif op.name == "scf.for" and holds_fifo(op):
            times = 1 if core.op.attrs.get("dynamic_objfifo_lowering") else _unroll(model, core, op)
            total += LOOP_BYTES + times * body_bytes(model, core, op.blocks[0])
        elif op.blocks:
            total += LOOP_BYTES + sum(body_bytes(model, core, inner) for inner in op.blocks)
        else:
            total += function_bytes(Block([], [op]))
    return total


def _unroll(model: Model, core: Core, loop: Op) -> int:
    """Least common multiple of the depths of the FIFOs used directly in a loop's body."""
    depths: list[int] = []
    for op in loop.blocks[0].ops:
        if op.name != "aie.objectfifo.acquire":
            continue
        fifo = model.fifos[op.attrs["objFifo_name"]]
        if op.attrs["port"] == "Produce":
            depths.append(depth_at(model, fifo, 0))
        elif core.tile in fifo.consumers:
            depths.append(depth_at(model, fifo, 1 + fifo.consumers.index(core.tile)))
    return lcm(*depths) if depths else 1


def program_bytes(model: Model, core: Core) -> int:
    """Estimated bytes of a core's program with all it calls, each function once."""
    block = core.op.blocks[0]
    total = FUNCTION_BYTES + body_bytes(model, core, block)
    waiting = [op.attrs["callee"] for op in walk(block) if op.name == "func.call"]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        function = model.functions.get(name)
        if name in seen or function is None or not function.blocks:
            continue
        seen.add(name)
        total += FUNCTION_BYTES + function_bytes(function.blocks[0])
        waiting += [op.attrs["callee"] for op in walk(function.blocks[0]) if op.name == "func.call"]
    return total


def check_program(model: Model, core: Core) -> None:
    """The estimate must not exceed the core's program memory.

    Raises:
        VerifyError: it does.
    """
    size = program_bytes(model, core)
    if size > model.arch.core_program_bytes:
        raise VerifyError(
            f"{core.name}: program memory: about {size} bytes of {model.arch.core_program_bytes}: "
            "use smaller kernels, fewer unrolled operations or smaller FIFO depths"
        )
