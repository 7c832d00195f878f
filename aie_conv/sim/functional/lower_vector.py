"""LLVM IR of the vector and memref dialects: addresses, bounds, alignment, shuffles."""

from math import prod

from aie_conv.ir.core import ELEMENT_BITS, INDEX, Op, Type, Value
from aie_conv.sim.functional.lower import LLVM_ELEMENT, Lowering, llvm_type, lowers
from aie_conv.sim.functional.lower_arith import charge
from aie_conv.sim.model.ranges import Range
from aie_conv.sim.timing.costs import access_pieces


# -- addresses ------------------------------------------------------------------------------------
def _element_bytes(kind: Type) -> int:
    return max(1, ELEMENT_BITS[kind.elem] // 8)


def _linear(low: Lowering, op: Op, memref: Type, indices: list[Value]) -> tuple[str, Range | None]:
    """The linear element index of an access and the values it may take."""
    name, known = str(memref.offset), Range(memref.offset, memref.offset)
    total: Range | None = known
    for index, step, size in zip(indices, memref.steps, memref.shape, strict=True):
        one = low.ranges.get(index)
        if size == 1 and one is not None and one.constant == 0:
            continue
        scaled = low.emit(f"mul i64 {low.name(index)}, {step}") if step != 1 else low.name(index)
        name = scaled if name == "0" else low.emit(f"add i64 {name}, {scaled}")
        total = total + one * Range(step, step) if total is not None and one is not None else None
    if len(indices) != len(memref.shape):
        low.refuse(op, f"{len(indices)} indices for {memref}")
    return name, total


def _check_bounds(
    low: Lowering, op: Op, name: str, known: Range | None, memref: Type, reach: int
) -> None:
    """Elements [name, name + reach) must lie in the memref."""
    first = memref.offset
    span = 1 + sum((size - 1) * step for size, step in zip(memref.shape, memref.steps, strict=True))
    last = first + span - reach
    what = f"line {op.line}: {op.name} of {reach} elements is out of bounds of {memref}"
    if last < first:
        low.refuse(op, f"{reach} elements do not fit into {memref}")
    if known is not None and known.low >= first and known.high <= last:
        return
    if known is not None:
        what += f" (element index {known.low} to {known.high})"
    relative = low.emit(f"sub i64 {name}, {first}")
    low.guard(low.emit(f"icmp ule i64 {relative}, {last - first}"), what)


def _check_alignment(low: Lowering, op: Op, name: str, known: Range | None, memref: Type) -> None:
    """An access that promises an alignment must keep it: the core ignores the low address bits."""
    align = op.attrs.get("alignment")
    if not isinstance(align, int) or align <= 1:
        return
    size = _element_bytes(memref)
    if known is not None and known.low * size % align == 0 and known.step * size % align == 0:
        return
    what = f"line {op.line}: {op.name} promises {align}-byte alignment and is not aligned"
    rest = low.emit(f"urem i64 {name}, {max(1, align // size)}")
    low.guard(low.emit(f"icmp eq i64 {rest}, 0"), what)


def _address(low: Lowering, base: Value, element: str) -> str:
    return low.emit(
        f"getelementptr {LLVM_ELEMENT[base.type.elem]}, ptr {low.name(base)}, i64 {element}"
    )


def _runs(op: Op, low: Lowering, memref: Type, vector: Type) -> list[tuple[int, int]]:
    """Contiguous runs (element offset, length) of a vector over a memref's last dimensions."""
    if memref.elem != vector.elem:
        low.refuse(op, f"{vector} from {memref}")
    steps = memref.steps[len(memref.steps) - len(vector.shape) :]
    run, dim = 1, len(vector.shape)
    while dim and (steps[dim - 1] == run or vector.shape[dim - 1] == 1):
        dim -= 1
        run *= vector.shape[dim]
    offsets = [0]
    for size, step in zip(vector.shape[:dim], steps[:dim], strict=True):
        offsets = [offset + i * step for offset in offsets for i in range(size)]
    return [(offset, run) for offset in offsets]


def _charge_access(low: Lowering, op: Op, vector: Type, slot: str) -> None:
    pieces = access_pieces(vector.bytes, _element_bytes(vector), op.attrs.get("alignment"))
    if pieces:
        low.cost.use(slot, pieces)
        low.cost.use("mv", pieces)
        return
    count = max(1, vector.bytes // low.program.target.rules.core.vector_bytes)
    low.cost.use(slot, count)


# -- loads and stores -----------------------------------------------------------------------------
def _read(low: Lowering, op: Op, base: Value, indices: list[Value]) -> None:
    memref, vector = base.type, op.results[0].type
    name, known = _linear(low, op, memref, indices)
    runs = _runs(op, low, memref, vector)
    _check_bounds(low, op, name, known, memref, runs[-1][0] + runs[-1][1])
    _check_alignment(low, op, name, known, memref)
    element = LLVM_ELEMENT[vector.elem]
    parts: list[str] = []
    for offset, length in runs:
        place = low.emit(f"add i64 {name}, {offset}") if offset else name
        address = _address(low, base, place)
        parts.append(low.emit(f"load <{length} x {element}>, ptr {address}, align 1"))
    low.alias(op, _concat(low, parts, runs[0][1], element))
    _charge_access(low, op, vector, "load")


def _concat(low: Lowering, parts: list[str], length: int, element: str) -> str:
    """Join equally long vectors, pairwise."""
    while len(parts) > 1:
        if len(parts) % 2:
            parts.append("poison")
        mask = ", ".join(f"i32 {i}" for i in range(2 * length))
        kind = f"<{length} x {element}>"
        parts = [
            low.emit(f"shufflevector {kind} {a}, {kind} {b}, <{2 * length} x i32> <{mask}>")
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
        length *= 2
    return parts[0]


def _write(low: Lowering, op: Op, value: Value, base: Value, indices: list[Value]) -> None:
    memref, vector = base.type, value.type
    name, known = _linear(low, op, memref, indices)
    runs = _runs(op, low, memref, vector)
    _check_bounds(low, op, name, known, memref, runs[-1][0] + runs[-1][1])
    _check_alignment(low, op, name, known, memref)
    start = 0
    for offset, length in runs:
        place = low.emit(f"add i64 {name}, {offset}") if offset else name
        part = low.name(value) if len(runs) == 1 else slice_of(low, value, start, length)
        address = _address(low, base, place)
        low.do(f"store <{length} x {LLVM_ELEMENT[vector.elem]}> {part}, ptr {address}, align 1")
        start += length
    _charge_access(low, op, vector, "store")


def slice_of(low: Lowering, value: Value, first: int, length: int) -> str:
    """Elements [first, first + length) of a flat vector."""
    mask = ", ".join(f"i32 {first + i}" for i in range(length))
    return low.emit(
        f"shufflevector {low.typed(value)}, {llvm_type(value.type)} poison, "
        f"<{length} x i32> <{mask}>"
    )


@lowers("vector.load")
def _vector_load(low: Lowering, op: Op) -> None:
    _read(low, op, op.operands[0], op.operands[1:])


@lowers("vector.transfer_read")
def _transfer_read(low: Lowering, op: Op) -> None:
    _read(low, op, op.operands[0], op.operands[1:-1])


@lowers("vector.store", "vector.transfer_write")
def _vector_store(low: Lowering, op: Op) -> None:
    _write(low, op, op.operands[0], op.operands[1], op.operands[2:])


@lowers("memref.load")
def _memref_load(low: Lowering, op: Op) -> None:
    base = op.operands[0]
    name, known = _linear(low, op, base.type, op.operands[1:])
    _check_bounds(low, op, name, known, base.type, 1)
    low.set(op, f"load {LLVM_ELEMENT[base.type.elem]}, ptr {_address(low, base, name)}, align 1")
    low.cost.use("load", 1)
    low.cost.latency = low.program.target.machine.scalar.load


@lowers("memref.store")
def _memref_store(low: Lowering, op: Op) -> None:
    value, base = op.operands[:2]
    name, known = _linear(low, op, base.type, op.operands[2:])
    _check_bounds(low, op, name, known, base.type, 1)
    low.do(f"store {low.typed(value)}, ptr {_address(low, base, name)}, align 1")
    timing = low.program.target.machine.scalar
    low.cost.use("store", 1)
    wide = ELEMENT_BITS[base.type.elem] >= 32
    low.cost.latency = timing.store if wide else timing.part_word_store


@lowers("memref.collapse_shape", "memref.expand_shape", "memref.cast")
def _reshape(low: Lowering, op: Op) -> None:
    if op.operands[0].type.elements != op.results[0].type.elements:
        low.refuse(op, f"{op.operands[0].type} to {op.results[0].type} changes the size")
    low.alias(op, low.name(op.operands[0]))


@lowers("memref.reinterpret_cast")
def _reinterpret(low: Lowering, op: Op) -> None:
    source, target = op.operands[0].type, op.results[0].type
    reach = target.offset + prod(target.shape) if target.strides is None else 0
    if reach > source.elements:
        low.refuse(op, f"{target} reaches past {source}")
    low.alias(op, low.name(op.operands[0]))


# -- vectors --------------------------------------------------------------------------------------
@lowers("vector.shape_cast")
def _shape_cast(low: Lowering, op: Op) -> None:
    if op.operands[0].type.elements != op.results[0].type.elements:
        low.refuse(op, f"{op.operands[0].type} to {op.results[0].type}")
    low.alias(op, low.name(op.operands[0]))


@lowers("vector.bitcast", "aievec.cast")
def _bitcast(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    if source.type.bits != target.bits:
        low.refuse(op, f"{source.type} to {target} changes the size")
    if llvm_type(source.type) == llvm_type(target):
        low.alias(op, low.name(source))
    else:
        low.set(op, f"bitcast {low.typed(source)} to {llvm_type(target)}")


@lowers("vector.broadcast", "vector.splat", "aievec.broadcast_scalar")
def _broadcast(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    kind, total = llvm_type(target), target.elements
    if source.type.kind == "vector":
        count = source.type.elements
        mask = ", ".join(f"i32 {i % count}" for i in range(total))
        if count != prod(target.shape[len(target.shape) - len(source.type.shape) :]):
            low.refuse(op, f"{source.type} to {target} stretches an inner dimension")
        flat, name = llvm_type(source.type), low.name(source)
    else:
        element = llvm_type(source.type)
        flat = f"<1 x {element}>"
        name = low.emit(f"insertelement {flat} poison, {low.typed(source)}, i64 0")
        mask = ", ".join(["i32 0"] * total)
    low.set(op, f"shufflevector {flat} {name}, {flat} poison, <{total} x i32> <{mask}>")
    if not kind:
        low.refuse(op, "not a vector")
    charge(low, target, "mv")


@lowers("vector.shuffle")
def _shuffle(low: Lowering, op: Op) -> None:
    a, b = op.operands
    rows = a.type.shape[0]
    inner = a.type.elements // rows
    if inner != 1:
        low.refuse(op, "only 1-D vectors are shuffled")
    mask = op.attrs["mask"]
    limit = rows + b.type.shape[0]
    if any(not -1 <= index < limit for index in mask):
        low.refuse(op, f"mask reaches outside the {limit} elements of its operands")
    longest = max(rows, b.type.shape[0])
    kind = f"<{longest} x {LLVM_ELEMENT[a.type.elem]}>"
    names = [_pad(low, value, longest) for value in (a, b)]
    fixed = [index if index < rows else index - rows + longest for index in mask]
    text = ", ".join(f"i32 {index}" if index >= 0 else "i32 poison" for index in fixed)
    chosen = low.emit(
        f"shufflevector {kind} {names[0]}, {kind} {names[1]}, <{len(mask)} x i32> <{text}>"
    )
    low.alias(op, chosen)
    result = op.results[0]
    live = max((i + 1 for i, index in enumerate(mask) if index >= 0), default=0)
    if live < len(mask):
        low.live[result] = live
    low.lanes = None
    # The first lanes of a register, or of a wider one, are no instruction.
    if any(index not in (i, -1) for i, index in enumerate(mask)):
        charge(low, result.type, "mv")


def _pad(low: Lowering, value: Value, length: int) -> str:
    count = value.type.elements
    if count == length:
        return low.name(value)
    mask = ", ".join(f"i32 {i}" if i < count else "i32 poison" for i in range(length))
    return low.emit(
        f"shufflevector {low.typed(value)}, {llvm_type(value.type)} poison, "
        f"<{length} x i32> <{mask}>"
    )


def _position(op: Op, low: Lowering, kind: Type) -> tuple[int, int]:
    """First flat element and number of elements that a static position names."""
    position = op.attrs["position"]
    if len(position) > len(kind.shape):
        low.refuse(op, f"position {position} in {kind}")
    steps = kind.steps
    for index, size in zip(position, kind.shape, strict=False):
        if not 0 <= index < size:
            low.refuse(op, f"position {position} outside {kind}")
    first = sum(index * step for index, step in zip(position, steps, strict=False))
    return first, prod(kind.shape[len(position) :])


@lowers("vector.extract")
def _extract(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    first, count = _position(op, low, source.type)
    if target.kind == "vector":
        low.alias(op, slice_of(low, source, first, count))
    else:
        low.set(op, f"extractelement {low.typed(source)}, i64 {first}")
    charge(low, target, "mv")


@lowers("vector.insert")
def _insert(low: Lowering, op: Op) -> None:
    value, into = op.operands
    first, count = _position(op, low, into.type)
    if value.type.kind != "vector":
        low.set(op, f"insertelement {low.typed(into)}, {low.typed(value)}, i64 {first}")
    else:
        _splice(low, op, value, into, list(range(first, first + count)))
    charge(low, op.results[0].type, "mv")


def _splice(low: Lowering, op: Op, value: Value, into: Value, places: list[int]) -> None:
    """Put the elements of ``value`` at flat ``places`` of ``into``."""
    total = into.type.elements
    padded = _pad(low, value, total)
    mask = list(range(total))
    for i, place in enumerate(places):
        mask[place] = total + i
    kind = llvm_type(into.type)
    text = ", ".join(f"i32 {index}" for index in mask)
    low.set(op, f"shufflevector {kind} {low.name(into)}, {kind} {padded}, <{total} x i32> <{text}>")


def _box(kind: Type, offsets: list[int], sizes: tuple[int, ...]) -> list[int]:
    """Flat places of a box inside ``kind``; missing trailing dimensions are taken whole."""
    sizes = (*sizes, *kind.shape[len(sizes) :])
    offsets = [*offsets, *[0] * (len(kind.shape) - len(offsets))]
    places = [0]
    for offset, size, step in zip(offsets, sizes, kind.steps, strict=True):
        places = [place + (offset + i) * step for place in places for i in range(size)]
    return places


@lowers("vector.extract_strided_slice")
def _extract_slice(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    places = _box(source.type, op.attrs["offsets"], tuple(op.attrs["sizes"]))
    mask = ", ".join(f"i32 {place}" for place in places)
    low.set(
        op,
        f"shufflevector {low.typed(source)}, {llvm_type(source.type)} poison, "
        f"<{target.elements} x i32> <{mask}>",
    )
    charge(low, target, "mv")


@lowers("vector.insert_strided_slice")
def _insert_slice(low: Lowering, op: Op) -> None:
    value, into = op.operands
    extra = len(into.type.shape) - len(value.type.shape)
    sizes = (*[1] * extra, *value.type.shape)
    _splice(low, op, value, into, _box(into.type, op.attrs["offsets"], sizes))
    charge(low, op.results[0].type, "mv")


@lowers("vector.transpose")
def _transpose(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    steps = [source.type.steps[p] for p in op.attrs["permutation"]]
    places = [0]
    for size, step in zip(target.shape, steps, strict=True):
        places = [place + i * step for place in places for i in range(size)]
    mask = ", ".join(f"i32 {place}" for place in places)
    low.set(
        op,
        f"shufflevector {low.typed(source)}, {llvm_type(source.type)} poison, "
        f"<{target.elements} x i32> <{mask}>",
    )
    charge(low, target, "mv")


# -- aievec's moves of lanes -----------------------------------------------------------------------
@lowers("aievec.ext")
def _ext(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    parts, index = source.type.bits // target.bits, int(op.attrs["index"])
    if source.type.elem != target.elem or parts not in (2, 4) or not 0 <= index < parts:
        low.refuse(op, f"part {index} of {source.type} as {target}: a half or a quarter is taken")
    low.alias(op, slice_of(low, source, index * target.elements, target.elements))
    charge(low, target, "mv")


@lowers("aievec.concat")
def _concat_op(low: Lowering, op: Op) -> None:
    kinds, target = {value.type for value in op.operands}, op.results[0].type
    if len(kinds) != 1 or len(op.operands) not in (2, 4):
        low.refuse(op, "two or four vectors of one type are joined")
    part = op.operands[0].type
    if (part.elem, part.elements * len(op.operands)) != (target.elem, target.elements):
        low.refuse(op, f"{len(op.operands)} of {part} are not {target}")
    names = [low.name(value) for value in op.operands]
    low.alias(op, _concat(low, names, part.elements, LLVM_ELEMENT[part.elem]))
    charge(low, target, "mv")


@lowers("aievec.shift")
def _shift(low: Lowering, op: Op) -> None:
    """64 bytes of both vectors one after the other, from a byte on."""
    left, right, by = op.operands
    kind = op.results[0].type
    if left.type != kind or right.type != kind or kind.bits != 512 or op.attrs.get("isAcc"):
        low.refuse(
            op, f"{left.type}, {right.type} to {kind}: three vectors of 512 bits are shifted"
        )
    text = llvm_type(kind)
    halves = [low.emit(f"bitcast {text} {low.name(value)} to <64 x i8>") for value in (left, right)]
    known = low.ranges.get(by)
    if known is None or known.low < 0 or known.high > 64:
        fits = low.emit(f"icmp ule {low.typed(by)}, 64")
        low.guard(fits, f"line {op.line}: {op.name}: 0 to 64 bytes")
    first = low.constant_of(by)
    if first is not None and 0 <= first <= 64:
        mask = ", ".join(f"i32 {first + i}" for i in range(64))
        pair = f"<64 x i8> {halves[0]}, <64 x i8> {halves[1]}"
        moved = low.emit(f"shufflevector {pair}, <64 x i32> <{mask}>")
    else:
        both = low.emit(f"bitcast <128 x i8> {_concat(low, halves, 64, 'i8')} to i1024")
        wide = low.emit(f"zext {low.typed(by)} to i1024")
        bits = low.emit(f"shl i1024 {wide}, 3")
        low_half = low.emit(f"trunc i1024 {low.emit(f'lshr i1024 {both}, {bits}')} to i512")
        moved = low.emit(f"bitcast i512 {low_half} to <64 x i8>")
    low.set(op, f"bitcast <64 x i8> {moved} to {text}")
    charge(low, kind, "mv")


__all__ = ["INDEX", "slice_of"]
