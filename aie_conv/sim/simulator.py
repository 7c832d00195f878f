"""Runs the text of an AIE module: parse, verify, execute its runtime sequence on host arrays."""

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock

import numpy as np

from aie_conv.arch.machine import Machine, current
from aie_conv.errors import DeviceError, UsageError
from aie_conv.ir.core import ELEMENT_BITS
from aie_conv.ir.text import read_module
from aie_conv.sim.functional.array import TileArray
from aie_conv.sim.functional.commands import Command
from aie_conv.sim.functional.engine import Engine, Process
from aie_conv.sim.functional.flow_ends import HostSender, PoolReceiver
from aie_conv.sim.functional.flows import Flow
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import host_features
from aie_conv.sim.functional.network import Network
from aie_conv.sim.functional.sequence import SequenceRun, read_sequence
from aie_conv.sim.functional.tile_dma import DescriptorReceiver
from aie_conv.sim.model.module import Model, build_model
from aie_conv.sim.model.program_size import Code, measure_function
from aie_conv.sim.model.verifier import verify_array, verify_model
from aie_conv.sim.model.verify_code import verify_code
from aie_conv.sim.timing.timeline import Timeline


@dataclass(frozen=True)
class RunStats:
    """What a run cost.

    Attributes:
        cycles: estimate from the first command to the last token.
        core_cycles: cycles each core spent computing, by "core (col, row)".
        macs: multiply-accumulates done.
        shim_bytes: bytes that crossed the array's border, both ways.
        dma_words: 32-bit words each stream carried, by its sender.
        host_seconds: how long the simulation took.
        tasks: (cycle of its last byte, bytes) of each task of a shim channel, in the order of their pushes.
    """

    cycles: int
    core_cycles: dict[str, int]
    macs: int
    shim_bytes: int
    dma_words: dict[str, int]
    host_seconds: float
    tasks: tuple[tuple[int, int], ...] = ()

    def of_operations(self, tasks: Sequence[int]) -> list[tuple[int, int]]:
        """(cycles, bytes over the border) of operations that follow one another in the sequence.

        An operation's time is from the last byte of those before it to its own last byte.

        Args:
            tasks: how many tasks each has, in their order.
        """
        result: list[tuple[int, int]] = []
        first, clock = 0, 0
        for count in tasks:
            own = self.tasks[first : first + count]
            end = max([clock, *(finished for finished, _ in own)])
            result.append((end - clock, sum(size for _, size in own)))
            first, clock = first + count, end
        return result


class Simulator:
    """A program loaded into the simulated array; threads that run it wait for each other.

    Its cores run from call to call, as the device's do: a call begins with what the last one left.

    Attributes:
        device: the IR's device name ("npu1", "npu2").
        arguments: (element type, elements) of each argument of the runtime sequence.
    """

    def __init__(self, text: str, machine: Machine | None = None) -> None:
        """Parse and verify ``text``.

        Args:
            text: the module.
            machine: what its clock is charged by; the current one if None.

        Raises:
            VerifyError: malformed IR, or a limit of the hardware exceeded.
        """
        self.machine = machine or current()
        self.model: Model = build_model(read_module(text))
        self.commands: list[Command] = read_sequence(self.model)
        verify_model(self.model, self.commands)
        self.device = self.model.ir_name
        args = self.model.sequence.blocks[0].args if self.model.sequence else []
        self.arguments = [(value.type.elem, value.type.elements) for value in args]
        self._array: TileArray | None = None
        self._lock = Lock()

    def run(
        self,
        buffers: Sequence[np.ndarray],
        *,
        exact: bool = False,
        timeline: Timeline | None = None,
        instant: Collection[int] = (),
    ) -> RunStats:
        """Execute the runtime sequence on flat contiguous arrays, in place.

        Args:
            buffers: one array an argument; only its bytes count (bf16 as ml_dtypes or uint16).
            exact: bf16 products by the device's documented arithmetic, bit by bit (slow), instead
                of fused multiply-adds in f32.
            timeline: an empty one, to be filled with what every part does when.
            instant: numbers of the arguments whose transfers take no time, though their tasks do: no
                program can be faster by leaving those values in the array.

        Raises:
            UsageError: a buffer that does not fit its argument.
            DeviceError: deadlock, access out of bounds, data left over, a core that does not stand where
                a call begins; the next call then finds the array freshly configured.
        """
        memories = self._bytes_of(buffers)
        with self._lock:
            return self._run(self.commands, memories, exact, timeline, instant)

    def run_commands(self, commands: list[Command], memories: list[np.ndarray]) -> RunStats:
        """Execute another runtime sequence on the array, such as one read back from instruction words.

        Args:
            commands: its commands; the module's own are left alone.
            memories: its arguments as flat arrays of bytes, as long as the commands reach.

        Raises:
            DeviceError: as :meth:`run`.
        """
        with self._lock:
            return self._run(commands, memories, exact=False, timeline=None)

    def _run(
        self,
        commands: list[Command],
        memories: list[np.ndarray],
        exact: bool,
        timeline: Timeline | None,
        instant: Collection[int] = (),
    ) -> RunStats:
        began = time.perf_counter()
        if self._array is None:
            self._array = TileArray(self.model, self.machine)
        array = self._array
        try:
            array.begin(Target(self.model.arch.name, host_features(), exact, self.machine))
            network, engine = array.network, array.engine
            sequence = SequenceRun(commands, network, engine, memories, instant=instant)
            self._record(timeline, sequence, array)
            host = engine.start("runtime sequence", sequence.process())
            engine.run()
            _check_end(engine, host, sequence, network)
            array.end()
        except BaseException:
            array.drop()
            raise
        engine.processes.remove(host)
        if timeline is not None:
            timeline.close(int(sequence.clock))
        return _stats(sequence, array, time.perf_counter() - began)

    def _record(self, timeline: Timeline | None, sequence: SequenceRun, array: TileArray) -> None:
        """Give everything that runs its lane, or none."""
        if timeline is None:
            return
        sequence.lane = timeline.lane("runtime sequence", "sequence")
        flows = {flow.name: flow for flow in array.network.flows}
        for fifo in self.model.fifos.values():
            flow = flows.get(f"{fifo.producer} @{fifo.name}")
            if flow is not None:
                flow.lane = timeline.lane(flow.name, "dma", fifo.producer, fifo.name)
        for stream in self.model.dma.streams():
            source = str(stream.source)
            flows[source].lane = timeline.lane(source, "dma", stream.source.tile, source)
        for core in array.cores:
            core.lane = timeline.lane(core.core.name, "core", core.core.tile)

    def _bytes_of(self, buffers: Sequence[np.ndarray]) -> list[np.ndarray]:
        if len(buffers) != len(self.arguments):
            raise UsageError(
                f"simulator: {len(buffers)} buffers given: the program takes {len(self.arguments)}"
            )
        views: list[np.ndarray] = []
        for i, (array, (dtype, elements)) in enumerate(zip(buffers, self.arguments, strict=True)):
            size = elements * ELEMENT_BITS[dtype] // 8
            if array.nbytes != size or not array.flags.c_contiguous:
                raise UsageError(
                    f"simulator: buffer {i} has {array.nbytes} bytes: pass a contiguous array of "
                    f"{elements} x {dtype}, {size} bytes"
                )
            views.append(array.reshape(-1).view(np.uint8))
        return views


def _stats(sequence: SequenceRun, array: TileArray, seconds: float) -> RunStats:
    return RunStats(
        cycles=int(sequence.clock),
        core_cycles={run.core.name: run.busy for run in array.cores},
        macs=sum(run.macs for run in array.cores),
        shim_bytes=sum(task.size for task in sequence.tasks),
        dma_words={flow.name: flow.words for flow in array.network.flows},
        host_seconds=seconds,
        tasks=tuple(_tasks(sequence)),
    )


def _tasks(sequence: SequenceRun) -> Iterator[tuple[int, int]]:
    """The end and the bytes of what each command pushed."""
    for start, end in pairwise([*sequence.starts, len(sequence.tasks)]):
        own = sequence.tasks[start:end]
        yield int(max(task.finished for task in own)), sum(task.size for task in own)


def _check_end(engine: Engine, host: Process, sequence: SequenceRun, network: Network) -> None:
    """The sequence is through, its tasks are done and no stream holds a piece of an object."""
    if not host.done:
        raise engine.deadlock(host)
    for task in sequence.tasks:
        if task.finished < 0:
            side = _reason(network, task.fifo)
            raise DeviceError(
                f"simulator: {task.what} did not finish: {side}: "
                "check its size against what the cores take and give"
            )
    for run in sequence.runs:
        if run.finished < 0:
            raise DeviceError(
                f"simulator: {run.task.what} did not finish: {_waits(engine, str(run.task.port))}: check its "
                "locks and its size"
            )
    for flow in network.flows:
        for receiver in flow.receivers:
            if isinstance(receiver, PoolReceiver | DescriptorReceiver) and receiver.space:
                raise DeviceError(
                    f"simulator: {flow.name}: data left over: the stream ended {receiver.space} "
                    f"bytes before the end of an object of {receiver.size} bytes"
                )


def _waits(engine: Engine, name: str) -> str:
    """What a process waits for."""
    waits = (one.waits.text for one in engine.processes if one.name == name and one.waits)
    return f"it waits for {next(waits, 'nothing')}"


def _reason(network: Network, fifo: str) -> str:
    flow: Flow | None = next((f for f in network.flows if f.name.endswith(f"@{fifo}")), None)
    if flow is not None and isinstance(flow.sender, HostSender):
        return "its data was not all taken"
    return "too little data came for it"


def verify_sample(text: str, functions: Mapping[str, str]) -> None:
    """Check a module whose functions stand elsewhere as :func:`verify` does; each of these is read once.

    Args:
        text: the module, in which they are declared.
        functions: for each, by its name, a module with the function and what it calls alone.

    Raises:
        VerifyError: the first breach, by name.
    """
    elsewhere = {name: _measured(function) for name, function in functions.items()}
    verify_array(build_model(read_module(text)), elsewhere)


@lru_cache(maxsize=1024)
def _measured(text: str) -> Code:
    """What the function of a module takes that has one."""
    model = build_model(read_module(text))
    verify_code(model)
    (body,) = (op.blocks[0] for op in model.functions.values() if op.blocks)
    return measure_function(model.arch.name, body)


def verify(text: str) -> None:
    """Check a module against the syntax and every limit of the hardware, without running it.

    Equal texts are checked once.

    Raises:
        VerifyError: the first breach, by name.
    """
    digest = hashlib.sha256(text.encode()).digest()
    if digest in _VERIFIED:
        return
    Simulator(text)
    if len(_VERIFIED) >= _MOST_VERIFIED:
        _VERIFIED.clear()
    _VERIFIED.add(digest)


_VERIFIED: set[bytes] = set()
"""Digests of texts that keep to every limit."""

_MOST_VERIFIED = 4096
