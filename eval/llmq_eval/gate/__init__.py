"""The gate: what was measured of a file, and whether a school would sign for it."""
