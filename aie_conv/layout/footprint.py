"""Whether two walks of one buffer have elements in common, told by their strides alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """The elements of a buffer that loops walk.

    Attributes:
        offset: of the first one.
        walked: (size, stride) of each loop.
    """

    offset: int
    walked: tuple[tuple[int, int], ...]

    def interval(self, period: int) -> tuple[int, int] | None:
        """The first and last place within each of equal pieces of the buffer; None where it crosses them."""
        first = self.offset % period
        inner = [(size - 1) * stride for size, stride in self.walked if stride % period]
        last = first + sum(inner)
        return (first, last) if last < period and all(step > 0 for step in inner) else None


def are_apart(one: Footprint, other: Footprint) -> bool:
    """Whether two walks have no element in common, as far as their strides tell.

    The buffer is cut into pieces of a stride of theirs: channels of equal pixels, pixels of equal rows. Where
    both keep to places of their own in every piece, they do not meet.
    """
    whole = 1 + max(each.offset + sum((n - 1) * s for n, s in each.walked) for each in (one, other))
    periods = {whole, *(stride for each in (one, other) for _, stride in each.walked if stride > 1)}
    for period in periods:
        left, right = one.interval(period), other.interval(period)
        if left and right and (left[1] < right[0] or right[1] < left[0]):
            return True
    return False
