"""Models of the Hugging Face hub: found in its cache, or fetched into it."""
