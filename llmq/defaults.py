"""What happens where nothing is said: the one table of defaults.

Who chooses the codes then is llmq/quality.py's, a row a format.
"""

RECIPE = "Q4_K_M"
QUALITY = "fast"
MEMORY_BYTES = 400_000_000
QUICK_GATE = 4  # one item in so many is measured for a first look
