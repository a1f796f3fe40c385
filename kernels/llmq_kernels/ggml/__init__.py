"""ggml's encoders, to the byte."""
