"""What the guard knows, a subject a file: signs, figures, secrets, options, words, verdicts."""
