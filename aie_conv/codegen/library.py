"""Core code that people read: the MLIR files of ``kernels/``, by architecture.

A file is a module of one function and what it calls, whole for one layout of the buffers. It is read into
the device IR once; a use of it gets other types for its buffers, and each constant with an attribute
``parameter`` (and ``entry``, of a table) the place of that run-time parameter.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from aie_conv.ir.core import Op, Type, clone, walk
from aie_conv.ir.definition import definition_of
from aie_conv.ir.text import read_module

_PACKAGE = Path(__file__).parents[1]


@cache
def kernels_folder() -> Path:
    """Where the files are: in the package as it is installed, beside it in a checkout."""
    inside = _PACKAGE / "kernels"
    return inside if inside.is_dir() else _PACKAGE.parent / "kernels"


def load_function(
    arch: str,
    kernel: str,
    name: str,
    types: Mapping[str, Type],
    place: Callable[[str, int], int],
) -> Op:
    """The function of a file.

    Args:
        arch: the architecture's folder.
        kernel: the file, without its ending.
        name: of the function.
        types: of its buffers, by their names in the file.
        place: where a run-time parameter lies, by its name and the entry of a table.

    Raises:
        VerifyError: the types do not fit the code.
    """
    function = clone(_function(arch, kernel), {})
    (body,) = function.blocks
    for value in body.args:
        value.type = types.get(value.name, value.type)
    for op in walk(function):
        if "parameter" in op.attrs:
            op.attrs = {"value": place(op.attrs["parameter"], op.attrs.get("entry", 0))}
        definition = definition_of(op.name)
        if definition is not None:
            definition.results(op, [value.type for value in op.results])
    kinds = tuple(value.type for value in body.args)
    function.attrs |= {"sym_name": name, "function_type": (kinds, ())}
    return function


@cache
def _function(arch: str, kernel: str) -> Op:
    """The function of a file as it is written."""
    text = (kernels_folder() / arch / f"{kernel}.mlir").read_text()
    (function,) = (op for op in read_module(text).blocks[0].ops if op.blocks)
    return function
