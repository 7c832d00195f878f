"""What the packing of operands may add, and beside what.

Packing fills an operand up with zeros: channels to whole blocks, taps to whole instructions, groups to one
dense product. A product with such a made-up zero must be nothing. A zero times an integer is zero, but zero
times an infinity or a NaN is NaN. So where numbers are real *a made-up zero meets made-up zeros alone*: it is
beside padding in the other operand, or its products are thrown away. Only integers let it meet an element of
the model.

Block floats (bfp16) are the exception: an infinity among a block's values makes a NaN of every sum that the
block takes part in, whatever it is multiplied with. So a product in blocks may have a made-up tap meet the
pixel beside its window, which is one more of the values that its block's exponent is for (docs/numerics.md).
Groups keep the rule: what one of them overflows with reaches no other.

What asks: bundles of groups (:mod:`aie_conv.rewrites.bundle_groups`) and folded strides
(:mod:`aie_conv.rewrites.space_to_depth`). What keeps the rule for every type: padded channels, which both
operands have; a depthwise instruction's spare taps, which meet a vector of zeros
(:mod:`aie_conv.codegen.depthwise`); the parts of f32, whose zeros meet finite parts
(:data:`aie_conv.layout.hostcopy.ValuePart`).
"""

from aie_conv.problem import BLOCK_FLOAT


def zeros_vanish(dtype: str) -> bool:
    """Whether a zero times any value of an operand's type is zero: integers alone."""
    return dtype.startswith("i")


def may_meet_neighbours(unit: str) -> bool:
    """Whether a made-up tap may meet a pixel beside the window.

    Args:
        unit: what operands are multiplied as.
    """
    return zeros_vanish(unit) or unit == BLOCK_FLOAT
