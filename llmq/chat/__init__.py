"""A chat with a tutor: what was said, what may be shown, and the terminal around it."""
