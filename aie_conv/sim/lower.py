"""Core code to LLVM IR: functions, loops, calls and the values that pass between them.

Vectors are flat (row-major) LLVM vectors, so a shape_cast costs nothing; bf16 is carried as i16.
Memrefs are bare pointers. Each index value carries the set of values it may take, so that accesses
inside loops of constant bounds are checked here, once; what cannot be settled is checked at run time.
The rounding and saturation registers are followed at compile time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil
from typing import NoReturn

from aie_conv.arch.machine import DEFAULT_PROFILE, Machine, current
from aie_conv.errors import DeviceError, VerifyError
from aie_conv.sim.carried import carried_ranges
from aie_conv.sim.costs import Cost
from aie_conv.sim.ir import Block, Op, Type, Value
from aie_conv.sim.placement import Place
from aie_conv.sim.ranges import Range
from aie_conv.sim.recorder import Recorder
from aie_conv.sim.trace import Rules

LLVM_ELEMENT = {
    "i1": "i1",
    "i4": "i4",
    "i8": "i8",
    "si8": "i8",
    "ui8": "i8",
    "i16": "i16",
    "i32": "i32",
    "i64": "i64",
    "bf16": "i16",
    "f16": "half",
    "f32": "float",
    "f64": "double",
    "index": "i64",
}


@dataclass(frozen=True)
class Registers:
    """The core's control registers: rounding (crRnd) and saturation (crSat); reset values 0."""

    rounding: int = 0
    saturation: int = 0


@dataclass
class Target:
    """What the code is compiled for: simulated architecture, host features, arithmetic.

    Attributes:
        arch: "aie2" or "aie2p".
        features: features of the host's CPU by LLVM's names.
        exact: bf16 products follow the device's common alignment instead of fused multiply-adds.
        machine: the timing of the core.
        profile: the compiler whose code is timed, a name in the machine's table.
    """

    arch: str
    features: frozenset[str] = frozenset()
    exact: bool = False
    machine: Machine = field(default_factory=current)
    profile: str = DEFAULT_PROFILE

    @cached_property
    def rules(self) -> Rules:
        """What times the core's code."""
        machine = self.machine
        return Rules(machine.core[self.arch], machine.scalar, machine.profile[self.profile])


@dataclass
class Program:
    """One LLVM module under construction, shared by a leaf and the functions it calls."""

    functions: dict[str, Op]
    target: Target
    texts: dict[str, str] = field(default_factory=dict)
    declarations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    compiled: dict[object, "Compiled"] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """A called function: its symbol, its cycles and work a call, the control registers after it."""

    symbol: str
    cycles: int
    macs: int
    registers: Registers


class Lowering:
    """Lowers one function body; ``text`` collects its LLVM instructions."""

    def __init__(self, program: Program, who: str, registers: Registers) -> None:
        self.program = program
        self.who = who
        self.registers = registers
        self.names: dict[Value, str] = {}
        self.ranges: dict[Value, Range] = {}
        self.lines: list[str] = ["entry:"]
        self.label = "entry"
        self.count = 0
        self.cost = Cost()
        self.macs = 0.0
        self.recorder = Recorder(program.target.rules)
        self.live: dict[Value, int] = {}
        self.lanes: int | None = None

    # -- text -----------------------------------------------------------------------------------
    def emit(self, text: str) -> str:
        """Add an instruction that gives a value; its name is returned."""
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Add an instruction without a value."""
        self.lines.append(f"  {text}")

    def new_label(self) -> str:
        """A fresh label."""
        self.count += 1
        return f"b{self.count}"

    def start(self, label: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{label}:")
        self.label = label

    def refuse(self, op: Op, why: str) -> NoReturn:
        """Refuse an operation of the core's code."""
        raise VerifyError(f"{self.who}: line {op.line}: {op.name}: {why}")

    # -- values ---------------------------------------------------------------------------------
    def name(self, value: Value) -> str:
        """The LLVM name of a value."""
        return self.names[value]

    def typed(self, value: Value) -> str:
        """ "type name" of a value."""
        return f"{llvm_type(value.type)} {self.names[value]}"

    def set(self, op: Op, text: str) -> None:
        """The single result of ``op`` is a new instruction."""
        self.names[op.results[0]] = self.emit(text)

    def alias(self, op: Op, name: str) -> None:
        """The single result of ``op`` is an existing LLVM value."""
        self.names[op.results[0]] = name

    def constant_of(self, value: Value) -> int | None:
        """The value of an index or integer known at compile time."""
        known = self.ranges.get(value)
        return known.constant if known else None

    def guard(self, condition: str, why: str) -> None:
        """Leave the function with a fault unless ``condition`` (an i1) holds."""
        self.program.faults.append(f"{self.who}: {why}")
        number = len(self.program.faults)
        good, bad = self.new_label(), self.new_label()
        self.do(f"br i1 {condition}, label %{good}, label %{bad}, !prof !0")
        self.start(bad)
        self.do(f"ret i64 {number}")
        self.start(good)

    # -- code -----------------------------------------------------------------------------------
    def block(self, ops: Sequence[Op]) -> None:
        """Lower straight-line operations."""
        for op in ops:
            lower = LOWERED.get(op.name)
            if lower is None:
                self.refuse(op, "no simulator code for it in core functions: report it")
            self.cost = Cost()
            given = [self.live[value] for value in op.operands if value in self.live]
            # Lanes that are poison in one operand are so in the result: the compiler drops them.
            self.lanes = min(given, default=None)
            lower(self, op)
            if not op.blocks:
                self.recorder.record(op, self.cost)
                self.macs += self.cost.macs
            self._keep_live(op)

    def _keep_live(self, op: Op) -> None:
        """The results of an element-wise operation have no more live lanes than its operands."""
        if self.lanes is None:
            return
        widths = {value.type.elements for value in op.operands if value in self.live}
        for result in op.results:
            if result.type.kind == "vector" and widths == {result.type.elements}:
                self.live.setdefault(result, self.lanes)

    def function_text(self, symbol: str, parameters: Sequence[str]) -> str:
        """The finished function."""
        head = f"define i64 @{symbol}({', '.join(['ptr %ctx', *parameters])}) #0 {{"
        return "\n".join([head, *self.lines, "  ret i64 0", "}"])


Lower = Callable[[Lowering, Op], None]
LOWERED: dict[str, Lower] = {}


def lowers(*names: str) -> Callable[[Lower], Lower]:
    """Register the lowering of operations by name."""

    def register(function: Lower) -> Lower:
        for name in names:
            if name in LOWERED:
                raise ValueError(f"lowering of {name} given twice")
            LOWERED[name] = function
        return function

    return register


def llvm_type(kind: Type) -> str:
    """The LLVM type that carries ``kind``."""
    if kind.kind == "memref":
        return "ptr"
    element = LLVM_ELEMENT[kind.elem]
    return f"<{kind.elements} x {element}>" if kind.kind == "vector" else element


def bind_parameters(
    lowering: Lowering, values: Sequence[Value], ranges: Sequence[Range | None]
) -> list[str]:
    """Give each value a parameter; returns the parameters' declarations."""
    found: list[str] = []
    for i, (value, known) in enumerate(zip(values, ranges, strict=True)):
        lowering.names[value] = f"%p{i}"
        if known is not None:
            lowering.ranges[value] = known
        found.append(f"{llvm_type(value.type)} %p{i}")
    return found


# -- control flow ---------------------------------------------------------------------------------
@lowers("func.return", "scf.yield", "aie.end")
def _nothing(_low: Lowering, _op: Op) -> None:
    """The operation that holds the block reads the terminator's operands itself."""


def _loop_range(low: Lowering, op: Op) -> tuple[int | None, Range | None]:
    """Trip count and the induction variable's values, where the bounds are constants."""
    first, last, step = (low.constant_of(value) for value in op.operands[:3])
    if first is None or last is None or step is None or step <= 0:
        return None, None
    trips = max(0, -((first - last) // step))
    high = first + max(0, trips - 1) * step
    return trips, Range(first, high, step if trips > 1 else 0)


@lowers("scf.for")
def _for(low: Lowering, op: Op) -> None:
    block = op.blocks[0]
    trips, known = _loop_range(low, op)
    if trips == 0:
        for result, value in zip(op.results, op.operands[3:], strict=True):
            low.names[result] = low.names[value]
        return
    lower, upper, step = (low.name(value) for value in op.operands[:3])
    kinds = [llvm_type(value.type) for value in op.operands[3:]]
    before, head, body, done = low.label, low.new_label(), low.new_label(), low.new_label()
    low.do(f"br label %{head}")
    low.start(head)
    at = len(low.lines)
    args = [low.emit("") for _ in block.args]
    for value, name in zip(block.args, args, strict=True):
        low.names[value] = name
    if known:
        low.ranges[block.args[0]] = known
    if trips and known:
        low.ranges.update(carried_ranges(op, trips, (known.low, known.step), low.constant_of))
    index = llvm_type(block.args[0].type)
    more = low.emit(f"icmp slt {index} {args[0]}, {upper}")
    low.do(f"br i1 {more}, label %{body}, label %{done}")
    low.start(body)
    outer, entry_registers = low.macs, low.registers
    low.macs = 0.0
    with low.recorder.inside(block.args[1:]) as inner:
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
        low.lines[at + i] = f"  {args[i]} = {phi}"
    low.start(done)
    for result, name in zip(op.results, args[1:], strict=True):
        low.names[result] = name
    if trips is not None:
        low.recorder.loop(op, inner, trips)
        low.macs += trips * macs
    else:
        cycles = low.recorder.each_trip(op, inner)
        _count_loop(low, (cycles, int(macs)), (lower, upper, step))


def _count_loop(low: Lowering, each: tuple[int, int], bounds: tuple[str, str, str]) -> None:
    """Count a loop's cycles and work at run time, since its trip count is not known before."""
    first, last, step = bounds
    span = low.emit(f"sub i64 {last}, {first}")
    span = low.emit(f"call i64 @llvm.smax.i64(i64 {span}, i64 0)")
    count = low.emit(f"sdiv i64 {span}, {step}")
    low.program.declarations.add("declare i64 @llvm.smax.i64(i64, i64)")
    for slot, amount in enumerate(each):
        place = low.emit(f"getelementptr i64, ptr %ctx, i64 {slot}")
        old = low.emit(f"load i64, ptr {place}")
        more = low.emit(f"mul i64 {count}, {amount}")
        new = low.emit(f"add i64 {old}, {more}")
        low.do(f"store i64 {new}, ptr {place}")


@lowers("scf.if")
def _if(low: Lowering, op: Op) -> None:
    branches = [low.new_label(), low.new_label()]
    done = low.new_label()
    registers = low.registers
    condition = low.name(op.operands[0])
    low.do(f"br i1 {condition}, label %{branches[0]}, label %{branches[1]}")
    outer, arms = low.macs, [(0.0, 0.0)]
    ends: list[tuple[str, list[str]]] = []
    for i, label in enumerate(branches):
        low.start(label)
        low.macs = 0.0
        with low.recorder.inside() as inner:
            if i < len(op.blocks):
                low.block(op.blocks[i].ops)
        arms.append((low.recorder.cycles(inner), low.macs))
        results = _yielded(low, op.blocks[i]) if i < len(op.blocks) else []
        ends.append((low.label, results))
        low.do(f"br label %{done}")
    low.start(done)
    if low.registers != registers:
        low.refuse(op, "control registers change inside a branch: set them before it")
    cycles, macs = max(arms)
    low.recorder.fixed(cycles)
    low.macs = outer + macs
    for i, result in enumerate(op.results):
        ways = ", ".join(f"[ {names[i]}, %{label} ]" for label, names in ends)
        low.names[result] = low.emit(f"phi {llvm_type(result.type)} {ways}")


def _yielded(low: Lowering, block: Block) -> list[str]:
    return [low.name(value) for value in block.ops[-1].operands] if block.ops else []


# -- functions ------------------------------------------------------------------------------------
@lowers("func.call")
def _call(low: Lowering, op: Op) -> None:
    callee = op.attrs["callee"]
    if callee in INTRINSICS:
        INTRINSICS[callee](low, op)
        return
    function = low.program.functions.get(callee)
    if function is None:
        low.refuse(op, f"@{callee} is not declared")
    if not function.blocks:
        raise DeviceError(
            f"{low.who}: @{callee} is an external kernel"
            f" ({function.attrs.get('link_with', 'no object named')}): the simulator has no body "
            "for it: give the function a body"
        )
    if op.results:
        low.refuse(op, f"@{callee} returns values: pass memrefs")
    ranges = tuple(low.ranges.get(value) for value in op.operands)
    places = tuple(low.recorder.place_of(value) for value in op.operands)
    made = compile_function(low.program, function, ranges, low.registers, places)
    arguments = ", ".join(["ptr %ctx", *(low.typed(value) for value in op.operands)])
    fault = low.emit(f"call i64 @{made.symbol}({arguments})")
    fine = low.emit(f"icmp eq i64 {fault}, 0")
    good, bad = low.new_label(), low.new_label()
    low.do(f"br i1 {fine}, label %{good}, label %{bad}, !prof !0")
    low.start(bad)
    low.do(f"ret i64 {fault}")
    low.start(good)
    low.registers = made.registers
    low.cost.add(Cost(inner=made.cycles + low.program.target.machine.control.call, macs=made.macs))


def compile_function(
    program: Program,
    function: Op,
    ranges: tuple[Range | None, ...],
    registers: Registers,
    places: tuple[Place | None, ...] = (),
) -> Compiled:
    """Lower a called function for given argument ranges, registers and places of its memory; once for
    each."""
    name = str(function.attrs["sym_name"])
    key = (name, ranges, registers, places)
    found = program.compiled.get(key)
    if found is None:
        symbol = f"f{len(program.compiled)}"
        low = Lowering(program, f"@{name}", registers)
        block = function.blocks[0]
        parameters = bind_parameters(low, block.args, ranges)
        for value, place in zip(block.args, places, strict=False):
            low.recorder.locate(value, place)
        program.compiled[key] = Compiled(symbol, 0, 0, registers)
        low.block(block.ops)
        program.texts[symbol] = low.function_text(symbol, parameters).replace(
            "define", "define internal", 1
        )
        cycles = ceil(low.recorder.cycles(low.recorder.items))
        found = Compiled(symbol, cycles, int(low.macs), low.registers)
        program.compiled[key] = found
    return found


INTRINSICS: dict[str, Lower] = {}


def intrinsic(*names: str) -> Callable[[Lower], Lower]:
    """Register the meaning of a device intrinsic that core code calls by name."""

    def register(function: Lower) -> Lower:
        for name in names:
            INTRINSICS[name] = function
        return function

    return register


CONTROL_REGISTERS = {
    "aie2": {6: "rounding", 9: "saturation"},
    "aie2p": {1: "rounding", 0: "saturation"},
}
"""Numbers of crRnd and crSat by architecture [llvm-aie's aiev2_defines.h and aie2p_defines.h; mlir-aie wrote
AIE2's to both until pull request 2987]."""


@intrinsic("llvm.aie2.set.ctrl.reg", "llvm.aie2p.set.ctrl.reg")
def _set_register(low: Lowering, op: Op) -> None:
    arch = low.program.target.arch
    if str(op.attrs["callee"]).split(".")[1] != arch:
        low.refuse(op, f"@{op.attrs['callee']} is not an intrinsic of {arch}")
    register, value = (low.constant_of(operand) for operand in op.operands)
    if register is None or value is None:
        low.refuse(op, "the register and its value must be constants")
    known = CONTROL_REGISTERS[arch]
    if register not in known:
        names = " and ".join(f"{number} ({name})" for number, name in known.items())
        low.refuse(op, f"control register {register}: simulated are {names}")
    low.registers = replace(low.registers, **{known[register]: value})
