"""Core code to LLVM IR: functions, loops, calls and the values that pass between them.

Vectors are flat (row-major) LLVM vectors, so a shape_cast costs nothing; bf16 is carried as i16.
Memrefs are bare pointers. Each index value carries the set of values it may take, so that accesses
inside loops of constant bounds are checked here, once; what cannot be settled is checked at run time.
The rounding and saturation registers are followed at compile time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from aie_conv.errors import DeviceError, VerifyError
from aie_conv.sim.costs import CALL, LOOP, Cost
from aie_conv.sim.ir import Block, Op, Type, Value
from aie_conv.sim.ranges import Range

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
    """

    arch: str
    features: frozenset[str] = frozenset()
    exact: bool = False


@dataclass
class Program:
    """One LLVM module under construction, shared by a leaf and the functions it calls."""

    functions: dict[str, Op]
    target: Target
    texts: dict[str, str] = field(default_factory=dict)
    declarations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    compiled: dict[object, tuple[str, Cost, Registers]] = field(default_factory=dict)


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
        self.latency = 0.0
        self.depths: dict[Value, float] = {}
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
            self.latency = 0.0
            given = [self.live[value] for value in op.operands if value in self.live]
            # Lanes that are poison in one operand are so in the result: the compiler drops them.
            self.lanes = min(given, default=None)
            lower(self, op)
            self._follow(op)
            self._keep_live(op)

    def _keep_live(self, op: Op) -> None:
        """The results of an element-wise operation have no more live lanes than its operands."""
        if self.lanes is None:
            return
        widths = {value.type.elements for value in op.operands if value in self.live}
        for result in op.results:
            if result.type.kind == "vector" and widths == {result.type.elements}:
                self.live.setdefault(result, self.lanes)

    def _follow(self, op: Op) -> None:
        """Extend the chains of dependent MACs and those of scalar operations.

        A chain does not go from scalars to vectors or back, and begins anew in each trip of a loop.
        """
        if op.blocks:
            return
        vector = any(value.type.kind == "vector" for value in (*op.results, *op.operands[:1]))
        depth = self.latency
        depth += max(
            (
                self.depths.get(value, 0.0)
                for value in op.operands
                if (value.type.kind == "vector") == vector
            ),
            default=0.0,
        )
        if not depth:
            return
        for value in op.results:
            self.depths[value] = depth
        if vector:
            self.cost.chain = max(self.cost.chain, depth)
        else:
            self.cost.path = max(self.cost.path, depth)

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
    index = llvm_type(block.args[0].type)
    more = low.emit(f"icmp slt {index} {args[0]}, {upper}")
    low.do(f"br i1 {more}, label %{body}, label %{done}")
    low.start(body)
    outer, low.cost, entry_registers = low.cost, Cost(), low.registers
    depths, low.depths = low.depths, {}
    low.block(block.ops)
    low.depths = depths
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
    body_cost, low.cost = low.cost, outer
    _charge_loop(low, trips, body_cost, (lower, upper, step))


def _charge_loop(
    low: Lowering, trips: int | None, body: Cost, bounds: tuple[str, str, str]
) -> None:
    """Add a loop's cost: at compile time, or by counting where the trip count is not known."""
    if trips is not None:
        low.cost.inner += trips * body.cycles + LOOP
        low.cost.macs += trips * body.macs
        return
    first, last, step = bounds
    span = low.emit(f"sub i64 {last}, {first}")
    span = low.emit(f"call i64 @llvm.smax.i64(i64 {span}, i64 0)")
    count = low.emit(f"sdiv i64 {span}, {step}")
    low.program.declarations.add("declare i64 @llvm.smax.i64(i64, i64)")
    for slot, amount in ((0, body.cycles), (1, int(body.macs))):
        place = low.emit(f"getelementptr i64, ptr %ctx, i64 {slot}")
        old = low.emit(f"load i64, ptr {place}")
        more = low.emit(f"mul i64 {count}, {amount}")
        new = low.emit(f"add i64 {old}, {more}")
        low.do(f"store i64 {new}, ptr {place}")
    low.cost.inner += LOOP


@lowers("scf.if")
def _if(low: Lowering, op: Op) -> None:
    branches = [low.new_label(), low.new_label()]
    done = low.new_label()
    registers = low.registers
    condition = low.name(op.operands[0])
    low.do(f"br i1 {condition}, label %{branches[0]}, label %{branches[1]}")
    outer, costs = low.cost, [Cost(), Cost()]
    ends: list[tuple[str, list[str]]] = []
    for i, label in enumerate(branches):
        low.start(label)
        low.cost = costs[i]
        if i < len(op.blocks):
            low.block(op.blocks[i].ops)
        results = _yielded(low, op.blocks[i]) if i < len(op.blocks) else []
        ends.append((low.label, results))
        low.do(f"br label %{done}")
    low.start(done)
    if low.registers != registers:
        low.refuse(op, "control registers change inside a branch: set them before it")
    low.cost = outer
    low.cost.add(max(costs, key=lambda cost: cost.cycles))
    for i, result in enumerate(op.results):
        arms = ", ".join(f"[ {names[i]}, %{label} ]" for label, names in ends)
        low.names[result] = low.emit(f"phi {llvm_type(result.type)} {arms}")


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
    symbol, cost, after = compile_function(low.program, function, ranges, low.registers)
    arguments = ", ".join(["ptr %ctx", *(low.typed(value) for value in op.operands)])
    fault = low.emit(f"call i64 @{symbol}({arguments})")
    fine = low.emit(f"icmp eq i64 {fault}, 0")
    good, bad = low.new_label(), low.new_label()
    low.do(f"br i1 {fine}, label %{good}, label %{bad}, !prof !0")
    low.start(bad)
    low.do(f"ret i64 {fault}")
    low.start(good)
    low.registers = after
    low.cost.inner += cost.cycles + CALL
    low.cost.macs += cost.macs


def compile_function(
    program: Program, function: Op, ranges: tuple[Range | None, ...], registers: Registers
) -> tuple[str, Cost, Registers]:
    """Lower a called function for given argument ranges and registers; once for each."""
    name = str(function.attrs["sym_name"])
    key = (name, ranges, registers)
    found = program.compiled.get(key)
    if found is None:
        symbol = f"f{len(program.compiled)}"
        low = Lowering(program, f"@{name}", registers)
        block = function.blocks[0]
        parameters = bind_parameters(low, block.args, ranges)
        program.compiled[key] = (symbol, low.cost, registers)
        low.block(block.ops)
        program.texts[symbol] = low.function_text(symbol, parameters).replace(
            "define", "define internal", 1
        )
        found = program.compiled[key] = (symbol, low.cost, low.registers)
    return found


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
    register, value = (low.constant_of(operand) for operand in op.operands)
    if register is None or value is None:
        low.refuse(op, "the register and its value must be constants")
    low.registers = with_register(low.registers, register, value, op)


def with_register(registers: Registers, register: int, value: int, op: Op) -> Registers:
    """``registers`` after a write of one of them."""
    if register == 6:
        return Registers(value, registers.saturation)
    if register == 9:
        return Registers(registers.rounding, value)
    raise VerifyError(
        f"line {op.line}: control register {register}: only 6 (rounding) and 9 "
        "(saturation) are simulated"
    )
