"""Shapes and elements of types, for the dialects' verifiers."""

from xdsl.dialects.builtin import FixedBitwidthType, VectorType
from xdsl.ir import Attribute


def shape_of(kind: Attribute) -> tuple[int, ...]:
    """The shape of a vector type; () for a scalar."""
    return tuple(kind.get_shape()) if isinstance(kind, VectorType) else ()


def element_of(kind: Attribute) -> Attribute:
    """The element type of a vector type; a scalar's own type."""
    return kind.get_element_type() if isinstance(kind, VectorType) else kind


def bits_of(kind: Attribute) -> int:
    """Bits of one element; 64 for index."""
    element = element_of(kind)
    return element.bitwidth if isinstance(element, FixedBitwidthType) else 64
