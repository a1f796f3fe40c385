"""What a model's matrices are multiplied with, over text that resembles what it will read.

torch and transformers compute here, and are imported when something is computed.
"""
