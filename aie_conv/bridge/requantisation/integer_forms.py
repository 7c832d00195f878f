"""The operations of integer forms that take the place of a requantisation in an epilogue."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.byte_products import ByteProduct
from aie_conv.bridge.requantisation.byte_sums import ByteSum
from aie_conv.bridge.requantisation.epilogue_edit import EpilogueEdit, ValueRef
from aie_conv.bridge.requantisation.scaled_sums import ScaledSum
from aie_conv.bridge.requantisation.staircase import FRACTION, Affine

Array = NDArray[Any]


def halves(factor: Array) -> tuple[Array, Array]:
    """The signed lower half of each number, and the upper one."""
    low = ((factor + 2**15) % 2**16) - 2**15
    return low, (factor - low) >> 16


def _per_channel(edit: EpilogueEdit, values: Array) -> ValueRef:
    """A constant where channels agree, else an input."""
    return edit.constant(int(values[0])) if (values == values[0]).all() else edit.input(values)


def write_affine(
    edit: EpilogueEdit, ends: tuple[int, int], affine: Affine, flip: int
) -> Recognised:
    """The dispatch with the affine form of one value in the place of another."""
    root, last = ends
    low, high = halves(affine.factor)
    offset = affine.offset + (flip << FRACTION)
    half, sixteen = edit.constant(2**15), edit.constant(16)
    x = edit.do("maxsi", ("old", root), _per_channel(edit, affine.low))
    x = edit.do("minsi", x, _per_channel(edit, affine.high))
    # By nothing, too: constants are parameters, so that layers with and without it are one function.
    x = edit.do("shli", x, edit.constant(affine.left))
    xl = edit.do("shrsi", edit.do("shli", x, sixteen), sixteen)
    xh = edit.do("shrsi", edit.do("addi", x, half), sixteen)
    yl, yh = _per_channel(edit, low), _per_channel(edit, high)
    total = edit.do("shrsi", edit.do("muli", xl, yl), sixteen)
    total = edit.do("addi", total, edit.do("muli", xl, yh))
    total = edit.do("addi", total, edit.do("muli", xh, yl))
    total = edit.do("addi", total, edit.do("shli", edit.do("muli", xh, yh), sixteen))
    added = _per_channel(edit, offset)
    if affine.below is not None:
        negative = edit.do("cmpi", x, edit.constant(0), attr="slt", dtype="i1")
        added = edit.do("select", negative, _per_channel(edit, offset - affine.below), added)
    total = edit.do("addi", total, added)
    total = _to_ties(edit, total, affine.tie, FRACTION)
    q = edit.do("shrsi", total, edit.constant(FRACTION))
    q = edit.do("maxsi", q, edit.constant(-128))
    q = edit.do("minsi", q, edit.constant(127))
    return edit.finish(last, edit.do("trunci", q, dtype="i8"))


def write_scaled(edit: EpilogueEdit, last: int, form: ScaledSum, flip: int) -> Recognised:
    """The dispatch with a sum and its bias, scaled, in the place of one value.

    What differs between layers are inputs for the channels and constants, always as many: programs share it.
    """
    low, high = halves(form.factor)
    yl, yh = (edit.do("extsi", edit.input(each, "i16")) for each in (low, high))
    x = edit.do("shli", ("old", 0), edit.constant(form.left))
    x = edit.do("addi", x, edit.input(form.bias))
    xl = edit.do("extsi", edit.do("trunci", x, dtype="i16"))
    xh = _upper(edit, edit.do("addi", x, edit.constant(2**15)))
    middle = _upper(edit, edit.do("muli", xl, yl))
    middle = edit.do("addi", middle, edit.do("muli", xl, yh))
    middle = edit.do("addi", middle, edit.do("muli", xh, yl))
    total = edit.do("addi", edit.do("muli", xh, yh), _upper(edit, middle))
    total = edit.do("addi", total, edit.constant(form.offset))
    total = _to_ties(edit, total, form.tie, form.right)
    return edit.finish(last, _clamp_sum(edit, total, form.right, (form.low, form.high), flip))


def write_sum(
    edit: EpilogueEdit, last: int, form: ByteSum, operands: tuple[ValueRef, ValueRef], flip: int
) -> Recognised:
    """The dispatch with a sum of two bytes with scales of their own in the place of one value."""
    left, right = (
        edit.do("muli", edit.do("extsi", byte), edit.constant(factor))
        for byte, factor in zip(operands, (form.left, form.right), strict=True)
    )
    total = edit.do("addi", edit.do("addi", left, right), edit.constant(form.offset))
    total = _to_ties(edit, total, form.tie, form.shift)
    return edit.finish(last, _clamp_sum(edit, total, form.shift, (form.low, form.high), flip))


def write_product(
    edit: EpilogueEdit, last: int, form: ByteProduct, operands: tuple[ValueRef, ValueRef], flip: int
) -> Recognised:
    """The dispatch with a product of two bytes with scales of their own in the place of one value.

    The second byte times the factor has 31 bits: the first one multiplies its halves.
    """
    x, y = (
        edit.do("addi", edit.do("extsi", byte), edit.constant(-zero))
        for byte, zero in zip(operands, form.zeros, strict=True)
    )
    y = edit.do("muli", y, edit.constant(form.factor))
    x = edit.do("extsi", edit.do("trunci", x, dtype="i16"))
    low = edit.do("extsi", edit.do("trunci", y, dtype="i16"))
    high = _upper(edit, edit.do("addi", y, edit.constant(2**15)))
    total = edit.do("addi", edit.do("muli", x, high), _upper(edit, edit.do("muli", x, low)))
    total = edit.do("addi", total, edit.constant(form.offset))
    total = _to_ties(edit, total, form.tie, form.right)
    return edit.finish(last, _clamp_sum(edit, total, form.right, (form.low, form.high), flip))


def flip_sign(edit: EpilogueEdit, byte: ValueRef) -> ValueRef:
    """A byte with its sign turned: an unsigned one less 128, and back."""
    return edit.do("subi", byte, edit.do("constant", attr=-128, dtype="i8"), dtype="i8")


def _upper(edit: EpilogueEdit, value: ValueRef) -> ValueRef:
    """The upper half of a number, which is a choice of bytes."""
    return edit.do(
        "extsi", edit.do("trunci", edit.do("shrsi", value, edit.constant(16)), dtype="i16")
    )


def _clamp_sum(
    edit: EpilogueEdit, total: ValueRef, right: int, bounds: tuple[int, int], flip: int
) -> ValueRef:
    """A sum shifted to the right, between two bounds, as a byte."""
    q = edit.do("shrsi", total, edit.constant(right))
    q = edit.do("maxsi", q, edit.constant(bounds[0]))
    q = edit.do("minsi", q, edit.constant(bounds[1]))
    byte = edit.do("trunci", q, dtype="i8")
    return flip_sign(edit, byte) if flip else byte


def _to_ties(edit: EpilogueEdit, total: ValueRef, tie: int | None, shift: int) -> ValueRef:
    """A total, one less where its result is one that ties do not go to: the bit ``shift`` is set there."""
    if tie is None:
        return total
    odd = edit.do("addi", total, edit.constant(-tie))
    odd = edit.do("shli", odd, edit.constant(31 - shift))
    odd = edit.do("shrui", odd, edit.constant(31))
    return edit.do("subi", total, odd)
