"""MIOpen's driver commands: parsed, printed, made into IR, compiled, run and compared."""
