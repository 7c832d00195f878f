"""Every number that time depends on: one table (machine.json) with unit and source, and its loader.

Cycles are those of the core clock. A user's file overrides numbers by their place in the table, such as
``{"shim": {"read_start": 700}, "core": {"aie2": {"load_latency": 8}}}``.
"""

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from aie_conv.errors import UsageError
from aie_conv.lazy import cached_property

DEFAULT_PROFILE = "chess-like"
"""The compiler whose code is timed if nobody says otherwise."""


@dataclass(frozen=True)
class CoreTiming:
    """A core's vector side: latencies in cycles, register files; names as in machine.json."""

    load_latency: int
    ups_load_latency: int
    mac_int_latency: int
    mac_float_latency: int
    acc_read: int
    acc_int_distance: int
    acc_float_distance: int
    mv_latency: int
    srs_latency: int
    ups_latency: int
    convert_latency: int
    store_latency: int
    vector_bytes: int
    vector_registers: int
    accumulator_bytes: int
    banks: int
    loop_setup: int


@dataclass(frozen=True)
class ScalarTiming:
    """Scalar operations, in cycles until the result can be used."""

    load: int
    mul: int
    alu: int
    store: int
    part_word_store: int
    wide_alu: int


@dataclass(frozen=True)
class ControlTiming:
    """Calls and locks, in cycles."""

    call: int
    lock: int
    lock_to_core: int


@dataclass(frozen=True)
class Profile:
    """A compiler's habits: a few global ones, never anything about a single kernel."""

    pipelined: bool
    merged: bool
    outer_pipelined: bool
    same_bank_pairs: float
    accumulator_share: float
    outer_branch: float
    outer_overlap: float


@dataclass(frozen=True)
class StreamTiming:
    """DMA channels and streams inside the array."""

    aie2_bytes: int
    aie2p_bytes: int
    bd_start: int
    latency: int
    relay: int


SHIM_MEASURED_ON = "aie2"
"""The architecture on which the table's shim channels were measured."""


@dataclass(frozen=True)
class ShimTiming:
    """Transfers between the array and memory, in cycles and cycles a 32-bit word."""

    read_start: int
    read_next: int
    read_word: float
    write_start: int
    write_next: int
    write_word: float


@dataclass(frozen=True)
class MemoryTiming:
    """The host's memory as the array's columns share it.

    Attributes:
        total, read, write: bytes a second, both ways together and each.
        scattered: bytes a second of both ways for tiles of matrices, whose rows are short runs.
        burst: bytes that move at once; a run of addresses costs those it touches.
        read_bytes: bytes a cycle of one shim channel.
    """

    total: float
    read: float
    write: float
    scattered: float
    burst: int
    read_bytes: float


@dataclass(frozen=True)
class ClockTable:
    """Core clocks of the machines that measurements are of, in Hz."""

    phoenix_7940hs: float
    phoenix_8700g: float
    hawk_point_8845hs: float
    xdna2: float


@dataclass(frozen=True)
class HostTiming:
    """The command stream, in cycles; and what the host waits for, in seconds.

    ``issue`` writes a descriptor and starts it, ``start`` of it is the latter.
    ``reconfigure_*`` is another program by control packets, ``switch_*`` a whole other design.
    """

    issue: int
    start: int
    launch: float
    launch_strix_halo: float
    reconfigure_aie2: float
    reconfigure_aie2p: float
    switch_aie2: float
    switch_aie2p: float
    chained: float
    wait: int


@dataclass(frozen=True)
class Machine:
    """The whole table.

    Attributes:
        soft: cycles of scalar operations without an instruction, by operation ("divf") or operation and
            type ("muli i64").
        core: by architecture; ``profile`` and ``memory`` by name.
        page_cost: bytes that a run of addresses costs besides where its neighbour lies a page away.
    """

    core: Mapping[str, CoreTiming]
    scalar: ScalarTiming
    soft: Mapping[str, int]
    control: ControlTiming
    profile: Mapping[str, Profile]
    stream: StreamTiming
    shim: ShimTiming
    memory: Mapping[str, MemoryTiming]
    page_cost: float
    clock: ClockTable
    host: HostTiming

    def reconfiguration(self, arch: str) -> float:
        """Seconds until the array runs another program, by control packets."""
        return self.host.reconfigure_aie2 if arch == "aie2" else self.host.reconfigure_aie2p

    def switching(self, arch: str) -> float:
        """Seconds until the array runs a whole other design."""
        return self.host.switch_aie2 if arch == "aie2" else self.host.switch_aie2p

    def stream_bytes(self, arch: str) -> int:
        """Bytes a cycle of a stream inside the array."""
        return self.stream.aie2_bytes if arch == "aie2" else self.stream.aie2p_bytes

    def memory_of(self, arch: str) -> MemoryTiming:
        """The host's memory in laptops with an NPU of that architecture."""
        return self.memory["npu1" if arch == "aie2" else "npu4"]

    @cached_property
    def _hash(self) -> int:
        return hash((self.scalar, self.control, self.stream, self.shim, self.host))

    def __hash__(self) -> int:
        """Machines are few and compared by content; every price asks for the present one's rates."""
        return self._hash


@cache
def _table() -> dict[str, Any]:
    text = files("aie_conv.arch").joinpath("machine.json").read_text(encoding="utf-8")
    return json.loads(text)


def _values(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without units and sources."""
    return {
        name: entry["value"] if "value" in entry else _values(entry)
        for name, entry in table.items()
    }


Section = TypeVar("Section")


def _section(kind: type[Section], values: Mapping[str, Any]) -> Section:
    """A section from its numbers; the names must be exactly the section's."""
    hints = get_type_hints(kind)
    return kind(**{name: float(v) if hints[name] is float else v for name, v in values.items()})


def _machine(values: Mapping[str, Any]) -> Machine:
    return Machine(
        core={name: _section(CoreTiming, section) for name, section in values["core"].items()},
        scalar=_section(ScalarTiming, values["scalar"]),
        soft=values["soft"],
        control=_section(ControlTiming, values["control"]),
        profile={name: _section(Profile, section) for name, section in values["profile"].items()},
        stream=_section(StreamTiming, values["stream"]),
        shim=_section(ShimTiming, values["shim"]),
        memory={
            name: _section(MemoryTiming, part)
            for name, part in values["memory"].items()
            if isinstance(part, dict)
        },
        page_cost=float(values["memory"]["page_cost"]),
        clock=_section(ClockTable, values["clock"]),
        host=_section(HostTiming, values["host"]),
    )


@cache
def default_machine() -> Machine:
    """The table as it is shipped."""
    return _machine(_values(_table()))


def rows() -> list[tuple[str, object, str, str]]:
    """Every constant: its dotted name, value, unit and source."""
    entries: list[tuple[str, object, str, str]] = []

    def walk(prefix: str, table: Mapping[str, Any]) -> None:
        for name, entry in table.items():
            if "value" in entry:
                entries.append((prefix + name, entry["value"], entry["unit"], entry["source"]))
            else:
                walk(f"{prefix}{name}.", entry)

    walk("", _table())
    return entries


def _override(who: str, values: dict[str, Any], changes: object, prefix: str) -> None:
    """Replace numbers of ``values`` by those given, name by name."""
    if not isinstance(changes, dict):
        place = prefix.rstrip(".") or "the file"
        raise UsageError(f"{who}: {place}: an object of names and numbers is expected")
    for name, new in changes.items():
        label = f"{prefix}{name}"
        if name not in values:
            known = ", ".join(values)
            raise UsageError(f"{who}: {label}: unknown name: use one of {known}")
        old = values[name]
        if isinstance(old, dict):
            _override(who, old, new, f"{label}.")
        elif isinstance(old, bool) != isinstance(new, bool) or not isinstance(new, (int, float)):
            kind = "true or false" if isinstance(old, bool) else "a number"
            raise UsageError(f"{who}: {label}: {json.dumps(new)}: {kind} is expected")
        elif not isinstance(old, bool) and not 0 <= new < float("inf"):
            raise UsageError(f"{who}: {label}: {json.dumps(new)}: a number from 0 on is expected")
        elif _is_whole(label) and isinstance(new, float):
            raise UsageError(f"{who}: {label}: {json.dumps(new)}: a whole number is expected")
        else:
            values[name] = new


_SECTIONS: dict[str, type] = {
    "core": CoreTiming, "scalar": ScalarTiming, "control": ControlTiming, "profile": Profile,
    "stream": StreamTiming, "shim": ShimTiming,
    "memory": MemoryTiming, "clock": ClockTable, "host": HostTiming,
}  # fmt: skip


def _is_whole(label: str) -> bool:
    """The constant of that dotted name is an integer."""
    if label.startswith("soft."):
        return True
    section = _SECTIONS[label.partition(".")[0]]
    kinds = {item.name: item.type for item in fields(section)}
    return kinds.get(label.rpartition(".")[2]) is int


def load_machine(path: str | Path) -> Machine:
    """The shipped table with a user's numbers in place of some of it.

    Raises:
        UsageError: the file cannot be read, is not JSON, or names or types do not fit the table.
    """
    who = f"machine file {path}"
    try:
        changes = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{who}: {error.strerror}: check the path") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{who}: not JSON: {error}") from error
    values = _values(_table())
    _override(who, values, changes, "")
    return _machine(values)


VARIABLE = "AIE_CONV_MACHINE"
"""Environment variable that names a user's file; --machine sets it for the command's own processes."""

_CURRENT: ContextVar[Machine | None] = ContextVar("machine", default=None)


@cache
def _load(path: str) -> Machine:
    return load_machine(path)


def current() -> Machine:
    """The machine that is planned for and simulated."""
    chosen = _CURRENT.get()
    if chosen is not None:
        return chosen
    path = os.environ.get(VARIABLE)
    return _load(path) if path else default_machine()


@contextmanager
def use_machine(machine: Machine) -> Generator[None]:
    """Plan for and simulate another machine inside this block."""
    token = _CURRENT.set(machine)
    try:
        yield
    finally:
        _CURRENT.reset(token)
