"""Random signatures of every kind."""

from __future__ import annotations

from hypothesis import strategies as st

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.shape import default_layout
from aie_conv.frontends.miopen.signature import ConvSignature


@st.composite
def signatures(
    draw: st.DrawFn,
    modes: tuple[str, ...] = ("fwd", "bwd", "wrw", "bias"),
    dtypes: tuple[str, ...] = ("f32", "bf16", "f16", "i8"),
    ranks: tuple[int, ...] = (1, 2, 3),
) -> ConvSignature:
    """A signature of up to three images, groups of up to three, and small windows."""
    rank = draw(st.sampled_from(ranks))
    letters = default_layout(rank)

    def each(least: int, most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(least, most)) for _ in range(rank))

    layouts = ["".join(draw(st.permutations(letters))) for _ in range(3)]
    mode = draw(st.sampled_from(modes))
    groups, cin, cout = (draw(st.integers(1, 3)) for _ in range(3))
    transposed = draw(st.booleans()) and draw(st.booleans())
    dilation, taps, padding, stride = each(1, 2), each(1, 3), each(0, 3), each(1, 3)
    least = [
        1 if transposed else max(1, d * (k - 1) + 1 - 2 * p)
        for d, k, p in zip(dilation, taps, padding, strict=True)
    ]
    sizes = [low + draw(st.integers(0, 4)) for low in least]
    dims = dict(zip(letters, (draw(st.integers(1, 3)), cin * groups, *sizes), strict=True))
    pair = (cin * groups, cout) if transposed else (cout * groups, cin)
    kernel = dict(zip(letters, (*pair, *taps), strict=True))
    if transposed:
        # An output of at least one element in each direction.
        padding = tuple(
            min(p, ((size - 1) * s + d * (k - 1)) // 2)
            for p, size, s, d, k in zip(padding, sizes, stride, dilation, taps, strict=True)
        )
    beyond = tuple(
        draw(st.integers(0, max(s, d) - 1)) if transposed else 0
        for s, d in zip(stride, dilation, strict=True)
    )
    usable = [d for d in dtypes if d != "i8" or mode == "fwd"]
    return ConvSignature(
        input_shape=[dims[x] for x in layouts[0]],
        kernel_shape=[kernel[x] for x in layouts[1]],
        dtype=draw(st.sampled_from(usable)),
        input_layout=layouts[0],
        kernel_layout=layouts[1],
        output_layout=layouts[2],
        bias=draw(st.booleans()),
        stride=stride,
        padding=padding,
        dilation=dilation,
        output_padding=beyond,
        groups=groups,
        transposed=transposed,
        mode=mode,
    )


def refused(**arguments: object) -> str:
    """The message of a signature that is refused."""
    try:
        ConvSignature(**arguments)  # type: ignore[arg-type]
    except UsageError as error:
        return str(error)
    raise AssertionError("the signature was taken")
