"""Reads dispatches as problems: contractions, operations, rows and gathers, and what is fused behind."""
