"""What a model's matrices are multiplied with, over text that resembles what it will read.

`text` and `windows` choose the tokens, `activations` computes, `file` keeps both (calib.gguf).
torch and transformers compute here, and are imported when something is computed.
"""
