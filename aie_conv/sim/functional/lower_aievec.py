"""LLVM IR of the aievec dialect's products: matmul, mul_elem and mac_elem."""

from aie_conv.arch.instructions import ELEMENT_LANES, MATMUL_OPERATION, MATMULS
from aie_conv.ir.core import ELEMENT_BITS, Op
from aie_conv.sim.functional.lower import Lowering, lowers
from aie_conv.sim.functional.lower_mac import (
    bf16_products,
    charge_macs,
    element_terms,
    integer_products,
    matrix_terms,
)


def _signless(element: str) -> str:
    return "i8" if element == "si8" else element


@lowers("aievec.matmul", "aievec.matmul_aie2p")
def _matmul(low: Lowering, op: Op) -> None:
    a, b, acc = op.operands
    arch = low.program.target.arch
    if op.name != MATMUL_OPERATION[arch]:
        low.refuse(op, f"not an operation of {arch}")
    if len(a.type.shape) != 2 or len(b.type.shape) != 2:
        low.refuse(op, f"{a.type} by {b.type}: operands are 2-D")
    m, k, n = *a.type.shape, b.type.shape[1]
    elems = (_signless(a.type.elem), _signless(b.type.elem), acc.type.elem)
    shapes = MATMULS.get((arch, *elems), ())
    shape = next((s for s in shapes if (s.m, s.k, s.n) == (m, k, n)), None)
    if shape is None or acc.type.shape != (m, n) or b.type.shape[0] != k:
        known = ", ".join(f"{s.m}x{s.k}x{s.n}" for s in shapes) or "none"
        low.refuse(
            op,
            f"{a.type} by {b.type} into {acc.type}: no such instruction; of these "
            f"types there is: {known}",
        )
    x, y, z = (low.name(value) for value in op.operands)
    terms = matrix_terms(m, k, n)
    if elems[0] == "bf16":
        low.alias(op, bf16_products(low, terms, (x, m * k), (y, k * n), z))
    else:
        wide = [ELEMENT_BITS[element] for element in elems]
        left, right = (x, m * k, wide[0]), (y, k * n, wide[1])
        low.alias(op, integer_products(low, terms, left, right, (z, wide[2]), (True, True)))
    charge_macs(low, m * k * n, shape.issue, shape.shuffles)
    low.cost.converts = shape.converts


@lowers("aievec.mul_elem", "aievec.mac_elem")
def _elements(low: Lowering, op: Op) -> None:
    kinds = [value.type for value in (*op.operands[:2], op.results[0])]
    lanes = kinds[0].elements
    known = ELEMENT_LANES[low.program.target.arch][op.name]
    if [kind.elem for kind in kinds] != ["bf16", "bf16", "f32"] or lanes not in known:
        low.refuse(
            op,
            f"{kinds[0]} by {kinds[1]} into {kinds[2]}: simulated for bf16 into f32 of "
            f"{' or '.join(map(str, known))} lanes",
        )
    if op.attrs.get("fmsub"):
        low.refuse(op, "fmsub is not simulated: negate an operand")
    x, y = (low.name(value) for value in op.operands[:2])
    acc = low.name(op.operands[2]) if len(op.operands) == 3 else "zeroinitializer"
    terms = element_terms(lanes, 1)
    low.alias(op, bf16_products(low, terms, (x, lanes), (y, lanes), acc))
    charge_macs(low, lanes, adds=len(op.operands) == 3)
