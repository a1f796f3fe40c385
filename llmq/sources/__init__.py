"""Where weights come from: a Hugging Face folder, a GGUF file."""
