"""aievec: matrix products, and shift-round-saturate on vectors (mlir-aie 1e400306)."""

from collections.abc import Sequence

from aie_conv.ir.attributes import BOOL, I8, I32
from aie_conv.ir.core import Op, Type, refuse
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import check, same_type


def _product(op: Op) -> Sequence[Type]:
    left, right, acc = (value.type for value in op.operands)
    if len(left.shape) != 2 or len(right.shape) != 2 or left.shape[1] != right.shape[0]:
        refuse(op, f"{left} and {right} do not multiply")
    if acc.shape != (left.shape[0], right.shape[1]):
        refuse(op, f"{left} and {right} do not give {acc}")
    return (acc,)


def _lanes(op: Op, results: Sequence[Type]) -> None:
    """Lane by lane: as many in the result as in each vector."""
    for value in op.operands:
        if value.type.kind == "vector" and value.type.shape != results[0].shape:
            refuse(op, f"{value.type} to {results[0]}")


def _sum(op: Op) -> Sequence[Type]:
    left, right, acc = op.operands
    check(op, right, left.type)
    if acc.type.shape != left.type.shape:
        refuse(op, f"{left.type} to {acc.type}")
    return (acc.type,)


define("aievec.matmul aievec.matmul_aie2p", " %0, %1, %2 : type(0), type(1) into type(2)", _product)
define(
    "aievec.srs",
    " %0, %1 attr-dict : type(0), type(1), type(result)",
    check=_lanes,
    attrs={"sign": I32},
)
define(
    "aievec.ups aievec.unpack aievec.pack",
    " %0 attr-dict : type(0), type(result)",
    check=_lanes,
    attrs={"shift": I8},
)
define(
    "aievec.cast aievec.ext aievec.broadcast_scalar",
    " %0 attr-dict : type(0), type(result)",
    attrs={"isResAcc": BOOL, "index": I8},
)
define(
    "aievec.shift",
    " %0, %1, %2 attr-dict : type(0), type(1), type(2), type(result)",
    attrs={"isAcc": BOOL},
)
define("aievec.concat", " %* attr-dict : type(0), type(result)")
define("aievec.mul_elem", " %0, %1 attr-dict : type(0), type(1), type(result)", check=_lanes)
define(
    "aievec.mac_elem",
    " %0, %1, %2 attr-dict : type(0), type(1), type(2)",
    _sum,
    attrs={"fmsub": BOOL},
)
define(
    "aievec.max aievec.min aievec.add_elem aievec.sub_elem",
    " %0, %1 attr-dict : type(0)",
    same_type,
)
define("aievec.neg", " %0 attr-dict : type(0)", same_type)
define("aievec.shuffle", " %* [$mode:word] attr-dict : type(0)", same_type)
