"""Run-time parameters: 32-bit words by name, declared once for the host that encodes and the core that loads.

A block is a row of fields. A field is one word, one for each row or column of cores, or a table. Fields of
several words begin at multiples of four, so that a core may read them by vectors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Value

VECTOR_WORDS = 16
"""Words of a vector of 64 bytes, by which a core reads its parameters."""

CORE_ROWS = 4
"""Words of a field with one for each row of cores."""

ARRAY_COLUMNS = 8
"""Words of a field with one for each column: of the widest device."""

_ALIGNMENT = 4


@dataclass(frozen=True)
class Field:
    """A named parameter.

    Attributes:
        name: of the field.
        words: 32-bit words that it takes.
        alignment: of its first word; 0 for the usual one.
    """

    name: str
    words: int = 1
    alignment: int = 0


@dataclass(frozen=True)
class ParameterBlock:
    """The parameters of a program, in their order."""

    fields: tuple[Field, ...]

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """First word and number of words of each field."""
        places: dict[str, tuple[int, int]] = {}
        word = 0
        for field in self.fields:
            alignment = field.alignment or (_ALIGNMENT if field.words > 1 else 1)
            word = -(-word // alignment) * alignment
            places[field.name] = word, field.words
            word += field.words
        return places

    @cached_property
    def _end(self) -> int:
        return max(first + words for first, words in self._places.values())

    @property
    def words(self) -> int:
        """Length of the block in memory: whole vectors."""
        return -(-self._end // VECTOR_WORDS) * VECTOR_WORDS

    def place(self, name: str, number: int = 0) -> int:
        """The word of a field, or of one of its rows, columns or entries.

        Raises:
            KeyError: there is no such field.
        """
        return self._places[name][0] + number

    def encode(self, values: Mapping[str, int | Sequence[int]]) -> tuple[int, ...]:
        """The block's words up to its last field: what no value is given for is zero.

        Raises:
            KeyError: a value is for no field.
            ValueError: a value has more words than its field.
        """
        words = [0] * self._end
        for name, value in values.items():
            first, count = self._places[name]
            numbers = (value,) if isinstance(value, int) else tuple(value)
            if len(numbers) > count:
                raise ValueError(f"{name}: {len(numbers)} words of {count}")
            words[first : first + len(numbers)] = numbers
        return tuple(words)

    def load(self, w: Builder, memory: Value, name: str, number: int = 0, factor: int = 1) -> Value:
        """A parameter, times a constant, as an index in core code.

        Args:
            w: where to.
            memory: a memref of i32 that begins with the block.
            name, number: as in :meth:`place`.
            factor: the constant; the product fits into 32 bits.
        """
        return w.word(memory, w.constant(self.place(name, number)), factor)


LOOP_FIELDS = (
    Field("rounds"),
    Field("tiles"),
    Field("k_steps"),
    Field("epilogue"),
)
"""What the loops around every kernel read: rounds over the output channels, tiles of pixels of a column in
each, steps of K of a tile, and which epilogue follows."""

LOOPS = ParameterBlock(LOOP_FIELDS)
"""The parameters of a program whose tiles its text fixes."""
