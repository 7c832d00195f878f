"""Groups of few channels: bundles that are computed as one dense product, or padding for each group.

A bundle's filter is a diagonal of blocks with zeros between them, which meet the other groups' pixels: only
integers are bundled (:mod:`aie_conv.rewrites.made_up_zeros`). A group of real numbers is padded by itself.
"""

from dataclasses import dataclass

from aie_conv.mapping.operands import round_up
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
        depthwise: as in :class:`aie_conv.direct.view.DirectView`.
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
