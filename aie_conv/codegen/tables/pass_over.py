"""A table as run-time parameters: a pass over an object of bytes, behind the epilogue that leaves them there.

One function serves the tables of all layers: the number of hinges, what the sum starts from and where the
byte lies in it are words of the parameter block, and so are the hinges, two a word. Its code is a file of
``kernels/`` for each architecture. Where an instruction adds two products in a lane, both are the same one,
and the sum is twice as great.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.library import load_function
from aie_conv.codegen.parameters import Field, ParameterBlock
from aie_conv.codegen.tables.hinges import ByteHinges, pairs
from aie_conv.codegen.tables.vectors import TableVectors
from aie_conv.ir.core import Op, memref

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
        types = {"c": memref("i32", self.words), "out": memref("i8", self.output)}
        return load_function(self.arch.name, "table_pass_i8", name, types, self.block.place)


def _word(group: Sequence[tuple[int, int]]) -> int:
    """Hinges as a word, signed."""
    data = [number % 256 for hinge in group for number in hinge]
    return int.from_bytes(bytes(data), "little", signed=True)
