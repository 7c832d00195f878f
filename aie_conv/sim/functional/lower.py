"""Core code to LLVM IR: functions, calls and the values that pass between them.

Vectors are flat (row-major) LLVM vectors, so a shape_cast costs nothing; bf16 is carried as i16.
Memrefs are bare pointers. Each index value carries the set of values it may take, so that accesses
inside loops of constant bounds are checked here, once; what cannot be settled is checked at run time.
The rounding and saturation registers are followed at compile time.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil
from typing import NoReturn

from aie_conv.arch.instructions import CONTROL_REGISTERS
from aie_conv.arch.machine import DEFAULT_PROFILE, Machine, current
from aie_conv.errors import DeviceError, VerifyError
from aie_conv.ir.core import Op, Type, Value
from aie_conv.sim.model.placement import Place
from aie_conv.sim.model.ranges import Range
from aie_conv.sim.timing.costs import OperationCost
from aie_conv.sim.timing.recorder import Recorder
from aie_conv.sim.timing.trace import Item, Rules

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


CYCLE_SHARES = 1024
"""Parts of a cycle in which cycles are counted at run time: an interval may hold fractions."""


@dataclass(frozen=True)
class ControlRegisters:
    """The core's control registers: rounding (crRnd) and saturation (crSat); reset values 0."""

    rounding: int = 0
    saturation: int = 0


@dataclass
class Target:
    """What the code is compiled for: simulated architecture, host features, arithmetic.

    Attributes:
        arch: the architecture's name.
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
class LoweredModule:
    """One LLVM module under construction, shared by a leaf and the functions it calls."""

    functions: dict[str, Op]
    target: Target
    texts: dict[str, str] = field(default_factory=dict)
    declarations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    compiled: dict[object, "CompiledFunction"] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledFunction:
    """A called function: its symbol, its cycles and work a call, the control registers after it.

    ``counts`` says that it counts differences from these cycles at run time.
    """

    symbol: str
    cycles: int
    macs: int
    registers: ControlRegisters
    counts: bool = False


@dataclass(frozen=True)
class Pending:
    """A loop of the block at hand whose trips are counted when it runs.

    Attributes:
        line: reserved for the code that counts.
        place: the loop's number among those of its block.
        count: LLVM's name of the trips.
        macs: work of one trip.
    """

    line: int
    place: int
    count: str
    macs: int


class Lowering:
    """Lowers one function body; ``text`` collects its LLVM instructions."""

    def __init__(self, program: LoweredModule, who: str, registers: ControlRegisters) -> None:
        self.program = program
        self.who = who
        self.registers = registers
        self.names: dict[Value, str] = {}
        self.ranges: dict[Value, Range] = {}
        self.lines: list[str] = ["entry:"]
        self.label = "entry"
        self.count = 0
        self.cost = OperationCost()
        self.macs = 0.0
        self.recorder = Recorder(program.target.rules)
        self.live: dict[Value, int] = {}
        self.lanes: int | None = None
        self.pending: list[Pending] = []
        self.counts = False

    # -- text -----------------------------------------------------------------------------------
    def emit(self, text: str) -> str:
        """Add an instruction that gives a value; its name is returned."""
        name = self._name()
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Add an instruction without a value."""
        self.lines.append(f"  {text}")

    def new_label(self) -> str:
        """A fresh label."""
        self.count += 1
        return f"b{self.count}"

    def reserve(self) -> int:
        """A line for code that is known later."""
        self.lines.append("")
        return len(self.lines) - 1

    def fill(self, line: int, code: Sequence[str]) -> None:
        """Write the code of a reserved line."""
        self.lines[line] = "\n".join(f"  {each}" for each in code)

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
            self.cost = OperationCost()
            lanes = [self.live[value] for value in op.operands if value in self.live]
            # Lanes that are poison in one operand are so in the result: the compiler drops them.
            self.lanes = min(lanes, default=None)
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

    # -- time that is known when the code runs --------------------------------------------------
    @contextmanager
    def inside(self, carried: Sequence[Value] = ()) -> Generator[list[Item]]:
        """Lower a nested block, into which a loop carries values; gives its items."""
        outer, self.pending = self.pending, []
        with self.recorder.inside(carried) as inner:
            yield inner
        self.settle(inner)
        self.pending = outer

    def settle(self, items: Sequence[Item]) -> None:
        """Count what the trips of a whole block's loops change, where they are known at run time only."""
        places = [loop.place for loop in self.pending]
        known = self.recorder.differences(items, places)
        for loop, (fewer, each) in zip(self.pending, known, strict=True):
            self.fill(loop.line, self._counting(loop, fewer, each))
            self.counts = True
        self.pending.clear()

    def _counting(self, loop: Pending, fewer: Sequence[float], each: float) -> list[str]:
        """Add a loop's difference from its reference: from a table below it, by trips above it."""
        table = ", ".join(f"i64 {self.scaled(cycles)}" for cycles in (*fewer, 0.0))
        kind = f"[{len(fewer) + 1} x i64]"
        number = self.program.tables.setdefault(table, len(self.program.tables))
        name = f"%n{loop.line}"
        self.program.declarations.add("declare i64 @llvm.umin.i64(i64, i64)")
        code = [
            f"{name}.i = call i64 @llvm.umin.i64(i64 {loop.count}, i64 {len(fewer)})",
            f"{name}.p = getelementptr {kind}, ptr @t{number}, i64 0, i64 {name}.i",
            f"{name}.d = load i64, ptr {name}.p",
            f"{name}.m = sub i64 {loop.count}, {name}.i",
            f"{name}.e = mul i64 {name}.m, {self.scaled(each)}",
            f"{name}.t = add i64 {name}.d, {name}.e",
            *self.adding(0, f"{name}.t", name),
        ]
        if loop.macs:
            code.append(f"{name}.w = mul i64 {loop.count}, {loop.macs}")
            code += self.adding(1, f"{name}.w", name)
        return code

    def adding(self, slot: int, amount: int | str, name: str = "") -> list[str]:
        """Code that adds to one of the context's counters, under names that begin with ``name``."""
        if amount == 0:
            return []
        name = f"{name or self._name()}.{slot}"
        return [
            f"{name}p = getelementptr i64, ptr %ctx, i64 {slot}",
            f"{name}o = load i64, ptr {name}p",
            f"{name}s = add i64 {name}o, {amount}",
            f"store i64 {name}s, ptr {name}p",
        ]

    def _name(self) -> str:
        self.count += 1
        return f"%v{self.count - 1}"

    @staticmethod
    def scaled(cycles: float) -> int:
        """Cycles as they are counted at run time."""
        return ceil(cycles * CYCLE_SHARES - 1e-6)

    def function_text(self, symbol: str, parameters: Sequence[str]) -> str:
        """The finished function."""
        head = f"define i64 @{symbol}({', '.join(['ptr noalias %ctx', *parameters])}) #0 {{"
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
    parameters: list[str] = []
    for i, (value, known) in enumerate(zip(values, ranges, strict=True)):
        lowering.names[value] = f"%p{i}"
        if known is not None:
            lowering.ranges[value] = known
        parameters.append(f"{llvm_type(value.type)} %p{i}")
    return parameters


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
    compiled = compile_function(low.program, function, ranges, low.registers, places)
    arguments = ", ".join(["ptr %ctx", *(low.typed(value) for value in op.operands)])
    fault = low.emit(f"call i64 @{compiled.symbol}({arguments})")
    fine = low.emit(f"icmp eq i64 {fault}, 0")
    good, bad = low.new_label(), low.new_label()
    low.do(f"br i1 {fine}, label %{good}, label %{bad}, !prof !0")
    low.start(bad)
    low.do(f"ret i64 {fault}")
    low.start(good)
    low.registers = compiled.registers
    low.counts = low.counts or compiled.counts
    low.cost.add(
        OperationCost(
            inner=compiled.cycles + low.program.target.machine.control.call, macs=compiled.macs
        )
    )


def compile_function(
    program: LoweredModule,
    function: Op,
    ranges: tuple[Range | None, ...],
    registers: ControlRegisters,
    places: tuple[Place | None, ...] = (),
) -> CompiledFunction:
    """Lower a called function for given argument ranges, registers and places of its memory; once for
    each."""
    name = str(function.attrs["sym_name"])
    key = (name, ranges, registers, places)
    compiled = program.compiled.get(key)
    if compiled is None:
        symbol = f"f{len(program.compiled)}"
        low = Lowering(program, f"@{name}", registers)
        block = function.blocks[0]
        parameters = bind_parameters(low, block.args, ranges)
        for value, place in zip(block.args, places, strict=False):
            low.recorder.locate(value, place)
        program.compiled[key] = CompiledFunction(symbol, 0, 0, registers)
        low.block(block.ops)
        low.settle(low.recorder.items)
        program.texts[symbol] = low.function_text(symbol, parameters).replace(
            "define", "define internal", 1
        )
        cycles = ceil(low.recorder.cycles(low.recorder.items))
        compiled = CompiledFunction(symbol, cycles, int(low.macs), low.registers, low.counts)
        program.compiled[key] = compiled
    return compiled


INTRINSICS: dict[str, Lower] = {}


def intrinsic(*names: str) -> Callable[[Lower], Lower]:
    """Register the meaning of a device intrinsic that core code calls by name."""

    def register(function: Lower) -> Lower:
        for name in names:
            INTRINSICS[name] = function
        return function

    return register


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
