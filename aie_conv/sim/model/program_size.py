"""An estimate of a core's program memory that errs high: cores with all that they call.

The tools unroll every loop with FIFO operations by the least common multiple of the depths of the
FIFOs in it, unless the core asks for dynamic lowering; called functions are placed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import Any

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Block, Op, Value
from aie_conv.sim.functional.network import depth_at
from aie_conv.sim.model.code_size import (
    ACCESS_BYTES,
    BRANCH_BYTES,
    COUNTER_BYTES,
    FUNCTION_BYTES,
    JUMP_BYTES,
    LOCK_BYTES,
    LOOP_BYTES,
    OP_BYTES,
    ROUTINE_BYTES,
    START_BYTES,
    CodeSizes,
    is_table,
)
from aie_conv.sim.model.coreplan import holds_fifo
from aie_conv.sim.model.module import CoreModel, Model, Tile, walk


def body_bytes(model: Model, core: CoreModel, block: Block, sizes: CodeSizes) -> int:
    """Bytes of a core's body with its unrolled loops."""
    dynamic = bool(core.op.attrs.get("dynamic_objfifo_lowering"))
    used = {value for op in walk(block) for value in op.operands}
    total, row = 0, list[Op]()
    for op in block.ops:
        if op.name in _FIFO_BYTES:
            fixed, more = _FIFO_BYTES[op.name]
            needed = not op.results or op.results[0] in used
            total += fixed + (more if dynamic and needed else 0)
        elif op.blocks and holds_fifo(op):
            total += sizes.straight(row)
            row = []
            total += _block_bytes(model, core, op, sizes)
        else:
            row.append(op)
    return total + sizes.straight(row)


_FIFO_BYTES = {
    "aie.objectfifo.acquire": (LOCK_BYTES, 0),
    "aie.objectfifo.release": (LOCK_BYTES, COUNTER_BYTES),
    "aie.objectfifo.subview.access": (OP_BYTES, ACCESS_BYTES),
    "aie.use_lock": (LOCK_BYTES, 0),
}
"""Bytes of an operation of a FIFO, and what it takes besides where objects are told apart at run time."""


def _block_bytes(model: Model, core: CoreModel, op: Op, sizes: CodeSizes) -> int:
    """Bytes of a loop or a condition with FIFO operations inside."""
    inside = [body_bytes(model, core, inner, sizes) for inner in op.blocks if inner.ops]
    if op.name == "scf.if":
        return (BRANCH_BYTES if len(inside) > 1 else JUMP_BYTES + 4) + sum(inside)
    once = op.name != "scf.for" or core.op.attrs.get("dynamic_objfifo_lowering")
    return LOOP_BYTES + (1 if once else _unroll(model, core, op)) * sum(inside)


def _unroll(model: Model, core: CoreModel, loop: Op) -> int:
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


def _integers(ops: Sequence[Op]) -> dict[Value, int]:
    """Every integer constant among operations."""
    return {
        op.results[0]: op.attrs["value"]
        for op in ops
        if op.name == "arith.constant" and isinstance(op.attrs["value"], int)
    }


@dataclass(frozen=True)
class _Code:
    """A body's own code, functions that it calls left out.

    Attributes:
        bytes: of program memory, without the library's routines.
        routines: of the library that it needs.
        tables: bytes of data memory of each constant that lies there.
        calls: names of the functions that it calls.
    """

    bytes: int
    routines: frozenset[str]
    tables: dict[tuple[str, tuple[Any, ...]], int]
    calls: tuple[str, ...]


@lru_cache(maxsize=64)
def _measure_function(arch: str, block: Block) -> _Code:
    """The code of a function's body; programs of one configuration share these objects."""
    sizes = CodeSizes(arch, _integers(list(walk(block))))
    return _code_of(block, sizes, sizes.block(block))


def _code_of(block: Block, sizes: CodeSizes, size: int) -> _Code:
    """A body that takes so many bytes, whose operations ``sizes`` has seen."""
    ops = list(walk(block))
    tables = {
        (str(op.results[0].type), tuple(op.attrs["value"])): op.results[0].type.bytes
        for op in ops
        if is_table(op)
    }
    calls = tuple(op.attrs["callee"] for op in ops if op.name == "func.call")
    return _Code(size, frozenset(sizes.routines), tables, calls)


class ProgramSizes:
    """What the cores of a model take in their memories for their programs.

    Cores of an array run much the same: each function is measured once, whoever calls it.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._cores: dict[Tile, list[_Code]] = {}

    def program_bytes(self, core: CoreModel) -> int:
        """Estimated bytes of a core's program with all it calls, each function once."""
        bodies = self._bodies(core)
        routines = frozenset[str]().union(*(body.routines for body in bodies))
        library = sum(ROUTINE_BYTES.get(name, 0) for name in routines)
        return START_BYTES + sum(FUNCTION_BYTES + body.bytes for body in bodies) + library

    def table_bytes(self, core: CoreModel) -> int:
        """Bytes of data memory that the constants of a core's code take, each once."""
        return sum(
            {key: n for body in self._bodies(core) for key, n in body.tables.items()}.values()
        )

    def check(self, core: CoreModel) -> None:
        """The estimate must not exceed the core's program memory.

        Raises:
            VerifyError: it does.
        """
        size, limit = self.program_bytes(core), self._model.arch.core_program_bytes
        if size > limit:
            raise VerifyError(
                f"{core.name}: program memory: about {size} bytes of {limit}: "
                "use smaller kernels, fewer unrolled operations or smaller FIFO depths"
            )

    def _bodies(self, core: CoreModel) -> list[_Code]:
        """A core's own code, and that of every function that it comes to."""
        if core.tile not in self._cores:
            bodies = [self._measure(core)]
            waiting, seen = list(bodies[0].calls), set[str]()
            while waiting:
                name = waiting.pop()
                function = self._model.functions.get(name)
                if name in seen or function is None or not function.blocks:
                    continue
                seen.add(name)
                body = _measure_function(self._model.arch.name, function.blocks[0])
                bodies.append(body)
                waiting += body.calls
            self._cores[core.tile] = bodies
        return self._cores[core.tile]

    def _measure(self, core: CoreModel) -> _Code:
        """The code of a core's body."""
        block = core.op.blocks[0]
        sizes = CodeSizes(self._model.arch.name, _integers(list(walk(block))), core=True)
        return _code_of(block, sizes, body_bytes(self._model, core, block, sizes))
