"""What the packing of operands may add, and beside what.

Packing fills an operand up with zeros: channels to whole blocks, taps to whole instructions, groups to one
dense product. A product with such a made-up zero must be nothing. A zero times an integer is zero, but zero
times an infinity or a NaN is NaN. So where numbers are real *a made-up zero meets made-up zeros alone*: it is
beside padding in the other operand, or its products are thrown away. Only integers let it meet an element of
the model.

What asks: bundles of groups (:mod:`aie_conv.rewrites.bundle_groups`) and folded strides
(:mod:`aie_conv.rewrites.space_to_depth`). What keeps the rule for every type: padded channels, which both
operands have; a depthwise instruction's spare taps, which meet a vector of zeros
(:mod:`aie_conv.codegen.depthwise`); the parts of f32, whose zeros meet finite parts
(:data:`aie_conv.layout.hostcopy.ValuePart`).
"""


def zeros_vanish(dtype: str) -> bool:
    """Whether a zero times any value of an operand's type is zero: integers alone."""
    return dtype.startswith("i")
