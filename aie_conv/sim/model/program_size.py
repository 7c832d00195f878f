"""An estimate of a core's program memory that errs high.

The tools unroll every loop with FIFO operations by the least common multiple of the depths of the
FIFOs in it, unless the core asks for dynamic lowering; called functions are placed once. Small loops
of scalar code are taken to be unrolled by the compiler.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, lcm
from typing import Any

from aie_conv.arch import get_arch
from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Value
from aie_conv.sim.functional.network import depth_at
from aie_conv.sim.model.coreplan import holds_fifo
from aie_conv.sim.model.module import CoreModel, Model, Tile, walk
from aie_conv.sim.timing.costs import SCALAR_LATENCY, SOFT, WIDE_ALU, access_pieces

OP_BYTES = 10
"""Bytes of one machine operation: a bundle of one slot with its share of padding [estimate]."""

LOOP_BYTES = 128
"""Set-up, alignment and drain of one loop: hardware loops need 64 bytes before them [llvm-aie]."""

FIFO_BYTES = 32
"""An acquire or release: lock number, value, operation [estimate]."""

CALL_BYTES = 64
"""A call: arguments, jump and five delay slots [estimate]."""

BRANCH_BYTES = 64
"""A condition: a jump to each of its parts, or over them, with five delay slots each [estimate]."""

FUNCTION_BYTES = 96
"""Entry and exit of a function [estimate]."""

NOP_BYTES = 2
"""A cycle of waiting for a scalar result, which nothing fills in a loop of scalars [llvm-aie NOP]."""

PIPELINE_OPS = 50
"""Operations that a pipeline of vector code has under way, by which a short loop is filled and drained
several times over: 20 cycles from a load to the sum, with 2.5 operations each [estimate]."""

UNROLLED_OPS = 150
"""Operations up to which a loop of scalar code is unrolled whole [LLVM's threshold at O2, which counts
addresses and branches besides]."""

ROUTINE_BYTES = {
    "mulf": 1200, "divf": 1600, "remf": 1200, "cmpf": 400, "sitofp": 400, "uitofp": 400,
    "fptosi": 300, "fptoui": 300, "muli i64": 300, "divsi": 400, "divui": 300, "remsi": 400,
    "remui": 300,
}  # fmt: skip
"""The library's routine of an operation in software, placed once [estimate]."""

_FREE = frozenset(
    {"arith.constant", "vector.shape_cast", "vector.bitcast", "scf.yield", "func.return", "aie.end",
     "memref.collapse_shape", "memref.cast", "aievec.cast"}
)  # fmt: skip

_ACCESSES = frozenset(
    {"vector.load", "vector.store", "vector.transfer_read", "vector.transfer_write"}
)


def _is_vector(op: Op) -> bool:
    """It makes or takes a vector."""
    return any(value.type.kind == "vector" for value in (*op.results, *op.operands))


def is_table(op: Op) -> bool:
    """A vector constant with a number for each lane: it lies in data memory, and is loaded."""
    return op.name == "arith.constant" and isinstance(op.attrs["value"], list)


class CodeSizes:
    """Bytes of code outside of FIFO operations, and the library routines that it needs."""

    def __init__(self, arch: str, constants: dict[Value, int]) -> None:
        self.load_bytes = get_arch(arch).vector_load_bytes
        self.constants = constants
        self.routines: set[str] = set()
        self._live: dict[Value, int] = {}

    def block(self, block: Block) -> int:
        """Bytes of straight code and loops without FIFO operations."""
        return sum(self.operation(op) for op in block.ops)

    def operation(self, op: Op) -> int:
        """Bytes of one operation with all inside it."""
        if is_table(op):
            return OP_BYTES * max(1, ceil(op.results[0].type.bytes / self.load_bytes))
        if _is_vector(op):
            self._keep_live(op)
        if op.name in _FREE:
            return 0
        if op.name == "func.call":
            return OP_BYTES if op.attrs["callee"].startswith("llvm.") else CALL_BYTES
        if op.blocks:
            inside = sum(self.block(inner) for inner in op.blocks)
            if op.name == "scf.if":
                return BRANCH_BYTES + inside
            times = self.unrolled(op)
            return times * inside if times else LOOP_BYTES + self._loop(op, inside)
        if self._is_part_of_another(op):
            return 0
        if _is_vector(op):
            return OP_BYTES * self._vectors(op)
        return self._scalar(op)

    def _keep_live(self, op: Op) -> None:
        """Note which lanes of its result hold anything: for the others no code is left."""
        if not op.results:
            return
        if op.name == "vector.shuffle":
            kept = (i + 1 for i, index in enumerate(op.attrs["mask"]) if index >= 0)
            self._live[op.results[0]] = max(kept, default=1)
            return
        if op.name == "arith.constant":
            # A splat has as many as what it meets.
            self._live[op.results[0]] = 1
            return
        result = op.results[0].type
        wide = [v for v in op.operands if v.type.kind == "vector"]
        alike = all(v.type.elements == result.elements for v in wide)
        if result.kind == "vector" and wide and alike and all(v in self._live for v in wide):
            self._live[op.results[0]] = max(self._live[value] for value in wide)

    def _registers(self, op: Op) -> int:
        """512-bit registers that an operation's largest value takes: it becomes that many operations."""
        bits = [
            self._live.get(value, value.type.elements) * max(8, ELEMENT_BITS[value.type.elem])
            for value in (*op.results, *op.operands)
            if value.type.kind == "vector"
        ]
        return max(1, ceil(max(bits, default=0) / 512))

    def _is_part_of_another(self, op: Op) -> bool:
        """A constant distance is in the access's own address; a register's first lanes are no move."""
        if op.name == "vector.shuffle":
            return all(index in (i, -1) for i, index in enumerate(op.attrs["mask"]))
        index = op.name == "arith.addi" and op.results[0].type.elem == "index"
        return index and any(value in self.constants for value in op.operands)

    def unrolled(self, op: Op) -> int:
        """Trips of a loop of scalars that the compiler unrolls whole; 0 if it stays a loop."""
        if op.name != "scf.for":
            return 0
        first, last, step = (self.constants.get(value) for value in op.operands[:3])
        if first is None or last is None or not step:
            return 0
        trips = max(0, -((first - last) // step))
        size = _scalar_ops(op.blocks[0], self)
        return trips if size is not None and trips * size <= UNROLLED_OPS else 0

    def _loop(self, op: Op, inside: int) -> int:
        """The code of a loop that is not unrolled, whose body takes ``inside`` once.

        Where the trips are known at run time only, an innermost loop of vectors has its filling and draining
        besides, and a form for trips that do not fill it. Of known trips these fit into what is allowed
        for an operation.
        """
        if op.name != "scf.for" or all(value in self.constants for value in op.operands[:3]):
            return inside
        body = op.blocks[0].ops
        if any(inner.blocks for inner in body) or not any(map(_is_vector, body)):
            return inside
        return 2 * inside + PIPELINE_OPS * OP_BYTES

    def _vectors(self, op: Op) -> int:
        """Machine operations of one on vectors."""
        if op.name in _ACCESSES:
            value = op.results[0] if op.results else op.operands[0]
            element = max(1, ELEMENT_BITS[value.type.elem] // 8)
            pieces = access_pieces(value.type.bytes, element, op.attrs.get("alignment"))
            return 2 * pieces or max(1, ceil(value.type.bytes / self.load_bytes))
        return self._registers(op)

    def _scalar(self, op: Op) -> int:
        kind = (op.results or op.operands)[0].type
        name = op.name.partition(".")[2]
        if op.name in ("memref.load", "memref.store"):
            wait = SCALAR_LATENCY["load"] - 1 if op.results else 0
            indices = len(op.operands) - (1 if op.results else 2)
            return OP_BYTES * (1 + (indices > 1)) + NOP_BYTES * wait
        if name == "divui" and self.constants.get(op.operands[1], 0).bit_count() == 1:
            return OP_BYTES
        routine = next((key for key in (f"{name} {kind.elem}", name) if key in SOFT), None)
        if routine:
            self.routines.add(routine)
            return CALL_BYTES
        wide = WIDE_ALU if kind.elem == "i64" else 1
        wait = SCALAR_LATENCY["mul"] - 1 if name == "muli" else 0
        return wide * OP_BYTES + NOP_BYTES * wait


def _scalar_ops(block: Block, sizes: CodeSizes) -> int | None:
    """Operations of a block of scalar code with its loops unrolled; None if it has other code."""
    total = 0
    for op in block.ops:
        if op.name in _FREE:
            continue
        if _is_vector(op):
            return None
        if op.name in ("func.call", "scf.if"):
            return None
        if op.name == "scf.for":
            inside = _scalar_ops(op.blocks[0], sizes)
            times = sizes.unrolled(op)
            if inside is None or not times:
                return None
            total += times * inside
        else:
            total += 1
    return total


def body_bytes(model: Model, core: CoreModel, block: Block, sizes: CodeSizes) -> int:
    """Bytes of a core's body with its unrolled loops."""
    total = 0
    for op in block.ops:
        if op.name in ("aie.objectfifo.acquire", "aie.objectfifo.release", "aie.use_lock"):
            total += FIFO_BYTES
        elif op.name == "scf.for" and holds_fifo(op):
            times = 1 if core.op.attrs.get("dynamic_objfifo_lowering") else _unroll(model, core, op)
            total += LOOP_BYTES + times * body_bytes(model, core, op.blocks[0], sizes)
        elif op.blocks and holds_fifo(op):
            total += BRANCH_BYTES if op.name == "scf.if" else LOOP_BYTES
            total += sum(body_bytes(model, core, inner, sizes) for inner in op.blocks)
        else:
            total += sizes.operation(op)
    return total


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
        return sum(FUNCTION_BYTES + body.bytes for body in bodies) + library

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
        sizes = CodeSizes(self._model.arch.name, _integers(list(walk(block))))
        return _code_of(block, sizes, body_bytes(self._model, core, block, sizes))
