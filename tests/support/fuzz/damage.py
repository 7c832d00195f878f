"""Damage: bytes, words of a module, values of a JSON text, and words that are no good anywhere."""

from __future__ import annotations

import json
import random
import re

NUMBERS = (
    "-1", "0", "1", "2", "3", "7", "8", "17", "64", "1000", "65536", "2147483647", "4294967296",
    "99999999999999", "9" * 30, "-9223372036854775809", "1.5", "1e9", "nan", "inf", "0x10", "", " ", "١",
)  # fmt: skip
WORDS = (
    "",
    "=",
    "x",
    "é",
    "\udcff",
    "%s",
    "{}",
    "a" * 300,
    "../..",
    "/",
    "-",
    "--",
    "@",
    "\n",
    "1",
    "-o",
)
TYPES = ("i1", "i4", "i8", "ui8", "si8", "i16", "i32", "i64", "index", "f16", "bf16", "f32", "f64",
          "complex<f32>", "complex<f64>", "f8E4M3FN", "tf32", "!torch.int", "none", "vector<4xf32>")  # fmt: skip


def damage_bytes(draw: random.Random, data: bytes) -> bytes:
    """Some bytes changed, cut off, removed, doubled or put in."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 8))):
        place = draw.randrange(len(out) + 1)
        how = draw.randrange(6)
        if how == 0:
            del out[place:]
        elif how == 1:
            out[place : place + 1] = bytes([draw.randrange(256)])
        elif how == 2:
            del out[place : place + draw.choice((1, 4, 100))]
        elif how == 3:
            out[place:place] = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 64))))
        elif how == 4 and out:
            place = min(place, len(out) - 1)
            out[place] ^= 1 << draw.randrange(8)
        else:
            out[place:place] = out[place : place + 40]
    return bytes(out)


_TOKEN = re.compile(r"%\w+|\d+|[A-Za-z_.!]+|\S")


def damage_text(draw: random.Random, text: str) -> str:
    """Some words of a module changed: numbers, types, names, lines, or anything for anything."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        words = list(_TOKEN.finditer(text))
        if not words:
            return text
        how = draw.randrange(7)
        lines = text.splitlines(keepends=True)
        if how == 0:
            old, new = _number(draw, text)
            text = re.sub(rf"(?<![\w%]){re.escape(old)}(?!\d)", new, text)
        elif how == 1:
            old = draw.choice(["i8", "i32", "bf16", "f32"])
            text = re.sub(rf"\b{old}\b|(?<=x){old}\b", draw.choice(TYPES), text)
        elif how == 2:
            del lines[draw.randrange(len(lines))]
            text = "".join(lines)
        elif how == 3:
            place = draw.randrange(len(lines))
            lines.insert(place, lines[draw.randrange(len(lines))])
            text = "".join(lines)
        else:
            at, other = draw.choice(words), draw.choice(words)
            new = draw.choice((other[0], "", draw.choice(NUMBERS), draw.choice(TYPES)))
            text = text[: at.start()] + new + text[at.end() :]
    return text


def _number(draw: random.Random, text: str) -> tuple[str, str]:
    """A number of a text and another for it, everywhere: shapes change and stay consistent."""
    old = draw.choice(re.findall(r"\d+", text) or ["0"])
    return old, draw.choice(NUMBERS[1:13] if draw.random() < 0.8 else NUMBERS)


def damage_json(draw: random.Random, data: bytes) -> bytes:
    """A value somewhere in a JSON text replaced, or its bytes damaged."""
    if draw.random() < 0.3:
        return damage_bytes(draw, data)
    value = json.loads(data)
    at: object = value
    for _ in range(draw.randrange(1, 5)):
        if isinstance(at, dict) and at:
            key: object = draw.choice(sorted(at))
        elif isinstance(at, list) and at:
            key = draw.randrange(len(at))
        else:
            break
        inner = at[key]  # pyright: ignore[reportArgumentType, reportCallIssue]
        if draw.random() < 0.5 or not isinstance(inner, dict | list):
            new = draw.choice(
                [None, True, -1, 0, 1.5, 1e308, 10**30, "", "x", [], {}, [[1]], {"a": 1}]
            )
            at[key] = new  # pyright: ignore[reportIndexIssue, reportArgumentType]
            break
        at = inner
    return json.dumps(value).encode()
