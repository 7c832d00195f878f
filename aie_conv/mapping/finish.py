"""The function of an epilogue: written, and printed, once for equal ones.

Mappings of a layout have equal epilogues where their problems' are; whoever looks for programs that plans
may share asks for thousands of them.
"""

from functools import lru_cache

from aie_conv.ir.core import Block, Op
from aie_conv.ir.printer import print_op
from aie_conv.ir.text import print_module
from aie_conv.mapping.interface import CoreEpilogue

FINISH = "finish"
"""What the function of an epilogue is called where a program has one."""


@lru_cache(maxsize=1024)
def _function(epilogue: CoreEpilogue) -> Op:
    return epilogue.function(FINISH)


@lru_cache(maxsize=1024)
def finish_text(epilogue: CoreEpilogue) -> str:
    """An epilogue's function as text: equal for those that are one."""
    return print_op(_function(epilogue), 2)


def finish_function(epilogue: CoreEpilogue, name: str) -> Op:
    """An epilogue's function of a name; its body is nobody's to change."""
    function = _function(epilogue)
    return Op(function.name, 0, attrs={**function.attrs, "sym_name": name}, blocks=function.blocks)


def finish_declaration(epilogue: CoreEpilogue, name: str) -> Op:
    """The same without its body."""
    attrs = {**_function(epilogue).attrs, "sym_visibility": "private", "sym_name": name}
    return Op("func.func", 0, attrs=attrs)


@lru_cache(maxsize=1024)
def finish_module(epilogue: CoreEpilogue, device: str) -> str:
    """The text of a module for a device (the IR's name) that has nothing but an epilogue's function."""
    body = Block(ops=[*epilogue.declared(), _function(epilogue)])
    target = Op("aie.device", 0, attrs={"device": device}, blocks=[body])
    return print_module(Op("module", 0, blocks=[Block(ops=[target])]))
