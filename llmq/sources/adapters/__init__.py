"""LoRA adapters as peft saves them, merged as the weights are read."""
