"""The model side: IREE's compiler in the process, its dispatches as ConvProblems, the rewriting."""
