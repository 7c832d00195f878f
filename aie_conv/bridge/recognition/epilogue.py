"""What is fused behind a contraction, read from the end: the stored value, back to the accumulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from iree.compiler import ir

from aie_conv.bridge.dispatch import LOAD
from aie_conv.bridge.recognition.bounds import Bounds, Interval, of_type
from aie_conv.bridge.recognition.canonical import RawStep, Ref, canonical
from aie_conv.bridge.recognition.expand import expanded
from aie_conv.bridge.tensors import (
    Linear,
    View,
    constant_view,
    dims_count,
    indexing,
    owner,
    slice_view,
    splat_value,
    walk,
)
from aie_conv.errors import Unsupported
from aie_conv.problem import Epilogue, EpilogueInput, Operand, Step

FLOAT_PREDICATES = (
    "false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord",
    "ueq", "ugt", "uge", "ult", "ule", "une", "uno", "true",
)  # fmt: skip
INTEGER_PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")


class Root(Protocol):
    """What an epilogue stands behind."""

    @property
    def op(self) -> ir.Operation | None:
        """Its operation; None where there is none and the epilogue is all."""
        ...

    @property
    def accumulator(self) -> str:
        """Type of what is summed or combined."""
        ...

    @property
    def dtype(self) -> str:
        """Type of the result's elements."""
        ...

    @property
    def initial(self) -> ir.Value | None:
        """What it starts from; None where that makes no difference."""
        ...

    @property
    def add(self) -> str:
        """The operation that it combines by."""
        ...


@dataclass
class Reader:
    """Reads one epilogue; variables of the forms are the dims of the stored value.

    Attributes:
        root: the contraction or reduction; its accumulator is value 0.
        inputs: the other operands, each with an element stride for each dim of the stored value.
        at_root: a form for each dim of the root's result; None until it was met.
    """

    root: Root
    inputs: list[tuple[View, Linear]] = field(default_factory=list)
    steps: list[RawStep] = field(default_factory=list[RawStep])
    at_root: tuple[Linear, ...] | None = None
    _seen: dict[Any, Ref] = field(default_factory=dict)
    _bounds: Bounds = field(init=False)

    def __post_init__(self) -> None:
        self._bounds = Bounds(self.steps, self._leaf)

    def tensor(self, value: ir.Value, at: tuple[Linear, ...]) -> Ref:
        """The element of a tensor value at a place.

        Raises:
            Unsupported: it cannot be computed element by element from buffers and the accumulator.
        """
        key = (value, at)
        if key not in self._seen:
            self._seen[key] = self._tensor(value, at)
        return self._seen[key]

    def _tensor(self, value: ir.Value, at: tuple[Linear, ...]) -> Ref:
        op = owner(value)
        if op is None:
            raise Unsupported(f"the epilogue reads a {value.type}")
        if self.root.op is not None and op == self.root.op:
            if self.at_root not in (None, at):
                raise Unsupported("the epilogue reads two elements of the accumulator")
            self.at_root = at
            return self._accumulate(at)
        if op.name == LOAD:
            return self._input(slice_view(op, op.operands[0], value), at)
        if op.name == "arith.constant":
            splat = splat_value(op)
            if splat is not None:
                return self._constant(splat, str(ir.ShapedType(value.type).element_type))
            return self._input(constant_view(op), at)
        if op.name == "linalg.fill":
            return self._scalar(op.operands[0], {})
        if op.name.startswith("linalg."):
            return self._elementwise(op, value, at)
        raise Unsupported(f"the epilogue reads the result of {op.name}")

    def _accumulate(self, at: tuple[Linear, ...]) -> Ref:
        """The accumulator, plus what its sums started from: torch's grouped convolutions start from
        the bias. In f32 the order of a sum is free; in i32 it does not matter."""
        root = self.root
        rounded = root.dtype != root.accumulator
        value: Ref = ("acc", 0)
        if root.initial is not None:
            start = self.tensor(root.initial, at)
            if rounded:
                start = self._step("arith.extf", (start,), root.accumulator, None)
            value = self._step(root.add, (value, start), root.accumulator, None)
        return self._step("arith.truncf", (value,), root.dtype, None) if rounded else value

    def _input(self, view: View, at: tuple[Linear, ...]) -> Ref:
        place = Linear(view.offset)
        for form, stride in zip(at, view.strides, strict=True):
            place = place.plus(form.scaled(stride))
        number = next(filter(self._in_steps, self._inputs_like(view, place)), None)
        return ("in", self._add_input(view, place) if number is None else number)

    def _inputs_like(self, view: View, place: Linear) -> Iterator[int]:
        """The numbers of inputs of the same buffer and place."""
        for number, (other, other_place) in enumerate(self.inputs):
            if other.key[:2] == view.key[:2] and other_place == place:
                yield number

    def _add_input(self, view: View, place: Linear) -> int:
        self.inputs.append((view, place))
        return len(self.inputs) - 1

    def _in_steps(self, _number: int) -> bool:
        """Whether an input's place is all that says which elements it reads."""
        return True

    def _constant(self, value: float, dtype: str) -> Ref:
        return self._step("arith.constant", (), dtype, value)

    def _dtype(self, ref: Ref) -> str:
        kind, number = ref
        if kind == "step":
            return self.steps[number][2]
        return self.root.accumulator if kind == "acc" else self.inputs[number][0].dtype

    def _leaf(self, ref: Ref) -> Interval | None:
        return of_type(self._dtype(ref))

    def _is_number(self, ref: Ref) -> bool:
        return self._bounds.of(ref) is not None

    def _step(self, op: str, args: tuple[Ref, ...], dtype: str, attr: float | str | None) -> Ref:
        op, args = canonical(op, args, self.steps, self._is_number)
        source = self._dtype(args[0]) if args else ""
        made = expanded(self._step, op, args, dtype, source=source, is_number=self._is_number)
        if made is not None:
            return made
        key = ("step", op, args, dtype, repr(attr))
        if key not in self._seen:
            self.steps.append((op, args, dtype, attr))
            self._seen[key] = ("step", len(self.steps) - 1)
        return self._seen[key]

    def _elementwise(self, op: ir.Operation, value: ir.Value, at: tuple[Linear, ...]) -> Ref:
        forms = indexing(op)
        inputs = len(op.operands) - len(op.results)
        result = ir.OpResult(value).result_number
        dims: dict[int, Linear] = {}
        for form, place in zip(forms[inputs + result], at, strict=True):
            if form.variable is None or form.variable in dims:
                raise Unsupported(f"a fused {op.name} writes its result in no simple order")
            dims[form.variable] = place
        if len(dims) < dims_count(op):
            raise Unsupported(f"a fused {op.name} reduces")
        block: Any = op.regions[0].blocks[0]
        last = block.operations[len(block.operations) - 1].operation
        return self.inside(op, last.operands[result], dims)

    def inside(self, op: ir.Operation, value: ir.Value, dims: Mapping[int, Linear]) -> Ref:
        """A scalar in the body of a linalg op.

        Args:
            op: whose body.
            value: the scalar.
            dims: a form for each of the op's dims.

        Raises:
            Unsupported: as :meth:`tensor`.
        """
        forms = indexing(op)
        inputs = len(op.operands) - len(op.results)
        block: Any = op.regions[0].blocks[0]
        read = self._arguments_read(block, value)
        values: dict[Any, Ref] = {}
        for argument in block.arguments:
            number = argument.arg_number
            if number not in read:
                continue
            if number >= inputs:
                raise Unsupported(f"a fused {op.name} reads what its result held")
            operand = op.operands[number]
            if not isinstance(operand.type, ir.RankedTensorType):
                values[argument] = self._scalar(operand, {})
                continue
            place = tuple(_substitute(form, dims) for form in forms[number])
            values[argument] = self.tensor(operand, place)
        return self._scalar(value, values)

    def _arguments_read(self, block: Any, value: ir.Value) -> set[int]:
        return arguments_read(block, value)

    def _extract(self, op: ir.Operation) -> Ref:
        """An element that a body takes from a tensor by itself."""
        raise Unsupported(f"the epilogue computes {op.name}")

    def _scalar(self, value: ir.Value, values: dict[Any, Ref]) -> Ref:
        if value in values:
            return values[value]
        op = owner(value)
        if op is None:
            raise Unsupported("the epilogue reads a scalar argument of the dispatch")
        dtype = str(value.type)
        if op.name == "arith.constant":
            constant = splat_value(op)
            if constant is None:
                raise Unsupported(f"the epilogue has the constant {op.attributes['value']}")
            ref = self._constant(constant, dtype)
        elif op.name == "tensor.extract":
            ref = self._extract(op)
        elif len(op.results) != 1 or len(op.regions) or not len(op.operands):
            raise Unsupported(f"the epilogue computes {op.name}")
        else:
            args = tuple(self._scalar(operand, values) for operand in op.operands)
            ref = self._step(op.name, args, dtype, _predicate(op))
        values[value] = ref
        return ref

    def finish(self, result: Ref, loop_dims: Sequence[int]) -> Epilogue:
        """The epilogue, its values numbered.

        Args:
            result: what is stored.
            loop_dims: the variable of each loop of the problem; -1 where a loop is not stored.
        """
        first = 1 + len(self.inputs)
        inputs: list[EpilogueInput] = []
        for view, place in self.inputs:
            terms = dict(place.terms)
            strides = tuple(terms.pop(dim, 0) for dim in loop_dims)
            if terms:
                raise Unsupported("an operand of the epilogue walks a dim that no loop walks")
            inputs.append(EpilogueInput(Operand(view.dtype, view.shape, place.constant), strides))
        live = self._live(result)
        place = {("step", index): first + at for at, index in enumerate(live)}
        place |= {("acc", 0): 0, **{("in", index): 1 + index for index in range(len(inputs))}}
        steps = tuple(
            Step(op, tuple(place[ref] for ref in args), dtype, attr)
            for op, args, dtype, attr in (self.steps[index] for index in live)
        )
        return Epilogue(tuple(inputs), steps, place[result])

    def _live(self, result: Ref) -> list[int]:
        """Numbers of the steps that the result depends on, in order."""
        found: set[int] = set()
        waiting = [result]
        while waiting:
            kind, index = waiting.pop()
            if kind == "step" and index not in found:
                found.add(index)
                waiting += self.steps[index][1]
        return sorted(found)


def arguments_read(block: Any, *values: ir.Value) -> set[int]:
    """The numbers of a block's arguments that values in it are computed from."""
    read: set[int] = set()
    seen: set[Any] = set()
    waiting: list[ir.Value] = list(values)
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        op = owner(value)
        if op is not None:
            waiting += op.operands
            waiting += [operand for inner in walk(op) for operand in inner.operands]
        elif ir.BlockArgument(value).owner == block:
            read.add(ir.BlockArgument(value).arg_number)
    return read


def _predicate(op: ir.Operation) -> str | None:
    if op.name not in ("arith.cmpf", "arith.cmpi"):
        return None
    number = ir.IntegerAttr(op.attributes["predicate"]).value
    return (FLOAT_PREDICATES if op.name == "arith.cmpf" else INTEGER_PREDICATES)[number]


def _substitute(form: Linear, dims: Mapping[int, Linear]) -> Linear:
    total = Linear(form.constant)
    for dim, factor in form.terms:
        total = total.plus(dims[dim].scaled(factor))
    return total
