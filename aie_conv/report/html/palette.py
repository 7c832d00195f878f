"""Colours and patterns of the page: Okabe and Ito's, told apart by pattern as well.

Nothing is said by colour alone: states have hatches, routes have shapes, streams have dashes.
"""

from aie_conv.sim.timing.timeline import State

INK = "#1a1a1a"
"""Text and outlines."""

MUTED = "#595959"
"""Lesser text."""

LINK = "#00568a"
PAPER = "#ffffff"
PANEL = "#f5f5f5"
"""Behind heads and tiles without a program."""

MARK = "#e3eef6"
"""Behind the chosen row."""

GRID, RULE = "#d9d9d9", "#8c8c8c"
"""Lines that only help the eye, and those around a lane."""

BLUE, ORANGE, GREEN, VERMILLION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
SKY, YELLOW, PURPLE = "#56b4e9", "#f0e442", "#cc79a7"

STATES = {
    State.BUSY: BLUE,
    State.DATA: ORANGE,
    State.SPACE: PURPLE,
    State.COMMAND: SKY,
    State.TOKEN: YELLOW,
    State.START: VERMILLION,
    State.IDLE: PAPER,
}
"""Fill of each state of a timeline."""

HATCHES = {
    State.BUSY: "",
    State.DATA: "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2",
    State.SPACE: "M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2",
    State.COMMAND: "M3,0 v6",
    State.TOKEN: "M0,3 h6",
    State.START: "M0,3 h6 M3,0 v6",
    State.IDLE: "",
}
"""Lines over the fill, in a tile of 6 by 6."""

ROUTES = {"direct": BLUE, "im2col": VERMILLION, "cpu": GREEN}
"""A route that has no colour here takes INK."""

ROLES = {"input": BLUE, "filter": VERMILLION, "output": GREEN, "other": INK, "own": MUTED}
"""Streams and buffers, by what they carry."""

DASHES = {"input": "", "filter": "7 3", "output": "2 3", "other": "9 3 2 3"}


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0 to 1, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def on(colour: str) -> str:
    """White or ink: what can be read on a colour."""
    return max((PAPER, INK), key=lambda text: contrast(text, colour))
