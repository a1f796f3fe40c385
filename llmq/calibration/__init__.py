"""Calibration: what a model's layers see while it reads the text that it is meant for.

`text` chooses the tokens, `file` keeps what came of them (calib.gguf).
"""
