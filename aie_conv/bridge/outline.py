"""Cuts a function on tensors into regions: each convolution with what belongs to it, and the rest.

A region is a list of operations that can be moved behind its last one, and a name. What may be computed
several times without harm (constants, fills, broadcasts, reshapes, borders) is copied into every region
that reads it, so that regions share nothing but the tensors that flow between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.recognition.contraction import is_multiply_add
from aie_conv.bridge.tensors import dims_count, indexing, walk
from aie_conv.errors import Unsupported

_COPIED = {
    "arith.constant",
    "linalg.broadcast",
    "linalg.fill",
    "tensor.collapse_shape",
    "tensor.empty",
    "tensor.expand_shape",
    "tensor.pad",
}
_TERMINATOR = "func.return"


@dataclass
class OutlinedRegion:
    """What becomes one function.

    Attributes:
        name: the function's, of its own in the module.
        contraction: whether it holds a convolution or matmul.
        operations: in an order in which they can be computed, copies of shared ones included.
        inputs, results: the tensors that go in and out.
        last: the operation of the function in whose place the region is called.
    """

    name: str
    contraction: bool
    operations: list[ir.Operation]
    inputs: list[ir.Value]
    results: list[ir.Value]
    last: ir.Operation


def is_contraction(op: ir.Operation) -> bool:
    """Whether an operation is a convolution or a matrix product."""
    if not op.name.startswith("linalg."):
        return False
    if linalg.isa_convolution_op(op) and _multiplies(op):
        return True
    return is_multiply_add(op) and _reduces(op)


def _multiplies(op: ir.Operation) -> bool:
    """Pooling is a convolution to MLIR too."""
    return any(inner.name in ("arith.mulf", "arith.muli") for inner in walk(op))


def _reduces(op: ir.Operation) -> bool:
    return len({v for form in indexing(op)[-1] for v, _ in form.terms}) < dims_count(op)


def _is_elementwise(op: ir.Operation) -> bool:
    """Whether every loop of a linalg operation walks its one result, plainly."""
    if not op.name.startswith("linalg.") or len(op.results) != 1 or not len(op.regions):
        return False
    try:
        forms = indexing(op)[-1]
    except Unsupported:
        return False
    variables = {form.variable for form in forms}
    return None not in variables and len(variables) == len(forms) == dims_count(op)


def _follows(op: ir.Operation) -> bool:
    """Whether an operation can stand behind a convolution, in its region."""
    return op.name == "tensor.collapse_shape" or _is_elementwise(op)


def list_captured(op: ir.Operation) -> list[ir.Value]:
    """The values that an operation reads, with those that its inside reads from outside."""
    inside = [op, *walk(op)]
    inner_values = {result for inner in inside for result in inner.results}
    inner_values |= {
        a for inner in inside for r in inner.regions for b in r.blocks for a in b.arguments
    }
    read = [value for inner in inside for value in inner.operands]
    return list(dict.fromkeys(value for value in read if value not in inner_values))


class _Cutter:
    """The regions of one function.

    Attributes:
        operations: of its block, in order, the terminator left out.
        place: number of each of them.
    """

    def __init__(self, function: ir.Operation) -> None:
        views = list(function.regions[0].blocks[0].operations)
        *operations, self.terminator = [view.operation for view in views]
        self.operations = operations
        self.place = {result: i for i, op in enumerate(operations) for result in op.results}
        self.users: dict[ir.Value, list[ir.Operation]] = {}
        for op in (*operations, self.terminator):
            for value in list_captured(op):
                self.users.setdefault(value, []).append(op)
        self._copied: dict[int, bool] = {}

    def copied(self, number: int) -> bool:
        """Whether an operation is copied into every region that reads its results."""
        if number not in self._copied:
            op = self.operations[number]
            scalar = len(op.results) > 0 and not any(
                isinstance(result.type, ir.RankedTensorType) for result in op.results
            )
            constant = _is_elementwise(op) and all(
                value in self.place and self.copied(self.place[value]) and self._constant(value)
                for value in list_captured(op)
            )
            self._copied[number] = op.name in _COPIED or scalar or constant
        return self._copied[number]

    def _constant(self, value: ir.Value) -> bool:
        """Whether a value is made of constants alone."""
        number = self.place.get(value)
        if number is None or not self.copied(number):
            return False
        return all(self._constant(v) for v in list_captured(self.operations[number]))

    def chain(self, root: int, taken: set[int]) -> list[int]:
        """A convolution, and what follows it and reads nothing else of it."""
        chain = [root]
        while True:
            op = self.operations[chain[-1]]
            users = self.users.get(op.results[0], []) if len(op.results) == 1 else []
            if len(users) != 1 or users[0] == self.terminator or not _follows(users[0]):
                return chain
            number = self.place[users[0].results[0]]
            if number in taken:
                return chain
            chain.append(number)

    def groups(self) -> list[tuple[bool, list[int]]]:
        """(whether of a convolution, its own operations) of each region, in the order of their ends."""
        roots = [i for i, op in enumerate(self.operations) if is_contraction(op)]
        taken: set[int] = set(roots)
        chains: list[list[int]] = []
        # Of two convolutions that are added, the later takes the addition.
        for root in reversed(roots):
            chain = self.chain(root, taken)
            taken |= set(chain)
            chains.append(chain)
        returned = {self.place[v] for v in self.terminator.operands if v in self.place}
        rest: list[list[int]] = [[]]
        ends = {chain[-1] for chain in chains}
        for number in range(len(self.operations)):
            if number in ends:
                rest.append([])
            elif number not in taken and (not self.copied(number) or number in returned):
                rest[-1].append(number)
        groups = [(True, chain) for chain in chains] + [(False, group) for group in rest if group]
        return sorted(groups, key=lambda group: group[1][-1])

    def with_copies(self, members: list[int], taken: set[int]) -> tuple[list[int], list[ir.Value]]:
        """A region's operations with those it copies, in order, and the values it reads,
        in the order in which it reads them; ``taken`` are those of some region of their own."""
        inside, inputs = set(members), set[ir.Value]()
        waiting = [self.operations[number] for number in members]
        while waiting:
            for value in list_captured(waiting.pop()):
                number = self.place.get(value)
                if number in inside:
                    continue
                if number is None or number in taken or not self.copied(number):
                    inputs.add(value)
                else:
                    inside.add(number)
                    waiting.append(self.operations[number])
        order = sorted(inside)
        read = [value for number in order for value in list_captured(self.operations[number])]
        return order, [value for value in dict.fromkeys(read) if value in inputs]


def cut_regions(function: ir.Operation, taken: set[str]) -> list[OutlinedRegion]:
    """The regions of a function, in an order in which they can be called.

    Args:
        function: one block of operations on tensors.
        taken: names that the regions must not have.

    Raises:
        Unsupported: a call, a convolution inside another operation, or an operation that gives nothing.
    """
    cutter = _Cutter(function)
    for op in cutter.operations:
        if op.name == "func.call":
            raise Unsupported(f"a call of {op.attributes['callee']} that cannot be inlined")
        if not op.name.startswith("linalg.") and any(map(is_contraction, walk(op))):
            raise Unsupported(f"a convolution inside {op.name}: unroll or inline it first")
    groups = cutter.groups()
    owned = {number for _, members in groups for number in members}
    parts = [
        (contraction, members, *cutter.with_copies(members, owned))
        for contraction, members in groups
    ]
    read = {value for *_, inputs in parts for value in inputs} | set(cutter.terminator.operands)
    prefix = symbol_of(function)
    counts: dict[str, int] = {}
    regions: list[OutlinedRegion] = []
    for contraction, members, numbers, inputs in parts:
        operations = [cutter.operations[number] for number in numbers]
        results = [r for number in members for r in cutter.operations[number].results if r in read]
        if not results:
            raise Unsupported(f"{operations[-1].name} at the top level gives nothing that is read")
        word = _word(cutter.operations[members[0]]) if contraction else "rest"
        name = f"{prefix}_{word}_{counts.get(word, 0)}"
        while name in taken:
            counts[word] = counts.get(word, 0) + 1
            name = f"{prefix}_{word}_{counts[word]}"
        counts[word] = counts.get(word, 0) + 1
        last = cutter.operations[members[-1]]
        regions.append(OutlinedRegion(name, contraction, operations, inputs, results, last))
    return regions


def _word(op: ir.Operation) -> str:
    return "conv" if linalg.isa_convolution_op(op) else "matmul"
