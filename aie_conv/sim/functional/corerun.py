"""A core at work: walks its plan, holds FIFO objects, calls native code, keeps its clock."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from aie_conv.errors import DeviceError
from aie_conv.ir.core import ELEMENT_BITS, Op, Value
from aie_conv.sim.functional.corecode import CoreCode
from aie_conv.sim.functional.engine import Pool, Waiting, aligned
from aie_conv.sim.functional.locks import LockState
from aie_conv.sim.functional.lower import ControlRegisters, Target
from aie_conv.sim.model.coreplan import (
    BranchStep,
    CorePlan,
    CoreStep,
    FifoStep,
    LeafStep,
    LoopStep,
    ScalarStep,
    evaluate,
)
from aie_conv.sim.model.module import CoreModel, walk
from aie_conv.sim.model.placement import Place
from aie_conv.sim.timing.timeline import Lane, State

SRS_IN_BODY = ControlRegisters(rounding=9, saturation=1)
"""What the vendor's tools set at the start of a core whose own body holds an integer aievec.srs."""

FLOAT_SRS_IN_BODY = ControlRegisters(rounding=12, saturation=1)
"""The same where it holds only float ones (since mlir-aie #2984; before, the rounding was 0)."""

MOST_IDLE = 1 << 18
"""Trips of a core's loops without a FIFO operation, after which it counts as caught in them."""


@dataclass(eq=False)
class Port:
    """One end of a FIFO as a core holds it: slots acquired, and the values that name each."""

    pool: Pool
    produces: bool
    acquired: list[int] = field(default_factory=list)
    seen: dict[int, list[Value]] = field(default_factory=dict)


def waited_for(op: Op) -> str:
    """What an acquire waits for: a FIFO, or a lock by its value's name."""
    name = op.attrs.get("objFifo_name")
    return f"%{op.operands[0].name}" if name is None else f"@{name}"


class CoreRun:
    """One core's state while a program runs.

    Attributes:
        clock: local time in cycles; ``busy`` of it spent computing, ``macs`` done.
        lane: where its time is recorded; None to record nothing.
        waits: the acquire that it waits at, or passed last; None before the first and at the end.
        loops: the loops with FIFO operations that it is in, outermost first, and their counters.
    """

    def __init__(
        self,
        core: CoreModel,
        plan: CorePlan,
        buffers: dict[Value, np.ndarray],
        code: CoreCode,
        places: Mapping[Hashable, Place],
        target: Target,
    ) -> None:
        self.core = core
        self.plan = plan
        self.ports: dict[tuple[str, str], Port] = {}
        self.locks: dict[Value, LockState] = {}
        self.code = code
        self.buffers = buffers
        self.words: dict[Value, np.ndarray] = {}
        self.places = places
        self.lane: Lane | None = None
        self.context = np.zeros(2, np.int64)
        self.context_address = self.context.ctypes.data
        self.env: dict[Value, int | None] = {value: m.ctypes.data for value, m in buffers.items()}
        self.views: dict[Value, tuple[Port, list[int]]] = {}
        self.waits: Op | None = None
        self.loops: list[tuple[LoopStep, int]] = []
        self.idle = 0
        self.spill = {value: aligned(max(64, value.type.bytes)) for value in plan.spilled}
        self.env.update({value: memory.ctypes.data for value, memory in self.spill.items()})
        self.reset(target)

    def reset(self, target: Target) -> None:
        """Back to the start of the program."""
        self.begin(target)
        self.waits = None
        self.loops.clear()
        self.idle = 0
        self.context[:] = 0
        self.registers = ControlRegisters()
        if self.plan.srs:
            self.registers = (
                FLOAT_SRS_IN_BODY if self.plan.srs == frozenset({"f32"}) else SRS_IN_BODY
            )
        for port in self.ports.values():
            port.acquired.clear()
            port.seen.clear()

    def begin(self, target: Target) -> None:
        """Before a call: the clock at 0, nothing done yet, no lane."""
        self.target = target
        self.clock = 0.0
        self.busy = 0
        self.macs = 0
        self.lane = None

    def process(self) -> Waiting:
        """The process that runs the program once."""
        constants = {
            op.results[0]: op.attrs["value"]
            for op in _constants(self.core.op)
            if isinstance(op.attrs["value"], int)
        }
        self.env.update(constants)
        yield from self._run(self.plan.steps)
        self.waits = None

    def _run(self, steps: list[CoreStep]) -> Waiting:
        for step in steps:
            if isinstance(step, LeafStep):
                self._leaf(step)
            elif isinstance(step, FifoStep):
                if step.op.name == "aie.objectfifo.acquire":
                    yield from self._acquire(step.op)
                elif step.op.name == "aie.use_lock":
                    yield from self._use_lock(step.op)
                else:
                    self._fifo(step.op)
            elif isinstance(step, LoopStep):
                yield from self._loop(step)
            elif isinstance(step, ScalarStep):
                self._scalar(step.op)
            else:
                yield from self._branch(step)

    def _scalar(self, op: Op) -> None:
        """Integer arithmetic; another view of an object dies with the object."""
        if op.name == "memref.load":
            self.env[op.results[0]] = self._parameter(op)
            return
        values = [value for each in op.operands if (value := self.env[each]) is not None]
        known = len(values) == len(op.operands)
        self.env[op.results[0]] = evaluate(op, values) if known else None
        if op.operands[0].type.kind != "memref":
            return
        for port in self.ports.values():
            for names in port.seen.values():
                if op.operands[0] in names:
                    names.append(op.results[0])

    def _parameter(self, op: Op) -> int:
        """A whole number from the core's own memory."""
        memref, place = op.operands
        index, count = self.env[place] or 0, memref.type.bytes * 8 // ELEMENT_BITS[memref.type.elem]
        if not 0 <= index < count:
            raise DeviceError(f"{self.core.name}: line {op.line}: loads element {index} of {count}")
        words = self.words.get(memref)
        if words is None:
            words = self.buffers[memref][: memref.type.bytes].view(f"i{memref.type.bytes // count}")
            self.words[memref] = words
        cycles = self.target.machine.core[self.target.arch].load_latency
        self.clock += cycles
        self.busy += cycles
        if self.lane is not None:
            self.lane.until(self.clock, State.BUSY, "run-time parameters")
        return int(words[index])

    def _loop(self, step: LoopStep) -> Waiting:
        first, last, by = (self.env[value] or 0 for value in step.op.operands)
        index = step.op.blocks[0].args[0]
        if by <= 0:
            raise DeviceError(
                f"{self.core.name}: line {step.op.line}: {step.op.name}: a step of {by}"
            )
        place = len(self.loops)
        for value in range(first, last, by):
            self.env[index] = value
            self.loops[place:] = [(step, value)]
            self.idle += 1
            if self.idle > MOST_IDLE:
                raise DeviceError(
                    f"{self.core.name}: line {step.op.line}: {step.op.name}: {MOST_IDLE} trips without "
                    "an object acquired or released: it would run for ever"
                )
            yield from self._run(step.body)
        del self.loops[place:]

    def _branch(self, step: BranchStep) -> Waiting:
        condition = step.op.operands[0]
        # What compiled code gives lies in memory; the environment has its address.
        computed = self.spill.get(condition)
        is_true = self.env[condition] if computed is None else computed[0]
        arm = 0 if is_true else 1
        if arm < len(step.arms):
            yield from self._run(step.arms[arm])

    # -- object FIFOs ---------------------------------------------------------------------------
    def _port(self, op: Op) -> Port:
        name, side = op.attrs["objFifo_name"], op.attrs["port"]
        port = self.ports.get((name, side))
        if port is None:
            raise DeviceError(
                f"{self.core.name}: line {op.line}: it is not at the {side} end of @{name}"
            )
        return port

    def _acquire(self, op: Op) -> Waiting:
        port, size = self._port(op), op.attrs["size"]
        pool, missing = port.pool, size - len(port.acquired)
        depth = len(pool.slots)
        self.waits = op
        if missing > 0:
            self.idle = 0
            if size > depth:
                raise DeviceError(
                    f"{self.core.name}: line {op.line}: acquires {size} objects of @{pool.name}, "
                    f"which has {depth}: make it deeper"
                )
            if port.produces:
                while depth - (pool.taken_in - pool.returned) < missing:
                    yield pool.freed_event
                first, times = pool.taken_in, pool.freed
                pool.taken_in += missing
            else:
                while pool.put - pool.taken_out < missing:
                    yield pool.filled_event
                first, times = pool.taken_out, pool.filled
                pool.taken_out += missing
            for number in range(first, first + missing):
                port.acquired.append(number % depth)
                self.clock = max(
                    self.clock, times[number % depth] + self.target.machine.control.lock_to_core
                )
            if self.lane is not None:
                state = State.SPACE if port.produces else State.DATA
                start = self.target.machine.control.lock_to_core
                self.lane.wait(self.clock, start, state, op.attrs["objFifo_name"])
        self.clock += self.target.machine.control.lock
        self._record_lock(op)
        self.views[op.results[0]] = (port, port.acquired[:size])

    def _fifo(self, op: Op) -> None:
        """A release or a subview access."""
        if op.name == "aie.objectfifo.subview.access":
            self._access(op)
            return
        port, size = self._port(op), op.attrs["size"]
        if size > len(port.acquired):
            raise DeviceError(
                f"{self.core.name}: line {op.line}: releases {size} objects of "
                f"@{op.attrs['objFifo_name']} and holds {len(port.acquired)}"
            )
        self.clock += self.target.machine.control.lock
        self._record_lock(op)
        for slot in port.acquired[:size]:
            for value in port.seen.pop(slot, ()):
                self.env[value] = None
        del port.acquired[:size]
        self.idle = 0
        for _ in range(size):
            if port.produces:
                port.pool.hand_over(self.clock)
            else:
                port.pool.hand_back(self.clock)

    def _use_lock(self, op: Op) -> Waiting:
        """An acquire or a release of a lock that the module writes out."""
        lock, count = self.locks[op.operands[0]], op.attrs["value"]
        self.idle = 0
        control = self.target.machine.control
        if op.attrs["action"] == "Release":
            self.clock += control.lock
            self._record_lock(op)
            lock.release(count, self.clock, f"{self.core.name}: line {op.line}")
            return
        self.waits = op
        granted = yield from lock.acquire(count, self.clock)
        self.clock = max(self.clock, granted + control.lock_to_core)
        if self.lane is not None:
            self.lane.wait(self.clock, control.lock_to_core, State.DATA, lock.lock.name)
        self.clock += control.lock
        self._record_lock(op)

    def _record_lock(self, op: Op) -> None:
        if self.lane is not None:
            self.lane.until(self.clock, State.START, waited_for(op).lstrip("@"))

    def _access(self, op: Op) -> None:
        """A subview access: its result is an address until the object is released."""
        (port, slots), index = self.views[op.operands[0]], op.attrs["index"]
        if not 0 <= index < len(slots):
            raise DeviceError(
                f"{self.core.name}: line {op.line}: object {index} of {len(slots)} acquired"
            )
        slot, value = slots[index], op.results[0]
        self.env[value] = port.pool.addresses[slot] if slot in port.acquired else None
        port.seen.setdefault(slot, []).append(value)

    # -- native code ----------------------------------------------------------------------------
    def _leaf(self, step: LeafStep) -> None:
        leaf = self.code.compiled.get((step, self.registers, self.target.exact))
        if leaf is None:
            places = tuple(self._place(value) for value, _ in step.inputs)
            leaf = self.code.compile(step, self.registers, self.target, places)
        env = self.env
        arguments = [env[value] for value, _ in step.inputs]
        if step.spill_in or step.spill_out:
            arguments += [env[value] for value in (*step.spill_in, *step.spill_out)]
        if None in arguments:
            self._refuse_released(step)
        fault = leaf.call(self.context_address, *arguments)
        if fault:
            raise DeviceError(f"{self.core.name}: {leaf.faults[fault - 1]}")
        cycles, macs = leaf.spent(self.context)
        self.clock += cycles
        self.busy += cycles
        self.macs += macs
        if self.lane is not None:
            self.lane.until(self.clock, State.BUSY, step.called)
        self.registers = leaf.registers

    def _refuse_released(self, step: LeafStep) -> NoReturn:
        """Refuse code that uses an object it no longer holds."""
        names = [f"%{value.name}" for value, _ in step.inputs if self.env[value] is None]
        raise DeviceError(
            f"{self.core.name}: line {step.ops[-1].line}: uses {', '.join(names)} after its release"
        )

    def _place(self, value: Value) -> Place | None:
        """Where the memory behind a value lies."""
        for end, port in self.ports.items():
            slot = next((slot for slot, names in port.seen.items() if value in names), None)
            ring = self.places.get(end) if slot is not None else None
            if ring is not None and slot is not None:
                turn = objects_in_step(self.core.op).get(end, 1)
                return ring[slot % turn :: turn] if len(ring) % turn == 0 else ring
            if slot is not None:
                return None
        return self.places.get(value)


def objects_in_step(core: Op) -> dict[tuple[str, str], int]:
    """Objects that a core acquires and releases of each end of a FIFO, where it is always as many.

    Then each of them has the buffers of its turn, and no others.
    """
    sizes: dict[tuple[str, str], set[int]] = {}
    for op in walk(core.blocks[0]):
        if op.name in ("aie.objectfifo.acquire", "aie.objectfifo.release"):
            end = op.attrs["objFifo_name"], op.attrs["port"]
            sizes.setdefault(end, set()).add(op.attrs["size"])
    return {end: min(each) for end, each in sizes.items() if len(each) == 1}


def _constants(core: Op) -> list[Op]:
    constants: list[Op] = []
    blocks = list(core.blocks)
    while blocks:
        for op in blocks.pop().ops:
            if op.name == "arith.constant":
                constants.append(op)
            blocks.extend(op.blocks)
    return constants
