"""Practice: problems with exact keys, worked steps, typical mistakes, hints, and dialogues of them.

Pure and deterministic: the standard library, one seeded generator, no clock, no file. What comes
out for a seed is the same on every platform.
"""
