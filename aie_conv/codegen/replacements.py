"""What stands in the place of an epilogue's steps: functions, tables, requantisations, sums of products."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from aie_conv.arch import Arch
from aie_conv.codegen.activations import Activation, absorbed_by, activations
from aie_conv.codegen.requantise import Requantisation, absorbed, requantisations
from aie_conv.codegen.short_products import ShortProducts, short_products
from aie_conv.codegen.tables import ByteTable, byte_tables
from aie_conv.problem import Epilogue


@dataclass(frozen=True)
class Replacements:
    """Each by the number of the last step that it stands for.

    Attributes:
        functions: activation functions and tables.
        scalings: requantisations.
        products: sums of products of 16-bit lanes.
        absorbed: the other steps that these stand for, and constants that they alone use.
    """

    functions: Mapping[int, Activation | ByteTable]
    scalings: Mapping[int, Requantisation]
    products: Mapping[int, ShortProducts]
    absorbed: frozenset[int]


@lru_cache(maxsize=512)
def replacements(epilogue: Epilogue, accumulator: str, shorts: bool) -> Replacements:
    """What stands in the place of an epilogue's steps.

    Args:
        epilogue: the operations.
        accumulator: type of its first value.
        shorts: whether the core multiplies its lanes of 16 bits in the vector unit.
    """
    functions: dict[int, Activation | ByteTable] = {
        **activations(epilogue, accumulator),
        **byte_tables(epilogue, accumulator),
    }
    inside = absorbed_by(epilogue, functions)
    scalings = {
        number: scaling
        for number, scaling in requantisations(epilogue, accumulator).items()
        if number not in inside and number not in functions
    }
    inside |= absorbed(epilogue, scalings)
    products: Mapping[int, ShortProducts] = {}
    if shorts and accumulator == "i32":
        left = frozenset(range(len(epilogue.steps))) - inside - functions.keys()
        products = short_products(epilogue, accumulator, left)
        inside |= absorbed_by(epilogue, {**functions, **scalings, **products})
    return Replacements(functions, scalings, products, inside)


def table_bytes(epilogue: Epilogue, accumulator: str, arch: Arch) -> int:
    """Bytes of a core's memory that the constants of an epilogue's functions take, at most."""
    functions = replacements(epilogue, accumulator, shorts=False).functions.values()
    return sum(function.vectors(arch).table_bytes for function in functions)
