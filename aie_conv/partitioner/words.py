"""Words that were replaced: they are still understood where a user or a file says them, for one release."""

import warnings
from collections.abc import Mapping

STYLES = {"steered": "parametric"}
"""Old word -> new one, of ``--amd-aie-direct`` and of a plan's style."""

PARAMETERS = {
    "n": "tile_n",
    "kc": "tile_k",
    "b_depth": "filter_buffers",
    "staged": "k_chunks",
    "a_repeat": "input_reuse",
    "b_repeat": "filter_reuse",
    "out_depth": "output_buffers",
    "th": "tile_h",
    "tw": "tile_w",
    "rep": "pixel_repeats",
    "held": "window",
    "vectors": "row_vectors",
    "wide": "input_width",
    "share": "object_channels",
    "span": "object_k_chunks",
    "phases": "time_shared",
    "strip": "input_row_elements",
    "part": "filter_elements",
    "unit": "output_elements",
    "room": "accumulator_elements",
    "shelf": "bias_elements",
    "sevens": "seven_pixels",
}
"""Old name -> new one, of a plan's parameters; a route file may hold the old ones."""


def current_style(word: str) -> str:
    """A style by its present word; warns of an old one."""
    new = STYLES.get(word, word)
    if new != word:
        message = f"direct '{word}' is called '{new}' now: the old word goes with the next release"
        warnings.warn(message, FutureWarning, stacklevel=3)
    return new


def current_parameters(parameters: Mapping[str, int]) -> dict[str, int]:
    """Parameters of a plan by their present names."""
    return {PARAMETERS.get(name, name): value for name, value in parameters.items()}
