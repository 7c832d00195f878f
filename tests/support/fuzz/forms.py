"""A run of the fuzzer, and what its runs are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BACKEND = "--iree-hal-target-backends=amd-aie"
X, W = "1x10x10x16xi8", "3x3x16x32xi8"


@dataclass(frozen=True)
class Case:
    """One run of the command line.

    Attributes:
        kind: what was damaged, and how.
        arguments: behind `aie-conv`.
        files: what lies in the folder of the run, by name.
        folders: empty folders in it.
        stdin: what is piped in.
        disk: bytes after which a file gets no longer, as on a full disk; None for no end.
        good: the file that "y.bin" must equal where the run succeeds; None where nothing is known.
    """

    kind: str
    arguments: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    folders: tuple[str, ...] = ()
    stdin: bytes = b""
    disk: int | None = None
    good: bytes | None = None


@dataclass(frozen=True)
class Built:
    """What good runs have made, to be damaged.

    Attributes:
        artifacts: sealed .vmfb of modules with x and w as inputs.
        bytecode: the modules as MLIR bytecode.
        report, database: of a compilation, and of tuning.
        regions: the report of a compilation whose NPU does several dispatches in a call.
        onnx: a model with an open batch.
        npy: the first input of ``artifacts``.
        result: what ``artifacts`` give for inputs of one.
    """

    artifacts: tuple[bytes, ...]
    bytecode: tuple[bytes, ...]
    report: bytes
    regions: bytes
    database: bytes
    onnx: bytes
    npy: bytes
    result: bytes
