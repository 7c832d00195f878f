"""vector: operations on values in vector registers, and their loads and stores."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import I64, INTS
from aie_conv.ir.core import Op, Type, refuse, vector
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import element, indexed, same_type

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


class StoreTypes:
    """``M, V`` of a store: the memref's type and the vector's, in the order of MLIR's operation."""

    def __init__(self, *, memref_first: bool) -> None:
        self._memref_first = memref_first

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        first = r.type()
        r.expect(",")
        second = r.type()
        value, into = op.operands[:2]
        r.check([into, value] if self._memref_first else [value, into], first, second)

    def print(self, p: "Printer", op: Op) -> None:
        value, into = (one.type.text for one in op.operands[:2])
        p.write(f"{into}, {value}" if self._memref_first else f"{value}, {into}")


def _check_store(op: Op) -> Sequence[Type]:
    kind = indexed(op, 1)
    if op.operands[0].type.elem != kind.elem:
        refuse(op, f"%{op.operands[0].name} is {op.operands[0].type} and goes to {kind}")
    return ()


def _infer_shuffle(op: Op) -> Sequence[Type]:
    left, right = (value.type for value in op.operands)
    if left.elem != right.elem or left.shape[1:] != right.shape[1:]:
        refuse(op, f"{left} and {right} have no lanes in common")
    mask: list[int] = op.attrs["mask"]
    if max(mask, default=0) >= left.shape[0] + right.shape[0] or min(mask, default=0) < -1:
        refuse(op, f"a lane of the mask is not among {left} and {right}")
    return (vector(left.elem, len(mask), *left.shape[1:]),)


def _into(op: Op) -> Sequence[Type]:
    return (op.operands[1].type,)


def _infer_extract(op: Op) -> Sequence[Type]:
    kind, position = op.operands[0].type, op.attrs["position"]
    rest = kind.shape[len(position) :]
    return (vector(kind.elem, *rest) if rest else element(kind),)


def _infer_transpose(op: Op) -> Sequence[Type]:
    kind = op.operands[0].type
    return (vector(kind.elem, *(kind.shape[axis] for axis in op.attrs["permutation"])),)


def _infer_slice(op: Op) -> Sequence[Type]:
    kind, sizes = op.operands[0].type, op.attrs["sizes"]
    return (vector(kind.elem, *sizes, *kind.shape[len(sizes) :]),)


def _recast(op: Op, results: Sequence[Type]) -> None:
    """A cast keeps the number of bits (bitcast) or of elements (shape_cast)."""
    source, result = op.operands[0].type, results[0]
    same = source.bits == result.bits
    if op.name == "vector.shape_cast":
        same = source.elem == result.elem and prod(source.shape) == prod(result.shape)
    if not same:
        refuse(op, f"{source} and {result} differ in size")


_ALIGNED = {"alignment": I64}
_SLICE = {"offsets": INTS, "sizes": INTS, "strides": INTS}
_STORES = {"stored": StoreTypes(memref_first=True)}
_WRITES = {"stored": StoreTypes(memref_first=False)}


def _check_load(op: Op, results: Sequence[Type]) -> None:
    kind = indexed(op, 0)
    if results[0].elem != kind.elem:
        refuse(op, f"{results[0]} of {kind}")


define(
    "vector.load",
    " %0[%1*] attr-dict : type(0), type(result)",
    check=_check_load,
    attrs=_ALIGNED,
)
define(
    "vector.store",
    " %0, %1[%2*] attr-dict : stored!",
    _check_store,
    attrs=_ALIGNED,
    custom=_STORES,
)
define("vector.transfer_read", " %0[%1*-1], %-1 attr-dict : type(0), type(result)")
define("vector.transfer_write", " %0, %1[%2*] attr-dict : stored!", _check_store, custom=_WRITES)
define("vector.fma", " %0, %1, %2 attr-dict : type(0)", same_type)
define("vector.shuffle", " %0, %1 $mask:ints attr-dict : type(0), type(1)", _infer_shuffle)
define(
    "vector.shape_cast vector.bitcast",
    " %0 attr-dict : type(0) to type(result)",
    check=_recast,
)
define("vector.broadcast", " %0 attr-dict : type(0) to type(result)")
define("vector.extract", " %0$position:ints attr-dict : type(result) from type(0)", _infer_extract)
define("vector.insert", " %0, %1 $position:ints attr-dict : type(0) into type(1)", _into)
define(
    "vector.extract_strided_slice",
    " %0 attr-dict : type(0) to type(result)",
    _infer_slice,
    attrs=_SLICE,
)
define(
    "vector.insert_strided_slice",
    " %0, %1 attr-dict : type(0) into type(1)",
    _into,
    attrs=_SLICE,
)
define(
    "vector.transpose",
    " %0, $permutation:ints attr-dict : type(0) to type(result)",
    _infer_transpose,
)
