"""Calls of the NPU in the place of dispatches: the host's values and copies around them."""
