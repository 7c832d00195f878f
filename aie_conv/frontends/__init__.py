"""Models of other tools in, MLIR bytecode out."""
