"""Text to tokens."""

import re
from collections.abc import Sequence

from aie_conv.errors import VerifyError

_TOKEN = re.compile(
    r"""//[^\n]*
    |(
      "(?:[^"\\]|\\.)*"
     |[%@^][\w$.\-]+(?:\#\d+)?
     |affine_map<\([^()]*\)\ *->\ *\([^()]*\)>
     |!?[A-Za-z_][\w.]*<[^<>=\[\]]*(?:<[^<>]*>[^<>]*)*>(?=[\s,)}\]:>]|$)
     |\[-?\d+(?:,\ ?-?\d+){7,}\]
     |0x[0-9A-Fa-f]+
     |-?\d+(?:\.\d*(?:[eE][-+]?\d+)?)?
     |[!\#]?[A-Za-z_][\w.$]*
     |->|::|\S
     )""",
    re.X,
)
_PUNCTUATION = frozenset("{}()[]<>,:=?*+-")
REAL = re.compile(r"-?\d+\.\d*(?:[eE][-+]?\d+)?$|-?(?:inf|nan)$")
INTEGER = re.compile(r"-?\d+$|0x[0-9A-Fa-f]+$")


def tokenize(text: Sequence[str]) -> tuple[list[str], list[int]]:
    """Tokens of lines of text and the line number of each, closed by a token "".

    A long list of integers, the lanes of a shuffle, is one token.

    Raises:
        VerifyError: a character that no token begins with.
    """
    tokens: list[str] = []
    lines: list[int] = []
    find = _TOKEN.findall
    for number, line in enumerate(text, 1):
        in_line = find(line)
        if "//" in line:  # a comment gives an empty token
            in_line = [token for token in in_line if token]
        tokens += in_line
        lines += [number] * len(in_line)
    for token in set(tokens):
        if len(token) == 1 and not (token.isalnum() or token == "_" or token in _PUNCTUATION):
            line = lines[tokens.index(token)]
            raise VerifyError(f"line {line}: unexpected character {token!r}")
    tokens.append("")
    lines.append(len(text))
    return tokens, lines
