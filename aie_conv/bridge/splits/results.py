"""Dispatches of a product with several results become one of the product, and others of its result.

IREE fuses what reads one value into one dispatch: a sum that is needed before and behind its activation, or a
value in two orders. Where one of the results is what all the others are computed from, the product's dispatch
gives that one alone, with all of its epilogue, and the others are a dispatch that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.dispatch import (
    STORE,
    call_arguments,
    dispatch,
    entry_of,
    is_static,
    symbol_of,
    tied_operands,
)
from aie_conv.bridge.recognition import contraction
from aie_conv.bridge.recognition.contraction import Contraction, NoContraction
from aie_conv.bridge.recognition.recognise import Recognised, function_of, read_stored
from aie_conv.bridge.splits.cut import Cut, Follower, follower_name, rebuild
from aie_conv.bridge.splits.split import separates
from aie_conv.bridge.tensors import (
    View,
    indexing,
    operations_of,
    owner,
    row_major,
    tensor_type,
    walk,
)
from aie_conv.errors import Unsupported


@dataclass(frozen=True)
class _Separation:
    """How a dispatch's results come apart.

    Attributes:
        store: of the result that the product's dispatch keeps.
        kept: the operations of the function that this needs.
        follower: the others.
    """

    store: ir.Operation
    kept: tuple[ir.Operation, ...]
    follower: Follower


def separate_results(module: ir.Operation) -> int:
    """Rewrite a module at `flow`; the number of calls that became two."""
    calls: dict[str, list[ir.Operation]] = {}
    for op in walk(module):
        if op.name == "flow.dispatch":
            calls.setdefault(entry_of(op)[0], []).append(op)
    count = 0
    for view in list(module.regions[0].blocks[0].operations):
        op = view.operation
        if op.name != "flow.executable":
            continue
        users = calls.get(symbol_of(op), [])
        separation = _separation_of(op) if users and all(map(is_static, users)) else None
        if separation is not None:
            count += _separate(op, separation, users)
    return count


def _separation_of(executable: ir.Operation) -> _Separation | None:
    """How a dispatch's results come apart; None where they do not, or where there is but one."""
    try:
        function = function_of(executable)
    except (NoContraction, Unsupported):
        return None
    stores = [op for op in operations_of(function) if op.name == STORE]
    if len(stores) < 2:
        return None
    try:
        root = contraction.analyse(contraction.find(function))
    except (NoContraction, Unsupported):
        return None
    able = list(_separations(executable, function, root, stores))
    return min(able, key=lambda pair: pair[0], default=(0, None))[1]


def _separations(
    executable: ir.Operation, function: ir.Operation, root: Contraction, stores: Sequence[Any]
) -> Iterator[tuple[int, _Separation]]:
    """Every way, with the distance of neighbouring channels in the result that is kept."""
    for store in stores:
        cut = _cut_at(executable, function, store) if _is_complete(store) else None
        if cut is None or not separates(function, root.op.results[0], cut.value):
            continue
        recognised = _recognise(root, store.operands[0])
        if recognised is None or recognised.problem is None:
            continue
        channels = [loop.out for loop in recognised.problem.loops if loop.role == "n" and loop.out]
        kept = tuple(_find_needed(function, store))
        yield min(channels, default=1), _Separation(store, kept, Follower(cut, (store,)))


def _cut_at(executable: ir.Operation, function: ir.Operation, store: ir.Operation) -> Cut | None:
    """The cut at a stored value: the tensor of a reduction, else the scalar that its body yields."""
    tensor = store.operands[0]
    shape, dtype = tensor_type(tensor)
    op = owner(tensor)
    if op is None or not op.name.startswith("linalg."):
        return None
    if "reduction" in str(op.attributes["iterator_types"]):
        return Cut(executable, function, op, tensor, tuple(range(len(shape))), shape, dtype)
    number = ir.OpResult(tensor).result_number
    forms = indexing(op)[len(op.operands) - len(op.results) + number]
    dims = tuple(form.variable for form in forms if form.variable is not None)
    value = operations_of(op)[-1].operands[number]
    if sorted(dims) != list(range(len(shape))) or isinstance(value, ir.BlockArgument):
        return None
    return Cut(executable, function, op, value, dims, shape, dtype)


def _recognise(root: Contraction, value: ir.Value) -> Recognised | None:
    """What a product's dispatch computes that gives one value; None where that cannot be read."""
    shape, dtype = tensor_type(value)
    out = View(None, None, "writeonly", dtype, shape, 0, row_major(shape), shape)
    try:
        return read_stored(root, out, lambda reader, here: reader.tensor(value, here))
    except Unsupported:
        return None


def _is_complete(store: ir.Operation) -> bool:
    """Whether a store writes all of a result that nothing was in before."""
    kind = str(store.operands[1].type)
    shape, dtype = tensor_type(store.operands[0])
    text = "x".join(map(str, (*shape, dtype)))
    return kind == f"!iree_tensor_ext.dispatch.tensor<writeonly:tensor<{text}>>"


def _find_needed(function: ir.Operation, store: ir.Operation) -> Iterator[ir.Operation]:
    """A function's operations that a store needs, and its end, in order."""
    *operations, end = operations_of(function)
    needed = {store}
    waiting: list[ir.Value] = list(store.operands)
    while waiting:
        op = owner(waiting.pop())
        if op is None or op in needed:
            continue
        needed.add(op)
        waiting += [v for inner in (op, *walk(op)) for v in inner.operands]
    yield from (op for op in operations if op in needed)
    yield end


def _separate(
    executable: ir.Operation, separation: _Separation, calls: Sequence[ir.Operation]
) -> int:
    """Write the two executables, and call them in the place of the one."""
    function = separation.follower.cut.function
    symbol, name = symbol_of(executable), symbol_of(function)
    block: Any = function.regions[0].blocks[0]
    used = {v for op in separation.kept for inner in (op, *walk(op)) for v in inner.operands}
    arguments = [a.arg_number for a in block.arguments if a in used]
    with executable.context, executable.location:
        rebuild(executable, f"{symbol}_first", name, separation.kept, arguments)
        separation.follower.build(f"{symbol}_others", follower_name(name))
        for call in calls:
            _call(call, separation, arguments, (symbol, name))
        executable.erase()
    return len(calls)


def _call(
    call: ir.Operation, separation: _Separation, arguments: Sequence[int], names: tuple[str, str]
) -> None:
    """Call the product's dispatch and the others' in the place of one call."""
    operands = call_arguments(call)
    tied = tied_operands(call)
    # Results that are not tied are the function's arguments behind the operands.
    fresh = iter(range(len(operands), len(operands) + len(tied)))
    result_of = {(t if t >= 0 else next(fresh)): number for number, t in enumerate(tied)}
    kept = result_of[ir.BlockArgument(separation.store.operands[1]).arg_number]
    symbol, name = names
    first = dispatch(
        call,
        (f"{symbol}_first", name),
        [operands[n] for n in arguments if n < len(operands)],
        [(kept, -1)],
    )
    others = [n for n in separation.follower.arguments if n < len(operands)]
    rest = [
        (number, 1 + others.index(t) if t >= 0 else -1)
        for number, t in enumerate(tied)
        if number != kept
    ]
    values = [first[0], *(operands[n] for n in others)]
    behind = dispatch(call, (f"{symbol}_others", follower_name(name)), values, rest)
    call.results[kept].replace_all_uses_with(first[0])
    for (number, _), value in zip(rest, behind, strict=True):
        call.results[number].replace_all_uses_with(value)
    call.erase()
