"""aie: the array's tiles, object FIFOs, buffers, cores and the runtime sequence (mlir-aie 1e400306)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aie_conv.ir.attributes import (
    ANY,
    BOOL,
    I32,
    INTS,
    LAYOUT,
    PADDING,
    STRING,
    Kind,
    Literal,
    literal_text,
)
from aie_conv.ir.core import INDEX, Op, Type, memref, refuse
from aie_conv.ir.definition import define
from aie_conv.ir.dialects.cf import CoreBody
from aie_conv.ir.dialects.dma import Keyword
from aie_conv.ir.dialects.inference import check, index, nothing
from aie_conv.ir.shared import read_device

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import ModuleReader


def _dims_text(keyword: str, dims: Sequence[tuple[int, int]]) -> str:
    return f" {keyword} {LAYOUT.text(dims)}" if dims else ""


def _dims(r: "ModuleReader", keyword: str) -> list[tuple[int, int]]:
    return LAYOUT.parse(r) if r.accept(keyword) else []


class _Ends:
    """``%a [dimensionsToStream […]], {%b [dimensionsFromStream […]], …}``."""

    names = ("dimensionsToStream", "dimensionsFromStreamPerConsumer")

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.operands.append(r.use())
        op.attrs["dimensionsToStream"] = _dims(r, "dimensionsToStream")
        r.expect(",")

        def consumer() -> list[tuple[int, int]]:
            op.operands.append(r.use())
            return _dims(r, "dimensionsFromStream")

        op.attrs["dimensionsFromStreamPerConsumer"] = r.listed(consumer, "{", "}")

    def print(self, p: "Printer", op: Op) -> None:
        source, *sinks = op.operands
        p.write(f"%{source.name}{_dims_text(self.names[0], op.attrs[self.names[0]])}, {{")
        pairs = zip(sinks, op.attrs[self.names[1]], strict=True)
        p.write(
            ", ".join(
                f"%{sink.name}{_dims_text('dimensionsFromStream', dims)}" for sink, dims in pairs
            )
        )
        p.write("}")


class _Depths:
    """``2 : i32`` for all ends, or ``[2, 1]`` for each."""

    names = ("elemNumber",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        kind: Kind = INTS if r.tokens[r.position].startswith("[") else I32
        op.attrs["elemNumber"] = kind.parse(r)

    def print(self, p: "Printer", op: Op) -> None:
        depth = op.attrs["elemNumber"]
        p.write((INTS if isinstance(depth, list) else I32).text(depth))


class _Objects:
    """`` = [dense<…> : memref<…>, …]``, the first objects, if there are any."""

    names = ("initValues",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        def one() -> Literal:
            value = r.dense_token(r.next())
            r.expect(":")
            if r.type().elements != op.attrs["elemType"].elements:
                r.fail(f"@{op.attrs['sym_name']}: a first object of another type")
            return value

        if r.accept("="):
            op.attrs["initValues"] = r.listed(one)

    def print(self, p: "Printer", op: Op) -> None:
        if "initValues" in op.attrs:
            kind: Type = op.attrs["elemType"]
            inside = memref(kind.elem, *kind.shape).text
            values = op.attrs["initValues"]
            objects = (f"dense<{literal_text(one, kind.elem)}> : {inside}" for one in values)
            p.write(f" = [{', '.join(objects)}]")


class _Contents:
    """`` = dense<…>``, what a buffer holds at first, if it holds anything."""

    names = ("initial_value",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        if r.accept("="):
            op.attrs["initial_value"] = r.dense_token(r.next())
            if r.accept(":"):
                r.type()

    def print(self, p: "Printer", op: Op) -> None:
        if "initial_value" in op.attrs:
            kind = op.results[0].type
            shape = "x".join((*map(str, kind.shape), kind.elem))
            value = literal_text(op.attrs["initial_value"], kind.elem)
            p.write(f" = dense<{value}> : tensor<{shape}>")


class _BlockLayout:
    """``, [<size = n, stride = s>, …]``, if there is one."""

    names = ("dimensions",)

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.attrs["dimensions"] = LAYOUT.parse(r) if r.accept(",") else []

    def print(self, p: "Printer", op: Op) -> None:
        dims = op.attrs["dimensions"]
        p.write(f", {LAYOUT.text(dims)}" if dims else "")


def _ends(op: Op) -> Sequence[Type]:
    for value in op.operands:
        check(op, value, INDEX)
    return ()


def _infer_access(op: Op) -> Sequence[Type]:
    kind = op.operands[0].type
    if kind.kind != "subview":
        refuse(op, f"%{op.operands[0].name} is {kind}, nothing that was acquired")
    return (memref(kind.elem, *kind.shape),)


class _DeviceBody:
    """A block in braces."""

    def parse(self, r: "ModuleReader", op: Op, kinds: list[Type]) -> None:
        op.blocks.append(read_device(r))

    def print(self, p: "Printer", op: Op) -> None:
        p.block(op.blocks[0])


_FIFO: dict[str, Kind] = {
    **dict.fromkeys(("repeat_count", "iter_count", "aie_stream", "aie_stream_port"), I32),
    "padDimensions": PADDING,
    **dict.fromkeys(("plio", "via_DMA", "via_shared_mem"), ANY),
}
_FORMS = {
    "body": _DeviceBody(),
    "core": CoreBody(),
    "ends": _Ends(),
    "depths": _Depths(),
    "objects": _Objects(),
    "contents": _Contents(),
    "port": Keyword("port", "Produce", "Consume"),
    "dimensions": _BlockLayout(),
}


define("aie.device", "($device:word)[[ $sym_name:symbol]] body! attr-dict", nothing, custom=_FORMS)
define("aie.tile", "($col:int, $row:int) attr-dict", index, may_drop=True)
define(
    "aie.objectfifo",
    " $sym_name:symbol(ends!, depths!) attr-dict : $elemType:type/objects!",
    _ends,
    attrs=_FIFO,
    custom=_FORMS,
)
define(
    "aie.objectfifo.link",
    " $fifoIns:symbols -> $fifoOuts:symbols ($src_offsets:ints $dst_offsets:ints) attr-dict",
    nothing,
    refers=("fifoIns", "fifoOuts"),
)
define(
    "aie.objectfifo.acquire",
    " $objFifo_name:symbol(port!, $size:int) attr-dict : type(result)",
    custom=_FORMS,
    refers=("objFifo_name",),
)
define(
    "aie.objectfifo.release",
    " $objFifo_name:symbol(port!, $size:int) attr-dict",
    nothing,
    custom=_FORMS,
    refers=("objFifo_name",),
)
define(
    "aie.objectfifo.subview.access",
    " %0[$index:int] attr-dict : type(0) -> type(result)",
    _infer_access,
)
define(
    "aie.buffer",
    "(%0) attr-dict : type(result)/contents!",
    attrs={"sym_name": STRING, "address": I32, "mem_bank": I32},
    custom=_FORMS,
    may_drop=True,
)
define(
    "aie.core",
    "(%0) core! attr-dict",
    index,
    attrs={"stack_size": I32, "link_with": STRING, "dynamic_objfifo_lowering": BOOL},
    custom=_FORMS,
    may_drop=True,
)
define(
    "aie.external_buffer",
    " attr-dict : type(result)",
    attrs={"sym_name": STRING},
    may_drop=True,
)
define("aie.end", "", nothing)
define("aie.runtime_sequence", "[[ $sym_name:symbol]]region(args)", nothing)
define(
    "aie.dma_bd",
    "(%0 : type(0), $offset:int, $len:int/dimensions!) attr-dict",
    nothing,
    attrs={"bd_id": I32, "burst_length": I32, "task_id": I32},
    custom=_FORMS,
)
