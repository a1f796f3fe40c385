"""The evaluation harness: it starts from GGUF files and knows nothing of how they were made."""
