"""Operations end to end: a torch model compiled, and run on the simulated array."""
