"""Properties of operations that are no contractions."""
