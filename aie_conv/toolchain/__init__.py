"""mlir-aie and Peano, found where users install them; without them an artifact runs on the simulator."""
