"""What core code does to the issue slots, kept as items with loops.

The lowering records every operation's machine operations as it goes. Values are numbers here; a loop's
carried values are named by what goes in, what its body calls them, what it yields and what comes out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from aie_conv.arch.machine import CoreTiming, Profile, ScalarTiming

ACCUMULATOR = "acc"
"""Role of an operand that a multiply-accumulate adds to: it is read later than the others."""

SCALAR_KINDS = frozenset(("scalar", "multiply", "scalar load", "scalar store", "address"))


@dataclass(frozen=True)
class TraceStep:
    """One machine operation.

    Attributes:
        unit: what it needs (a key of schedule.SLOTS).
        kind: what it is, which decides its latency.
        uses: (value, role) of each operand; the role is ACCUMULATOR or "".
        defines: the value it makes or a part of it; -1 for none.
        buffer: the memory it touches, -1 for none.
        vector, accumulator: bytes of registers that its result takes.
        latency: of a scalar operation, in cycles.
    """

    unit: str
    kind: str
    uses: tuple[tuple[int, str], ...]
    defines: int = -1
    buffer: int = -1
    vector: float = 0
    accumulator: float = 0
    latency: int = 0


@dataclass(frozen=True)
class Alias:
    """A value that is made of others without an instruction."""

    defines: int
    uses: tuple[int, ...]


@dataclass(frozen=True)
class Fixed:
    """Code of known length that overlaps nothing: a call, a routine in software."""

    cycles: float


@dataclass(frozen=True)
class TraceLoop:
    """A loop; ``trips`` at least 1. The carried values as they go in, are called, go round, come out."""

    body: "tuple[Item, ...]"
    trips: int
    inits: tuple[int, ...]
    args: tuple[int, ...]
    yields: tuple[int, ...]
    results: tuple[int, ...]


Item = TraceStep | Alias | Fixed | TraceLoop
Weights = tuple[tuple[tuple[int, int], float], ...]


@dataclass(frozen=True)
class Rules:
    """What times code: the core's latencies, scalar ones, the compiler's habits.

    Attributes:
        weights: probability that accesses of two buffers meet in a bank; by default two buffers lie in
            different ones.
    """

    core: CoreTiming
    scalar: ScalarTiming
    profile: Profile
    weights: Weights = ()

    def latency(self, source: TraceStep, role: str) -> int:
        """Cycles from ``source`` until an operation that uses its result can start."""
        core, kind = self.core, source.kind
        if kind == "mac":
            return core.acc_int_distance if role else core.mac_int_latency
        if kind == "float mac":
            return core.acc_float_distance if role else core.mac_float_latency
        table = {
            "load": core.load_latency,
            "load ups": core.ups_load_latency,
            "float add": core.mac_float_latency,
            "move": core.mv_latency,
            "srs": core.srs_latency,
            "ups": core.ups_latency,
            "store": core.store_latency,
        }
        plain = table.get(kind, source.latency)
        return max(1, plain - core.acc_read + 1) if role and kind in table else plain


def is_address(item: Item) -> bool:
    """It computes an address, which vector code's loads and stores do besides."""
    return isinstance(item, TraceStep) and item.kind == "address"


def is_vector(items: Sequence[Item]) -> bool:
    """There is vector code among these items."""
    return any(isinstance(i, TraceStep) and i.kind not in SCALAR_KINDS for i in _walk(items))


def is_straight(items: Sequence[Item]) -> bool:
    """There are neither loops nor calls among these items."""
    return all(isinstance(item, (TraceStep, Alias)) for item in items)


def usage(items: Sequence[Item]) -> Counter[str]:
    """Operations of each unit, loops multiplied out; cycles of fixed code as "fixed"."""
    counts: Counter[str] = Counter()
    for item in items:
        if isinstance(item, TraceStep):
            counts[item.unit] += 1
        elif isinstance(item, Fixed):
            counts["fixed"] += ceil(item.cycles)
        elif isinstance(item, TraceLoop):
            for unit, count in usage(item.body).items():
                counts[unit] += count * item.trips
    return counts


# -- fusion ---------------------------------------------------------------------------------------
def _walk(items: Iterable[Item]) -> Iterable[Item]:
    for item in items:
        yield item
        if isinstance(item, TraceLoop):
            yield from _walk(item.body)


def fused(items: Sequence[Item], kept: Sequence[int] = ()) -> tuple[Item, ...]:
    """One block with conversions folded into the loads and stores next to them.

    Values ``kept`` go on elsewhere. A conversion of what was just loaded, used by nothing else, is
    VLDA.UPS or VLDA.CONV; a shift or rounding that is only stored is VST.SRS, VST.PACK or VST.CONV;
    loads into accumulators take one port [llvm-aie].
    """
    users = _users(items)
    for value in kept:
        users.setdefault(value, []).append("loop")
    definers: dict[int, list[int]] = {}
    for index, item in enumerate(items):
        if isinstance(item, TraceStep) and item.defines >= 0:
            definers.setdefault(item.defines, []).append(index)
    out: list[Item | None] = list(items)
    for value, places in definers.items():
        steps = [items[index] for index in places]
        first = steps[0]
        if not isinstance(first, TraceStep):
            continue
        if first.kind == "srs" and all(kind == "store" for kind in users.get(value, ["?"])):
            _into_stores(out, value, places, first)
        elif first.kind == "ups":
            _into_loads(out, definers, users, value, places, first)
    adds = _added_to(items)
    for index, item in enumerate(out):
        if isinstance(item, TraceStep) and item.kind == "load" and item.defines in adds:
            out[index] = replace(item, unit="lda", accumulator=item.vector, vector=0)
    return tuple(item for item in out if item is not None)


def _users(items: Sequence[Item]) -> dict[int, list[str]]:
    """Kinds of the operations that use each value."""
    kinds: dict[int, list[str]] = {}
    for item in _walk(items):
        if isinstance(item, TraceStep):
            for value, _ in item.uses:
                kinds.setdefault(value, []).append(item.kind)
        elif isinstance(item, Alias):
            for value in item.uses:
                kinds.setdefault(value, []).append("alias")
        elif isinstance(item, TraceLoop):
            for value in (*item.inits, *item.yields):
                kinds.setdefault(value, []).append("loop")
    return kinds


def _into_stores(out: list[Item | None], value: int, places: list[int], first: TraceStep) -> None:
    for index in places:
        out[index] = None
    for index, item in enumerate(out):
        if isinstance(item, TraceStep) and any(used == value for used, _ in item.uses):
            uses = tuple(use for use in item.uses if use[0] != value)
            out[index] = replace(item, uses=(*first.uses, *uses))


def _into_loads(
    out: list[Item | None],
    definers: dict[int, list[int]],
    users: dict[int, list[str]],
    value: int,
    places: list[int],
    first: TraceStep,
) -> None:
    if len(first.uses) != 1 or len(users.get(first.uses[0][0], ())) != len(places):
        return
    loads = definers.get(first.uses[0][0], [])
    steps = [out[index] for index in loads]
    if not loads or not all(isinstance(s, TraceStep) and s.kind == "load" for s in steps):
        return
    for index, load in zip(loads, steps, strict=True):
        if isinstance(load, TraceStep):
            size = first.accumulator * len(places) / len(loads)
            out[index] = replace(
                load, unit="lda", kind="load ups", defines=value, vector=0, accumulator=size
            )
    for index in places:
        out[index] = None


def _added_to(items: Sequence[Item]) -> frozenset[int]:
    """Values that are used as accumulators, followed into loops."""
    added: set[int] = set()
    loops: list[TraceLoop] = []
    for item in _walk(items):
        if isinstance(item, TraceStep):
            added.update(value for value, role in item.uses if role == ACCUMULATOR)
        elif isinstance(item, TraceLoop):
            loops.append(item)
    for loop in reversed(loops):
        added.update(
            start for start, arg in zip(loop.inits, loop.args, strict=True) if arg in added
        )
    return frozenset(added)


def canonical(items: Sequence[Item]) -> tuple[tuple[Item, ...], dict[int, int]]:
    """The same items with values and buffers numbered as they appear, so that equal code is equal;
    and the new numbers of the buffers."""
    values: dict[int, int] = {-1: -1}
    buffers: dict[int, int] = {-1: -1}

    def value(number: int) -> int:
        return values.setdefault(number, len(values))

    def one(item: Item) -> Item:
        if isinstance(item, TraceStep):
            uses = tuple((value(used), role) for used, role in item.uses)
            place = buffers.setdefault(item.buffer, len(buffers))
            return replace(item, uses=uses, defines=value(item.defines), buffer=place)
        if isinstance(item, Alias):
            return Alias(value(item.defines), tuple(map(value, item.uses)))
        if isinstance(item, TraceLoop):
            inits = tuple(map(value, item.inits))
            args = tuple(map(value, item.args))
            body = tuple(one(inner) for inner in item.body)
            return TraceLoop(
                body,
                item.trips,
                inits,
                args,
                tuple(map(value, item.yields)),
                tuple(map(value, item.results)),
            )
        return item

    return tuple(one(item) for item in items), buffers


def fused_all(items: Sequence[Item], kept: Sequence[int] = ()) -> tuple[Item, ...]:
    """``fused`` in every block, the innermost first."""
    inner = [
        replace(item, body=fused_all(item.body, item.yields))
        if isinstance(item, TraceLoop)
        else item
        for item in items
    ]
    return fused(inner, kept)
