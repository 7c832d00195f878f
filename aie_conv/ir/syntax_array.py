"""The syntax of builtin, func, scf, aie and aiex operations, behind their names."""

from typing import Any

from aie_conv.ir.core import INDEX, Op, Type
from aie_conv.ir.reader import Reader, syntax


# -- builtin, func, scf ---------------------------------------------------------------------------
@syntax("module", "builtin.module")
def _module(r: Reader, op: Op) -> list[Type]:
    if r.peek().startswith("@"):
        op.attrs["sym_name"] = r.symbol()
    if r.accept("attributes"):
        op.attrs.update(r.attributes())
    op.blocks.append(r.block())
    return []


@syntax("func.func")
def _func(r: Reader, op: Op) -> list[Type]:
    if r.peek() in ("private", "public", "nested"):
        op.attrs["sym_visibility"] = r.next()
    op.attrs["sym_name"] = r.symbol()
    names: list[str] = []

    def argument() -> Type:
        if r.peek().startswith("%"):
            names.append(r.next())
            r.expect(":")
        return r.type()

    arguments = r.listed(argument, "(", ")")
    results = r.types() if r.accept("->") else []
    op.attrs["function_type"] = (tuple(arguments), tuple(results))
    if r.accept("attributes"):
        op.attrs.update(r.attributes())
    if r.peek() == "{":
        if len(names) != len(arguments):
            r.fail(f"@{op.attrs['sym_name']}: every argument of a function with a body has a name")
        op.blocks.append(r.block(list(zip(names, arguments, strict=True))))
    return []


@syntax("func.call", "call")
def _call(r: Reader, op: Op) -> list[Type]:
    op.name = "func.call"
    op.attrs["callee"] = r.symbol()
    op.operands = r.listed(r.use, "(", ")")
    r.expect(":")
    r.check(op.operands, *r.listed(r.type, "(", ")"))
    r.expect("->")
    return r.types()


@syntax("func.return", "return", "scf.yield")
def _return(r: Reader, op: Op) -> list[Type]:
    if op.name == "return":
        op.name = "func.return"
    if r.peek().startswith("%"):
        op.operands = r.uses()
        r.expect(":")
        kinds = [r.type()]
        while r.accept(","):
            kinds.append(r.type())
        r.check(op.operands, *kinds)
    return []


@syntax("scf.for")
def _for(r: Reader, op: Op) -> list[Type]:
    iv = r.next()
    r.expect("=")
    lower = r.use()
    r.expect("to")
    upper = r.use()
    r.expect("step")
    op.operands = [lower, upper, r.use()]
    names: list[str] = []
    kinds: list[Type] = []
    if r.accept("iter_args"):

        def carried() -> None:
            names.append(r.next())
            r.expect("=")
            op.operands.append(r.use())

        r.listed(carried, "(", ")")
        r.expect("->")
        kinds = r.types()
    iv_type = r.type() if r.accept(":") else INDEX
    r.check(op.operands[3:], *kinds)
    op.blocks.append(r.block([(iv, iv_type), *zip(names, kinds, strict=True)]))
    last = op.blocks[0].ops[-1] if op.blocks[0].ops else None
    r.check(last.operands if last and last.name == "scf.yield" else [], *kinds)
    op.attrs.update(r.attributes())
    return kinds


@syntax("scf.if")
def _if(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    kinds = r.types() if r.accept("->") else []
    op.blocks.append(r.block())
    if r.accept("else"):
        op.blocks.append(r.block())
    return kinds


# -- aie, aiex ------------------------------------------------------------------------------------
@syntax("aie.device")
def _device(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.attrs["device"] = r.next()
    r.expect(")")
    if r.peek().startswith("@"):
        op.attrs["sym_name"] = r.symbol()
    op.blocks.append(r.block())
    op.attrs.update(r.attributes())
    return []


@syntax("aie.tile")
def _tile(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.attrs["col"] = r.integer()
    r.expect(",")
    op.attrs["row"] = r.integer()
    r.expect(")")
    op.attrs.update(r.attributes())
    return [INDEX]


def _dims(r: Reader, keyword: str) -> list[tuple[int, int]]:
    """``keyword [<size = n, stride = s>, …]``, or [] if it is not there."""
    return _layout(r) if r.accept(keyword) else []


def _layout(r: Reader) -> list[tuple[int, int]]:
    """``[<size = n, stride = s>, …]``."""

    def one() -> tuple[int, int]:
        r.expect("<")
        r.expect("size")
        r.expect("=")
        size = r.integer()
        r.expect(",")
        r.expect("stride")
        r.expect("=")
        stride = r.integer()
        r.expect(">")
        return size, stride

    return r.listed(one)


@syntax("aie.objectfifo")
def _objectfifo(r: Reader, op: Op) -> list[Type]:
    op.attrs["sym_name"] = r.symbol()
    r.expect("(")
    op.operands = [r.use()]
    op.attrs["dimensionsToStream"] = _dims(r, "dimensionsToStream")
    r.expect(",")
    from_stream: list[Any] = []

    def consumer() -> None:
        op.operands.append(r.use())
        from_stream.append(_dims(r, "dimensionsFromStream"))

    r.listed(consumer, "{", "}")
    op.attrs["dimensionsFromStreamPerConsumer"] = from_stream
    r.expect(",")
    op.attrs["elemNumber"] = r.attribute()
    r.expect(")")
    op.attrs.update(r.attributes())
    r.expect(":")
    op.attrs["elemType"] = r.type()
    if r.accept("="):
        op.attrs["initValues"] = r.listed(lambda: _typed_dense(r))
    return []


def _typed_dense(r: Reader) -> Any:
    r.expect("dense")
    value = r.dense()
    r.expect(":")
    r.type()
    return value


@syntax("aie.objectfifo.link")
def _link(r: Reader, op: Op) -> list[Type]:
    op.attrs["fifoIns"] = r.listed(r.symbol)
    r.expect("->")
    op.attrs["fifoOuts"] = r.listed(r.symbol)
    r.expect("(")
    op.attrs["src_offsets"] = r.listed(r.integer)
    op.attrs["dst_offsets"] = r.listed(r.integer)
    r.expect(")")
    op.attrs.update(r.attributes())
    return []


def _port(r: Reader, op: Op) -> None:
    op.attrs["objFifo_name"] = r.symbol()
    r.expect("(")
    op.attrs["port"] = r.next()
    if op.attrs["port"] not in ("Produce", "Consume"):
        r.fail(f"port '{op.attrs['port']}': use Produce or Consume")
    r.expect(",")
    op.attrs["size"] = r.integer()
    r.expect(")")


@syntax("aie.objectfifo.acquire")
def _acquire(r: Reader, op: Op) -> list[Type]:
    _port(r, op)
    op.attrs.update(r.attributes())
    r.expect(":")
    return [r.type()]


@syntax("aie.objectfifo.release")
def _release(r: Reader, op: Op) -> list[Type]:
    _port(r, op)
    op.attrs.update(r.attributes())
    return []


@syntax("aie.objectfifo.subview.access")
def _access(r: Reader, op: Op) -> list[Type]:
    op.operands = [r.use()]
    r.expect("[")
    op.attrs["index"] = r.integer()
    r.expect("]")
    r.expect(":")
    r.check(op.operands, r.type())
    r.expect("->")
    return [r.type()]


@syntax("aie.buffer")
def _buffer(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.operands = [r.use()]
    r.expect(")")
    op.attrs.update(r.attributes())
    r.expect(":")
    kind = r.type()
    if r.accept("="):
        r.expect("dense")
        op.attrs["initial_value"] = r.dense()
        if r.accept(":"):
            r.type()
    return [kind]


@syntax("aie.core")
def _core(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.operands = [r.use()]
    r.expect(")")
    op.blocks.append(r.block())
    op.attrs.update(r.attributes())
    return [INDEX]


@syntax("aie.end")
def _end(r: Reader, op: Op) -> list[Type]:
    return []


@syntax("aie.runtime_sequence")
def _sequence(r: Reader, op: Op) -> list[Type]:
    if r.peek().startswith("@"):
        op.attrs["sym_name"] = r.symbol()
    names: list[tuple[str, Type]] = []

    def argument() -> None:
        name = r.next()
        r.expect(":")
        names.append((name, r.type()))

    r.listed(argument, "(", ")")
    op.blocks.append(r.block(names))
    return []


@syntax("aiex.npu.dma_memcpy_nd")
def _memcpy(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.operands = [r.use()]
    for name in ("offsets", "sizes", "strides"):
        op.attrs[name] = r.listed(r.integer)
    r.expect(")")
    op.attrs.update(r.attributes())
    r.expect(":")
    r.check(op.operands, r.type())
    return []


@syntax("aiex.npu.dma_wait")
def _wait(r: Reader, op: Op) -> list[Type]:
    op.attrs.update(r.attributes())
    return []


@syntax("aiex.dma_configure_task_for")
def _configure(r: Reader, op: Op) -> list[Type]:
    op.attrs["fifo"] = r.symbol()
    found = r.blocks()
    op.blocks = list(found.values())
    op.attrs["labels"] = list(found)
    op.attrs.update(r.attributes())
    return [INDEX]


@syntax("aie.dma_bd")
def _dma_bd(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.operands = [r.use()]
    r.expect(":")
    r.check(op.operands, r.type())
    r.expect(",")
    op.attrs["offset"] = r.integer()
    r.expect(",")
    op.attrs["len"] = r.integer()
    op.attrs["dimensions"] = _layout(r) if r.accept(",") else []
    r.expect(")")
    op.attrs.update(r.attributes())
    return []


@syntax("aie.next_bd")
def _next_bd(r: Reader, op: Op) -> list[Type]:
    op.attrs["dest"] = r.next()
    return []


@syntax("aiex.dma_start_task", "aiex.dma_await_task")
def _task(r: Reader, op: Op) -> list[Type]:
    r.expect("(")
    op.operands = [r.use()]
    r.expect(")")
    return []
