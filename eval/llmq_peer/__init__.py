"""llama.cpp as a reference, and models to hold against it; for tests and measurements, not shipped."""
