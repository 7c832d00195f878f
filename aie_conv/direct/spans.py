"""Sizes worth trying in a search."""


def spans(size: int, unit: int = 1, least: int = 1) -> list[int]:
    """Lengths worth trying, in units, along an axis: even cuts of it and powers of two.

    Axes shorter than ``least`` units are exceeded, since objects have a least size.
    """
    most = max(least, size // unit)
    cuts = {max(1, -(-size // (unit * i))) for i in range(1, 17)}
    small = {2**i for i in range(8)}
    return sorted(c for c in cuts | small if c <= most)
