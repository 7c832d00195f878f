"""Rewrites of problems: each a function from a problem to a problem and the copies that it needs."""
