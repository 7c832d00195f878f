"""affine: an index that is a sum of others times constants."""

import re
from typing import TYPE_CHECKING

from aie_conv.ir.core import INDEX, Op, Type
from aie_conv.ir.definition import define

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader

_MAP = re.compile(r"affine_map<\((?P<dims>[^()]*)\) *-> *\((?P<sum>[^(),]*)\)>$")
_TERM = re.compile(r"(?P<dim>d\d+)(?: \* (?P<factor>-?\d+))?$|(?P<number>-?\d+)$")


class _Apply:
    """`` affine_map<(d0, …) -> (d0 * 2 + d1 + 3)>(%a, …)``: attributes ``factors`` and ``constant``."""

    names = ("factors", "constant")

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        said = _MAP.match(str(r.attribute()))
        terms = [_TERM.match(one.strip()) for one in said["sum"].split(" + ")] if said else []
        if said is None or None in terms:
            r.fail("affine.apply: its map is no sum of indices times constants")
        dims = [name.strip() for name in said["dims"].split(",")]
        factors, constant = [0] * len(dims), 0
        for term in terms:
            if term is None or (term["dim"] and term["dim"] not in dims):
                r.fail("affine.apply: its map names an index that it does not have")
            if term["dim"]:
                factors[dims.index(term["dim"])] += int(term["factor"] or 1)
            else:
                constant += int(term["number"])
        op.attrs.update(factors=factors, constant=constant)
        op.operands = r.listed(r.use, "(", ")")
        r.check(op.operands, *[INDEX] * len(dims))
        kinds.append(INDEX)

    def print(self, p: "Printer", op: Op) -> None:
        dims = [f"d{i}" for i in range(len(op.operands))]
        terms = [f"{d} * {n}" for d, n in zip(dims, op.attrs["factors"], strict=True)]
        result = " + ".join([*terms, str(op.attrs["constant"])])
        values = ", ".join(f"%{value.name}" for value in op.operands)
        p.write(f" affine_map<({', '.join(dims)}) -> ({result})>({values})")


define("affine.apply", (_Apply(),), may_drop=True)
