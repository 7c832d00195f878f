"""Text of SVG and HTML elements; every value is escaped."""

from html import escape


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """``content`` is markup already; attributes that are None are left out, ``_`` becomes ``-``."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{words}>{content}</{name}>"


def text(content: object, x: float, y: float, /, **attributes: object) -> str:
    """A line of text."""
    return element("text", escape(str(content)), x=round(x, 1), y=round(y, 1), **attributes)


def title(content: str) -> str:
    """What a pointer over the parent shows, and what a screen reader reads."""
    return element("title", escape(content))


def line(x1: float, y1: float, x2: float, y2: float, /, **attributes: object) -> str:
    """A straight line."""
    ends = (round(v, 1) for v in (x1, y1, x2, y2))
    coordinates = dict(zip(("x1", "y1", "x2", "y2"), ends, strict=True))
    return element("line", "", **coordinates, **attributes)
