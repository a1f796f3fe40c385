"""What a conversion does where nothing is said: the one table of defaults."""

from llmq_kernels import Encoder

RECIPE = "Q4_K_M"
ENCODER = Encoder.SEARCH  # kernels/README.md gives the measurements behind it
MEMORY_BYTES = 400_000_000
