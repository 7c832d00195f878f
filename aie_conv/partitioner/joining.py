"""What a set of dispatches needs to be done in one call of the NPU: its buffers, or why it cannot be."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

from aie_conv.arch import get_device
from aie_conv.graph import DispatchGraph, Node
from aie_conv.layout.footprint import Footprint, are_apart
from aie_conv.layout.hostcopy import HostCopy, made_of
from aie_conv.lazy import cached_property
from aie_conv.mapping.arena import ALIGNMENT, Arena, ArenaFill, ArenaValue, lay_out
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.region import BufferPlace
from aie_conv.mapping.schedule import may_meet
from aie_conv.mapping.streams import channels
from aie_conv.partitioner.buffers import count_types, share_buffers
from aie_conv.partitioner.slices import accessed
from aie_conv.plan import Argument, Plan
from aie_conv.problem import DTYPE_BYTES, ConvProblem

WEIGHTS, ARENA = "weights", "arena"


@dataclass(frozen=True)
class Member:
    """A dispatch on the NPU.

    Attributes:
        at: its node's number in the graph.
        node: the node.
        plan: its plan, in the program that all of its configuration share.
        constants: the names of its operands that are equal at every call.
        apart: why it is a call of its own in any company; empty where it need not be.
    """

    at: int
    node: Node
    plan: ArrayPlan
    constants: frozenset[str]
    apart: str = ""

    @property
    def route_plan(self) -> Plan:
        """Its plan as routes, copies and the bridge know it: types take no cached property for a property."""
        return cast("Plan", self.plan)

    @cached_property
    def program(self) -> Hashable:
        """Equal for those whose programs differ in their runtime sequences alone."""
        plan = self.plan
        epilogues = plan.epilogues or (plan.mapping,)
        return plan.configuration, tuple(e.epilogue_key for e in epilogues)

    @cached_property
    def equal(self) -> frozenset[str]:
        """The values before its call that are equal at every call."""
        return made_of(self.plan.prologue, self.constants)

    @cached_property
    def copies(self) -> tuple[HostCopy, ...]:
        """The copies around each call of its plan."""
        equal = self.equal
        return (*(c for c in self.plan.prologue if c.dest not in equal), *self.plan.finish)

    def writes_apart(self, argument: str) -> bool:
        """Whether its tasks write none of what they read of an operand in the same buffer.

        They read more than the operand where it is a slice: halos, channels up to a whole block.
        """
        if argument not in self._apart:
            result = self.plan.arguments[-1].name
            chains = [chain for each in channels(self.plan.mapping) for _, chain in each.chains]
            read = tuple(replace(p, name="") for c in chains for p in c if p.name == argument)
            written = tuple(replace(p, name="") for c in chains for p in c if p.name == result)
            self._apart[argument] = not may_meet(read, written)
        return self._apart[argument]

    @cached_property
    def _apart(self) -> dict[str, bool]:
        """What :meth:`writes_apart` found."""
        return {}

    def is_copied(self, argument: str) -> bool:
        """Whether an argument is what host copies make, and no operand as it is."""
        return any(copy.dest == argument for copy in self.plan.prologue)

    def sources(self, argument: str) -> set[str]:
        """The operands that are no constants and of which an argument is made."""
        needed = {argument}
        for copy in reversed(self.plan.prologue):
            if copy.dest in needed:
                needed.add(copy.source)
        return needed & set(self.node.operands)


@dataclass(frozen=True)
class RegionInput:
    """An argument that the host gives a call: a value of a member's plan, and where it lies."""

    member: int
    argument: str
    place: BufferPlace


@dataclass(frozen=True)
class RegionResult:
    """A member whose result leaves the region, and where that lies."""

    member: int
    place: BufferPlace


@dataclass(frozen=True)
class RegionLayout:
    """The buffers of a region.

    Attributes:
        arguments: of its sequence: inputs, weights, the arena if there is one, results.
        inputs: what the host gives in the first of them.
        places: of each member's arguments, by their names.
        results: what leaves the region in the last arguments.
        weights: where in the weights each member's begin, in elements.
        arena: number of the arena among the arguments; None without one.
        fills: what has to hold a number in it before the first call.
    """

    arguments: tuple[Argument, ...]
    inputs: tuple[RegionInput, ...]
    places: tuple[Mapping[str, BufferPlace], ...]
    results: tuple[RegionResult, ...]
    weights: tuple[int, ...]
    arena: int | None
    fills: tuple[ArenaFill, ...]

    @cached_property
    def packed(self) -> int:
        """The number of the weights of all among the arguments; inputs stand before them."""
        return self._numbers[WEIGHTS]

    @cached_property
    def first_result(self) -> int:
        """The number of the first argument that is a result."""
        return len(self.arguments) - len({each.place.argument for each in self.results})

    def number_of(self, place: BufferPlace) -> int:
        """The number of a place's buffer among the arguments."""
        return self._numbers[place.argument]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {argument.name: number for number, argument in enumerate(self.arguments)}


class NotJoinable(Exception):
    """Dispatches that cannot be one call; the message says why."""


class Incomplete(NotJoinable):
    """They cannot be one call as they are; with further ones behind them they may be."""


def _border(problem: ConvProblem, fill: float) -> Hashable:
    """What equal borders of results have in common."""
    walked = tuple((loop.size, loop.out) for loop in problem.loops if loop.out)
    return problem.out, walked, fill


_Shared = tuple[list[Argument], dict[Hashable, BufferPlace]]
"""Buffers, and the place of each value in them."""

SharedBuffer = tuple[int, ...]
"""Members that write slices of one buffer, in their order; most are alone."""


def _find_chains(members: Sequence[Member], writer: Mapping[int, int]) -> list[SharedBuffer]:
    """The chain that each member is in.

    Raises:
        NotJoinable: two write over what a third one gave.
    """
    chains: list[list[int]] = []
    for number, member in enumerate(members):
        base = member.node.base
        before = writer.get(base.value) if base is not None else None
        if before is None or before >= number:
            chains.append([number])
            continue
        if chains[before][-1] != before:
            raise NotJoinable(
                f"{member.node.name}: its result starts from one that is written over"
            )
        chains[before].append(number)
        chains.append(chains[before])
    return [tuple(chain) for chain in chains]


def _is_begun(member: Member) -> bool:
    """Whether a result starts from numbers that are no constant."""
    base = member.node.base
    return base is not None and base.fill is None and not base.undefined


class _Joiner:
    """Lays out one region."""

    def __init__(self, members: Sequence[Member], readers: Mapping[int, Sequence[int]]) -> None:
        self._members = members
        inside = {m.at for m in members}
        self._writer = {m.node.writes[0]: k for k, m in enumerate(members)}
        self._leaves = [
            bool(m.plan.finish) or any(at not in inside for at in readers[m.node.writes[0]])
            for m in members
        ]
        self._chains = _find_chains(members, self._writer)
        for chain in self._chains:
            # What the host has begun it gives the call with its result, even where nobody else reads that.
            self._leaves[chain[-1]] |= _is_begun(members[chain[0]])
        self._inputs: dict[Hashable, tuple[int, str]] = {}
        self._arguments: dict[Hashable, Argument] = {}
        self._read_by: list[tuple[int, str, Hashable]] = []
        self._inner: list[tuple[int, str, int]] = []
        self._slack: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._places: list[dict[str, BufferPlace]] = [{} for _ in members]

    def join(self) -> RegionLayout:
        """The layout.

        Raises:
            NotJoinable: there is none.
        """
        for number, member in enumerate(self._members):
            for argument in member.plan.arguments[:-1]:
                if argument.name == WEIGHTS:
                    if WEIGHTS not in member.equal:
                        raise NotJoinable(f"{member.node.name}: its filter is no constant")
                else:
                    self._read(number, member, argument)
        for chain in dict.fromkeys(self._chains):
            self._check_chain(chain)
        return self._finish()

    def _check_chain(self, chain: SharedBuffer) -> None:
        """That results which fill slices of one buffer leave each other's and what is read alone.

        Raises:
            NotJoinable: they do not.
        """
        for earlier, later in pairwise(chain):
            name = self._members[later].node.name
            if self._leaves[earlier]:
                raise Incomplete(f"{name}: what it adds to is read outside of the call")
            if self._members[later].plan.finish:
                raise NotJoinable(f"{name}: the host re-orders or cuts its result")
        for place, number in enumerate(chain):
            written = accessed(self._members[number].plan.problem, "out")
            for other in chain[:place]:
                if not are_apart(written, accessed(self._members[other].plan.problem, "out")):
                    raise NotJoinable(
                        f"{self._members[number].node.name}: its result lies over another one"
                    )
                self._check_readers(number, other, written)

    def _check_readers(self, number: int, other: int, written: Footprint) -> None:
        """That what a member writes is not what later ones read of an earlier state of the buffer."""
        for reader, argument, writer in self._inner:
            member = self._members[reader]
            if writer == other and reader == number and not member.writes_apart(argument):
                raise NotJoinable(f"{member.node.name}: it writes over its operand {argument}")
            if writer != other or reader <= number:
                continue
            if not are_apart(written, accessed(member.plan.problem, argument)):
                raise NotJoinable(
                    f"{member.node.name}: its operand {argument} was written over before"
                )

    def _read(self, number: int, member: Member, argument: Argument) -> None:
        """An operand, or what host copies make of operands."""
        name = argument.name
        if member.is_copied(name):
            for source in member.sources(name):
                if member.node.operands[source] in self._writer:
                    raise NotJoinable(
                        f"{member.node.name}: the host re-orders or pads its operand {source}"
                    )
            key: Hashable = (number, name)
        else:
            value = member.node.operands.get(name)
            writer = self._writer.get(value) if value is not None else None
            if writer is not None:
                self._read_inside(writer, number, argument)
                return
            key = ("value", value) if value is not None else (number, name)
        # What two members read lies in one place.
        there = self._arguments.get(key, argument)
        self._arguments[key] = replace(there, slack=max(there.slack, argument.slack))
        self._inputs.setdefault(key, (number, name))
        self._read_by.append((number, name, key))

    def _read_inside(self, writer: int, number: int, argument: Argument) -> None:
        """What another member of the region writes."""
        source = self._members[writer]
        if source.plan.finish:
            raise NotJoinable(f"{source.node.name}: the host re-orders or cuts its result")
        result = source.plan.arguments[-1]
        if (result.dtype, result.elements) != (argument.dtype, argument.elements):
            raise NotJoinable(
                f"{self._members[number].node.name}: reads another type than is written"
            )
        self._slack[writer] = max(self._slack.get(writer, 0), argument.slack)
        self._last[writer] = number
        # Its place is known when all readers are.
        self._inner.append((number, argument.name, writer))

    def _arena(self) -> tuple[Arena, list[SharedBuffer], str]:
        """The values that stay, their writers, and their type."""
        kept = [chain for chain in dict.fromkeys(self._chains) if not self._leaves[chain[-1]]]
        values: list[ArenaValue] = []
        dtypes: set[str] = set()
        for chain in kept:
            member = self._members[chain[0]]
            base, result = member.node.base, member.plan.arguments[-1]
            dtypes.add(result.dtype)
            border, fill = None, 0
            if base is not None and base.fill is not None and not base.undefined:
                fill = base.fill
                border = tuple(_border(self._members[k].plan.problem, fill) for k in chain)
            elements = result.elements + max(self._slack.get(k, 0) for k in chain)
            last = max(self._last.get(k, k) for k in chain)
            values.append(ArenaValue(elements, chain[0], last, border, fill))
        if len(dtypes) > 1:
            raise NotJoinable(f"activations of {' and '.join(sorted(dtypes))} in one arena")
        dtype = dtypes.pop() if dtypes else "i8"
        return lay_out(values, DTYPE_BYTES[dtype]), kept, dtype

    def _weights(self) -> tuple[Argument, tuple[int, ...]]:
        offsets: list[int] = []
        end, dtype = 0, ""
        for number, member in enumerate(self._members):
            own = next(a for a in member.plan.arguments if a.name == WEIGHTS)
            dtype, quantum = own.dtype, ALIGNMENT // DTYPE_BYTES[own.dtype]
            offsets.append(end)
            self._places[number][WEIGHTS] = BufferPlace(WEIGHTS, end)
            end += -(-own.elements // quantum) * quantum
        return Argument(WEIGHTS, dtype, end), tuple(offsets)

    def _share(self, kept: bool) -> tuple[_Shared, _Shared]:
        """The buffers of what enters and of what leaves, as few as must be.

        Raises:
            Incomplete: they are too many, with the weights and, where values are kept, an arena.
        """
        results: dict[Hashable, Argument] = {}
        for k in (k for k, leaves in enumerate(self._leaves) if leaves):
            slack = max(self._slack.get(each, 0) for each in self._chains[k])
            results[k] = replace(self._members[k].plan.arguments[-1], slack=slack)
        most = get_device(self._members[0].plan.device).arch.host_buffers
        room = most - 1 - kept
        left = max(count_types(list(results.values())), room - len(self._arguments))
        # Results first: who reads them reads a part, while the parts of inputs have to be put together.
        shared = share_buffers(results, left, "out")
        inputs = share_buffers(self._arguments, room - len(shared[0]), "in")
        count = len(inputs[0]) + len(shared[0]) + 1 + kept
        if count > most:
            raise Incomplete(f"{count} host buffers of {most}")
        return inputs, shared

    def _finish(self) -> RegionLayout:
        arena, kept, dtype = self._arena()
        weights, offsets = self._weights()
        (inputs, entering), (results, leaving) = self._share(bool(kept))
        arguments, at = [*inputs, weights], None
        if kept:
            at = len(arguments)
            arguments.append(Argument(ARENA, dtype, arena.elements))
        arguments += results
        written = {
            k: BufferPlace(ARENA, offset)
            for chain, offset in zip(kept, arena.offsets, strict=True)
            for k in chain
        }
        for k, place in leaving.items():
            written.update(dict.fromkeys(self._chains[cast("int", k)], place))
        for k, place in written.items():
            self._places[k][self._members[k].plan.arguments[-1].name] = place
        for reader, name, writer in self._inner:
            self._places[reader][name] = written[writer]
        for reader, name, key in self._read_by:
            self._places[reader][name] = entering[key]
        return RegionLayout(
            tuple(arguments),
            tuple(RegionInput(k, name, entering[key]) for key, (k, name) in self._inputs.items()),
            tuple(self._places),
            tuple(RegionResult(cast("int", k), place) for k, place in leaving.items()),
            offsets,
            at,
            arena.fills,
        )


def find_readers(graph: DispatchGraph) -> dict[int, list[int]]:
    """For each value that is written the numbers of the nodes that read it."""
    readers: dict[int, list[int]] = {value: [] for node in graph.nodes for value in node.writes}
    for number, node in enumerate(graph.nodes):
        for value in node.reads:
            if value in readers:
                readers[value].append(number)
    return readers


def check_between(members: Sequence[Member], graph: DispatchGraph) -> None:
    """That nothing else in between needs a member's result and gives to another.

    Raises:
        NotJoinable: something does; the message names it.
    """
    inside = {m.at for m in members}
    written: set[int] = set()
    behind: dict[int, str] = {}
    for at in range(members[0].at, members[-1].at + 1):
        node = graph.nodes[at]
        if at in inside:
            through = next((behind[value] for value in node.reads if value in behind), None)
            if through is not None:
                raise NotJoinable(through)
            written.update(node.writes)
        elif node.reads & written or node.reads & behind.keys():
            what = (
                f"{node.name} lies between: {node.refusal}" if node.name else "data moves between"
            )
            first = next((behind[value] for value in node.reads if value in behind), what)
            behind.update(dict.fromkeys(node.writes, first))


def join(
    members: Sequence[Member], graph: DispatchGraph, readers: Mapping[int, Sequence[int]]
) -> RegionLayout:
    """The buffers of a region.

    Args:
        members: in program order.
        graph: that they stand in.
        readers: :func:`find_readers` of it.

    Raises:
        NotJoinable: they cannot be one call.
    """
    for member in members:
        if member.apart and len(members) > 1:
            raise NotJoinable(f"{member.node.name}: {member.apart}")
    first = members[0].program
    if any(member.program != first for member in members):
        raise NotJoinable("another configuration of the array")
    check_between(members, graph)
    return _Joiner(members, readers).join()
