"""torch's exported programs through IREE's importer."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def import_program(program: torch.export.ExportedProgram, function_name: str) -> bytes:
    """The program as MLIR bytecode of the torch dialect, in one public function."""
    from iree.compiler.extras.fx_importer import FxImporter

    importer = FxImporter()
    importer.import_frozen_program(program, func_name=function_name)
    text = io.BytesIO()
    importer.module.operation.write_bytecode(text)
    return text.getvalue()
