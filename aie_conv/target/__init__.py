"""The amd-aie target backend: MLIR or a torch model in, one self-contained artifact out."""
