"""Small AIE modules for the simulator's tests, made from parts."""

from collections.abc import Sequence
from math import prod

BYTES = {"i8": 1, "i16": 2, "bf16": 2, "i32": 4, "f32": 4}


def memref(elements: int, dtype: str) -> str:
    return f"memref<{elements}x{dtype}>"


def acquire(fifo: str, port: str, kind: str, value: str, number: int = 1) -> str:
    view = f"!aie.objectfifosubview<{kind}>"
    return (
        f"%{value}_s = aie.objectfifo.acquire @{fifo}({port}, {number}) : {view}\n"
        f"%{value} = aie.objectfifo.subview.access %{value}_s[0] : {view} -> {kind}\n"
    )


def endless(body: str) -> str:
    """``body`` again and again, as a core runs that serves call after call."""
    return f"""%begin = arith.constant 0 : index
%next = arith.constant 1 : index
%ever = arith.constant {2**63 - 1} : index
scf.for %call = %begin to %ever step %next {{
{body}}}
"""


def transfer(
    argument: str,
    kind: str,
    fifo: str,
    id_: int,
    sizes: Sequence[int],
    strides: Sequence[int],
    offset: int = 0,
    token: bool = False,
) -> str:
    attrs = f"id = {id_} : i64, metadata = @{fifo}" + (", issue_token = true" if token else "")
    return (
        f"aiex.npu.dma_memcpy_nd(%{argument}[0, 0, 0, {offset}]{list(sizes)}{list(strides)})"
        f" {{{attrs}}} : {kind}\n"
    )


def chain(
    name: str,
    fifo: str,
    parts: Sequence[tuple[str, str, int, int, Sequence[int], Sequence[int]]],
    runs: int,
    attributes: str = "issue_token = true, ",
) -> str:
    """A chain of (argument, type, id, offset, sizes, strides), configured and started as %name."""
    text = f"%{name} = aiex.dma_configure_task_for @{fifo} {{\n"
    for number, (argument, kind, id_, offset, sizes, strides) in enumerate(parts):
        pairs = zip(sizes, strides, strict=True)
        dims = ", ".join(f"<size = {n}, stride = {step}>" for n, step in pairs)
        label = f"^part_{number}:\n" if number else ""
        end = f"aie.next_bd ^part_{number + 1}" if number + 1 < len(parts) else "aie.end"
        where = f"%{argument} : {kind}, {offset}, {prod(sizes[1:])}, [{dims}]"
        text += f"{label}aie.dma_bd({where}) {{bd_id = {id_} : i32}}\n{end}\n"
    text += f"}} {{{attributes}repeat_count = {runs - 1} : i32}}\n"
    return text + f"aiex.dma_start_task(%{name})\n"


def kernel(
    inputs: Sequence[tuple[int, str]],
    output: tuple[int, str],
    body: str,
    *,
    declarations: str = "",
    prelude: str = "",
    device: str = "npu1",
) -> str:
    """A core that runs ``body`` once a call on whole inputs %x0, %x1 (from the shim) into %y.

    ``body`` is the inside of a function; ``prelude`` stands at the start of the core.
    """
    kinds = [memref(*x) for x in inputs]
    out = memref(*output)
    names = [f"x{i}" for i in range(len(kinds))]
    fifos = "".join(
        f"aie.objectfifo @{n}(%shim, {{%tile}}, 1 : i32) : !aie.objectfifo<{k}>\n"
        for n, k in zip(names, kinds, strict=True)
    )
    parameters = ", ".join(f"%{n}: {k}" for n, k in zip(names, kinds, strict=True))
    takes = "".join(
        acquire(n, "Consume", k, n) for n, k in zip(names, kinds, strict=True)
    ) + acquire("y", "Produce", out, "y")
    gives = "".join(f"aie.objectfifo.release @{n}(Consume, 1)\n" for n in names)
    pushes = "".join(
        transfer(n, k, n, i + 1, (1, 1, 1, x[0]), (0, 0, 0, 1))
        for i, (n, k, x) in enumerate(zip(names, kinds, inputs, strict=True))
    )
    arguments = ", ".join(f"%{n}" for n in [*names, "y"])
    calls = f"func.call @f({arguments}) : ({', '.join([*kinds, out])}) -> ()\n"
    return f"""module {{
aie.device({device}) {{
%shim = aie.tile(0, 0)
%tile = aie.tile(0, 2)
{fifos}aie.objectfifo @y(%tile, {{%shim}}, 1 : i32) : !aie.objectfifo<{out}>
{declarations}
func.func private @f({parameters}, %y: {out}) {{
%c0 = arith.constant 0 : index
{body}
return
}}
%core = aie.core(%tile) {{
{prelude}
{endless(takes + calls + gives + "aie.objectfifo.release @y(Produce, 1)" + chr(10))}aie.end
}}
aie.runtime_sequence @sequence({parameters}, %y: {out}) {{
{transfer("y", out, "y", 0, (1, 1, 1, output[0]), (0, 0, 0, 1))}{pushes}aiex.npu.dma_wait {{symbol = @y}}
}}
}}
}}
"""


def registers(rounding: int | None = None, saturation: int | None = None) -> str:
    """A core's prelude that sets the control registers."""
    text = ""
    for number, value in ((6, rounding), (9, saturation)):
        if value is not None:
            text += (
                f"%r{number} = arith.constant {number} : i32\n"
                f"%v{number} = arith.constant {value} : i32\n"
                f"func.call @llvm.aie2.set.ctrl.reg(%r{number}, %v{number}) : (i32, i32) -> ()\n"
            )
    return text


SET_REGISTER = "func.func private @llvm.aie2.set.ctrl.reg(i32, i32)"


def relay(
    elements: int,
    dtype: str,
    *,
    to_stream: str = "",
    from_stream: str = "",
    attributes: str = "",
    received: int | None = None,
    objects: int = 2,
    sent: int = 1,
    depth: int = 2,
    out_sizes: Sequence[int] | None = None,
    out_strides: Sequence[int] = (0, 0, 0, 1),
) -> str:
    """Objects go shim -> mem tile -> core -> shim; the core copies 16 bytes at a time.

    Args:
        to_stream, from_stream: text of the dimensions on the way from the mem tile to the core.
        attributes: of the FIFO into the core, e.g. a padding.
        received: elements the core gets per object (more than ``elements`` with padding).
        sent: objects that the core gets for each of the ``objects`` that the shim reads.
    """
    received = received or elements
    small, large = memref(elements, dtype), memref(received, dtype)
    lanes = 16 // BYTES[dtype]
    total, back = elements * objects, received * objects * sent
    out_sizes = out_sizes or (1, 1, 1, back)
    copies = f"""scf.for %i = %c0 to %n step %c1 {{
{acquire("a1", "Consume", large, "a")}{acquire("o", "Produce", large, "o")}
scf.for %j = %c0 to %size step %step {{
%v = vector.load %a[%j] {{alignment = 16 : i64}} : {large}, vector<{lanes}x{dtype}>
vector.store %v, %o[%j] {{alignment = 16 : i64}} : {large}, vector<{lanes}x{dtype}>
}}
aie.objectfifo.release @a1(Consume, 1)
aie.objectfifo.release @o(Produce, 1)
}}
"""
    return f"""module {{
aie.device(npu1) {{
%s = aie.tile(0, 0)
%m = aie.tile(0, 1)
%c = aie.tile(0, 2)
aie.objectfifo @a3(%s, {{%m}}, {depth} : i32) : !aie.objectfifo<{small}>
aie.objectfifo @a1(%m {to_stream}, {{%c {from_stream}}}, {depth} : i32) {attributes} : !aie.objectfifo<{large}>
aie.objectfifo.link [@a3] -> [@a1] ([] [])
aie.objectfifo @o(%c, {{%s}}, {depth} : i32) : !aie.objectfifo<{large}>
%core = aie.core(%c) {{
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%n = arith.constant {objects * sent} : index
%step = arith.constant {lanes} : index
%size = arith.constant {received} : index
{endless(copies)}aie.end
}} {{stack_size = 1024 : i32}}
aie.runtime_sequence @sequence(%x: {memref(total, dtype)}, %y: {memref(back, dtype)}) {{
{transfer("y", memref(back, dtype), "o", 0, out_sizes, out_strides)}{transfer("x", memref(total, dtype), "a3", 1, (1, 1, 1, total), (0, 0, 0, 1), token=True)}aiex.npu.dma_wait {{symbol = @o}}
aiex.npu.dma_wait {{symbol = @a3}}
}}
}}
}}
"""


GEMM = """module {
aie.device(npu1) {
%s = aie.tile(0, 0)
%m = aie.tile(0, 1)
%c = aie.tile(0, 2)
aie.objectfifo @a3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<32x64xi8>>
aie.objectfifo @a1(%m dimensionsToStream [<size = 8, stride = 256>, <size = 8, stride = 8>, <size = 4, stride = 64>, <size = 8, stride = 1>], {%c}, 2 : i32) : !aie.objectfifo<memref<2048xi8>>
aie.objectfifo.link [@a3] -> [@a1] ([] [])
aie.objectfifo @b3(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<64x16xi8>>
aie.objectfifo @b1(%m dimensionsToStream [<size = 8, stride = 128>, <size = 2, stride = 8>, <size = 8, stride = 16>, <size = 8, stride = 1>], {%c}, 2 : i32) : !aie.objectfifo<memref<1024xi8>>
aie.objectfifo.link [@b3] -> [@b1] ([] [])
aie.objectfifo @o1(%c, {%m}, 2 : i32) : !aie.objectfifo<memref<512xi32>>
aie.objectfifo @o3(%m dimensionsToStream [<size = 8, stride = 64>, <size = 4, stride = 8>, <size = 2, stride = 32>, <size = 8, stride = 1>], {%s}, 2 : i32) : !aie.objectfifo<memref<512xi32>>
aie.objectfifo.link [@o1] -> [@o3] ([] [])
func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
func.func private @multiply(%a: memref<2048xi8>, %b: memref<1024xi8>, %o: memref<512xi32>) {
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
%c8 = arith.constant 8 : index
%c32 = arith.constant 32 : index
%c64 = arith.constant 64 : index
%conf = arith.constant 776 : i32
%zero = arith.constant dense<0> : vector<16xi64>
scf.for %i = %c0 to %c8 step %c1 {
scf.for %j = %c0 to %c2 step %c1 {
%acc = scf.for %k = %c0 to %c8 step %c1 iter_args(%x = %zero) -> vector<16xi64> {
%i8 = arith.muli %i, %c8 : index
%ik = arith.addi %i8, %k : index
%at = arith.muli %ik, %c32 : index
%k2 = arith.muli %k, %c2 : index
%kj = arith.addi %k2, %j : index
%bt = arith.muli %kj, %c64 : index
%va = vector.load %a[%at] {alignment = 32 : i64} : memref<2048xi8>, vector<32xi8>
%wide = vector.shuffle %va, %va [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
%vb = vector.load %b[%bt] {alignment = 32 : i64} : memref<1024xi8>, vector<64xi8>
%ib = vector.bitcast %vb : vector<64xi8> to vector<16xi32>
%y = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%wide, %ib, %x, %conf) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
scf.yield %y : vector<16xi64>
}
%sum = vector.bitcast %acc : vector<16xi64> to vector<32xi32>
%i2 = arith.muli %i, %c2 : index
%ij = arith.addi %i2, %j : index
%ot = arith.muli %ij, %c32 : index
vector.store %sum, %o[%ot] {alignment = 32 : i64} : memref<512xi32>, vector<32xi32>
}
}
return
}
%core = aie.core(%c) {
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%for_ever = arith.constant 9223372036854775807 : index
scf.for %t = %c0 to %for_ever step %c1 {
%as = aie.objectfifo.acquire @a1(Consume, 1) : !aie.objectfifosubview<memref<2048xi8>>
%a = aie.objectfifo.subview.access %as[0] : !aie.objectfifosubview<memref<2048xi8>> -> memref<2048xi8>
%bs = aie.objectfifo.acquire @b1(Consume, 1) : !aie.objectfifosubview<memref<1024xi8>>
%b = aie.objectfifo.subview.access %bs[0] : !aie.objectfifosubview<memref<1024xi8>> -> memref<1024xi8>
%os = aie.objectfifo.acquire @o1(Produce, 1) : !aie.objectfifosubview<memref<512xi32>>
%o = aie.objectfifo.subview.access %os[0] : !aie.objectfifosubview<memref<512xi32>> -> memref<512xi32>
func.call @multiply(%a, %b, %o) : (memref<2048xi8>, memref<1024xi8>, memref<512xi32>) -> ()
aie.objectfifo.release @a1(Consume, 1)
aie.objectfifo.release @b1(Consume, 1)
aie.objectfifo.release @o1(Produce, 1)
}
aie.end
} {stack_size = 1024 : i32}
aie.runtime_sequence @sequence(%a: memref<6144xi8>, %b: memref<1024xi8>, %o: memref<1536xi32>) {
aiex.npu.dma_memcpy_nd(%o[0, 0, 0, 0][1, 1, 1, 1536][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @o3} : memref<1536xi32>
aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 6144][0, 0, 0, 1]) {id = 1 : i64, issue_token = true, metadata = @a3} : memref<6144xi8>
aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][3, 1, 1, 1024][0, 0, 0, 1]) {id = 2 : i64, issue_token = true, metadata = @b3} : memref<1024xi8>
aiex.npu.dma_wait {symbol = @o3}
aiex.npu.dma_wait {symbol = @a3}
aiex.npu.dma_wait {symbol = @b3}
}
}
}
"""
"""Three 32x64 by 64x16 products on one core: blocked layouts, the matrix intrinsic, repeated B."""

FAN = """module {
aie.device(npu1) {
%s = aie.tile(0, 0)
%m = aie.tile(0, 1)
%c0 = aie.tile(0, 2)
%c1 = aie.tile(0, 3)
aie.objectfifo @x(%s, {%c0, %c1}, 2 : i32) : !aie.objectfifo<memref<64xi8>>
aie.objectfifo @w(%s, {%m}, 1 : i32) : !aie.objectfifo<memref<128xi8>>
aie.objectfifo @w0(%m, {%c0}, 1 : i32) : !aie.objectfifo<memref<64xi8>>
aie.objectfifo @w1(%m, {%c1}, 1 : i32) : !aie.objectfifo<memref<64xi8>>
aie.objectfifo.link [@w] -> [@w0, @w1] ([] [0, 64])
aie.objectfifo @o0(%c0, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>>
aie.objectfifo @o1(%c1, {%m}, 2 : i32) : !aie.objectfifo<memref<64xi8>>
aie.objectfifo @o(%m dimensionsToStream [<size = 16, stride = 4>, <size = 4, stride = 1>], {%s}, 2 : i32) : !aie.objectfifo<memref<128xi8>>
aie.objectfifo.link [@o0, @o1] -> [@o] ([0, 64] [])
func.func private @add(%x: memref<64xi8>, %w: memref<64xi8>, %o: memref<64xi8>) {
%z = arith.constant 0 : index
%a = vector.load %x[%z] {alignment = 32 : i64} : memref<64xi8>, vector<64xi8>
%b = vector.load %w[%z] {alignment = 32 : i64} : memref<64xi8>, vector<64xi8>
%y = arith.addi %a, %b : vector<64xi8>
vector.store %y, %o[%z] {alignment = 32 : i64} : memref<64xi8>, vector<64xi8>
return
}
CORES
aie.runtime_sequence @sequence(%x: memref<192xi8>, %w: memref<128xi8>, %o: memref<384xi8>) {
aiex.npu.dma_memcpy_nd(%o[0, 0, 0, 0][1, 1, 1, 384][0, 0, 0, 1]) {id = 0 : i64, metadata = @o} : memref<384xi8>
aiex.npu.dma_memcpy_nd(%w[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 1 : i64, metadata = @w} : memref<128xi8>
aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 192][0, 0, 0, 1]) {id = 2 : i64, metadata = @x} : memref<192xi8>
aiex.npu.dma_wait {symbol = @o}
}
}
}
"""


def fan() -> str:
    """Two cores: broadcast x, distributed w, joined o = x + w, three objects."""
    kind = memref(64, "i8")
    cores = ""
    for i in range(2):
        body = f"""{acquire(f"w{i}", "Consume", kind, "w")}
scf.for %i = %z to %n step %one {{
{acquire("x", "Consume", kind, "x")}{acquire(f"o{i}", "Produce", kind, "o")}
func.call @add(%x, %w, %o) : ({kind}, {kind}, {kind}) -> ()
aie.objectfifo.release @x(Consume, 1)
aie.objectfifo.release @o{i}(Produce, 1)
}}
aie.objectfifo.release @w{i}(Consume, 1)
"""
        cores += f"""%p{i} = aie.core(%c{i}) {{
%z = arith.constant 0 : index
%one = arith.constant 1 : index
%n = arith.constant 3 : index
{endless(body)}aie.end
}}
"""
    return FAN.replace("CORES\n", cores)
