"""A table as run-time parameters: a pass over an object of bytes, behind the epilogue that leaves them there.

One function serves the tables of all layers: the number of hinges, what the sum starts from and where the
byte lies in it are words of the parameter block, and so are the hinges, two a word. Where an instruction
adds two products in a lane, both are the same one, and the sum is twice as great.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.matrix_unit import I32, bitcast
from aie_conv.codegen.parameters import VECTOR_WORDS, Field, ParameterBlock
from aie_conv.codegen.tables.hinges import ByteHinges, pairs
from aie_conv.codegen.tables.vectors import BYTES, TableVectors
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import Op, Value, memref, scalar, vector

IN_A_WORD = 2
"""Hinges of a word: knot and factor of one, then of the other, a byte each."""

_HINGE_WORDS = 28

MOST_HINGES = IN_A_WORD * _HINGE_WORDS
"""Hinges that the parameters have room for."""

STEP = 128
"""Bytes of a step of the pass: as many accumulators as they take stay in registers over all hinges."""

TABLE_FIELDS = (
    Field("table_steps"),
    Field("table_words"),
    Field("table_base"),
    Field("table_left"),
    Field("hinges", _HINGE_WORDS),
)
"""Steps of the pass, none without a table; words of hinges; what sums start from; how far left they are
shifted, so that the entry is their third byte; the hinges."""

_ENTRY = 2
"""Byte of a shifted sum that the entry is."""

_BESIDE, _FILLING = 36, 20
"""Cycles of a step besides its hinges', and of a call; estimates."""


@dataclass(frozen=True)
class TablePass:
    """The function.

    Attributes:
        arch: the core's generation.
        block: the parameters, :data:`TABLE_FIELDS` among them.
        words: length of the buffer that begins with them.
        output: bytes of an object, a multiple of :data:`STEP`.
    """

    arch: Arch
    block: ParameterBlock
    words: int
    output: int

    @property
    def _vectors(self) -> TableVectors:
        return TableVectors(self.arch, ByteHinges(0, 0, ()))

    def declared(self) -> list[Op]:
        """What the module must declare."""
        return self._vectors.declared()

    def encode(self, form: ByteHinges | None) -> dict[str, int | Sequence[int]]:
        """The parameters of a table, or of none."""
        if form is None:
            return {}
        # Where both products of a lane are the same, sums are twice as great.
        doubled = self._vectors.at_once.bit_length() - 1
        words = [_word(group) for group in pairs(form.terms, IN_A_WORD)]
        return {
            "table_steps": self.output // STEP,
            "table_words": len(words),
            "table_base": form.base << doubled,
            "table_left": 8 * _ENTRY - form.shift - doubled,
            "hinges": words,
        }

    def cycles_of(self, form: ByteHinges) -> int:
        """Cycles of a call, an estimate: knots and factors are spread over lanes, beside maxima."""
        parts = STEP // self._vectors.lanes
        hinges = -(-len(form.terms) // IN_A_WORD) * IN_A_WORD
        return _FILLING + self.output // STEP * (_BESIDE + hinges * (2 + parts))

    def function(self, name: str) -> Op:
        """The function ``name(parameters, out)``: each byte of an object becomes its entry."""
        arguments = [("c", memref("i32", self.words)), ("out", memref("i8", self.output))]
        f = Function(name, arguments)
        w, (c, out) = f.builder, f.arguments
        lanes, unit = self._vectors.lanes, self._vectors.unit
        zero, one = w.constant(0), w.constant(1)
        steps, words = (self.block.load(w, c, each) for each in ("table_steps", "table_words"))
        base = bitcast(w, self._spread(w, c, "table_base"), unit.carried)
        left, conf = self._spread(w, c, "table_left"), w.constant(unit.conf, I32)
        first = w.constant(self.block.place("hinges"))
        with w.loop("n", zero, steps, one) as n:
            at = w.times(n, STEP)
            places = [w.plus(at, offset) for offset in range(0, STEP, lanes)]
            doubled = list(range(lanes)) * self._vectors.at_once
            bytes_ = [w.load("x", out, place, lanes) for place in places]
            inputs = [x if lanes == BYTES else w.shuffle("x", x, x, doubled) for x in bytes_]
            with w.carrying("h", (zero, words, one), [base] * len(inputs)) as loop:
                word = w.value("n", "memref.load", c, w.sum(first, loop.iv))
                sums = list(loop.values)
                for number in range(IN_A_WORD):
                    knot, factor = (self._byte(w, word, 2 * number + i) for i in range(2))
                    right = bitcast(w, factor, unit.right)
                    for part, x in enumerate(inputs):
                        reached = bitcast(w, w.value("h", "arith.maxsi", x, knot), unit.left)
                        sums[part] = unit.call(w, reached, right, sums[part], conf)
                loop.values = sums
            for place, total in zip(places, loop.results, strict=True):
                shifted = w.value("e", "arith.shli", bitcast(w, total, left.type), left)
                seen = bitcast(w, shifted, vector("i8", 4 * lanes))
                entry = w.shuffle("e", seen, seen, range(_ENTRY, 4 * lanes, 4))
                w.store(entry, out, place)
        return f.finish()

    def _spread(self, w: Builder, c: Value, name: str) -> Value:
        """A parameter in all lanes of an accumulator."""
        word = w.value("n", "memref.load", c, w.constant(self.block.place(name)))
        some = w.value("v", "vector.broadcast", word, to=vector("i32", VECTOR_WORDS))
        lanes = [i % VECTOR_WORDS for i in range(self._vectors.lanes)]
        return w.shuffle("v", some, some, lanes)

    @staticmethod
    def _byte(w: Builder, word: Value, number: int) -> Value:
        """A byte of a word in all lanes."""
        if number:
            word = w.value("n", "arith.shrui", word, w.constant(8 * number, I32))
        byte = w.value("n", "arith.trunci", word, to=scalar("i8"))
        return w.value("v", "vector.broadcast", byte, to=vector("i8", BYTES))


def _word(group: Sequence[tuple[int, int]]) -> int:
    """Hinges as a word, signed."""
    data = [number % 256 for hinge in group for number in hinge]
    return int.from_bytes(bytes(data), "little", signed=True)
