"""Bytes of core code, counted high.

An operation of the machine takes 4 bytes in a bundle of its own, or 6 where it holds an address or a long
constant; two of them in one bundle 6 or 8, six 16; a cycle in which nothing starts takes 2 [llvm-aie
AIE2CompositeFormats.td, AIE2PCompositeFormats.td]. Addresses to which code jumps are multiples of 16.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil

from aie_conv.arch import get_arch
from aie_conv.arch.machine import default_machine
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Value
from aie_conv.sim.timing.costs import ACC_LANES, SCALAR_LATENCY, SOFT, WIDE_ALU, access_pieces

OP_BYTES = 6
"""Bytes of one machine operation: 4 in most bundles, the rest is for what the IR does not show: copies of
registers, updates of pointers, spills, bundles filled up to an alignment [llvm-aie formats; estimate]."""

NOP_BYTES = 2
"""A cycle of waiting for a result [llvm-aie NOP]."""

ALIGNMENT = 16
"""Targets of jumps, returns and the ends of hardware loops lie at multiples of so many bytes [llvm-aie]."""

JUMP_BYTES = 6 + 5 * NOP_BYTES + ALIGNMENT - 2
"""A jump with its target's address, five delay slots, and what fills up to where it goes [llvm-aie]."""

BRANCH_BYTES = 2 * JUMP_BYTES + 4
"""A condition with two parts: a jump over each, and the test. With one part it is one jump [llvm-aie]."""

LOOP_BYTES = 104
"""A loop: a test and jump around it, and either the three registers of a hardware loop with two alignments,
or a 64-bit counter, its test and the jump back [llvm-aie; mlir-aie lowers ``index`` to 64 bits]."""

HARDWARE_LOOP_BYTES = 7 * ALIGNMENT
"""The least that an innermost loop's body takes: a hardware loop's end is seven full bundles behind its
beginning [llvm-aie]."""

CALL_BYTES = JUMP_BYTES
"""A call: jump, delay slots, a return to an aligned address [llvm-aie]; arguments are operations besides."""

ROUTINE_CALL_BYTES = 64
"""A call of the library's routine with its arguments [estimate]."""

FUNCTION_BYTES = 96
"""Entry and exit of a function: the stack pointer moved twice, six registers saved and restored, a return
with five delay slots, an aligned entry [llvm-aie: 4 bytes each]."""

START_BYTES = 112
"""What runs before the core's own code [llvm-aie crt0 and crt1: 32 and 80 bytes]."""

LOCK_BYTES = 8
"""An acquire or release: the lock's number is in the instruction, 4 bytes, and what it changes in a register
[llvm-aie, a published core's disassembly]."""

COUNTER_BYTES = 46
"""The counter of a FIFO whose objects are told apart at run time, stepped by a release: its address, a load
with its waits, a constant, two sums, a comparison, a selection, a store [what LLVM's O2 leaves of mlir-aie's
dynamic lowering, at 4 bytes each]."""

ACCESS_BYTES = 44
"""The choice of a FIFO's object at run time: the counter's address, a load with its waits, a constant, a
comparison, a second object's address, a selection, a copy to a pointer; the first object's address is an
operation besides [the same]."""

PIPELINE_OPS = 50
"""Operations that a pipeline of vector code has under way, by which a short loop is filled and drained
several times over: 20 cycles from a load to the sum, with 2.5 operations each [estimate]; of llvm-aie's own
kernels whose code is published none has more than 40."""

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
     "memref.collapse_shape", "memref.cast", "aievec.cast", "arith.index_cast",
     "aie.objectfifo.subview.access"}
)  # fmt: skip
"""Operations of which no code is left: an index is cut to the 20 bits of an address; an access of a FIFO's
object is counted beside the locks."""

_ACCESSES = frozenset(
    {"vector.load", "vector.store", "vector.transfer_read", "vector.transfer_write"}
)


def is_vector(op: Op) -> bool:
    """It makes or takes a vector."""
    return any(value.type.kind == "vector" for value in (*op.results, *op.operands))


def is_table(op: Op) -> bool:
    """A vector constant with a number for each lane: it lies in data memory, and is loaded."""
    return op.name == "arith.constant" and isinstance(op.attrs["value"], list)


def is_call(op: Op) -> bool:
    """It calls a function of the program, no instruction."""
    return op.name == "func.call" and not op.attrs["callee"].startswith("llvm.")


class _Row:
    """Operations in a row: their bytes, and cycles in which nothing starts.

    Those are at most as many as the longest way from an operand to a result takes, since a scheduler
    starts whatever can start.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.cycles = 0
        self._ready: dict[Value, int] = {}
        self._longest = 0
        self._units: Counter[str] = Counter()

    @property
    def waits(self) -> int:
        """Bytes of cycles in which nothing starts."""
        return NOP_BYTES * self.cycles

    def add(self, op: Op, size: int, latency: int, early: Mapping[Value, int]) -> None:
        """Put an operation behind those before it.

        Args:
            op: the operation.
            size: bytes that it takes.
            latency: cycles until its result can be used.
            early: cycles that an operand may come after the operation starts.
        """
        self.bytes += size
        start = max(
            (self._ready.get(value, 0) for value in op.operands if value not in early), default=0
        )
        start = max((start, *(self._ready.get(value, 0) - ahead for value, ahead in early.items())))
        end = start + (latency if size else 0)
        self._ready.update(dict.fromkeys(op.results, end))
        self._longest = max(self._longest, end)
        self._units[_unit(op)] += size // OP_BYTES

    def stop(self, size: int = 0) -> None:
        """A jump, with code of so many bytes behind it: all that was under way arrives."""
        self.bytes += size
        self.cycles += self._longest
        self._ready.clear()
        self._longest = 0

    def filled(self) -> int:
        """Bytes by which a pipeline of these operations is filled and drained.

        Iterations are under way for as long as one takes, and begin no faster than the units allow.
        """
        units = self._units
        least = max(
            ceil(units["load"] / 2),
            units["store"],
            ceil(units["vector"] / 2),
            ceil(units["scalar"] / 2),
            1,
        )
        stages = ceil(self.cycles / least)
        return min(PIPELINE_OPS * OP_BYTES, max(0, stages - 1) * self.bytes)


def _unit(op: Op) -> str:
    """What starts an operation: two units each for loads, vectors and scalars, one for stores."""
    if op.name in _ACCESSES or op.name.startswith("memref."):
        return "load" if op.results else "store"
    return "vector" if is_vector(op) else "scalar"


class CodeSizes:
    """Bytes of code outside of FIFO operations, and the library routines that it needs."""

    def __init__(self, arch: str, constants: dict[Value, int], *, core: bool = False) -> None:
        """Code of one function or core.

        Args:
            arch: of the core.
            constants: integers that the code holds.
            core: it is a core's body, which holds its buffers' addresses; functions get them in registers.
        """
        self.load_bytes = get_arch(arch).vector_load_bytes
        self.constants = constants
        self.routines: set[str] = set()
        self._core = core
        self._timing = default_machine().core[arch]
        self._live: dict[Value, int] = {}
        self._held: set[Value] = set()

    def block(self, block: Block) -> int:
        """Bytes of straight code and loops without FIFO operations."""
        return self.straight(block.ops)

    def straight(self, ops: Iterable[Op]) -> int:
        """Bytes of operations in a row, with the waits between them."""
        row = self._row(ops)
        return row.bytes + row.waits

    def _row(self, ops: Iterable[Op]) -> _Row:
        row = _Row()
        for op in ops:
            size = self.operation(op)
            if op.blocks or is_call(op):
                row.stop(size)
            else:
                row.add(op, size, self._latency(op), self._read_late(op))
        row.stop()
        return row

    def operation(self, op: Op) -> int:
        """Bytes of one operation with all inside it."""
        if op.name == "arith.constant":
            return self._constant(op)
        if is_vector(op):
            self._keep_live(op)
        if op.name in _FREE or self._is_part_of_another(op):
            return 0
        if is_call(op):
            return CALL_BYTES + OP_BYTES * len(op.operands)
        if op.blocks:
            return self._nested(op)
        held = self._hold_constants(op)
        if is_vector(op) or op.name == "func.call":
            return held + OP_BYTES * self._vectors(op)
        return held + self._scalar(op)

    def _constant(self, op: Op) -> int:
        """A scalar is part of what uses it; a vector is made, or loaded from its address."""
        if not is_vector(op):
            return 0
        if is_table(op):
            return OP_BYTES * (1 + ceil(op.results[0].type.bytes / self.load_bytes))
        # A splat has as many lanes as what it meets.
        self._live[op.results[0]] = 1
        return OP_BYTES

    def _nested(self, op: Op) -> int:
        """A condition, or a loop."""
        if op.name == "scf.if":
            return self._branch(op)
        times = self.unrolled(op)
        if times:
            return times * sum(self.block(inner) for inner in op.blocks)
        return LOOP_BYTES + OP_BYTES * len(op.results) + self._loop(op)

    def _branch(self, op: Op) -> int:
        """A condition with its parts, whose results are copied."""
        parts = [self.block(inner) for inner in op.blocks if inner.ops]
        jumps = BRANCH_BYTES if len(parts) > 1 else JUMP_BYTES + 4
        return jumps + OP_BYTES * len(op.results) + sum(parts)

    def _hold_constants(self, op: Op) -> int:
        """Constants are put into registers once."""
        if op.name in _ACCESSES or op.name.startswith("memref."):
            return 0
        fresh = [v for v in op.operands if v in self.constants and v not in self._held]
        self._held.update(fresh)
        return OP_BYTES * len(set(fresh))

    def _keep_live(self, op: Op) -> None:
        """Note which lanes of its result hold anything: for the others no code is left."""
        if not op.results:
            return
        if op.name == "vector.shuffle":
            kept = (i + 1 for i, index in enumerate(op.attrs["mask"]) if index >= 0)
            self._live[op.results[0]] = max(kept, default=1)
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
        trips = self._trips(op)
        size = _scalar_ops(op.blocks[0], self) if trips else None
        return trips if trips and size is not None and trips * size <= UNROLLED_OPS else 0

    def _trips(self, op: Op) -> int | None:
        """Trips of a loop; None where they are known at run time only."""
        if op.name != "scf.for":
            return None
        first, last, step = (self.constants.get(value) for value in op.operands[:3])
        if first is None or last is None or not step:
            return None
        return max(0, -((first - last) // step))

    def _loop(self, op: Op) -> int:
        """The code of a loop that is not unrolled.

        An innermost loop of vectors is filled and drained. Where its trips are known at run time only, it has
        a form besides that is not pipelined, for trips that do not fill it.
        """
        body = [inner for block in op.blocks for inner in block.ops]
        row = self._row(body)
        if any(inner.blocks or is_call(inner) for inner in body):
            return row.bytes + row.waits
        plain, full = (
            max(size, HARDWARE_LOOP_BYTES) for size in (row.bytes + row.waits, row.bytes)
        )
        if op.name != "scf.for" or not any(map(is_vector, body)):
            return plain
        trips = self._trips(op)
        if trips is not None:
            return full + min(row.filled(), max(0, trips - 1) * row.bytes)
        return full + row.filled() + JUMP_BYTES + plain

    def _vectors(self, op: Op) -> int:
        """Machine operations of one on vectors."""
        if op.name in _ACCESSES:
            value = op.results[0] if op.results else op.operands[0]
            element = max(1, ELEMENT_BITS[value.type.elem] // 8)
            pieces = access_pieces(value.type.bytes, element, op.attrs.get("alignment"))
            return 2 * pieces or max(1, ceil(value.type.bytes / self.load_bytes))
        if op.name == "func.call":
            return 1
        if op.name == "arith.muli" and op.results[0].type.elem == "i32":
            # Products of halves, as the clock charges them.
            return 4 * ceil(self._registers(op) * 16 / ACC_LANES)
        return self._registers(op)

    def _scalar(self, op: Op) -> int:
        kind = (op.results or op.operands)[0].type
        name = op.name.partition(".")[2]
        if op.name in ("memref.load", "memref.store"):
            indices = len(op.operands) - (1 if op.results else 2)
            return OP_BYTES * (1 + (indices > 1) + self._core)
        if name == "divui" and self.constants.get(op.operands[1], 0).bit_count() == 1:
            return OP_BYTES
        routine = next((key for key in (f"{name} {kind.elem}", name) if key in SOFT), None)
        if routine:
            self.routines.add(routine)
            return ROUTINE_CALL_BYTES
        return (WIDE_ALU if kind.elem == "i64" else 1) * OP_BYTES

    def _latency(self, op: Op) -> int:
        """Cycles until an operation's result can be used."""
        timing = self._timing
        if not op.results:
            return 1
        if op.name in ("memref.load", "vector.load", "vector.transfer_read"):
            return max(SCALAR_LATENCY["load"], timing.load_latency)
        if op.name == "func.call" or (op.name.startswith("arith.mul") and is_vector(op)):
            return max(timing.mac_int_latency, timing.mac_float_latency, timing.srs_latency)
        if op.name == "arith.muli":
            return SCALAR_LATENCY["mul"]
        return timing.convert_latency if is_vector(op) else 1

    def _read_late(self, op: Op) -> dict[Value, int]:
        """The sums that a product is added to are read some cycles after its factors."""
        if op.name != "func.call" or ".mac" not in op.attrs["callee"]:
            return {}
        timing = self._timing
        ahead = self._latency(op) - max(timing.acc_int_distance, timing.acc_float_distance)
        return {value: ahead for value in op.operands if value.type == op.results[0].type}


def _scalar_ops(block: Block, sizes: CodeSizes) -> int | None:
    """Operations of a block of scalar code with its loops unrolled; None if it has other code."""
    total = 0
    for op in block.ops:
        if op.name in _FREE:
            continue
        if is_vector(op):
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
