"""What somebody may have meant: the nearest of the names that are known."""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str:
    """The words " (did you mean NAME?)" with the known name nearest to a word; "" where none is near."""
    names = [name for name in known if name]
    lower = {name.lower(): name for name in names}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.7)
    return f" (did you mean {lower[near[0]]}?)" if near else ""
