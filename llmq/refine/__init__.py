"""Refining: codes chosen layer by layer, before the conversion's loop, which then copies them."""
