"""Few channels a group: several groups are computed as one, whose filter is a diagonal of theirs.

Instructions take channels in blocks. The input and the output stay as they are, as long as the channels of
neighbouring groups lie side by side; between the groups' own filters there are zeros.

Those zeros meet the other groups' pixels: only integers are bundled (:mod:`aie_conv.rewrites.made_up_zeros`).
A group of real numbers is padded by itself.
"""

from dataclasses import dataclass
from math import prod

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.operands import canonical_copy, copy_corner, round_up
from aie_conv.problem import ConvProblem
from aie_conv.rewrites.made_up_zeros import zeros_vanish


@dataclass(frozen=True)
class Channels:
    """How a route brings its channels together.

    Attributes:
        loop: the loop over input channels; None where there is none.
        bundle: groups that are computed as one, with zeros between them.
        channels, n: input and output channels of a bundle, padded.
        groups: number of bundles.
        depthwise: each output channel has its own input channel; ``n`` counts them all.
    """

    loop: int | None
    bundle: int
    channels: int
    n: int
    groups: int
    depthwise: bool = False


def bundle_groups(problem: ConvProblem, channel: int | None, quantum: int, dtype: str) -> Channels:
    """The fewest groups whose channels fill blocks of ``quantum``; all of them if none does.

    Real numbers: each group by itself, padded to whole blocks.

    Args:
        problem: what to compute.
        channel: the loop over input channels, if any.
        quantum: channels come in blocks of this many.
        dtype: type of the operands on the array.
    """
    c = problem.loops[channel].size if channel is not None else 1
    n, groups = problem.extent("n"), problem.extent("g")
    if groups == 1 or not zeros_vanish(dtype):
        return Channels(channel, 1, round_up(c, quantum), round_up(n, quantum), groups)
    for bundle in (b for b in range(1, groups + 1) if groups % b == 0):
        if bundle * c % quantum == 0 and bundle * n % quantum == 0:
            return Channels(channel, bundle, bundle * c, bundle * n, groups // bundle)
    return Channels(
        channel, groups, round_up(groups * c, quantum), round_up(groups * n, quantum), 1
    )


def depthwise_channels(problem: ConvProblem, channel: int | None, quantum: int) -> Channels | None:
    """Channels of a depthwise problem in blocks of ``quantum``, None where it is not depthwise."""
    if problem.extent("g") == 1 or problem.extent("n") > 1 or channel is not None:
        return None
    groups = problem.extent("g")
    # The last block overlaps the one before it; too few channels for one are padded.
    channels = groups if groups >= quantum and groups % 4 == 0 else round_up(groups, quantum)
    return Channels(None, 1, 1, channels, 1, depthwise=True)


def pack_filter(
    problem: ConvProblem, channels: Channels, order: tuple[int, ...], dtype: str
) -> tuple[str, tuple[HostCopy, ...]]:
    """The filter as [groups][n][taps …][channels], bundles as blocks of a diagonal matrix."""
    loops = problem.loops
    strides = tuple(loop.rhs for loop in loops)
    gs = tuple(i for i, loop in enumerate(loops) if loop.role == "g")
    ns = tuple(i for i, loop in enumerate(loops) if loop.role == "n")
    channel = () if channels.loop is None else (channels.loop,)
    c, n = prod(loops[i].size for i in channel), problem.extent("n")
    taps = prod(loops[i].size for i in order)
    loop_order = (*gs, *ns, *order, *channel)
    copies = [canonical_copy("rhs", problem.rhs, strides, loops, loop_order, "rhs_gnk", {}, dtype)]
    name, groups = "rhs_gnk", problem.extent("g")
    if channels.depthwise:
        # [channels][taps]: blocks of channels are made of it where it is packed.
        have, want = (groups, taps), (channels.n, taps)
    elif channels.bundle > 1:
        bundle, bundles = channels.bundle, groups // channels.bundle
        view = (bundles, bundle, n, taps, 1, c)
        dest = (bundles, bundle, n, taps, bundle, c)
        for j in range(bundle):
            start, region = (0, j, 0, 0, 0, 0), (bundles, 1, n, taps, 1, c)
            copies.append(
                HostCopy(
                    name, view, dtype, start, region, tuple(range(6)), "rhs_bundles", dest, dtype,
                    (0, j, 0, 0, j, 0),
                )
            )  # fmt: skip
        name = "rhs_bundles"
        have = (bundles, bundle * n, taps, bundle * c)
        want = (channels.groups, channels.n, taps, channels.channels)
    else:
        have, want = (groups, n, taps, c), (groups, channels.n, taps, channels.channels)
    if have != want:
        copies.append(copy_corner(name, have, dtype, have, "rhs_padded", want))
        name = "rhs_padded"
    return name, tuple(copies)
