"""Memory order and exact arithmetic. Nothing here knows of blocks that are quantized."""
