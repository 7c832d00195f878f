"""What programs have in common is read once: functions, and arrays in front of their runtime sequences.

What is equal to the letter and stands on the same lines is one object then, which nobody changes.
"""

from bisect import bisect_left

from aie_conv.ir.core import Block, Op, Type, Value
from aie_conv.ir.definition import Definition
from aie_conv.ir.reader import ModuleReader
from aie_conv.recent import Recent

_SEQUENCE = "aie.runtime_sequence"

_References = list[tuple[Op, Definition]]

_BODIES: Recent[tuple[Block, _References]] = Recent(64)
"""Bodies of functions with the symbols that they name, by their place, text and arguments."""

_ARRAYS: Recent[tuple[list[Op], dict[str, Value], _References]] = Recent(16)
"""What stands in front of runtime sequences, with its values and the symbols that it names."""


def read_body(r: ModuleReader, args: list[tuple[str, Type]]) -> Block:
    """The block of a function, which sees no values around it."""
    if r.aliases:  # they are no part of the body's own text
        return r.block(args, isolated=True)
    end = _closing(r)
    key = (*_text_to(r, r.lines[end]), tuple(args))
    known = _BODIES.get(key)
    if known is not None:
        r.position = end + 1
        r.references += known[1]
        return known[0]
    before = len(r.references)
    block = r.block(args, isolated=True)
    _BODIES.put(key, (block, r.references[before:]))
    return block


def read_device(r: ModuleReader) -> Block:
    """The block of a device: of an array that was read before only the runtime sequence is new."""
    if r.scope or r.aliases or r.tokens[r.position + 1].startswith("^"):
        return r.block()
    r.expect("{")
    block = Block(ops=list(_read_array(r)))
    while r.peek() != "}":
        block.ops.append(r.operation())
    r.position += 1
    r.scope = {}
    return block


def _read_array(r: ModuleReader) -> list[Op]:
    """The operations in front of the runtime sequence; none where it does not begin a line."""
    try:
        end = r.tokens.index(_SEQUENCE, r.position)
    except ValueError:
        return []
    line = r.lines[end]
    if bisect_left(r.lines, line) < end or line == r.lines[r.position]:
        return []
    key = _text_to(r, line - 1)
    known = _ARRAYS.get(key)
    if known is not None:
        r.position = end
        r.scope |= known[1]
        r.references += known[2]
        return known[0]
    ops, before = list[Op](), len(r.references)
    while r.peek() not in (_SEQUENCE, "}"):
        ops.append(r.operation())
    if r.peek() == _SEQUENCE:
        _ARRAYS.put(key, (ops, dict(r.scope), r.references[before:]))
    return ops


def _closing(r: ModuleReader) -> int:
    """The place of the brace that closes the one at the present place."""
    depth = 0
    for place in range(r.position, len(r.tokens)):
        token = r.tokens[place]
        depth += (token == "{") - (token == "}")
        if not depth:
            return place
    return len(r.tokens) - 1


def _text_to(r: ModuleReader, last: int) -> tuple[int, int, str]:
    """Where the present token stands, and the text from its line to the one with number ``last``."""
    first = r.lines[r.position]
    column = r.position - bisect_left(r.lines, first)
    return first, column, "\n".join(r.rows[first - 1 : last])
