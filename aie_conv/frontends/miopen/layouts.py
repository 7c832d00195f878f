"""Layouts of convolutions: the letters of their dims, and their orders."""

from aie_conv.errors import UsageError

SPATIAL = "DHW"
"""The letters of the spatial dims; a convolution of rank r has the last r."""


def spatial_letters(rank: int) -> str:
    """ "W", "HW" or "DHW"."""
    return SPATIAL[3 - rank :]


def default_layout(rank: int) -> str:
    """ "NCW", "NCHW" or "NCDHW"."""
    return "NC" + spatial_letters(rank)


def check_layout(layout: str, rank: int, what: str) -> str:
    """The layout in capitals.

    Raises:
        UsageError: it is no permutation of the rank's letters.
    """
    wanted = default_layout(rank)
    if sorted(layout.upper()) != sorted(wanted):
        raise UsageError(
            f"{what} '{layout}': no permutation of {wanted}: use one, such as {wanted}"
        )
    return layout.upper()
