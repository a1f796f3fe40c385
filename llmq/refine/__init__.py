"""Refining: blocks chosen with the errors that are already made in view, layer by layer."""
