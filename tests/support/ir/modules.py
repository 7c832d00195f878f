"""Modules that hold every operation, random core code, and when two modules are equal."""

from typing import Any

from hypothesis import strategies as st

from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Block, Op, Type, Value, memref, scalar, vector

ARRAY = """module {
  aie.device(npu2) @design {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi8>>
    aie.objectfifo @a(%mem dimensionsToStream [<size = 8, stride = 8>, <size = 8, stride = 1>], \
{%core dimensionsFromStream [<size = 64, stride = 1>]}, [2, 1]) {repeat_count = 2 : i32, \
padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 1>, \
<const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<72xi8>>
    aie.objectfifo.link [@in] -> [@a] ([] [])
    aie.objectfifo @once(%core, {%core}, 1 : i32) : !aie.objectfifo<memref<2xi32>> = \
[dense<[1, -2]> : memref<2xi32>]
    %sums = aie.buffer(%core) {sym_name = "sums"} : memref<16xi32>
    %table = aie.buffer(%core) {sym_name = "table"} : memref<2x2xi32> = dense<[[1, 2], [3, 4]]> : \
tensor<2x2xi32>
    func.func private @llvm.aie2.thing(vector<64xi8>, i32) -> vector<16xi64>
    func.func private @outside(memref<16xi32>) attributes {link_with = "outside.o"}
    %program = aie.core(%core) {
      %view = aie.objectfifo.acquire @a(Consume, 1) : !aie.objectfifosubview<memref<72xi8>>
      %object = aie.objectfifo.subview.access %view[0] : !aie.objectfifosubview<memref<72xi8>> -> memref<72xi8>
      func.call @outside(%sums) : (memref<16xi32>) -> ()
      aie.objectfifo.release @a(Consume, 1)
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 1024 : i32}
    aie.runtime_sequence @sequence(%x: memref<4096xi8>, %y: memref<64xi32>) {
      aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 128][1, 1, 2, 64][0, 0, 64, 1]) {id = 3 : i64, \
issue_token = true, metadata = @in} : memref<4096xi8>
      aiex.npu.dma_wait {symbol = @in}
      %chain = aiex.dma_configure_task_for @in {
        aie.dma_bd(%x : memref<4096xi8>, 0, 64, [<size = 1, stride = 0>, <size = 64, stride = 1>]) \
{bd_id = 0 : i32}
        aie.next_bd ^next
      ^next:
        aie.dma_bd(%x : memref<4096xi8>, 64, 64) {bd_id = 1 : i32}
        aie.end
      } {issue_token = true, repeat_count = 1 : i32}
      aiex.dma_start_task(%chain)
      aiex.dma_await_task(%chain)
    }
  }
}
"""

DMA = """module {
  aie.device(npu1) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %stays = aie.buffer(%mem) {sym_name = "stays"} : memref<4096xi8>
    %empty = aie.lock(%mem, 0) {init = 1 : i32, sym_name = "empty"}
    %full = aie.lock(%mem, 1)
    aie.flow(%shim, DMA : 0, %mem, DMA : 2)
    aie.flow(%mem, DMA : 0, %shim, DMA : 1)
    aie.shim_dma_allocation @from_host(%shim, MM2S, 0)
    aie.shim_dma_allocation @to_host(%shim, S2MM, 1)
    %dma = aie.memtile_dma(%mem) {
      %0 = aie.dma_start(S2MM, 2, ^bb1, ^bb2)
    ^bb1:
      aie.use_lock(%empty, AcquireGreaterEqual, 1)
      aie.dma_bd(%stays : memref<4096xi8>, 0, 1024)
      aie.use_lock(%full, Release, 1)
      aie.next_bd ^bb1
    ^bb2:
      aie.end
    }
    aie.runtime_sequence @sequence(%x: memref<1024xi8>, %y: memref<1024xi8>) {
      %read = aiex.dma_configure_task(%mem, MM2S, 0) {
        aie.use_lock(%full, AcquireGreaterEqual, 1)
        aie.dma_bd(%stays : memref<4096xi8>, 0, 64, [<size = 2, stride = 256>, <size = 4, stride = 64>, \
<size = 16, stride = 1>]) {bd_id = 4 : i32}
        aie.use_lock(%empty, Release, 1)
        aie.next_bd ^next
      ^next:
        aie.dma_bd(%stays : memref<4096xi8>, 64, 64) {bd_id = 5 : i32}
        aie.end
      } {repeat_count = 1 : i32}
      aiex.dma_start_task(%read)
    }
  }
}
"""

CODE = """module @code attributes {author = "a person", unit} {
  func.func @views(%m: memref<4x8xi32>, %b: memref<16xbf16>, %f: f32, %n: i32) {
    %c0 = arith.constant 0 : index
    %flat = memref.collapse_shape %m [[0, 1]] : memref<4x8xi32> into memref<32xi32>
    %again = memref.expand_shape %flat [[0, 1]] output_shape [4, 8] : memref<32xi32> into memref<4x8xi32>
    %other = memref.reinterpret_cast %flat to offset: [2], sizes: [3, 4], strides: [4, 1] : \
memref<32xi32> to memref<3x4xi32, strided<[4, 1], offset: 2>>
    %same = memref.cast %flat : memref<32xi32> to memref<32xi32>
    %own = memref.alloc() : memref<2x4xf32, 2>
    %part = memref.subview %own[%c0, 1] [1, 2] [1, 1] : memref<2x4xf32, 2> to \
memref<1x2xf32, strided<[4, 1], offset: ?>, 2>
    linalg.fill ins(%f : f32) outs(%part : memref<1x2xf32, strided<[4, 1], offset: ?>, 2>)
    memref.dealloc %own : memref<2x4xf32, 2>
    %w = memref.load %m[%c0, %c0] : memref<4x8xi32>
    memref.store %w, %m[%c0, %c0] : memref<4x8xi32>
    %k = arith.constant {note = "kept"} 7 : i32
    %sum = arith.addi %w, %k overflow<nsw, nuw> : i32
    %yes = arith.constant true
    %some = arith.select %yes, %sum, %n : i32
    %half = arith.truncf %f to_nearest_even : f32 to bf16
    %e = math.roundeven %f : f32
    %minus = arith.negf %e : f32
    %v = vector.transfer_read %flat[%c0], %w {in_bounds = [true]} : memref<32xi32>, vector<8xi32>
    vector.transfer_write %v, %flat[%c0] : vector<8xi32>, memref<32xi32>
    %grid = vector.shape_cast %v : vector<8xi32> to vector<2x4xi32>
    %turned = vector.transpose %grid, [1, 0] : vector<2x4xi32> to vector<4x2xi32>
    %row = vector.extract %turned[1] : vector<2xi32> from vector<4x2xi32>
    %one = vector.extract %turned[1, 0] : i32 from vector<4x2xi32>
    %put = vector.insert %row, %turned [2] : vector<2xi32> into vector<4x2xi32>
    %cut = vector.extract_strided_slice %v {offsets = [2], sizes = [4], strides = [1]} : vector<8xi32> to \
vector<4xi32>
    %set = vector.insert_strided_slice %cut, %v {offsets = [0], strides = [1]} : vector<4xi32> into vector<8xi32>
    %wide = vector.broadcast %n : i32 to vector<8xi32>
    %x = vector.load %b[%c0] {alignment = 32 : i64} : memref<16xbf16>, vector<16xbf16>
    %y = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %z = vector.fma %y, %y, %y : vector<16xf32>
    %nan = arith.constant dense<0x7FC00000> : vector<16xf32>
    %ok = arith.cmpf ugt, %z, %nan : vector<16xf32>
    %chosen = arith.select %ok, %z, %y : vector<16xi1>, vector<16xf32>
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0 * 2 + 1)>], \
iterator_types = ["parallel"]} ins(%b : memref<16xbf16>) outs(%flat : memref<32xi32>) {
    ^bb0(%in: bf16, %out: i32):
      linalg.yield %out : i32
    }
    return
  }
  func.func private @two(%i: i32) -> (i32, index) {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %s:2 = scf.for %j = %c0 to %c8 step %c8 iter_args(%p = %i, %q = %c0) -> (i32, index) {
      scf.yield %p, %j : i32, index
    }
    scf.for %j = %i to %i step %i : i32 {
    }
    %is = arith.cmpi eq, %c0, %c8 : index
    %r = scf.if %is -> (i32) {
      scf.yield %i : i32
    } else {
      scf.yield %s#0 : i32
    }
    return %r, %s#1 : i32, index
  }
  func.func private @lanes(%a: vector<4x8xi8>, %b: vector<8x8xi8>, %c: vector<4x8xi32>, %v: vector<64xi8>, \
%u: vector<32xi16>, %w: vector<32xi32>, %k: i32) {
    %p = aievec.matmul %a, %b, %c : vector<4x8xi8>, vector<8x8xi8> into vector<4x8xi32>
    %p2 = aievec.matmul_aie2p %a, %b, %c : vector<4x8xi8>, vector<8x8xi8> into vector<4x8xi32>
    %s = aievec.srs %w, %k {sign = 0 : i32} : vector<32xi32>, i32, vector<32xi16>
    %q = aievec.ups %s {shift = 2 : i8} : vector<32xi16>, vector<32xi32>
    %h = aievec.ext %v {index = 1 : i8} : vector<64xi8>, vector<32xi8>
    %g = aievec.concat %h, %h : vector<32xi8>, vector<64xi8>
    %f = aievec.shift %v, %g, %k {isAcc = false} : vector<64xi8>, vector<64xi8>, i32, vector<64xi8>
    %t = aievec.cast %f {isResAcc = true} : vector<64xi8>, vector<16xi32>
    %n = aievec.broadcast_scalar %k : i32, vector<16xi32>
    %m = aievec.mul_elem %u, %u : vector<32xi16>, vector<32xi16>, vector<32xi32>
    %o = aievec.mac_elem %u, %u, %m {fmsub = true} : vector<32xi16>, vector<32xi16>, vector<32xi32>
    %d = aievec.pack %u : vector<32xi16>, vector<32xi8>
    %e = aievec.unpack %d : vector<32xi8>, vector<32xi16>
    %i = aievec.max %t, %n : vector<16xi32>
    %j = aievec.min %t, %i : vector<16xi32>
    %l = aievec.add_elem %j, %i : vector<16xi32>
    %r = aievec.sub_elem %l, %i : vector<16xi32>
    %x = aievec.neg %r : vector<16xi32>
    %y = aievec.shuffle %v [t8_8x8] : vector<64xi8>
    %z = aievec.shuffle %v, %y [t8_64x2_lo] : vector<64xi8>
    %call:2 = func.call @two(%k) : (i32) -> (i32, index)
    return
  }
}
"""

AIR = """module {
  "air.channel"() <{sym_name = "in", size = [2, 1]}> {broadcast_shape = [2, 2]} : () -> ()
  func.func @conv(%x: memref<64xi8>) {
    %c1 = arith.constant 1 : index
    "air.launch"(%c1, %x) <{operandSegmentSizes = array<i32: 0, 1, 1>, sym_name = "launch_0"}> ({
    ^bb0(%i: index, %n: index, %m: memref<64xi8>):
      "air.segment"(%m) <{operandSegmentSizes = array<i32: 0, 0, 1>, sym_name = "segment_0"}> ({
      ^bb0(%k: memref<64xi8>):
        %c2 = arith.constant 2 : index
        %l = memref.alloc() : memref<64xi8, 1>
        "air.channel.get"(%c2, %l) <{chan_name = @in, operandSegmentSizes = array<i32: 0, 1, 1, 0, 0, 0>}> : \
(index, memref<64xi8, 1>) -> ()
        "air.channel.put"(%c2, %k, %c2, %c2, %c2) <{chan_name = @in, static_src_offsets = array<i64: \
-9223372036854775808>, static_src_sizes = array<i64: -9223372036854775808>, static_src_strides = array<i64: \
-9223372036854775808>, operandSegmentSizes = array<i32: 0, 1, 1, 1, 1, 1, 0>}> : \
(index, memref<64xi8>, index, index, index) -> ()
        "air.herd"(%c2, %c2, %l) <{operandSegmentSizes = array<i32: 0, 2, 1>, sym_name = "herd_0"}> ({
        ^bb0(%c: index, %r: index, %cs: index, %rs: index, %mine: memref<64xi8, 1>):
          "air.herd_terminator"() : () -> ()
        }) : (index, index, memref<64xi8, 1>) -> ()
        "air.segment_terminator"() : () -> ()
      }) : (memref<64xi8>) -> ()
      "air.launch_terminator"() : () -> ()
    }) : (index, memref<64xi8>) -> ()
    return
  }
}
"""

ELEMENTS = ("i8", "i16", "i32", "i64", "bf16", "f32")
_SAME = ("addi", "subi", "muli", "andi", "ori", "xori", "shli", "shrui", "maxsi", "minsi")
_FLOAT = ("addf", "subf", "mulf", "maximumf", "minimumf")


def equal(left: Op, right: Op) -> bool:
    """Whether two modules say the same, whatever their values are called."""
    return _equal(left, right, {})


def _equal(left: Op, right: Op, values: dict[Value, Value]) -> bool:
    def alike(one: list[Value], two: list[Value]) -> bool:
        values.update(zip(one, two, strict=False))
        return [value.type for value in one] == [value.type for value in two]

    if (left.name, left.attrs) != (right.name, right.attrs):
        return False
    if [values.get(value) for value in left.operands] != list(right.operands):
        return False
    if len(left.blocks) != len(right.blocks) or not alike(left.results, right.results):
        return False
    for one, two in zip(left.blocks, right.blocks, strict=True):
        if not alike(one.args, two.args) or len(one.ops) != len(two.ops):
            return False
        if not all(_equal(a, b, values) for a, b in zip(one.ops, two.ops, strict=True)):
            return False
    return True


class _Code:
    """Writes random operations on values of every type."""

    def __init__(self, draw: st.DrawFn, f: Function) -> None:
        self._draw, self._w = draw, f.builder
        self._values: list[Value] = list(f.arguments)

    def _any(self, *kinds: str) -> Value:
        fitting = [value for value in self._values if value.type.kind in kinds]
        return self._draw(st.sampled_from(fitting))

    def block(self, depth: int) -> None:
        w, outer = self._w, len(self._values)
        for _ in range(self._draw(st.integers(1, 6))):
            steps = [self._constant, self._pair, self._shuffle, self._memory, self._compare]
            if depth:
                steps += [self._loop, self._carry, self._branch]
            step = self._draw(st.sampled_from(steps))
            step(w, depth)
        del self._values[outer:]

    def _constant(self, w: Builder, depth: int) -> None:
        elem = self._draw(st.sampled_from((*ELEMENTS, "index", "i1")))
        shape = () if elem == "index" else self._draw(st.sampled_from(((), (4,), (2, 3), (32,))))
        if elem in ("bf16", "f32"):
            value: Any = self._draw(st.floats(width=32, allow_nan=False, allow_infinity=False))
        else:
            value = self._draw(st.integers(0, 1) if elem == "i1" else st.integers(-128, 127))
        if shape and self._draw(st.booleans()):
            value = [value] * shape[0] if len(shape) == 1 else [[value] * shape[1]] * shape[0]
        self._values.append(w.constant(value, vector(elem, *shape) if shape else scalar(elem)))

    def _pair(self, w: Builder, depth: int) -> None:
        value = self._any("scalar", "vector")
        names = _FLOAT if value.type.elem in ("bf16", "f32") else _SAME
        other = [one for one in self._values if one.type == value.type]
        name = self._draw(st.sampled_from(names))
        self._values.append(
            w.value("e", f"arith.{name}", value, self._draw(st.sampled_from(other)))
        )

    def _compare(self, w: Builder, depth: int) -> None:
        value = self._any("scalar", "vector")
        predicate = "olt" if value.type.elem in ("bf16", "f32") else "slt"
        holds = w.compare(predicate, value, value)
        self._values += [holds, w.value("e", "arith.select", holds, value, value)]

    def _shuffle(self, w: Builder, depth: int) -> None:
        value = w.load("v", self._any("memref"), w.constant(0), self._draw(st.integers(1, 40)))
        lanes = st.lists(st.integers(-1, value.type.elements - 1), min_size=1, max_size=24)
        self._values += [value, w.shuffle("s", value, value, self._draw(lanes))]

    def _memory(self, w: Builder, depth: int) -> None:
        buffer = self._any("memref")
        at = w.constant(self._draw(st.integers(0, 9)))
        value = w.value("m", "memref.load", buffer, at)
        w.op("memref.store", value, buffer, at)
        self._values.append(value)

    def _loop(self, w: Builder, depth: int) -> None:
        with w.loop("i", w.constant(0), w.constant(4), w.constant(1)) as counter:
            self._values.append(counter)
            self.block(depth - 1)
            self._values.remove(counter)

    def _carry(self, w: Builder, depth: int) -> None:
        start = [self._any("scalar", "vector") for _ in range(self._draw(st.integers(1, 3)))]
        bounds = (w.constant(0), w.constant(4), w.constant(1))
        with w.carrying("k", bounds, start) as loop:
            self._values += loop.values
            carried = len(self._values)
            self.block(depth - 1)
            assert len(self._values) == carried
            del self._values[carried - len(start) :]
        self._values += loop.results

    def _branch(self, w: Builder, depth: int) -> None:
        condition = w.constant(1, scalar("i1"))
        with w.branch(condition, otherwise=self._draw(st.booleans())):
            self.block(depth - 1)


@st.composite
def functions(draw: st.DrawFn) -> Op:
    """A module of one function of random core code."""
    kinds: list[Type] = [memref(elem, 64) for elem in ELEMENTS]
    kinds += [INDEX, scalar("i32"), vector("i8", 32), vector("f32", 2, 8)]
    f = Function("kernel", [(f"p{number}", kind) for number, kind in enumerate(kinds)])
    _Code(draw, f).block(draw(st.integers(0, 2)))
    return Op("module", 0, blocks=[Block(ops=[f.finish()])])
