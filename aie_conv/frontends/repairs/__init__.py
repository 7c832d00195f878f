"""What IREE's torch importer does wrong or not at all, in operations that it does right: one file each.

A repair is a module with ``rules()``: operation -> what to do instead, a function of the same arguments
that gives NotImplemented where the operation may stay as it is. Its docstring says what upstream does. For
each, tests/sim/frontends/test_repairs.py has a sample that is imported without it too: when that becomes
right, upstream has mended it, the test fails, and the file can go.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from aie_conv.frontends.splice import Rule

CONVOLUTIONS = ("unbatched", "forms", "same_padding", "leftover", "depthwise")
"""Those that give convolutions their one form."""

NAMES = (
    *CONVOLUTIONS,
    "unsigned",
    "quantised",
    "narrow_scalars",
    "single_rounding",
    "special_values",
    "prelu",
    "shrink",
    "adaptive",
    "padding",
    "batch_norm",
    "instance_norm",
    "resize",
    "scatter",
    "attention",
    "missing",
)
"""The repairs, in the order in which an operation is offered to them."""


def repair(graph_module: GraphModule, names: Sequence[str] = NAMES) -> None:
    """Rewrite a frozen graph, in place, so that the importer takes it and makes of it what torch computes."""
    from aie_conv.frontends.splice import rewrite

    table: dict[Any, list[Rule]] = {}
    for name in names:
        rules: dict[Any, Rule] = import_module(f"{__name__}.{name}").rules()
        for operation, rule in rules.items():
            table.setdefault(operation, []).append(rule)
    rewrite(graph_module, table)
