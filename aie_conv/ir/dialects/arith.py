"""arith, and the rounding of math."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import Raw, literal_text
from aie_conv.ir.core import Op, Type, refuse, scalar, vector
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.inference import check, same_type

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader

_I1 = scalar("i1")


class _Flags:
    """``overflow<nsw>``, ``fastmath<…>``, ``exact``: kept as text; none in what is built here."""

    names = ("flags",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        while r.tokens[r.position].startswith(("overflow", "fastmath", "exact")):
            text = r.next()
            if "<" not in text and r.accept("<"):
                inside: list[str] = []
                while not r.accept(">"):
                    inside.append(r.next())
                text = f"{text}<{' '.join(inside).replace(' ,', ',')}>"
            op.attrs["flags"] = Raw(f"{op.attrs.get('flags', '')} {text}")

    def print(self, p: "Printer", op: Op) -> None:
        if "flags" in op.attrs:
            p.write(op.attrs["flags"])


class _Rounding:
    """The rounding mode of a conversion to narrower floats."""

    names = ("roundingmode",)
    _MODES = ("to_nearest_even", "to_nearest_away", "downward", "upward", "toward_zero")

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        if r.tokens[r.position] in self._MODES:
            op.attrs["roundingmode"] = r.next()

    def print(self, p: "Printer", op: Op) -> None:
        if "roundingmode" in op.attrs:
            p.write(f" {op.attrs['roundingmode']}")


class _Constant:
    """``3 : i32``, ``true``, ``dense<…> : vector<…>``."""

    names = ("value",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        token = r.tokens[r.position]
        if token.startswith("dense"):
            r.position += 1
            op.attrs["value"] = r.dense_token(token)
        elif token in ("true", "false"):
            r.position += 1
            op.attrs["value"] = int(token == "true")
            kinds.append(r.type() if r.accept(":") else _I1)
            return
        else:
            op.attrs["value"] = r.dense_value()
        r.expect(":")
        kinds.append(r.type())

    def print(self, p: "Printer", op: Op) -> None:
        kind, value = op.results[0].type, op.attrs["value"]
        text = literal_text(value, kind.elem)
        if kind.kind == "scalar":
            p.write(f" {text}" if kind.elem == "i1" else f" {text} : {kind.elem}")
        else:
            p.write(f" dense<{text}> : {kind.text}")


class _Select:
    """``[C, ]T``: the condition's type where it is a vector."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        condition, kind = _I1, r.type()
        if r.accept(","):
            condition, kind = kind, r.type()
        r.check(op.operands, condition, kind, kind)

    def print(self, p: "Printer", op: Op) -> None:
        condition, then, _ = op.operands
        if condition.type is not _I1:
            p.write(f"{condition.type.text}, ")
        p.write(then.type.text)


def _infer_compare(op: Op) -> Sequence[Type]:
    left, right = op.operands
    check(op, right, left.type)
    kind = left.type
    return (vector("i1", *kind.shape) if kind.kind == "vector" else _I1,)


def _infer_select(op: Op) -> Sequence[Type]:
    condition, then, other = op.operands
    if condition.type.elem != "i1" or condition.type.shape not in ((), then.type.shape):
        refuse(op, f"%{condition.name} is {condition.type} and chooses among {then.type}")
    check(op, other, then.type)
    return (then.type,)


_BINARY = (
    "addi subi muli divsi divui remsi remui andi ori xori shli shrsi shrui maxsi minsi maxui minui "
    "ceildivsi floordivsi ceildivui "
    "addf subf mulf divf remf maximumf minimumf maxnumf minnumf"
)
_CASTS = (
    "extsi extui trunci extf truncf sitofp uitofp fptosi fptoui bitcast index_cast index_castui"
)
_FORMS = {"flags": _Flags(), "rounding": _Rounding(), "value": _Constant(), "choice": _Select()}


def _qualify(names: str) -> str:
    return " ".join(f"arith.{name}" for name in names.split())


define(_qualify(_BINARY), " %0, %1/flags! attr-dict : type(0)", same_type, custom=_FORMS)
define("arith.negf math.roundeven", " %0/flags! attr-dict : type(0)", same_type, custom=_FORMS)
define(
    _qualify("cmpi cmpf"),
    " $predicate:word, %0, %1/flags! attr-dict : type(0)",
    _infer_compare,
    custom=_FORMS,
)
define("arith.select", " %0, %1, %2 attr-dict : choice!", _infer_select, custom=_FORMS)
define(
    _qualify(_CASTS),
    " %0/flags!/rounding! attr-dict : type(0) to type(result)",
    custom=_FORMS,
)
define("arith.constant", " attr-dict/value!", custom=_FORMS)
