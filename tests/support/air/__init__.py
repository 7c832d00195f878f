"""AIE modules that mlir-air made."""
