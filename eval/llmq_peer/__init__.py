"""llama.cpp as a reference, and models to hold against it.

For tests and measurements; not shipped.
"""
