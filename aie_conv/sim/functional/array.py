"""The simulated array as it is configured: its memory, FIFOs and cores, which run from call to call."""

from collections.abc import Hashable

import numpy as np

from aie_conv.arch.machine import Machine
from aie_conv.ir.core import Value
from aie_conv.sim.functional.corecode import CoreCode
from aie_conv.sim.functional.corerun import CoreRun, Port
from aie_conv.sim.functional.engine import Engine, aligned
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import Leaf
from aie_conv.sim.functional.network import build_network
from aie_conv.sim.functional.standing import ArrayState, check_state, state_of
from aie_conv.sim.model.coreplan import CorePlanner
from aie_conv.sim.model.module import CoreModel, Model
from aie_conv.sim.model.placement import core_places


class TileArray:
    """One configuration, loaded.

    Attributes:
        engine: runs its processes.
        network: its FIFOs and DMAs, as of the last :meth:`load`.
        cores: its cores.
    """

    def __init__(self, model: Model, machine: Machine) -> None:
        self.model = model
        self.machine = machine
        self._memory = {value: aligned(max(64, value.type.bytes)) for value in model.buffers}
        shared: dict[Hashable, Leaf] = {}
        self.cores = [self._core(core, shared) for core in model.cores]
        self.engine = Engine()
        self.network = build_network(model, self.engine, machine, self._memory)
        self._state: ArrayState | None = None

    def begin(self, target: Target) -> None:
        """Before a call: cores stand where a call begins, and all clocks at 0.

        What nobody holds, in the memory of FIFOs, becomes bytes of 0xFF, so that what a call reads and did
        not write is seen; buffers keep what the last call left there.
        """
        if self._state is None:
            self._load(target)
        for core in self.cores:
            core.begin(target)
        self.network.begin()

    def end(self) -> None:
        """After a call: raise DeviceError where the array does not stand as before it."""
        if self._state is not None:
            check_state(self._state, self.network, self.cores)

    def drop(self) -> None:
        """Forget the state: the next call finds the array freshly configured."""
        self._state = None

    def _load(self, target: Target) -> None:
        """Configure the array and let its cores come to where they wait for a call."""
        self.engine = Engine()
        self.network = build_network(self.model, self.engine, self.machine, self._memory)
        for pool in self.network.pools:
            pool.begin()
        for value, (_, op) in self.model.buffers.items():
            memory = self._memory[value]
            memory.fill(0xFF)
            if "initial_value" in op.attrs:
                _initialise(memory, value, op.attrs["initial_value"])
        for core in self.cores:
            core.ports = self._ports(core.core)
            core.locks = {
                value: self.network.locks[lock] for value, lock in self.model.dma.locks.items()
            }
            core.reset(target)
        for flow in self.network.flows:
            self.engine.start(flow.name, flow.process(), background=True)
        for port, channel in self.network.tile_channels.items():
            self.engine.start(str(port), channel.process(), background=True)
        for core in self.cores:
            self.engine.start(core.core.name, core.process())
        self.engine.run()
        self._state = state_of(self.network, self.cores)

    def _core(self, core: CoreModel, shared: dict[Hashable, Leaf]) -> CoreRun:
        places = core_places(self.model, core, self.machine.core[self.model.arch.name].banks)
        plan = CorePlanner(core).plan()
        target = Target(self.model.arch.name, machine=self.machine)
        code = CoreCode(self.model.functions, shared)
        return CoreRun(core, plan, self._memory, code, places, target)

    def _ports(self, core: CoreModel) -> dict[tuple[str, str], Port]:
        ports: dict[tuple[str, str], Port] = {}
        for fifo in self.model.fifos.values():
            if fifo.producer == core.tile:
                ports[fifo.name, "Produce"] = Port(self.network.produced[fifo.name][0], True)
            for i, tile in enumerate(fifo.consumers):
                if tile == core.tile:
                    ports[fifo.name, "Consume"] = Port(
                        self.network.consumed[fifo.name, i][0], False
                    )
        return ports


def _initialise(memory: np.ndarray, value: Value, initial: object) -> None:
    names = {"bf16": np.uint16, "f32": np.float32, "i8": np.int8, "i16": np.int16, "i32": np.int32}
    if value.type.elem == "bf16":
        wide = np.asarray(initial, np.float32).view(np.uint32)
        data = ((wide + 0x7FFF + (wide >> 16 & 1)) >> 16).astype(np.uint16)
    else:
        data = np.asarray(initial, names[value.type.elem])
    flat = memory[: value.type.bytes].view(data.dtype)
    flat[...] = data.reshape(-1) if data.ndim else data
