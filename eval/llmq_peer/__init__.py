"""llama.cpp as a reference, models to hold against it, how built-in suites are made and checked.

For tests and measurements; not shipped.
"""
