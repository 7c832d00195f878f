"""The syntax of arith, vector, memref and aievec operations, behind their names; one function a form."""

from aie_conv.ir.core import INDEX, Op, Type, parse_type
from aie_conv.ir.reader import Reader, syntax

_I1 = parse_type("i1")
_CASTS = (
    *("extsi", "extui", "trunci", "extf", "truncf", "sitofp", "uitofp", "fptosi", "fptoui"),
    *("bitcast", "index_cast", "index_castui"),
)


# -- arith ----------------------------------------------------------------------------------------
@syntax("arith.constant")
def _constant(r: Reader, op: Op) -> list[Type]:
    if r.peek() == "{":
        op.attrs.update(r.attributes())
    token = r.next()
    if token.startswith("dense<"):  # the token pattern took a dense without lists whole
        op.attrs["value"] = Reader(token[5:]).dense()
    elif token == "dense":
        op.attrs["value"] = r.dense()
    elif token in ("true", "false"):
        op.attrs["value"] = int(token == "true")
        return [r.type() if r.accept(":") else _I1]
    else:
        r.at -= 1
        op.attrs["value"] = r.dense_value()
    r.expect(":")
    return [r.type()]


_BINARY = (
    "addi subi muli divsi divui remsi remui andi ori xori shli shrsi shrui maxsi minsi maxui minui "
    "ceildivsi floordivsi ceildivui "
    "addf subf mulf divf remf maximumf minimumf maxnumf minnumf"
)


def _flags(r: Reader) -> None:
    while r.peek().startswith(("overflow", "fastmath", "exact")):
        if "<" not in r.next() and r.accept("<"):
            while not r.accept(">"):
                r.next()


@syntax(*(f"arith.{name}" for name in _BINARY.split()), "arith.negf", "vector.fma")
def _same_type(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    _flags(r)
    op.attrs.update(r.attributes())
    r.expect(":")
    kind = r.type()
    r.check(op.operands, *[kind] * len(op.operands))
    return [kind]


@syntax("arith.cmpi", "arith.cmpf")
def _compare(r: Reader, op: Op) -> list[Type]:
    op.attrs["predicate"] = r.next()
    r.expect(",")
    op.operands = r.uses()
    _flags(r)
    r.expect(":")
    kind = r.type()
    r.check(op.operands, kind, kind)
    return [Type(kind.kind, "i1", kind.shape)]


@syntax("arith.select")
def _select(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    op.attrs.update(r.attributes())
    r.expect(":")
    condition, kind = _I1, r.type()
    if r.accept(","):
        condition, kind = kind, r.type()
    r.check(op.operands, condition, kind, kind)
    return [kind]


@syntax(
    *(f"arith.{name}" for name in _CASTS),
    *("vector.shape_cast", "vector.bitcast", "vector.broadcast", "memref.cast"),
    *("vector.extract_strided_slice", "vector.splat"),
)
def _cast(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    _flags(r)
    if r.peek().startswith("to_nearest") or r.peek() in ("downward", "upward", "toward_zero"):
        op.attrs["roundingmode"] = r.next()
    op.attrs.update(r.attributes())
    r.expect(":")
    source = r.type()
    r.check(op.operands, source)
    if r.accept("to"):
        return [r.type()]
    return [source]


# -- vector, memref -------------------------------------------------------------------------------
def _indices(r: Reader, op: Op) -> None:
    op.operands += r.listed(r.use)


@syntax("vector.load", "memref.load")
def _load(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    _indices(r, op)
    op.attrs.update(r.attributes())
    r.expect(":")
    memref = r.type()
    r.check(op.operands, memref, *[INDEX] * len(memref.shape))
    if op.name == "memref.load":
        return [parse_type(memref.elem)]
    r.expect(",")
    return [r.type()]


@syntax("vector.store", "memref.store")
def _store(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    r.expect(",")
    op.operands.append(r.use())
    _indices(r, op)
    op.attrs.update(r.attributes())
    r.expect(":")
    kinds = [r.type()]
    if r.accept(","):
        kinds.append(r.type())
    memref = next((kind for kind in kinds if kind.kind == "memref"), kinds[0])
    value = parse_type(memref.elem) if len(kinds) == 1 else kinds[kinds[0] is memref]
    r.check(op.operands, value, memref, *[INDEX] * len(memref.shape))
    return []


@syntax("vector.transfer_read")
def _transfer_read(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    _indices(r, op)
    r.expect(",")
    op.operands.append(r.use())
    op.attrs.update(r.attributes())
    r.expect(":")
    memref = r.type()
    r.check(op.operands, memref, *[INDEX] * len(memref.shape), parse_type(memref.elem))
    r.expect(",")
    return [r.type()]


@syntax("vector.transfer_write")
def _transfer_write(r: Reader, op: Op) -> list[Type]:
    _store(r, op)
    return []


@syntax("vector.shuffle")
def _shuffle(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    op.attrs["mask"] = r.listed(r.integer)
    r.expect(":")
    kind = r.type()
    r.check(op.operands, kind, r.type() if r.accept(",") else kind)
    return [Type("vector", kind.elem, (len(op.attrs["mask"]), *kind.shape[1:]))]


@syntax("vector.extract")
def _extract(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    op.attrs["position"] = r.listed(r.integer)
    r.expect(":")
    kind = r.type()
    r.expect("from")
    r.type()
    return [kind]


@syntax("vector.insert")
def _insert(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    op.attrs["position"] = r.listed(r.integer)
    r.expect(":")
    r.type()
    r.expect("into")
    return [r.type()]


@syntax("vector.insert_strided_slice")
def _insert_slice(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    op.attrs.update(r.attributes())
    r.expect(":")
    r.type()
    r.expect("into")
    return [r.type()]


@syntax("vector.transpose")
def _transpose(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    r.expect(",")
    op.attrs["permutation"] = r.listed(r.integer)
    r.expect(":")
    r.type()
    r.expect("to")
    return [r.type()]


@syntax("memref.collapse_shape", "memref.expand_shape")
def _reshape(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    op.attrs["reassociation"] = r.attribute()
    if r.accept("output_shape"):
        op.attrs["output_shape"] = r.listed(r.integer)
    r.expect(":")
    r.type()
    r.expect("into")
    return [r.type()]


@syntax("memref.reinterpret_cast")
def _reinterpret(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    r.expect("to")
    for name in ("offset", "sizes", "strides"):
        r.accept(",")
        r.expect(name)
        r.expect(":")
        op.attrs[name] = r.listed(r.integer)
    r.expect(":")
    r.type()
    r.expect("to")
    return [r.type()]


# -- aievec ---------------------------------------------------------------------------------------
@syntax("aievec.matmul", "aievec.matmul_aie2p")
def _matmul(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    r.expect(":")
    kinds = [r.type()]
    r.expect(",")
    kinds.append(r.type())
    r.expect("into")
    kinds.append(r.type())
    r.check(op.operands, *kinds)
    return [kinds[2]]


@syntax(
    "aievec.srs",
    "aievec.ups",
    "aievec.cast",
    "aievec.ext",
    "aievec.shift",
    "aievec.concat",
    "aievec.mul_elem",
    "aievec.mac_elem",
    "aievec.broadcast_scalar",
    "aievec.max",
    "aievec.min",
    "aievec.add_elem",
    "aievec.sub_elem",
    "aievec.neg",
    "aievec.unpack",
    "aievec.pack",
)
def _aievec(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    op.attrs.update(r.attributes())
    r.expect(":")
    kinds = [r.type()]
    while r.accept(","):
        kinds.append(r.type())
    op.attrs.update(r.attributes())
    return [kinds[-1]]


@syntax("aievec.shuffle")
def _aievec_shuffle(r: Reader, op: Op) -> list[Type]:
    op.operands = r.uses()
    r.expect("[")
    op.attrs["mode"] = r.next()
    r.expect("]")
    r.expect(":")
    return [r.type()]
