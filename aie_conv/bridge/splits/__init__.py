"""Dispatches in parts: cut behind a product, of several results, into a slice of a larger tensor."""
