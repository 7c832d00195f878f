"""A scalar plan one level up, as mlir-air sees it."""
