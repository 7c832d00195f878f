"""mlir-aie and Peano, found where users install them; without them an artifact runs on the simulator."""

from collections.abc import Mapping

from aie_conv.toolchain.build import build_all, open_toolchain

__all__ = ["build"]


def build(text: str, mlir_aie: str | None = None, peano: str | None = None) -> Mapping[str, bytes]:
    """The NPU's binaries of an AIE module: "xclbin" and "instructions"; {} without a toolchain.

    Args:
        text: the module.
        mlir_aie, peano: folders that the user named; None to look for them.

    Raises:
        UsageError: the toolchain is there and refuses the module.
    """
    toolchain = open_toolchain("auto", mlir_aie, peano)
    return build_all([text], toolchain)[0] if toolchain is not None else {}
