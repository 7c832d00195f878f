"""Numbers that a module computes of nothing but constants: places of a resize, and their weights.

IREE puts such computations into initialisers. They are done here in numpy, in the types of the module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.dispatch import (
    LOAD,
    STORE,
    call_arguments,
    entry_of,
    initial_values,
    symbol_of,
)
from aie_conv.bridge.graft import DTYPES, dense_numbers
from aie_conv.bridge.recognition.arithmetic import BINARY, ORDERS
from aie_conv.bridge.recognition.epilogue import FLOAT_PREDICATES, INTEGER_PREDICATES
from aie_conv.bridge.tensors import (
    Linear,
    dims_count,
    indexing,
    operations_of,
    owner,
    splat_value,
    tensor_type,
    walk,
)
from aie_conv.errors import Unsupported

NumberArray = NDArray[Any]

_DTYPES: dict[str, Any] = {**DTYPES, "index": np.int64, "f64": np.float64}


def _quotient(a: Any, b: Any) -> Any:
    """Rounded towards zero; the least integer has no absolute value."""
    rounded = np.floor_divide(a, b)
    return rounded + ((rounded < 0) & (np.fmod(a, b) != 0))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"arith.{name}": function for name, function in BINARY.items()},
    "arith.divsi": _quotient, "arith.remsi": np.fmod, "arith.floordivsi": np.floor_divide,
    "arith.divui": np.floor_divide, "arith.remui": np.fmod,
    "arith.negf": np.negative, "arith.andi": np.bitwise_and, "arith.ori": np.bitwise_or,
    "arith.maxnumf": np.fmax, "arith.minnumf": np.fmin,
    "math.floor": np.floor, "math.ceil": np.ceil, "math.roundeven": np.rint, "math.absf": np.abs,
    "math.sqrt": np.sqrt, "math.rsqrt": lambda x: np.reciprocal(np.sqrt(x)),
    "arith.select": np.where,
}  # fmt: skip
_CONVERSIONS = frozenset(
    f"arith.{name}"
    for name in ("index_cast", "sitofp", "fptosi", "extf", "truncf", "extsi", "trunci")
)
_UNSIGNED = frozenset(("arith.divui", "arith.remui"))
_DIVISIONS = _UNSIGNED | {"arith.divsi", "arith.remsi", "arith.floordivsi"}


def along(form: Linear, places: Sequence[NumberArray]) -> NumberArray:
    """A form's values, of places of its variables."""
    total: NumberArray = np.array(form.constant, np.int64)
    for variable, factor in form.terms:
        total = total + places[variable] * factor
    return total


@dataclass
class ScalarBody:
    """The scalars of an operation's body as arrays over its places.

    Attributes:
        op: the linalg operation.
        dims: places along each of its dims, arrays that broadcast.
        tensor: the numbers of a tensor.
    """

    op: ir.Operation
    dims: Sequence[NumberArray]
    tensor: Callable[[ir.Value], NumberArray]
    _known: dict[Any, NumberArray] = field(default_factory=dict[Any, NumberArray])

    def numbers(self, value: ir.Value) -> NumberArray:
        """A scalar at every place.

        Raises:
            Unsupported: it depends on what is no constant, or on an operation that is not known here.
        """
        if value not in self._known:
            op = owner(value)
            self._known[value] = self._argument(value) if op is None else self._compute(op)
        return self._known[value]

    def _argument(self, value: ir.Value) -> NumberArray:
        number = ir.BlockArgument(value).arg_number
        if number >= len(self.op.operands) - len(self.op.results):
            raise Unsupported("a place that depends on what a result held")
        tensor = self.tensor(self.op.operands[number])
        return _elements(tensor, [along(form, self.dims) for form in indexing(self.op)[number]])

    def _compute(self, op: ir.Operation) -> NumberArray:
        kind = _DTYPES.get(str(op.results[0].type)) if len(op.results) == 1 else None
        if kind is None:
            raise Unsupported(f"a place that depends on {op.name}")
        if op.name == "linalg.index":
            return self.dims[ir.IntegerAttr(op.attributes["dim"]).value]
        if op.name == "arith.constant":
            number = splat_value(op)
            if number is None:
                raise Unsupported("a place that depends on a constant of no known type")
            return np.array(number, kind)
        if op.name == "tensor.extract":
            tensor = self.tensor(op.operands[0])
            return _elements(tensor, [self.numbers(index) for index in list(op.operands)[1:]])
        args = [self.numbers(operand) for operand in op.operands]
        if op.name in ("arith.cmpi", "arith.cmpf"):
            return _compare(op, args)
        # A bit that is set is -1 with a sign; and a number's last bit is not whether it is none.
        if op.name in _CONVERSIONS and np.bool_ not in (args[0].dtype, kind):
            return args[0].astype(kind)
        if op.name not in _FUNCTIONS:
            raise Unsupported(f"a place that depends on {op.name}")
        if op.name in _DIVISIONS:
            _check_quotient(op, args)
        with np.errstate(all="ignore"):
            return np.asarray(_FUNCTIONS[op.name](*args)).astype(kind)


def _elements(tensor: NumberArray, places: Sequence[NumberArray]) -> NumberArray:
    """A tensor's elements at places along each of its dims."""
    for place, size in zip(places, tensor.shape, strict=True):
        if ((place < 0) | (place >= size)).any():
            raise Unsupported("a place that depends on an element outside of a tensor")
    return tensor[tuple(places)]


def _check_not_negative(op: ir.Operation, args: Sequence[NumberArray]) -> None:
    """Raise Unsupported where numbers without a sign would have other values than the arrays'."""
    if any((each < 0).any() for each in args):
        raise Unsupported(f"a place that depends on {op.name} of negative numbers")


def _check_quotient(op: ir.Operation, args: Sequence[NumberArray]) -> None:
    """Raise Unsupported where a division has no result, or not numpy's."""
    if (args[1] == 0).any():
        raise Unsupported(f"a place that depends on {op.name} by zero")
    if op.name in _UNSIGNED:
        _check_not_negative(op, args)


def _compare(op: ir.Operation, args: Sequence[NumberArray]) -> NumberArray:
    number = ir.IntegerAttr(op.attributes["predicate"]).value
    name = (FLOAT_PREDICATES if op.name == "arith.cmpf" else INTEGER_PREDICATES)[number]
    if op.name == "arith.cmpi" and name.startswith("u"):
        _check_not_negative(op, args)
    order = ORDERS.get(name if name in ORDERS else name[1:])
    if order is None or any(np.isnan(each).any() for each in args if each.dtype.kind == "f"):
        raise Unsupported(f"a place that depends on a comparison {name}")
    return order(*args)


class KnownTensors:
    """Tensors of a module at `flow` that constants alone decide.

    Args:
        module: the module.
        function_of: the one function of an executable.
    """

    def __init__(
        self, module: ir.Operation, function_of: Callable[[ir.Operation], ir.Operation]
    ) -> None:
        self._function_of = function_of
        self._executables: dict[str, ir.Operation] = {}
        self._stored: dict[str, ir.Value] = {}
        self._initial = initial_values(module)
        self._known: dict[Any, NumberArray] = {}
        mutable = set[str]()
        for op in operations_of(module):
            if op.name == "flow.executable":
                self._executables[symbol_of(op)] = op
            elif op.name == "util.global" and "is_mutable" in op.attributes:
                mutable.add(symbol_of(op))
            elif op.name == "util.initializer":
                for inner in walk(op):
                    if inner.name == "util.global.store":
                        symbol = ir.FlatSymbolRefAttr(inner.attributes["global"]).value
                        self._stored[symbol] = inner.operands[0]
        # Functions may store to these.
        for symbol in mutable & set(self._stored):
            del self._stored[symbol]

    def of(self, value: ir.Value) -> NumberArray:
        """The numbers of a tensor.

        Raises:
            Unsupported: it is not known when the module is compiled.
        """
        if value not in self._known:
            self._known[value] = self._of(value)
        return self._known[value]

    def _of(self, value: ir.Value) -> NumberArray:
        op = owner(value)
        if op is not None and op.name in ("arith.constant", "flow.tensor.constant"):
            return _dense(op.attributes["value"])
        if op is not None and op.name == "flow.tensor.reshape":
            return self.of(op.operands[0]).reshape(tensor_type(value)[0])
        if op is not None and op.name == "util.global.load":
            symbol = ir.FlatSymbolRefAttr(op.attributes["global"]).value
            if symbol in self._initial:
                return _dense(self._initial[symbol])
            if symbol in self._stored:
                return self.of(self._stored[symbol])
        if op is not None and op.name == "flow.dispatch" and len(op.results) == 1:
            return self._compute_dispatch(op)
        raise Unsupported("a place that is not known when the module is compiled")

    def _compute_dispatch(self, call: ir.Operation) -> NumberArray:
        """The result of a dispatch that stores all of one tensor."""
        executable = self._executables.get(entry_of(call)[0])
        if executable is None:
            raise Unsupported("a place that depends on a dispatch without code")
        stores = [op for op in operations_of(self._function_of(executable)) if op.name == STORE]
        if len(stores) != 1:
            raise Unsupported("a place that depends on a dispatch of several results")
        tensor = Inside(self, call).of(stores[0].operands[0])
        if tensor.shape != tensor_type(call.results[0])[0]:
            raise Unsupported("a place that depends on a slice that is stored")
        return tensor


@dataclass(frozen=True)
class Inside:
    """Tensors inside a dispatch that constants alone decide.

    Attributes:
        known: those of the module.
        call: of the dispatch.
    """

    known: KnownTensors
    call: ir.Operation

    def of(self, value: ir.Value) -> NumberArray:
        """The numbers of a tensor.

        Raises:
            Unsupported: as :meth:`KnownTensors.of`.
        """
        op = owner(value)
        if op is None:
            raise Unsupported("a place that depends on an argument of the dispatch")
        if op.name == "arith.constant":
            return _dense(op.attributes["value"])
        if op.name == LOAD:
            number = ir.BlockArgument(op.operands[0]).arg_number
            tensor = self.known.of(call_arguments(self.call)[number])
            if tensor.shape != tensor_type(value)[0]:
                raise Unsupported("a place that depends on a slice")
            return tensor
        if op.name.startswith("linalg.") and len(op.results) == 1:
            return self._elementwise(op)
        raise Unsupported(f"a place that depends on {op.name}")

    def _elementwise(self, op: ir.Operation) -> NumberArray:
        shape, _ = tensor_type(op.results[0])
        forms = indexing(op)[-1]
        if [form.variable for form in forms] != list(range(dims_count(op))):
            raise Unsupported(f"a place that depends on a {op.name} in another order")
        result = operations_of(op)[-1].operands[0]
        return np.broadcast_to(ScalarBody(op, spread(shape), self.of).numbers(result), shape)


def spread(sizes: Sequence[int]) -> list[NumberArray]:
    """The places along each of several dims, as arrays that broadcast."""
    return list(np.ogrid[tuple(slice(size) for size in sizes)])


def _dense(attribute: Any) -> NumberArray:
    if not isinstance(attribute, ir.DenseElementsAttr):
        raise Unsupported("a place that depends on a constant of no known form")
    kind = ir.ShapedType(attribute.type)
    dtype = _DTYPES.get(str(kind.element_type))
    if dtype is None:
        raise Unsupported(f"a place that depends on {kind.element_type}")
    return dense_numbers(attribute, dtype)
