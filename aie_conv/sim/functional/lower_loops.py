"""Loops and branches of core code.

A loop whose trips are known is part of its block's schedule. Where they are read from memory, the block
is timed with a number of trips for reference, and what other numbers change is added at run time: once
for each time that the loop is entered, so that the native code stays as fast.
"""

from math import gcd

from aie_conv.ir.core import Block, Op
from aie_conv.sim.functional.lower import Lowering, Pending, llvm_type, lowers
from aie_conv.sim.model.carried import carried_ranges
from aie_conv.sim.model.ranges import Range

MOST_TRIPS = 1 << 20
"""Of a loop whose trips are read from memory; no layer has more, and whatever else lay there may."""


@lowers("func.return", "scf.yield", "aie.end")
def _nothing(_low: Lowering, _op: Op) -> None:
    """The operation that holds the block reads the terminator's operands itself."""


def _trips(low: Lowering, op: Op) -> int | None:
    """How often a loop runs, where its bounds are constants."""
    first, last, step = (low.constant_of(value) for value in op.operands[:3])
    if step is not None and step <= 0:
        low.refuse(op, f"a step of {step}: loops count upwards")
    if step is None:
        upwards = low.emit(f"icmp sgt {low.typed(op.operands[2])}, 0")
        low.guard(upwards, f"line {op.line}: {op.name}: the step is not positive")
    if first is None or last is None or step is None:
        return None
    return max(0, -((first - last) // step))


def _note_values(low: Lowering, op: Op, trips: int | None) -> None:
    """Note what the induction variable and the carried counters take, where it is known."""
    known = _values(low, op, trips)
    if known is None:
        return
    low.ranges[op.blocks[0].args[0]] = known
    if trips:
        low.ranges.update(carried_ranges(op, trips, (known.low, known.step), low.constant_of))


def _values(low: Lowering, op: Op, trips: int | None) -> Range | None:
    """The values of the induction variable."""
    first, last, step = (low.ranges.get(value) for value in op.operands[:3])
    if first is None or step is None or step.constant is None:
        return None
    by, start = step.constant, first.constant
    if trips is not None and start is not None:
        return Range(start, start + max(0, trips - 1) * by, by if trips > 1 else 0)
    if last is None:
        return None
    unit = gcd(first.step, by)
    high = first.low + max(0, last.high - 1 - first.low) // unit * unit
    return Range(first.low, high, unit if high > first.low else 0)


@lowers("scf.for")
def _for(low: Lowering, op: Op) -> None:
    block = op.blocks[0]
    trips = _trips(low, op)
    if trips == 0:
        for result, value in zip(op.results, op.operands[3:], strict=True):
            low.names[result] = low.names[value]
        return
    lower, upper, step = (low.name(value) for value in op.operands[:3])
    index = llvm_type(block.args[0].type)
    kinds = [llvm_type(value.type) for value in op.operands[3:]]
    count = ""
    if trips is None:
        count = _count(low, index, (lower, upper, step))
        bounded = low.emit(f"icmp sle i64 {count}, {MOST_TRIPS}")
        low.guard(bounded, f"line {op.line}: {op.name}: more than {MOST_TRIPS} trips")
    before, head, body, done = low.label, low.new_label(), low.new_label(), low.new_label()
    low.do(f"br label %{head}")
    low.start(head)
    first_line = len(low.lines)
    args = [low.emit("") for _ in block.args]
    for value, name in zip(block.args, args, strict=True):
        low.names[value] = name
    _note_values(low, op, trips)
    more = low.emit(f"icmp slt {index} {args[0]}, {upper}")
    low.do(f"br i1 {more}, label %{body}, label %{done}")
    low.start(body)
    outer, entry_registers = low.macs, low.registers
    low.macs = 0.0
    with low.inside(block.args[1:]) as inner:
        low.block(block.ops)
    macs, low.macs = low.macs, outer
    if low.registers != entry_registers:
        low.refuse(op, "control registers change inside a loop: set them before it")
    following = low.emit(f"add nsw {index} {args[0]}, {step}")
    yielded = [low.name(value) for value in block.ops[-1].operands] if kinds else []
    low.do(f"br label %{head}")
    starts = [lower, *(low.name(value) for value in op.operands[3:])]
    for i, (start, after) in enumerate(zip(starts, [following, *yielded], strict=True)):
        kind = [index, *kinds][i]
        phi = f"phi {kind} [ {start}, %{before} ], [ {after}, %{low.label} ]"
        low.lines[first_line + i] = f"  {args[i]} = {phi}"
    low.start(done)
    for result, name in zip(op.results, args[1:], strict=True):
        low.names[result] = name
    if trips is not None:
        low.recorder.loop(op, inner, trips)
        low.macs += trips * macs
    else:
        place = low.recorder.counted_loop(op, inner)
        low.pending.append(Pending(low.reserve(), place, count, int(macs)))


def _count(low: Lowering, index: str, bounds: tuple[str, str, str]) -> str:
    """How often a loop runs, at run time."""
    first, last, step = bounds
    span = low.emit(f"sub {index} {last}, {first}")
    if step != "1":
        span = low.emit(f"add {index} {span}, {low.emit(f'sub {index} {step}, 1')}")
        span = low.emit(f"sdiv {index} {span}, {step}")
    if index != "i64":
        span = low.emit(f"sext {index} {span} to i64")
    low.program.declarations.add("declare i64 @llvm.smax.i64(i64, i64)")
    return low.emit(f"call i64 @llvm.smax.i64(i64 {span}, i64 0)")


@lowers("scf.if")
def _if(low: Lowering, op: Op) -> None:
    branches = [low.new_label(), low.new_label()]
    done = low.new_label()
    registers = low.registers
    condition = low.name(op.operands[0])
    low.do(f"br i1 {condition}, label %{branches[0]}, label %{branches[1]}")
    outer, counts, low.counts = low.macs, low.counts, False
    arms: list[tuple[float, float]] = []
    lines: list[int] = []
    ends: list[tuple[str, list[str]]] = []
    for i, label in enumerate(branches):
        low.start(label)
        lines.append(low.reserve())
        low.macs = 0.0
        with low.inside() as inner:
            if i < len(op.blocks):
                low.block(op.blocks[i].ops)
        arms.append((low.recorder.cycles(inner), low.macs))
        results = _read_yield(low, op.blocks[i]) if i < len(op.blocks) else []
        ends.append((low.label, results))
        low.do(f"br label %{done}")
    low.start(done)
    if low.registers != registers:
        low.refuse(op, "control registers change inside a branch: set them before it")
    cycles, macs = max(arms)
    if low.counts:
        # What an arm counts is what differs from its own time, so that has to be charged.
        for line, (own_cycles, own_macs) in zip(lines, arms, strict=True):
            low.fill(line, [*low.adding(0, low.scaled(own_cycles - cycles)),
                            *low.adding(1, int(own_macs) - int(macs))])  # fmt: skip
    low.counts = low.counts or counts
    low.recorder.fixed(cycles)
    low.macs = outer + macs
    for i, result in enumerate(op.results):
        ways = ", ".join(f"[ {names[i]}, %{label} ]" for label, names in ends)
        low.names[result] = low.emit(f"phi {llvm_type(result.type)} {ways}")


def _read_yield(low: Lowering, block: Block) -> list[str]:
    return [low.name(value) for value in block.ops[-1].operands] if block.ops else []
