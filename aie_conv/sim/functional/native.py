"""Compiles core code for the host with LLVM and keeps it, by its text, as long as the process."""

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil

import llvmlite.binding as llvm
import numpy as np

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Op, Value
from aie_conv.sim.functional import (
    lower_aievec,
    lower_arith,
    lower_bfp16,
    lower_intrinsics,
    lower_loops,
    lower_srs,
    lower_vector,
)
from aie_conv.sim.functional.lower import (
    CYCLE_SHARES,
    ControlRegisters,
    LoweredModule,
    Lowering,
    Target,
    bind_parameters,
    compile_function,
    llvm_type,
)
from aie_conv.sim.model.placement import Place
from aie_conv.sim.model.ranges import Range

_TABLES = (
    lower_aievec, lower_arith, lower_bfp16, lower_intrinsics, lower_loops, lower_srs, lower_vector,
)  # fmt: skip
"""Importing these fills the table of lowerings."""


@dataclass(frozen=True)
class Leaf:
    """Compiled straight code of a core.

    Attributes:
        call: native function (context pointer, arguments…) -> fault number, 0 if none.
        cycles, macs: per call, without what it counts into the context (loops of unknown trips).
        counts: it adds to the context what differs at run time (int64: cycles in CYCLE_SHARES, MACs).
        registers: the control registers after it.
        faults: what fault number i + 1 means.
    """

    call: Callable[..., int]
    cycles: int
    macs: int
    counts: bool
    registers: ControlRegisters
    faults: tuple[str, ...]

    def spent(self, context: np.ndarray) -> tuple[int, int]:
        """Cycles and MACs of the last call; clears the context that it was given."""
        if not self.counts:
            return self.cycles, self.macs
        cycles, macs = int(context[0]), int(context[1])
        context[:] = 0
        return self.cycles - -cycles // CYCLE_SHARES, self.macs + macs


@cache
def host_features() -> frozenset[str]:
    """Features of this machine's CPU, by LLVM's names."""
    return frozenset(name for name, on in llvm.get_host_cpu_features().items() if on)


@cache
def _machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True
    )


_engines: dict[str, tuple[llvm.ExecutionEngine, int]] = {}


def compile_text(text: str) -> int:
    """Address of @entry of an LLVM module's text; the same text is compiled once."""
    key = hashlib.sha256(text.encode()).hexdigest()
    compiled = _engines.get(key)
    if compiled is None:
        machine = _machine()
        try:
            module = llvm.parse_assembly(text)
        except RuntimeError as error:
            why = " ".join(str(error).split())
            raise VerifyError(f"simulator: core code does not fit together: {why}") from error
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_unrolling = False
        options.slp_vectorization = False
        options.loop_vectorization = False
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(module, passes)
        engine = llvm.create_mcjit_compiler(module, _machine_for_engine())
        engine.finalize_object()
        compiled = _engines[key] = (engine, engine.get_function_address("entry"))
    return compiled[1]


def _machine_for_engine() -> llvm.TargetMachine:
    """A new machine: an engine takes ownership of the one it gets."""
    _machine()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        jit=True,
    )


def module_text(program: LoweredModule, entry: str) -> str:
    """The whole LLVM module."""
    width = '"prefer-vector-width"="512"'
    attributes = f"attributes #0 = {{ nounwind {width} }}"
    weights = '!0 = !{!"branch_weights", i32 100000, i32 1}'
    tables = [
        f"@t{number} = private unnamed_addr constant [{text.count(',') + 1} x i64] [{text}]"
        for text, number in program.tables.items()
    ]
    functions = program.texts.values()
    parts = [*tables, *sorted(program.declarations), *functions, entry, attributes, weights]
    return "\n".join(parts) + "\n"


def compile_leaf(
    ops: Sequence[Op],
    who: str,
    inputs: Sequence[tuple[Value, Range | None]],
    spilled: tuple[Sequence[Value], Sequence[Value]],
    functions: dict[str, Op],
    target: Target,
    registers: ControlRegisters,
    places: Sequence[Place | None] = (),
) -> Leaf:
    """Compile operations of a core's body.

    Args:
        ops: straight operations, without FIFO operations.
        who: the core, for messages.
        inputs: pointers and integers passed by value, with what is known of them.
        spilled: values passed in, and values handed out, through a pointer each.
        functions: every func.func of the device by name.
        target: architecture, host, arithmetic.
        registers: control registers at entry.
        places: where the memory behind each input lies, if that is known.
    """
    program = LoweredModule(functions, target)
    low = Lowering(program, who, registers)
    values = [value for value, _ in inputs]
    parameters = bind_parameters(low, values, [known for _, known in inputs])
    for value, place in zip(values, places, strict=False):
        low.recorder.locate(value, place)
    incoming, outgoing = spilled
    for i, value in enumerate(incoming):
        parameters.append(f"ptr %in{i}")
        low.names[value] = low.emit(f"load {llvm_type(value.type)}, ptr %in{i}, align 8")
    parameters += [f"ptr %out{i}" for i in range(len(outgoing))]
    low.block(ops)
    low.settle(low.recorder.items)
    for i, value in enumerate(outgoing):
        low.do(f"store {low.typed(value)}, ptr %out{i}, align 8")
    entry = low.function_text("entry", parameters)
    text = module_text(program, entry)
    address = compile_text(text)
    kinds = [_ctype(parameter) for parameter in parameters]
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, *kinds)
    cycles = ceil(low.recorder.cycles(low.recorder.items))
    faults = tuple(program.faults)
    return Leaf(prototype(address), cycles, int(low.macs), low.counts, low.registers, faults)


def function_cycles(function: Op, functions: dict[str, Op], target: Target) -> int:
    """Cycles of a call of a function whose loops have constant bounds; nothing is run.

    Raises:
        VerifyError: a loop's bounds are known at run time only.
    """
    ranges = tuple(None for _ in function.blocks[0].args)
    compiled = compile_function(
        LoweredModule(functions, target), function, ranges, ControlRegisters()
    )
    if compiled.counts:
        name = function.attrs["sym_name"]
        raise VerifyError(f"@{name}: its loops' bounds are known at run time only: run it")
    return compiled.cycles


_CTYPES = {
    "ptr": ctypes.c_void_p,
    "i64": ctypes.c_int64,
    "i32": ctypes.c_int32,
    "i16": ctypes.c_int16,
    "i8": ctypes.c_int8,
    "i1": ctypes.c_bool,
}


def _ctype(parameter: str) -> type:
    return _CTYPES[parameter.split(" ")[0]]
