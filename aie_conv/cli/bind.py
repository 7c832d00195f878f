"""Inputs, outputs and expected outputs of `aie-conv run` by name or in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.cli.values import SHAPED, dtype_name, load_npy, parse_dtype, parse_input, parse_values
from aie_conv.errors import UsageError
from aie_conv.suggest import closest

if TYPE_CHECKING:
    from aie_conv.runtime.program import LoadedFunction
    from aie_conv.signature import Parameter

THRESHOLDS = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 1e-4, "float64": 1e-4}
"""How far elements may be from those that are expected, as in iree-run-module; integers are equal."""

IGNORED = "(ignored)"


def split_name(text: str, names: Sequence[str]) -> tuple[str, str]:
    """NAME=VALUE as (NAME, VALUE), a value alone as ("", VALUE).

    Args:
        text: one --input, --output or --expected_output.
        names: the names that the function has there.

    Raises:
        UsageError: it begins with a name that the function does not have.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        if text.startswith(f"{name}="):
            return name, text[len(name) + 1 :]
    head, equals, tail = text.partition("=")
    if equals and not head.startswith("@") and SHAPED.fullmatch(head) is None:
        known = ", ".join(filter(None, names)) or "no names, only an order"
        raise UsageError(
            f"{head}={tail[:40]}: no such name{closest(head, names)}: there are {known}"
        )
    return "", text


def bind_inputs(function: LoadedFunction, texts: Sequence[str]) -> list[Any]:
    """The inputs that a command line gives, in order; those by name may stand in any.

    Raises:
        UsageError: a value cannot be read, a name is unknown or given twice, or an input is missing.
    """
    ordered: list[Any] = []
    named: dict[str, Any] = {}
    for text in texts:
        name, value = split_name(text, function.input_names)
        if name in named:
            raise UsageError(f"--input={text[:60]}: '{name}' was given before")
        if not name:
            if named:
                raise UsageError(f"--input={text[:60]}: give inputs without a name first")
            ordered.append(parse_input(value))
            continue
        parameters = {each.name: each for each in function.parameters or ()}
        named[name] = parse_named(value, parameters[name])
    return function.bind(ordered, named)


def parse_named(text: str, parameter: Parameter) -> Any:
    """A value whose shape and type the function says: @x.npy, @x.bin (raw bytes), numbers, or 2x3xf32=0.5.

    Raises:
        UsageError: it cannot be read.
    """
    if text.startswith("@") and text.endswith(".npy"):
        return load_npy(text[1:])
    if SHAPED.fullmatch(text) or parameter.shape is None:
        return parse_input(text)
    if any(size < 0 for size in parameter.shape):
        raise UsageError(
            f"{parameter.name}={text[:40]}: sizes are open: write them, as 1x3xf32=0.5"
        )
    return parse_values(text, parameter.shape, parse_dtype(parameter.dtype))


def order_outputs(function: LoadedFunction, texts: Sequence[str]) -> list[str]:
    """What each output is to become, in order: all by name, or as many as there are.

    Raises:
        UsageError: a name is unknown, or their number is another.
    """
    names = function.output_names
    pairs = [split_name(text, names) for text in texts]
    if pairs and all(name for name, _ in pairs):
        by_name = dict(pairs)
        return [by_name.get(name, "") for name in names]
    if any(name for name, _ in pairs):
        raise UsageError("--output: give all by name, or all in order")
    if function.outputs is not None and texts and len(texts) != len(function.outputs):
        raise UsageError(
            f"--output: {len(texts)} given, {function.name} has {len(function.outputs)} results"
        )
    return [value for _, value in pairs]


def parse_expected(function: LoadedFunction, texts: Sequence[str]) -> list[Any]:
    """The --expected_output values in order; None where nothing is expected.

    Raises:
        UsageError: one cannot be read, or their number is another.
    """
    outputs = {each.name: each for each in function.outputs or ()}
    pairs = [split_name(text, function.output_names) for text in texts]
    values = [
        None if text == IGNORED else parse_named(text, outputs[name]) if name else parse_input(text)
        for name, text in pairs
    ]
    if pairs and all(name for name, _ in pairs):
        by_name = {name: value for (name, _), value in zip(pairs, values, strict=True)}
        return [by_name.get(name) for name in function.output_names]
    if any(name for name, _ in pairs):
        raise UsageError("--expected_output: give all by name, or all in order")
    if function.outputs is not None and len(values) != len(function.outputs):
        raise UsageError(
            f"--expected_output: {len(values)} given, {function.name} has"
            f" {len(function.outputs)} results"
        )
    return values


def compare(results: Sequence[Any], expected: Sequence[Any], *, exact: bool = False) -> str:
    """ "" where all results are as expected, else a line about the first that is not.

    Args:
        results: of a call.
        expected: what each should be, None where nothing is expected.
        exact: floating-point values must be equal bit by bit too, not only within their type's threshold.
    """
    if len(results) != len(expected):
        return f"{len(expected)} results expected, {len(results)} came"
    for number, (result, wanted) in enumerate(zip(results, expected, strict=True)):
        if wanted is None:
            continue
        line = _difference(np.asarray(result), np.asarray(wanted), exact=exact)
        if line:
            return f"result[{number}]: {line}"
    return ""


def _difference(result: Any, wanted: Any, *, exact: bool) -> str:
    if result.shape != wanted.shape or (wanted.ndim and result.dtype != wanted.dtype):
        kinds = ["x".join([*map(str, a.shape), dtype_name(a.dtype)]) for a in (result, wanted)]
        return f"{kinds[0]}, expected is {kinds[1]}"
    limit = 0.0 if exact else THRESHOLDS.get(str(result.dtype), 0.0)
    if exact:
        bits = f"u{result.dtype.itemsize}"
        wrong = result.view(bits) != wanted.view(bits)
    elif result.dtype.kind in "iub":
        wrong = result != wanted
    else:
        a, b = result.astype(np.float64), wanted.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore"):
            wrong = ~(same | (np.abs(a - b) <= limit))
    if not np.any(wrong):
        return ""
    place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    where = "[" + ", ".join(map(str, map(int, place))) + "]" if wrong.ndim else "it"
    text = f"element {where} is {result[place]}, expected {wanted[place]}"
    within = f" within {limit:g}" if limit else ""
    return f"{text}{within}; {int(np.sum(wrong))} of {wrong.size} differ"


def function_name(names: Sequence[str], asked: str | None) -> str:
    """The function to run: the one that is asked for, or the only one.

    Raises:
        UsageError: there are none, or several and none is asked for.
    """
    if asked is not None:
        return re.sub(r"^[\w-]*\.(?=.)", "", asked) if asked.startswith("module.") else asked
    if not names:
        raise UsageError("the module has no functions: compile one that has")
    if len(names) != 1:
        raise UsageError(f"--function: name one of {', '.join(names)}")
    return names[0]
