"""Rewrites at IREE's `input` phase, before it forms dispatches: one form for what is said in many."""
