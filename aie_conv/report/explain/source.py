"""What `aie-conv explain` is given: a file, a torch model by its name, or a driver's command."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aie_conv.errors import UsageError
from aie_conv.files import read_bytes
from aie_conv.frontends.onnx import import_onnx, is_onnx
from aie_conv.frontends.torch_package import require_torch


@dataclass(frozen=True)
class Source:
    """A module to explain.

    Attributes:
        name: what messages call it.
        data: MLIR text or bytecode.
        plain: another form of it, for where the compiler refuses ``data``; None where there is none.
        mode: the direction that a command asks for ("fwd", …), where it asks for several; else "".
    """

    name: str
    data: bytes
    plain: bytes | None = None
    mode: str = ""


def is_command(word: str) -> bool:
    """Whether a word is a driver's command in quotes."""
    from aie_conv.frontends.miopen.command import OTHERS, WORDS

    first = (word.split() or [""])[0].rpartition("/")[2]
    return first in WORDS or first == "MIOpenDriver" or (" " in word and first in OTHERS)


def from_command(command: str | Sequence[str], *, for_cpu: bool) -> list[Source]:
    """The modules that a driver's command is compiled from, one for each direction it asks for.

    Args:
        command: the command, or its words.
        for_cpu: in the form that is fast on the CPU, as the driver takes it where the CPU is asked for.

    Raises:
        UsageError: it is no command of a convolution.
    """
    from aie_conv.frontends.miopen.command import parse
    from aie_conv.frontends.miopen.linalg import module_text

    signatures = parse(command).signatures
    several = len(signatures) > 1
    return [
        Source(
            s.name,
            module_text(s, for_cpu=for_cpu).encode(),
            module_text(s).encode() if for_cpu else None,
            s.mode if several else "",
        )
        for s in signatures
    ]


_NAMED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def from_name(word: str, shapes: Mapping[str, Sequence[int]] | None = None) -> Source:
    """A module from a file, stdin ("-") or "package.module:function".

    The function takes nothing and gives a torch model and a tuple of its example inputs.

    Args:
        word: which.
        shapes: sizes of an ONNX model's inputs by name.

    Raises:
        UsageError: it cannot be read, or gives something else.
    """
    if word == "-":
        return Source("stdin", sys.stdin.buffer.read())
    path = Path(word)
    if is_onnx(path):
        return Source(path.name, import_onnx(path, shapes))
    if not os.path.exists(path) and _NAMED.fullmatch(word):
        return _from_function(word)
    data = read_bytes(path, ".onnx, .mlir or .mlirbc file, a command in quotes, or module:function")
    if not data.strip():
        raise UsageError(f"{word}: empty file: give MLIR text or bytecode")
    return Source(path.name, data)


def _call(word: str) -> Any:
    """What the function gives that a word names."""
    module_name, _, function_name = word.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        function: Any = getattr(importlib.import_module(module_name), function_name)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            require_torch(word)
        raise UsageError(f"{word}: {error}: name a Python module and a function") from None
    except AttributeError:
        raise UsageError(f"{word}: {module_name} has no '{function_name}'") from None
    except Exception as error:
        raise UsageError(f"{word}: {module_name} {_describe_raised(error)}") from error
    try:
        return function() if callable(function) else None
    except Exception as error:
        raise UsageError(f"{word}: {function_name}() {_describe_raised(error)}") from error


def _from_function(word: str) -> Source:
    from aie_conv.frontends.torch import import_model

    result = _call(word)
    if not isinstance(result, tuple) or len(cast(Any, result)) != 2:
        raise UsageError(f"{word}: give a function that returns (model, example inputs)")
    model, inputs = cast("tuple[Any, Any]", result)
    if not hasattr(model, "eval"):
        raise UsageError(f"{word}: its first result is no torch model")
    return Source(word.rpartition(":")[2], import_model(model.eval(), inputs))


def _describe_raised(error: Exception) -> str:
    """The first line of an exception, and what to do."""
    line = next(iter(str(error).splitlines()), "")[:200]
    return f"raised {type(error).__name__}: {line}: correct it there"
