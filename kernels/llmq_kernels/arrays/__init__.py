"""Memory order and exact arithmetic: what kernels are made of."""
